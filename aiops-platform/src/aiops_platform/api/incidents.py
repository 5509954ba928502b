"""Incidents for machines, to be read."""

from typing import Annotated, Literal

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from aiops_platform.api import problems
from aiops_platform.api.desk import Desk, TheDesk, TheProject
from aiops_platform.api.parameters import only
from aiops_platform.api.shapes import EventList, IncidentResource, in_full, resource_of
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.views import EventDetail

LARGEST_ID = 2**63 - 1
NO_INCIDENT = "There is no such incident: `/api/v1/incidents?state=all` lists those there are."

Page = Annotated[int, QueryParameter(ge=1, le=100_000, description="Which page, from 1 on.")]
PerPage = Annotated[int, QueryParameter(ge=1, le=100, description="How many on a page.")]
Id = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The incident's number.")]
Word = Annotated[str | None, QueryParameter(max_length=200)]
Which = Annotated[
    str,
    PathParameter(
        max_length=20, description="`newest`, `oldest`, `telling` (the one that tells most), or an event's number."
    ),
]


@get("/incidents/{incident_id:int}", sync_to_thread=True, summary="Read an incident")
def read_incident(desk: TheDesk, project_id: TheProject, incident_id: Id) -> IncidentResource:
    """An incident with its hours, its story, and why its events are one."""
    return incident_of(desk, project_id, incident_id)


@get(
    "/incidents/{incident_id:int}/events",
    guards=[only("page", "per_page")],
    sync_to_thread=True,
    summary="List an incident's events",
)
def list_events(
    desk: TheDesk, project_id: TheProject, incident_id: Id, page: Page = 1, per_page: PerPage = 25
) -> EventList:
    """Those that are kept, the newest first; each can be read by its `id`."""
    found = desk.reads.events(project_id, incident_id, page=page, per_page=per_page)
    if found is None:
        raise NotFoundException(NO_INCIDENT)
    return EventList(items=found.rows, total=found.total, page=page, per_page=per_page)


@get("/incidents/{incident_id:int}/events/{which:str}", sync_to_thread=True, summary="Read an event")
def read_event(desk: TheDesk, project_id: TheProject, incident_id: Id, which: Which) -> EventDetail:
    """One event as it was reported, with the numbers of its neighbours. `body` is in the fields of the wire."""
    return in_full(event_of(desk, project_id, incident_id, which))


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(read_incident, list_events, read_event)


def incident_of(desk: Desk, project_id: int, incident_id: int) -> IncidentResource:
    """The incident; one that was merged says into which. Raises NotFoundException."""
    found = desk.reads.incident(project_id, incident_id, desk.clock())
    if found is None or found.row.state is IncidentState.DELETED:
        raise NotFoundException(NO_INCIDENT)
    return resource_of(found)


def event_of(desk: Desk, project_id: int, incident_id: int, which: str) -> EventDetail:
    """The kept event that is meant. Raises NotFoundException."""
    place = desk.insights.telling_event(project_id, incident_id) if which == "telling" else _which(which)
    event = None if place is None else desk.reads.event(project_id, incident_id, place)
    if event is None:
        raise NotFoundException("This incident keeps no such event: its `/events` lists those that are kept.")
    return event


def _which(text: str) -> Literal["newest", "oldest"] | int:
    match text:
        case "newest" | "oldest":
            return text
    if text.isascii() and text.isdigit() and int(text) <= LARGEST_ID:
        return int(text)
    raise NotFoundException("An event is `newest`, `oldest`, `telling`, or a number.")
