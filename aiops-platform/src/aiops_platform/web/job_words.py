"""What pages say of jobs: how they stand, what is expected of them; and what a form says of that. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from aiops_platform.core import job_settings
from aiops_platform.core.job_settings import JobSettings
from aiops_platform.core.job_watch import JobState, Trouble
from aiops_platform.core.schedule import ScheduleError, span
from aiops_platform.core.views import JobRow

#: The fields of the form, each a text.
FIELDS: Final = (
    "kind",
    "when",
    "timezone",
    "grace",
    "max_run",
    "min_run",
    "max_delay",
    "min_gap",
    "in_a_row",
    "good_runs",
)
KINDS: Final = (
    ("none", "nothing: it runs when it runs"),
    ("every", "every so often"),
    ("cron", "by a cron expression"),
    ("on_calendar", "by an OnCalendar expression"),
)
#: The lengths of time of the form, and what they say.
SPANS: Final = (
    ("grace", "It may start later by", "a quarter of the time between two runs, an hour at most"),
    ("max_run", "A run takes at most", "a day, where there is a schedule"),
    ("min_run", "and at least", "no limit"),
    ("max_delay", "Later than this is late, even if it runs", "no limit"),
    ("min_gap", "Between two starts there are at least", "no limit"),
)
NUMBERS: Final = (("in_a_row", "Bad runs in a row that count"), ("good_runs", "Good runs in a row that end it"))
_STANDINGS: Final[Mapping[str, str]] = {
    "paused": "Paused",
    JobState.WAITING: "Waiting",
    JobState.ON_TIME: "On time",
    JobState.LATE: "Late",
    Trouble.MISSED: "Missed",
    Trouble.FAILED: "Failed",
    Trouble.DIED: "Died without a word",
    Trouble.TOO_LONG: "Too long",
    Trouble.TOO_SHORT: "Too short",
    Trouble.TOO_OFTEN: "Too often",
    Trouble.STARTED_LATE: "Started late",
}
_LOOKS: Final[Mapping[str, tuple[str, str]]] = {
    "paused": ("stopped", "stopped"),
    JobState.WAITING: ("new", "stopped"),
    JobState.ON_TIME: ("alive", "alive"),
    JobState.LATE: ("late", "late"),
}
_COMING: Final = 3
_SPAN: Final = re.compile(r"(?P<many>[0-9]{1,9}(?:\.[0-9]{1,3})?) ?(?P<unit>s|min|m|h|days?|d|w)")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def standing(row: JobRow) -> str:
    """How a job stands, by its name in `called`; empty where nothing is expected of it and nothing is wrong."""
    if row.paused_at is not None:
        return "paused"
    if row.state is JobState.WRONG and row.trouble is not None:
        return row.trouble.value
    if row.expected_at is None:
        return ""
    return row.state.value


def called(name: str) -> str:
    """That for people."""
    return _STANDINGS[name]


def look(name: str) -> tuple[str, str]:
    """The picture and the colour of that."""
    return _LOOKS.get(name, ("silent", "silent"))


def expectations(settings: JobSettings) -> Sequence[tuple[str, str]]:
    """What is expected, in a few lines."""
    if settings.schedule is None:
        told = [("runs", "at no time that is known")]
    else:
        told = [("runs", settings.schedule.said()), ("starts", f"no later than {_said(settings.grace)} after that")]
    for name, length in (
        ("takes at most", settings.max_run),
        ("takes at least", settings.min_run),
        ("is late after", settings.max_delay),
        ("runs again after", settings.min_gap),
    ):
        if length is not None:
            told.append((name, _said(length)))
    if settings.in_a_row > 1:
        told.append(("counts after", f"{settings.in_a_row} bad runs in a row"))
    if settings.good_runs > 1:
        told.append(("is over after", f"{settings.good_runs} good runs in a row"))
    return told


def coming(settings: JobSettings, expected_at: datetime | None) -> Sequence[str]:
    """The next times at which it is to start, by the clock of its schedule; a period has only one."""
    schedule, times = settings.schedule, list[str]()
    moment = expected_at
    while schedule is not None and moment is not None and len(times) < _COMING:
        times.append(schedule.clock(moment))
        moment = None if schedule.every is not None else schedule.next_after(moment)
    return times


def typed(told: Mapping[str, Any] | None) -> dict[str, str]:
    """What stands in the form, of what is in force."""
    told = told or {}
    kind = next((name for name in ("every", "cron", "on_calendar") if told.get(name) not in (None, "")), "none")
    when = told.get(kind, "")
    return {
        "kind": kind,
        "when": _typed_span(when) if kind == "every" else str(when),
        "timezone": str(told.get("timezone") or ""),
        **{name: _typed_span(told.get(name)) for name, _, _ in SPANS},
        **{name: str(told.get(name) or "") for name, _ in NUMBERS},
    }


def told_by(said: Mapping[str, str]) -> dict[str, Any]:
    """What a form says, in the words of the wire. Raises ScheduleError for what is neither a length of time nor a number."""
    told: dict[str, Any] = {}
    kind, when = said["kind"], said["when"].strip()
    if kind in ("every", "cron", "on_calendar"):
        if not when:
            raise ScheduleError("Say when it runs")
        told[kind] = _seconds("It runs every", when) if kind == "every" else when.replace("\r\n", "\n")
        if said["timezone"].strip():
            told["timezone"] = said["timezone"].strip()
    for name, label, _ in SPANS:
        if said[name].strip():
            told[name] = _seconds(label, said[name])
    for name, label in NUMBERS:
        text = said[name].strip()
        if text:
            if not (text.isascii() and text.isdigit() and len(text) <= len("100")):
                raise ScheduleError(f"{label}: write a whole number from 1 to 100")
            told[name] = int(text)
    return job_settings.kept(told)


def _said(length: timedelta) -> str:
    return span(length.total_seconds())


def _typed_span(seconds: object) -> str:
    return "" if isinstance(seconds, bool) or not isinstance(seconds, int | float) else span(float(seconds))


def _seconds(label: str, text: str) -> float:
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise ScheduleError(f"{label}: write a length of time, as 90s, 15min, 8h or 2d")
    return float(found["many"]) * _UNITS[found["unit"][0]]
