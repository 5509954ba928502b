"""Maintenance for machines: a deploy script says for how long silence and failures are expected, people plan weeks ahead."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.types import ExceptionHandlersMap

from aiops_platform.api import problems
from aiops_platform.api.desk import TheActor, TheDesk, TheProject
from aiops_platform.api.incident_acts import unreadable
from aiops_platform.api.incidents import LARGEST_ID
from aiops_platform.api.monitor_shapes import WindowList, WindowResource, window_resource
from aiops_platform.api.parameters import only
from aiops_platform.core import maintenance
from aiops_platform.core.maintenance import DAYS, MaintenanceError, Weekly
from aiops_platform.core.monitor import MonitorError
from aiops_platform.core.zones import ZoneError

_MOST_OVER: Final = 100
# As our own sentences name fields.
_FIELD: Final = re.compile(r"`([a-z_]+)`")
_Id = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The window's number.")]
WindowId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The window's number.")]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Names = Annotated[tuple[_Name, ...], msgspec.Meta(max_length=50)]
_Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class EachWeek(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a window begins in each week: on these days, when the clocks of the zone show `at`."""

    days: Annotated[tuple[_Day, ...], msgspec.Meta(min_length=1, max_length=7)]
    at: Annotated[str, msgspec.Meta(pattern=r"^\d\d:\d\d$")]
    zone: _Name = "UTC"


class Planning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A window: from `since`, or now, for so many `minutes` or to `until`. No services or environments are all of them.

    With `weekly` it comes again, and lasts so many minutes each time; `until` is then when that ends. `ends_with_deploy`: it
    is over, too, when a deploy of one of its services is told.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = "Deploy"
    services: _Names = ()
    environments: _Names = ()
    since: datetime | None = None
    until: datetime | None = None
    minutes: Annotated[int, msgspec.Meta(ge=1, le=43_200)] | None = None
    weekly: EachWeek | None = None
    ends_with_deploy: bool = False


def _wrong(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    named = dict.fromkeys(_FIELD.findall(str(error)))
    return problems.problem(400, str(error), errors=[{"name": each, "why": str(error)} for each in named])


ANSWERS: Final[ExceptionHandlersMap] = {
    MaintenanceError: _wrong,
    MonitorError: _wrong,
    ZoneError: _wrong,
    RecursionError: unreadable,
    UnicodeDecodeError: unreadable,
}


@get("/maintenance", guards=[only("over")], sync_to_thread=True, summary="List windows of maintenance")
def list_windows(
    desk: TheDesk,
    project_id: TheProject,
    over: Annotated[bool, QueryParameter(description="Those that are over instead, the newest 100.")] = False,
) -> WindowList:
    """Those that hold, and those that are to come; the first planned first."""
    now = desk.clock()
    if over:
        found = desk.monitoring.windows_over(project_id, now, _MOST_OVER)
    else:
        found = desk.monitoring.windows(project_id, now)
    return WindowList(items=tuple(window_resource(each, now) for each in found))


@post(
    "/maintenance",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Plan a window of maintenance",
)
def plan_window(desk: TheDesk, project_id: TheProject, actor: TheActor, data: JSONBody[Planning]) -> WindowResource:
    """Silence and failures are expected then. Said again while it holds, the same window lasts as long as is said now."""
    now = desk.clock()
    since = _aware("since", data.since) or now
    lasts = None if data.minutes is None else timedelta(minutes=data.minutes)
    until = _aware("until", data.until)
    if data.weekly is None:
        if (until is None) is (lasts is None):
            raise MaintenanceError("Say either `minutes` or `until`")
        until = until or since + (lasts or timedelta())
    window = maintenance.planned(
        project_id=project_id,
        name=data.name,
        services=data.services,
        environments=data.environments,
        since=since,
        until=until,
        weekly=_weekly(data.weekly, lasts),
        made_by=actor.name,
        now=now,
        ends_with_deploy=data.ends_with_deploy,
    )
    return window_resource(desk.upkeep.plan(window, now), now)


@delete(
    "/maintenance/{window_id:int}",
    sync_to_thread=True,
    status_code=200,
    summary="End a window of maintenance",
)
def end_window(desk: TheDesk, project_id: TheProject, window_id: WindowId) -> WindowResource:
    """It is over now; one that has not begun never holds. What is silent then is looked at anew."""
    now = desk.clock()
    window = desk.upkeep.end(project_id, window_id, now)
    if window is None:
        raise NotFoundException("This project has no such window.")
    return window_resource(window, now)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(list_windows, plan_window, end_window)


def _weekly(said: EachWeek | None, lasts: timedelta | None) -> Weekly | None:
    if said is None:
        return None
    if lasts is None:
        raise MaintenanceError("Say with `minutes` how long the window lasts each time")
    try:
        at = time.fromisoformat(said.at)
    except ValueError:
        raise MaintenanceError("Say `at` as hours and minutes, such as 04:30") from None
    named = [each.lower() for each in DAYS]
    return Weekly(tuple(named.index(day) for day in said.days), at, lasts, said.zone)


def _aware(name: str, at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise MaintenanceError(f"Say `{name}` with its offset from UTC, such as 2026-12-01T08:00:00Z")
    return at if at is None else _in_utc(name, at)


def _in_utc(name: str, at: datetime) -> datetime:
    try:
        told = at.astimezone(UTC)
    except OverflowError:
        raise MaintenanceError(f"`{name}` is before all time, or after it") from None
    if not 2000 <= told.year < 9000:
        raise MaintenanceError(f"`{name}` is before all time, or after it")
    return told
