"""When a job is meant to run: every so many seconds, by a cron expression, or by an OnCalendar one. Pure: no clock.

Expressions are of a wall clock in a time zone. Where that is put forward, what falls into the hour that is not there runs
once, after it (cron), or not at all (OnCalendar), and where it is put back, once (as those programs do it).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cronsim import CronSim, CronSimError
from oncalendar import OnCalendar, OnCalendarError

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.text import one_line
from aiops_platform.core.zones import ZoneError, zone_called

LONGEST_EXPRESSION: Final = 200
SHORTEST_PERIOD: Final = 1.0
#: Ten years: more is no schedule.
LONGEST_PERIOD: Final = 10 * 366 * 24 * 60 * 60.0
_MOST_LINES: Final = 5
# After an hour that comes twice, an expression gives times of the first one again: an hour of them, each second.
_MOST_STEPS: Final = 3 * 3600 + 2
_WORDS: Final[Mapping[str, str]] = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
# What a clock beside ours may be ahead by; of a dense schedule less.
_EARLY: Final = timedelta(minutes=1)


class ScheduleError(PlatformError):
    """This is no schedule; the message says what of it is not understood."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One of `every` (seconds), `cron` and `on_calendar`; the latter two by the clocks of `timezone`. Made by `read`."""

    every: float | None = None
    cron: str | None = None
    on_calendar: str | None = None
    timezone: str = "UTC"

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after this one at which it is meant to run; None when there is none within fifty years.

        `every` counts from `moment` on: that is when it ran last.
        """
        if self.every is not None:
            try:
                return moment + timedelta(seconds=self.every)
            except OverflowError:
                return None
        return next(
            (each for _, each in zip(range(_MOST_STEPS), self._times(moment), strict=False) if each > moment), None
        )

    def after_start(self, began_at: datetime) -> datetime | None:
        """When it is meant to run again, once it began at `began_at`.

        A start shortly before a time is the start of that time: no two clocks are the same.
        """
        following = self.next_after(began_at)
        if self.every is not None or following is None or following - began_at > _EARLY:
            return following
        then = self.next_after(following)
        return then if then is not None and following - began_at <= (then - following) / 4 else following

    def early(self, expected_at: datetime) -> timedelta:
        """How long before that time a start would be the start of that time."""
        if self.every is not None:
            return timedelta(seconds=self.every / 2)
        then = self.next_after(expected_at)
        return _EARLY if then is None else min(_EARLY, (then - expected_at) / 4)

    def said(self) -> str:
        """In a few words: `cron 0 3 * * * (Europe/Berlin)`, `every 300 s`."""
        if self.every is not None:
            return f"every {span(self.every)}"
        told = f"cron {self.cron}" if self.cron is not None else f"OnCalendar {one_line(self.on_calendar or '', 200)}"
        return f"{told} ({self.timezone})"

    def clock(self, moment: datetime) -> str:
        """A time as who wrote the schedule reads it: `2026-11-24 02:00 Europe/Berlin`."""
        local = moment.astimezone(zone_called(self.timezone))
        return f"{local:%Y-%m-%d %H:%M}{f':{local:%S}' if local.second else ''} {self.timezone}"

    def _times(self, moment: datetime) -> Iterator[datetime]:
        local = moment.astimezone(zone_called(self.timezone))
        times = OnCalendar(self.on_calendar or "", local) if self.cron is None else CronSim(_in_order(self.cron), local)
        try:
            for each in times:
                yield each.astimezone(UTC)
        except (OverflowError, ValueError):
            return  # The last of all years.


def read(told: Mapping[str, Any]) -> Schedule | None:
    """The schedule in the words of the wire and the API; None where none is said. Raises ScheduleError.

    What is taken has a next time, and takes no longer to find it than some tenths of a second.
    """
    said = [name for name in ("every", "cron", "on_calendar") if told.get(name) not in (None, "")]
    if not said:
        return None
    if len(said) > 1:
        raise ScheduleError(f"{' and '.join(said)}: say one of them")
    timezone = _timezone(told.get("timezone"))
    given = told[said[0]]
    if said[0] == "every":
        return Schedule(every=_seconds(given), timezone=timezone)
    expression = _expression(given, said[0])
    is_cron = said[0] == "cron"
    found = Schedule(
        cron=expression if is_cron else None,
        on_calendar=None if is_cron else expression,
        timezone=timezone,
    )
    _check(found, expression, said[0])
    return found


def span(seconds: float) -> str:
    """A length of time as people say it, exactly: `90 s`, `15 min`, `1 h`, `2 days`."""
    for size, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            many = int(seconds // size)
            return "1 day" if (many, name) == (1, "days") else f"{many} {name}"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"


def _timezone(given: object) -> str:
    if given is None or given == "":
        return "UTC"
    if not isinstance(given, str):
        raise ScheduleError("timezone: expected an IANA name, as Europe/Berlin")
    try:
        zone_called(given.strip())
    except ZoneError as cause:
        raise ScheduleError(f"timezone: {cause}") from cause
    return given.strip()


def _seconds(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ScheduleError("every: expected a number of seconds")
    if not (math.isfinite(given) and SHORTEST_PERIOD <= given <= LONGEST_PERIOD):
        raise ScheduleError("every: expected between a second and ten years, in seconds")
    return float(given)


def _expression(given: object, called: str) -> str:
    if not isinstance(given, str):
        raise ScheduleError(f"{called}: expected text")
    if len(given) > LONGEST_EXPRESSION:
        raise ScheduleError(f"{called}: longer than {LONGEST_EXPRESSION} characters")
    if not given.isascii():
        raise ScheduleError(f"{called}: expected letters, digits and signs of ASCII only")
    if called == "cron":
        text = " ".join(given.split())
        return _WORDS.get(text.lower(), text)
    lines = [" ".join(line.split()) for line in given.splitlines() if line.strip()]
    if not 0 < len(lines) <= _MOST_LINES:
        raise ScheduleError(f"on_calendar: expected one expression, or up to {_MOST_LINES}, each in a line of its own")
    return "\n".join(lines)


def _in_order(cron: str) -> str:
    """With the seconds first, as the library has it; where there are none, that reads five fields as cron does."""
    *fields, seconds = cron.split()
    if len(fields) != 5:
        return cron
    return " ".join(fields if seconds == "0" else [seconds, *fields])


def _check(schedule: Schedule, expression: str, called: str) -> None:
    try:
        found = schedule.next_after(_SOME_DAY)
    except (CronSimError, OnCalendarError) as cause:
        if called == "cron" and _is_of_no_month(expression):
            raise ScheduleError(
                f"cron: '{one_line(expression, 100)}' never comes: no such month has such a day"
            ) from cause
        raise ScheduleError(f"{called}: {_why(str(cause), called)} in '{one_line(expression, 100)}'") from cause
    # What those two check for themselves in other ways, where an expression is odd enough.
    except (ValueError, AssertionError, LookupError, TypeError, RecursionError, OSError, OverflowError) as cause:
        raise ScheduleError(f"{called}: '{one_line(expression, 100)}' is not understood") from cause
    if found is None:
        raise ScheduleError(f"{called}: '{one_line(expression, 100)}' never comes")


def _is_of_no_month(cron: str) -> bool:
    """Whether all of it is understood but that its days are in none of its months, as the 30th of February."""
    fields = cron.split()
    if len(fields) not in (5, 6):
        return False
    try:
        # The day in January, which has all of them, and the month with a day that all of them have.
        CronSim(_in_order(" ".join([*fields[:3], "1", *fields[4:]])), _SOME_DAY)
        CronSim(_in_order(" ".join([*fields[:2], "1", *fields[3:]])), _SOME_DAY)
    except (CronSimError, ValueError, LookupError):
        return False
    return True


def _why(said: str, called: str) -> str:
    if said.startswith("Bad "):
        return f"the {said.removeprefix('Bad ')} is not understood"
    fields = (
        "five fields, or six with the seconds last" if called == "cron" else "days, date and time, as Mon *-*-* 02:00"
    )
    return f"expected {fields},"


_SOME_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
