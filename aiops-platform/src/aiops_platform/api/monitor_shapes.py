"""What the JSON API answers with of monitors and their maintenance."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from aiops_platform.core.maintenance import DAYS, Weekly, Window, weekly_from
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.monitor_views import KnownTime, MonitorRow
from aiops_platform.core.uptime import uptime_of

_PERIODS: Final = {"1d": 1, "7d": 7, "30d": 30, "90d": 90}


@dataclass(frozen=True, kw_only=True)
class WindowResource:
    """A window as it is planned. `holds_until`: null where it does not hold now; `next_at`: when it begins the next time."""

    id: int
    name: str
    services: tuple[str, ...]
    environments: tuple[str, ...]
    since: datetime
    until: datetime | None
    weekly: dict[str, Any] | None
    ends_with_deploy: bool
    made_by: str
    made_at: datetime
    holds_until: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class WindowList:
    """Windows of maintenance."""

    items: tuple[WindowResource, ...]


@dataclass(frozen=True, kw_only=True)
class MonitorResource:
    """A service that beats. `beating`: how many of its processes do, of so many `expected`, where people have said so.

    `uptime` is of 1, for 1d, 7d, 30d and 90d; null where nothing is known. `known`: of how many seconds of each that is the
    share. `maintenance`: the window that holds now.
    """

    service_id: int
    service: str
    environment: str
    state: MonitorState
    state_since: datetime
    last_beat_at: datetime
    interval: int
    beating: int
    expected: int | None
    short_since: datetime | None
    paused_until: datetime | None
    maintenance: int | None
    uptime: dict[str, float | None]
    # A platform of earlier does not say it to its clients.
    known: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MonitorList:
    """A page of monitors, and how many match in all."""

    items: tuple[MonitorResource, ...]
    total: int
    page: int
    per_page: int


def monitor_resource(row: MonitorRow, known: KnownTime, now: datetime) -> MonitorResource:
    """The monitor in one piece; its states are known for 90 days."""
    found = known.stretches(row)
    held = known.held(row)
    uptimes = {name: uptime_of(found, since=now - timedelta(days=days), until=now) for name, days in _PERIODS.items()}
    return MonitorResource(
        service_id=row.service_id,
        service=row.name,
        environment=row.environment,
        state=row.state,
        state_since=row.state_since,
        last_beat_at=row.last_beat_at,
        interval=row.interval,
        beating=row.beating,
        expected=row.expected,
        short_since=row.short_since,
        paused_until=row.paused_until,
        maintenance=None if held is None else held.id,
        uptime={name: each.share for name, each in uptimes.items()},
        known={name: int(each.known.total_seconds()) for name, each in uptimes.items()},
    )


def window_resource(window: Window, now: datetime) -> WindowResource:
    """The window in one piece."""
    said = None if window.weekly is None else window.weekly.as_data()
    if said is not None:
        said["days"] = [DAYS[day].lower() for day in said["days"]]
    return WindowResource(
        id=window.id or 0,
        name=window.name,
        services=window.services,
        environments=window.environments,
        since=window.since,
        until=window.until,
        weekly=said,
        ends_with_deploy=window.ends_with_deploy,
        made_by=window.made_by,
        made_at=window.made_at,
        holds_until=window.holds_until(now),
        next_at=window.next_at(now),
    )


def window_of(told: WindowResource) -> Window:
    """The window that was told of; of which project it is was not said."""
    said = told.weekly
    weekly: Weekly | None = None
    if said is not None:
        named = [day.lower() for day in DAYS]
        weekly = weekly_from(said | {"days": [named.index(day) for day in said["days"]]})
    return Window(
        id=told.id,
        project_id=0,
        name=told.name,
        services=told.services,
        environments=told.environments,
        since=told.since,
        until=told.until,
        weekly=weekly,
        ends_with_deploy=told.ends_with_deploy,
        made_by=told.made_by,
        made_at=told.made_at,
    )
