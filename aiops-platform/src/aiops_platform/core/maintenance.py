"""Maintenance: windows of time in which silence and failures are expected. Once, or each week in a time zone. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.text import one_line
from aiops_platform.core.zones import moment_at, zone_called, zone_kept

LONGEST: Final = timedelta(days=30)
SHORTEST: Final = timedelta(minutes=1)
LONGEST_NAME: Final = 100
# Those that are not over yet, in a project.
MOST: Final = 200
MOST_NAMES: Final = 50
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONGEST_WEEKLY: Final = timedelta(days=7)
_FURTHEST: Final = timedelta(days=366)
_LONGEST_PART: Final = 200
_DAY: Final = timedelta(days=1)


class MaintenanceError(PlatformError):
    """A window that cannot be; the message says why, and what to do."""


@dataclass(frozen=True)
class Weekly:
    """When a window comes again: on these days (0 is Monday) when the clocks of the zone show `at`, for so long.

    A time that the clocks skip comes as much later; of one that they show twice it is the first.
    """

    days: tuple[int, ...]
    at: time
    lasts: timedelta
    zone: str

    def as_data(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "days": list(self.days),
            "at": self.at.strftime("%H:%M"),
            "minutes": int(self.lasts.total_seconds()) // 60,
            "zone": self.zone,
        }


def weekly_from(data: Mapping[str, Any]) -> Weekly:
    """What `as_data` gave."""
    at = time.fromisoformat(data["at"])
    return Weekly(tuple(data["days"]), at, timedelta(minutes=data["minutes"]), data["zone"])


@dataclass(frozen=True, kw_only=True)
class Window:
    """`id` is None until it is saved. No `services` or `environments` means all of them.

    Once: from `since` to `until`. With `weekly`: whenever that says so between the two; an `until` of None is for good.
    `ends_with_deploy`: it is over, too, when a deploy of one of its services is told.
    """

    id: int | None
    project_id: int
    name: str
    services: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    since: datetime
    until: datetime | None
    weekly: Weekly | None = None
    ends_with_deploy: bool = False
    made_by: str
    made_at: datetime

    def covers(self, service: str, environment: str) -> bool:
        """Whether it is about this service there."""
        return _is_among(service, self.services) and _is_among(environment, self.environments)

    def is_over(self, now: datetime) -> bool:
        """Whether it will never hold again."""
        return self.until is not None and self.until <= now

    def spans(self, since: datetime, until: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """The stretches of time in which it holds, oldest first, cut to this period."""
        begin, end = max(since, self.since), until if self.until is None else min(until, self.until)
        if begin >= end:
            return ()
        if self.weekly is None:
            return ((begin, end),)
        return tuple(
            (max(begin, each), min(end, each + self.weekly.lasts))
            for each in _beginnings(self.weekly, begin, end)
            if each < end and each + self.weekly.lasts > begin
        )

    def holds_until(self, now: datetime) -> datetime | None:
        """Until when it holds, if it does now."""
        if self.weekly is None:
            return self.until if self.until is not None and self.since <= now < self.until else None
        found = self.spans(now, now + self.weekly.lasts)
        return found[0][1] if found and found[0][0] == now else None

    def next_at(self, now: datetime) -> datetime | None:
        """When it begins to hold the next time; None where it never does again."""
        if self.weekly is None:
            return self.since if self.since > now else None
        begin = max(now, self.since)
        coming = [each for each in _beginnings(self.weekly, begin, begin + 8 * _DAY) if each > now]
        first = min((each for each in coming if each >= self.since), default=None)
        return first if first is not None and (self.until is None or first < self.until) else None

    def ended(self, at: datetime) -> "Window":
        """The window that is over at this time, if it was not before; one that has not begun never holds."""
        over = max(at, self.since) if self.until is None else max(min(at, self.until), self.since)
        return replace(self, until=over)


def held(windows: Iterable[Window], service: str, environment: str, now: datetime) -> Window | None:
    """The window that holds for this service now; of several the one that holds longest."""
    longest: tuple[datetime, Window] | None = None
    for window in windows:
        if not window.covers(service, environment):
            continue
        until = window.holds_until(now)
        if until is not None and (longest is None or until > longest[0]):
            longest = until, window
    return longest and longest[1]


def ends_of(windows: Iterable[Window], now: datetime) -> tuple[tuple[Window, datetime], ...]:
    """Those windows that held lately or hold now, each with the end of that time; it lies ahead while one holds."""
    found = []
    for window in windows:
        until = window.holds_until(now) or max((end for _, end in window.spans(now - LONGEST, now)), default=None)
        if until is not None:
            found.append((window, until))
    return tuple(found)


def excused_until(ends: Iterable[tuple[Window, datetime]], service: str, environment: str) -> datetime | None:
    """Until when maintenance (`ends_of`) speaks for this service; None where it does not."""
    return max((until for window, until in ends if window.covers(service, environment)), default=None)


def spans_of(
    windows: Iterable[Window], service: str, environment: str, since: datetime, until: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """The stretches of time in which any window holds for this service: oldest first, none touching another."""
    about = (window for window in windows if window.covers(service, environment))
    return joined(spans for window in about for spans in window.spans(since, until))


def joined(found: Iterable[tuple[datetime, datetime]]) -> tuple[tuple[datetime, datetime], ...]:
    """These stretches of time, oldest first; those that touch are one."""
    apart: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(found):
        if apart and begin <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(apart[-1][1], end)
        else:
            apart.append((begin, end))
    return tuple(apart)


def planned(
    *,
    project_id: int,
    name: str,
    services: Collection[str],
    environments: Collection[str],
    since: datetime,
    until: datetime | None,
    weekly: Weekly | None,
    made_by: str,
    now: datetime,
    ends_with_deploy: bool = False,
) -> Window:
    """A new window as somebody wants it. Raises MaintenanceError and ZoneError for what cannot be."""
    if weekly is None:
        _check_once(since, until, now)
    else:
        weekly = _checked_weekly(weekly)
        if until is not None and until <= max(since, now):
            raise MaintenanceError("Say a last day that lies ahead")
    if since > now + _FURTHEST:
        raise MaintenanceError("Plan a window that begins within a year from now")
    said = one_line(name, LONGEST_NAME)
    if not said:
        raise MaintenanceError("Say what the window is for")
    return Window(
        id=None,
        project_id=project_id,
        name=said,
        services=_names(services, "services"),
        environments=_names(environments, "environments"),
        since=since.astimezone(UTC),
        until=until and until.astimezone(UTC),
        weekly=weekly,
        ends_with_deploy=ends_with_deploy,
        made_by=one_line(made_by, LONGEST_NAME),
        made_at=now,
    )


def _check_once(since: datetime, until: datetime | None, now: datetime) -> None:
    if until is None:
        raise MaintenanceError("Say when the window ends")
    if until - since > LONGEST:
        raise MaintenanceError(f"A window lasts at most {LONGEST.days} days")
    if until - since < SHORTEST:
        raise MaintenanceError("A window lasts at least a minute")
    if until <= now:
        raise MaintenanceError("Say an end that lies ahead: this window is over already")


def _checked_weekly(weekly: Weekly) -> Weekly:
    zone_called(weekly.zone)
    days = tuple(sorted(set(weekly.days)))
    if not days or not set(days) <= set(range(len(DAYS))):
        raise MaintenanceError("Say on which days of the week the window comes")
    if not SHORTEST <= weekly.lasts <= _LONGEST_WEEKLY:
        raise MaintenanceError("A window that comes every week lasts at least a minute and at most a week")
    return replace(weekly, days=days, at=weekly.at.replace(second=0, microsecond=0))


def _names(names: Collection[str], what: str) -> tuple[str, ...]:
    said = sorted({name for each in names if (name := one_line(each, _LONGEST_PART))})
    if len(said) > MOST_NAMES:
        raise MaintenanceError(f"Name at most {MOST_NAMES} {what}, or none: then it holds for all")
    return tuple(said)


def _is_among(name: str, names: tuple[str, ...]) -> bool:
    return not names or name in names


def _beginnings(weekly: Weekly, since: datetime, until: datetime) -> list[datetime]:
    """When it begins to hold from then on, and just before that; a day's clocks may be far from ours."""
    zone = zone_kept(weekly.zone)
    # By numbers of days: nobody plans before the first day of the calendar, but a clock may be wrong.
    first, last = (since - weekly.lasts - 2 * _DAY).date(), (until + 2 * _DAY).date()
    days = (first + number * _DAY for number in range((last - first).days + 1))
    return [moment_at(day, weekly.at, zone) for day in days if day.weekday() in weekly.days]
