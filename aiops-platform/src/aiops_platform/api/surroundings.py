"""What stands beside an incident, for machines: its events over time, what is like it, what else happened then."""

from datetime import datetime
from typing import Annotated, Final

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from aiops_platform.api import problems
from aiops_platform.api.desk import TheDesk, TheProject
from aiops_platform.api.incidents import LARGEST_ID, NO_INCIDENT, Id, Which, event_of, incident_of
from aiops_platform.api.insight_shapes import (
    Chart,
    EventsFound,
    OtherEventList,
    OtherList,
    SimilarList,
    chart_of,
    events_found,
    other_event_of,
    other_of,
)
from aiops_platform.api.parameters import only, utc
from aiops_platform.core import event_filter
from aiops_platform.core.event_views import Origin
from aiops_platform.core.listing import LATELY, Period

_TIME: Final = ("from", "to")
Since = Annotated[
    datetime | None, QueryParameter(name="from", description="From then on (RFC 3339, UTC where no zone is said).")
]
Until = Annotated[datetime | None, QueryParameter(name="to", description="Before then, likewise.")]
_Find = Annotated[
    str,
    QueryParameter(
        max_length=event_filter.LONGEST,
        description="Words that all must be found, some in a named part: `timeout user:7 tag.region:eu host:shop-1`.",
    ),
]
_Before = Annotated[
    int | None,
    QueryParameter(ge=1, le=LARGEST_ID, description="The `before` of the answer before, to go on from there."),
]


@get(
    "/incidents/{incident_id:int}/chart",
    guards=[only(*_TIME)],
    sync_to_thread=True,
    summary="Count its events over time",
)
def read_chart(
    *, desk: TheDesk, project_id: TheProject, incident_id: Id, since: Since = None, until: Until = None
) -> Chart:
    """In at most 120 stretches of equal length; of the last 24 hours where no time is said, of 400 days at most."""
    now = desk.clock()
    asked = Period.between(utc("from", since), utc("to", until), now)
    period = asked if since is not None or until is not None else Period.lasting(LATELY, now)
    found = desk.insights.events_over_time(project_id, incident_id, period)
    if found is None:
        raise NotFoundException(NO_INCIDENT)
    return chart_of(found)


@get("/incidents/{incident_id:int}/similar", sync_to_thread=True, summary="List similar incidents")
def list_similar(desk: TheDesk, project_id: TheProject, incident_id: Id) -> SimilarList:
    """At most six, those first that share most with it; each says in `shares` what that is."""
    incident_of(desk, project_id, incident_id)
    return SimilarList(items=desk.insights.similar(project_id, incident_id))


@get("/incidents/{incident_id:int}/origin", sync_to_thread=True, summary="Say how an incident began")
def read_origin(desk: TheDesk, project_id: TheProject, incident_id: Id) -> Origin:
    """On which host, in which release, what was new then; `same` compares its first event with the newest one."""
    found = desk.insights.origin(project_id, incident_id)
    if found is None:
        raise NotFoundException(NO_INCIDENT)
    return found


@get(
    "/incidents/{incident_id:int}/events/search",
    guards=[only("find", "from", "to", "before", "per_page")],
    sync_to_thread=True,
    summary="Look for events of an incident",
)
def find_events(
    *,
    desk: TheDesk,
    project_id: TheProject,
    incident_id: Id,
    find: _Find = "",
    since: Since = None,
    until: Until = None,
    before: _Before = None,
    per_page: Annotated[int, QueryParameter(ge=1, le=100, description="How many at most.")] = 25,
) -> EventsFound:
    """The newest kept events that match. Some hundred are looked at for one answer: where `before` is set there may be more."""
    found = desk.insights.event_table(
        project_id, incident_id, event_filter.read(find), since=utc("from", since), until=utc("to", until),
        before=before, per_page=per_page,
    )  # fmt: skip
    if found is None:
        raise NotFoundException(NO_INCIDENT)
    return events_found(found)


@get(
    "/incidents/{incident_id:int}/events/{which:str}/neighbours",
    sync_to_thread=True,
    summary="List what else happened then",
)
def list_neighbours(desk: TheDesk, project_id: TheProject, incident_id: Id, which: Which) -> OtherList:
    """At most six other incidents that had events within five minutes of this event, or were opened then."""
    event = event_of(desk, project_id, incident_id, which)
    return OtherList(items=tuple(map(other_of, desk.reads.neighbours(project_id, incident_id, event.id))))


@get(
    "/incidents/{incident_id:int}/events/{which:str}/companions",
    sync_to_thread=True,
    summary="List the events of the same request or trace",
)
def list_companions(
    desk: TheDesk,
    project_id: TheProject,
    incident_id: Id,
    which: Which,
) -> OtherEventList:
    """At most six, of this and other services, among those that came within five minutes of it."""
    event = event_of(desk, project_id, incident_id, which)
    return OtherEventList(items=tuple(map(other_event_of, desk.insights.companions(project_id, event.id))))


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(
    read_chart, list_similar, read_origin, find_events, list_neighbours, list_companions
)
