"""How pages say times, spans, numbers and facts. Pure; `now` is an argument."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.views import IncidentRow

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

_KINDS: Mapping[IncidentKind, str] = {
    IncidentKind.EXCEPTION: "Exception",
    IncidentKind.HTTP_ERROR: "HTTP error",
    IncidentKind.LOG_ERROR: "Log line",
    IncidentKind.SILENCE: "Silence",
}
_STATES: Mapping[IncidentState, str] = {
    IncidentState.OPEN: "Open",
    IncidentState.RESOLVED: "Resolved",
    IncidentState.MUTED: "Muted",
}
_LIVES: Mapping[MonitorState, str] = {
    MonitorState.NEW: "New",
    MonitorState.ALIVE: "Alive",
    MonitorState.LATE: "Late",
    MonitorState.SILENT: "Silent",
    MonitorState.STOPPED: "Stopped",
}
_LIFE_MEANINGS: Mapping[MonitorState, str] = {
    MonitorState.NEW: "it has not sent a heartbeat yet",
    MonitorState.ALIVE: "its heartbeats come in time",
    MonitorState.LATE: "a heartbeat is overdue; if none comes, it is silent next",
    MonitorState.SILENT: "no heartbeat came, and no goodbye; an incident is opened",
    MonitorState.STOPPED: "it said goodbye at a clean end; no incident is opened",
}
_FACTS: Mapping[FactKind, str] = {
    FactKind.INCIDENT_OPENED: "Opened",
    FactKind.INCIDENT_REOPENED: "Reopened",
    FactKind.INCIDENT_RESOLVED: "Resolved",
    FactKind.INCIDENT_MUTED: "Muted",
    FactKind.SERVICE_SEEN: "Service seen for the first time",
    FactKind.SERVICE_SILENT: "Service fell silent",
    FactKind.SERVICE_RECOVERED: "Service beats again",
    FactKind.SERVICE_STOPPED: "Service said goodbye",
}


def kind(value: IncidentKind) -> str:
    """What sort of incident it is, for people."""
    return _KINDS[value]


def state(value: IncidentState) -> str:
    """Where an incident stands, for people."""
    return _STATES[value]


def life(value: MonitorState | None) -> str:
    """How a service is, for people; None is a service that never sent a heartbeat."""
    return "No heartbeat" if value is None else _LIVES[value]


def life_means(value: MonitorState | None) -> str:
    """What that says about a service, in half a sentence."""
    return "it reports errors only" if value is None else _LIFE_MEANINGS[value]


def headline(row: IncidentRow) -> str:
    """What stands largest: the type; of a log line its message, for its level says nothing."""
    return (row.title if row.kind is IncidentKind.LOG_ERROR else row.type) or "Error"


def detail(row: IncidentRow) -> str:
    """What the headline leaves unsaid: the message, of a log line only what follows its first line."""
    if row.kind is not IncidentKind.LOG_ERROR:
        return row.message
    return row.message.strip().partition("\n")[2].strip()


def status(row: IncidentRow) -> int | None:
    """The HTTP status to show. Clients say 500 of every exception, also where there was no request to answer."""
    return row.status_code if row.path or row.kind is IncidentKind.HTTP_ERROR else None


def fact(value: FactKind, data: Mapping[str, Any]) -> str:
    """One line of a timeline. A reason, where the fact has one, follows the words."""
    why = data.get("why")
    return f"{_FACTS[value]}: {why}" if isinstance(why, str) and why else _FACTS[value]


def exactly(moment: datetime) -> str:
    """`2026-11-22 03:14:07 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def machine(moment: datetime) -> str:
    """For a `datetime` attribute: RFC 3339 with whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def ago(moment: datetime, now: datetime) -> str:
    """`just now`, `5 min ago`, `3 h ago`, `2 days ago`, then the date. The page's script says it the same way."""
    seconds = (now - moment).total_seconds()
    if seconds < -_MINUTE:
        return f"{moment:%Y-%m-%d %H:%M}"
    if seconds < 10:
        return "just now"
    if seconds >= 30 * _DAY:
        return f"{moment:%Y-%m-%d}"
    return f"{lasting(timedelta(seconds=seconds))} ago"


def lasting(span: timedelta) -> str:
    """A span in its largest unit: `42 s`, `5 min`, `3 h`, `2 days`."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h"
    return f"{seconds // _DAY} days"


def short(number: int) -> str:
    """A number that fits into a column: `987`, `12.3k`, `4.5M`. The exact one belongs into the title."""
    if number < 1000:
        return str(number)
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")):
        if number >= size:
            scaled = number / size
            return f"{scaled:.0f}{letter}" if scaled >= 100 else f"{scaled:.1f}{letter}".replace(".0", "")
    raise AssertionError("unreachable: the smallest size is 1000")


def many(number: int, one: str, more: str | None = None) -> str:
    """`1 event`, `12,345 events`."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def size(text: str) -> str:
    """How long a text is: `812 characters`, `98 kB`."""
    return f"{len(text)} characters" if len(text) < 2000 else f"{len(text) / 1000:.0f} kB"
