"""Monitors for machines: how services live and lived, pauses, and how many processes there have to be."""

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from litestar import get, post, put
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from aiops_platform.api import problems
from aiops_platform.api.desk import Desk, TheActor, TheDesk, TheProject
from aiops_platform.api.incidents import LARGEST_ID, Page, PerPage
from aiops_platform.api.maintenance import ANSWERS
from aiops_platform.api.monitor_shapes import MonitorList, MonitorResource, monitor_resource
from aiops_platform.api.parameters import only, utc
from aiops_platform.core.monitor import MonitorError, MonitorState
from aiops_platform.core.monitor_views import MonitorQuery

_KNOWN: Final = timedelta(days=90)
_Id = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The service's number.")]
Word = Annotated[str | None, QueryParameter(max_length=200)]


class Pausing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For so many `minutes`, or `until` then; with neither until it is resumed."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=525_600)] | None = None
    until: datetime | None = None


class Expecting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many processes have to beat; null is as many as there happen to be."""

    processes: Annotated[int, msgspec.Meta(ge=1, le=100)] | None


@get(
    "/monitors",
    guards=[only("state", "service", "environment", "page", "per_page")],
    sync_to_thread=True,
    summary="List monitors",
)
def list_monitors(
    desk: TheDesk,
    project_id: TheProject,
    *,
    standing: Annotated[MonitorState | None, QueryParameter(name="state")] = None,
    service: Word = None,
    environment: Word = None,
    page: Page = 1,
    per_page: PerPage = 100,
) -> MonitorList:
    """Each service that beats, with its uptime in the last day, week, 30 and 90 days; silent ones first, then late ones."""
    now = desk.clock()
    query = MonitorQuery(
        state=standing, service=service or None, environment=environment or None, page=page, per_page=per_page
    )
    found = desk.monitoring.board(project_id, query, since=now - _KNOWN, now=now)
    items = tuple(monitor_resource(row, found.known, now) for row in found.rows)
    return MonitorList(items=items, total=found.total, page=page, per_page=per_page)


@post(
    "/monitors/{service_id:int}/pause",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Pause a monitor",
)
def pause(
    desk: TheDesk,
    project_id: TheProject,
    actor: TheActor,
    service_id: _Id,
    data: JSONBody[Pausing | None] = None,
) -> MonitorResource:
    """Whether the service beats or not, no incident is opened; the time counts in no uptime. Said again, it ends then."""
    now, data = desk.clock(), data or Pausing()
    if data.minutes is not None and data.until is not None:
        raise MonitorError("Say either `minutes` or `until`")
    until = utc("until", data.until) if data.minutes is None else now + timedelta(minutes=data.minutes)
    is_there = desk.upkeep.pause(project_id, service_id, until, now, by=actor)
    return _told(desk, project_id, service_id, now, is_there=is_there)


@post("/monitors/{service_id:int}/resume", sync_to_thread=True, status_code=200, summary="Resume a monitor")
def resume(desk: TheDesk, project_id: TheProject, actor: TheActor, service_id: _Id) -> MonitorResource:
    """It is watched again; silence counts from now on."""
    now = desk.clock()
    is_there = desk.upkeep.resume(project_id, service_id, now, by=actor)
    return _told(desk, project_id, service_id, now, is_there=is_there)


@put(
    "/monitors/{service_id:int}/expected",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Expect processes",
)
def expect(
    desk: TheDesk, project_id: TheProject, actor: TheActor, service_id: _Id, data: JSONBody[Expecting]
) -> MonitorResource:
    """Where fewer processes of the service beat for as long as makes a silence, an incident is opened."""
    now = desk.clock()
    is_there = desk.upkeep.expect(project_id, service_id, data.processes, now, by=actor)
    return _told(desk, project_id, service_id, now, is_there=is_there)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(list_monitors, pause, resume, expect)


def _told(desk: Desk, project_id: int, service_id: int, now: datetime, *, is_there: bool) -> MonitorResource:
    since = now - _KNOWN
    row = desk.monitoring.monitor(project_id, service_id, since=since, now=now) if is_there else None
    if row is None:
        raise NotFoundException("This project has no service of that number that has ever sent a heartbeat.")
    return monitor_resource(row, desk.monitoring.known_time(project_id, since=since, now=now), now)
