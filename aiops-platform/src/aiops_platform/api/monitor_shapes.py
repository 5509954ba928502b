"""What the JSON API answers with of monitors and their maintenance."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiops_platform.core.maintenance import DAYS, Weekly, Window, weekly_from


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
