"""When a channel is told: at once what comes alone, gathered what comes with others, in the morning what came at night."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

import msgspec

from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.zones import ZoneError, moment_at, zone_called, zone_kept

#: After a message others wait so long, and each time longer, until it has been calm for a while.
FIRST_GAP: Final = timedelta(seconds=30)
LONGEST_GAP: Final = timedelta(minutes=5)
#: What is urgent waits no longer than this after a message, however noisy the channel is.
URGENT_GAP: Final = timedelta(seconds=10)
_CALM: Final = 2
_DAY: Final = timedelta(days=1)
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00)?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """From when to when, by the clocks of a zone, nothing is told; with `but_critical`, nothing but what is critical."""

    begin: time
    end: time
    zone: str
    but_critical: bool = True


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a channel was last told: when, and how long others wait after that."""

    sent_at: datetime | None = None
    gap: timedelta = FIRST_GAP
    quiet: QuietHours | None = None


def read(begin: str, end: str, zone: str, *, but_critical: bool) -> QuietHours | None:
    """Quiet hours from what a form said; nothing said is none. Raises AlertingError."""
    if not begin.strip() and not end.strip():
        return None
    hours = QuietHours(
        begin=_time(begin, "begin"), end=_time(end, "end"), zone=zone.strip() or "UTC", but_critical=but_critical
    )
    if hours.begin == hours.end:
        raise AlertingError("end", "Let them end at another time than they begin")
    try:
        zone_called(hours.zone)
    except ZoneError as wrong:
        raise AlertingError("zone", str(wrong)) from wrong
    return hours


def quiet_until(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """When the quiet hours end that it is now; None while it is none."""
    if quiet is None:
        return None
    zone = zone_kept(quiet.zone)
    today = now.astimezone(zone).date()
    for day in (today - _DAY, today):
        end = moment_at(day if quiet.begin < quiet.end else day + _DAY, quiet.end, zone)
        if moment_at(day, quiet.begin, zone) <= now < end:
            return end
    return None


def goes_at(
    pace: Pace, now: datetime, *, is_critical: bool, is_urgent: bool = False, over_at: datetime | None = None
) -> datetime:
    """When what waits is told: now, or at a time that is to come.

    `over_at` is when the channel was last told of what was over alone, while there is nothing else to tell again.
    """
    gap = min(pace.gap, URGENT_GAP) if is_urgent else pace.gap
    ready = now if pace.sent_at is None else max(now, min(pace.sent_at, now) + gap)
    if over_at is not None:
        ready = max(ready, min(over_at, now) + FIRST_GAP)
    until = quiet_until(pace.quiet, ready)
    if until is None or (is_critical and pace.quiet is not None and pace.quiet.but_critical):
        return ready
    return until


def sent(pace: Pace, now: datetime) -> Pace:
    """The pace after a message of what fires: who was told just before waits twice as long for the next one.

    What is over leaves the pace as it is: that somebody mends things must not hold up what breaks.
    """
    if pace.sent_at is None or not timedelta(0) <= now - pace.sent_at < _CALM * max(pace.gap, FIRST_GAP):
        return replace(pace, sent_at=now, gap=FIRST_GAP)
    return replace(pace, sent_at=now, gap=min(2 * pace.gap, LONGEST_GAP))


def _time(text: str, name: str) -> time:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise AlertingError(name, "Write a time of the day such as 22:00")
    return time(int(found[1]), int(found[2]))


def as_data(quiet: QuietHours | None) -> dict[str, Any] | None:
    """As JSON."""
    return None if quiet is None else msgspec.to_builtins(quiet)


def from_data(data: Any) -> QuietHours | None:
    """What `as_data` gave."""
    return None if data is None else msgspec.convert(data, QuietHours)
