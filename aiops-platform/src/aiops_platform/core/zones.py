"""Time zones by the names that IANA gives them, as people type them. Pure."""

from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiops_platform.core.errors import PlatformError

_LONGEST = 60


class ZoneError(PlatformError):
    """There is no time zone of this name."""


def zone_called(name: str) -> tzinfo:
    """The time zone. Raises ZoneError."""
    if name == "UTC":
        return UTC
    try:
        if 0 < len(name) <= _LONGEST and name.isascii():
            return ZoneInfo(name)
    # Names of folders, of files that hold no zone, and what would lead out of the folder of zones.
    except (ZoneInfoNotFoundError, OSError, ValueError):
        pass
    said = f"'{name[:_LONGEST]}'" if name.isprintable() else "that"
    raise ZoneError(f"There is no time zone called {said}: write it like Europe/Berlin, or UTC")


def zone_kept(name: str) -> tzinfo:
    """The time zone of something that is stored; UTC where this machine has it no more.

    Its list of zones may be another one than when that was said: an hour that is wrong is better than nobody who watches.
    """
    try:
        return zone_called(name)
    except ZoneError:
        return UTC


def moment_at(day: date, at: time, zone: tzinfo) -> datetime:
    """When the clocks of the zone show this time on this day, in UTC.

    Of a time that comes twice it is the first; of one that is skipped, as much later as was skipped.
    """
    return datetime.combine(day, at, zone).astimezone(UTC)
