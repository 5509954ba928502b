"""What is expected of a job: its schedule and its limits, in the words of the wire and the API, with defaults. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiops_platform.core import schedule as schedules
from aiops_platform.core.schedule import Schedule, ScheduleError

_LONGEST: Final = 366 * 24 * 60 * 60.0
_MOST_IN_A_ROW: Final = 100
_SHORTEST_GRACE: Final = timedelta(minutes=1)
_LONGEST_GRACE: Final = timedelta(hours=1)
_SPANS: Final = ("grace", "max_run", "min_run", "max_delay", "min_gap")
_NUMBERS: Final = ("in_a_row", "good_runs")
_WORDS: Final = ("every", "cron", "on_calendar", "timezone", *_SPANS, *_NUMBERS)
_SOME_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """What is expected of a job; None expects nothing.

    `grace`: how much later than expected it may start before that is a miss. `max_run`, `min_run`: how long a run takes at
    most and at least. `max_delay`: how late it may start, and be fine. `min_gap`: between two starts, at least. So many bad
    runs `in_a_row` are a trouble, and so many `good_runs` end it.
    """

    schedule: Schedule | None = None
    grace: timedelta = _LONGEST_GRACE
    max_run: timedelta | None = None
    min_run: timedelta | None = None
    max_delay: timedelta | None = None
    min_gap: timedelta | None = None
    in_a_row: int = 1
    good_runs: int = 1


NOTHING: Final = JobSettings()


def read(told: Mapping[str, Any]) -> JobSettings:
    """What these words say. Lengths of time are in seconds. Raises ScheduleError for what is not understood.

    Words that are not known are passed over: who says them may be newer.
    """
    schedule = schedules.read(told)
    spans = {name: _span(name, told[name]) for name in _SPANS if told.get(name) is not None}
    numbers = {name: _number(name, told[name]) for name in _NUMBERS if told.get(name) is not None}
    if "min_run" in spans and "max_run" in spans and spans["min_run"] > spans["max_run"]:
        raise ScheduleError("min_run: expected no more than max_run")
    if "max_delay" in spans and schedule is None:
        raise ScheduleError("max_delay: late is what has a schedule; say every, cron or on_calendar")
    given: dict[str, Any] = {"grace": usual_grace(schedule), **spans, **numbers}
    return JobSettings(schedule=schedule, **given)


def kept(told: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of these words: those that are known and say something. Raises ScheduleError as `read` does."""
    read(told)
    return {name: told[name] for name in _WORDS if told.get(name) not in (None, "")}


def in_force(said: Mapping[str, Any] | None, given: Mapping[str, Any] | None) -> tuple[JobSettings, str]:
    """What holds: what people have set, all of it, else what the job says; and what of it is not understood.

    What is not understood expects nothing.
    """
    told = _of_the_wire(said) if given is None else given
    try:
        return (NOTHING if not told else read(told)), ""
    except ScheduleError as error:
        return NOTHING, str(error)


def _of_the_wire(said: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What counts where several say when it runs: old clients may say two."""
    when = [name for name in ("cron", "on_calendar", "every") if said and said.get(name) not in (None, "")]
    return said and {name: value for name, value in said.items() if name not in when[1:]}


def usual_grace(schedule: Schedule | None) -> timedelta:
    """A quarter of the time from one run to the next, a minute at least and an hour at most."""
    if schedule is None:
        return _LONGEST_GRACE
    first = schedule.next_after(_SOME_DAY)
    second = first and schedule.next_after(first)
    if first is None or second is None:
        return _LONGEST_GRACE
    return min(max((second - first) / 4, _SHORTEST_GRACE), _LONGEST_GRACE)


def _span(name: str, given: object) -> timedelta:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ScheduleError(f"{name}: expected a number of seconds")
    lowest = 0 if name == "grace" else 0.001
    if not (math.isfinite(given) and lowest <= given <= _LONGEST):
        raise ScheduleError(f"{name}: expected more than nothing and a year at most, in seconds")
    return timedelta(seconds=given)


def _number(name: str, given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= _MOST_IN_A_ROW:
        raise ScheduleError(f"{name}: expected a whole number from 1 to {_MOST_IN_A_ROW}")
    return given
