"""How pages say times, spans, numbers, runs and facts. Pure; `now` is an argument."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from aiops_platform.core.affected import MOST_PEOPLE
from aiops_platform.core.event import RunState
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.maintenance import DAYS, Window
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.people import Actor, actor_from
from aiops_platform.core.views import IncidentRow, RunRow

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

# The first one that is there counts: nearly all browsers call themselves Safari, and many Chrome, as well.
_BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Vivaldi/", "Vivaldi"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip

_KINDS: Mapping[IncidentKind, str] = {
    IncidentKind.EXCEPTION: "Exception",
    IncidentKind.HTTP_ERROR: "HTTP error",
    IncidentKind.LOG_ERROR: "Log line",
    IncidentKind.SILENCE: "Silence",
    IncidentKind.JOB: "Job",
}
_TOLD_BY_MESSAGE = (IncidentKind.LOG_ERROR, IncidentKind.JOB)
_STATES: Mapping[IncidentState, str] = {
    IncidentState.OPEN: "Open",
    IncidentState.RESOLVED: "Resolved",
    IncidentState.MUTED: "Muted",
    IncidentState.MERGED: "Merged",
    IncidentState.DELETED: "Deleted",
}
_LIVES: Mapping[MonitorState, str] = {
    MonitorState.NEW: "New",
    MonitorState.ALIVE: "Alive",
    MonitorState.LATE: "Late",
    MonitorState.SILENT: "Silent",
    MonitorState.STOPPED: "Stopped",
    MonitorState.PAUSED: "Paused",
}
_LIFE_MEANINGS: Mapping[MonitorState, str] = {
    MonitorState.NEW: "it has not sent a heartbeat yet",
    MonitorState.ALIVE: "its heartbeats come in time",
    MonitorState.LATE: "a heartbeat is overdue; if none comes, it is silent next",
    MonitorState.SILENT: "no heartbeat came, and no goodbye; an incident is opened",
    MonitorState.STOPPED: "it said goodbye at a clean end; no incident is opened",
    MonitorState.PAUSED: "somebody has paused it; whether it beats or not, no incident is opened",
}
_STANDINGS: Mapping[str, str] = {
    "running": "Running",
    "lost": "No end was heard",
    "succeeded": "Succeeded",
    "failed": "Failed",
}
_FACTS: Mapping[FactKind, str] = {
    FactKind.INCIDENT_OPENED: "Opened",
    FactKind.INCIDENT_REOPENED: "Reopened",
    FactKind.INCIDENT_RESOLVED: "Resolved",
    FactKind.INCIDENT_STAYED: "Stays resolved",
    FactKind.INCIDENT_MUTED: "Muted",
    FactKind.INCIDENT_ASSIGNED: "Assigned",
    FactKind.INCIDENT_LINKED: "Linked",
    FactKind.INCIDENT_MERGED: "Merged",
    FactKind.INCIDENT_UNMERGED: "Taken apart",
    FactKind.INCIDENT_DELETED: "Deleted",
    FactKind.INCIDENT_UNDONE: "Undone",
    FactKind.SERVICE_RELEASED: "New release",
    FactKind.SERVICE_DEPLOYED: "Deployed",
    FactKind.SERVICE_SEEN: "Service seen for the first time",
    FactKind.SERVICE_SILENT: "Service fell silent",
    FactKind.SERVICE_RECOVERED: "Service beats again",
    FactKind.SERVICE_STOPPED: "Service said goodbye",
    FactKind.JOB_FAILED: "Job failed",
    FactKind.JOB_MISSED: "Job did not start",
    FactKind.JOB_LATE_START: "Job started late",
    FactKind.JOB_TOO_LONG: "Job took too long",
    FactKind.JOB_TOO_SHORT: "Job was over too soon",
    FactKind.JOB_TOO_OFTEN: "Job ran too often",
    FactKind.JOB_RECOVERED: "Job runs as expected again",
    FactKind.SERVICE_SHORT: "Fewer processes beat than are expected",
    FactKind.SERVICE_FULL: "As many processes beat as are expected",
    FactKind.SERVICE_PAUSED: "Paused",
    FactKind.SERVICE_RESUMED: "Watched again",
    FactKind.ALERT_TOLD: "Told",
    FactKind.ALERT_ACKNOWLEDGED: "Acknowledged",
    FactKind.CHANNEL_DISABLED: "Channel disabled",
    FactKind.FIX_SUGGESTED: "Fix suggested",
    FactKind.FIX_ASKED: "Fix waits for approval",
    FactKind.FIX_QUEUED: "Fix asked for",
    FactKind.FIX_APPROVED: "Fix approved",
    FactKind.FIX_DECLINED: "Fix declined",
    FactKind.FIX_CANCELLED: "Fix cancelled",
    FactKind.FIX_SENT: "Fix sent",
    FactKind.FIX_BEGAN: "Fix began",
    FactKind.FIX_ENDED: "Fix ended",
    FactKind.FIX_MENDED: "Mended",
    FactKind.FIX_NOT_MENDED: "Not mended",
    FactKind.FIX_UNPROVEN: "Not known whether it is mended",
    FactKind.FIX_POLICY_PAUSED: "Fix policy paused",
}


def kind(value: IncidentKind) -> str:
    """What sort of incident it is, for people."""
    return _KINDS[value]


def kind_named(value: str) -> str:
    """The same for a kind by its name."""
    return _KINDS[IncidentKind(value)] if value in set(IncidentKind) else value


def state(value: IncidentState) -> str:
    """Where an incident stands, for people."""
    return _STATES[value]


def life(value: MonitorState | None) -> str:
    """How a service is, for people; None is a service that never sent a heartbeat."""
    return "No heartbeat" if value is None else _LIVES[value]


def life_means(value: MonitorState | None) -> str:
    """What that says about a service, in half a sentence."""
    return "it reports errors only" if value is None else _LIFE_MEANINGS[value]


def share(value: float | None) -> str:
    """A share of 1 as an uptime: `100%`, `99.98%`, never rounded up; `–` where nothing is known."""
    if value is None:
        return "–"
    if value >= 1:
        return "100%"
    # Cut, not rounded: whoever was silent for a second has not been there all the time.
    return f"{int(value * 100 * 100) / 100:.2f}".rstrip("0").rstrip(".") + "%"


def maintenance_when(window: Window) -> str:
    """When a window of maintenance holds: `Mondays at 04:00 (Europe/Berlin), for 2 h`, or from when to when."""
    if window.weekly is None:
        since, last = window.since.astimezone(UTC), window.until and window.until.astimezone(UTC)
        day = "%H:%M" if last is not None and last.date() == since.date() else "%Y-%m-%d %H:%M"
        return f"{since:%Y-%m-%d %H:%M}{f' to {last:{day}}' if last is not None else ''} UTC"
    plan = window.weekly
    days = "every day" if len(plan.days) == len(DAYS) else ", ".join(f"{DAYS[day]}s" for day in plan.days)
    until = f", to {window.until:%Y-%m-%d}" if window.until is not None else ""
    return f"{days} at {plan.at:%H:%M} ({plan.zone}), for {took(plan.lasts.total_seconds())}{until}"


def maintenance_where(window: Window) -> str:
    """Which services it is about: `shop, search in production`."""
    environments = f" in {', '.join(window.environments)}" if window.environments else ""
    return f"{', '.join(window.services) or 'all services'}{environments}"


def headline(row: IncidentRow) -> str:
    """What stands largest: the type; of a log line and a job the message, for their types say nothing."""
    return (row.title if row.kind in _TOLD_BY_MESSAGE else row.type) or "Error"


def detail(row: IncidentRow) -> str:
    """What the headline leaves unsaid: the message, of a log line and a job only what follows its first line."""
    if row.kind not in _TOLD_BY_MESSAGE:
        return row.message
    return row.message.strip().partition("\n")[2].strip()


def status(row: IncidentRow) -> int | None:
    """The HTTP status to show. Clients say 500 of every exception, also where there was no request to answer."""
    return row.status_code if row.path or row.kind is IncidentKind.HTTP_ERROR else None


def run_state(standing: str) -> str:
    """How a run stands (`standings`), for people."""
    return _STANDINGS[standing]


def standings(runs: Sequence[RunRow]) -> list[str]:
    """How each of a job's runs stands, the newest first: one without an end is `lost` when a later one has ended.

    The wire does not tell a run that goes on from one that died without a word.
    """
    said = []
    later_ended = False
    for run in runs:
        is_started = run.state is RunState.STARTED
        said.append(("lost" if later_ended else "running") if is_started else run.state.value)
        later_ended = later_ended or not is_started
    return said


def schedule(said: Mapping[str, Any] | None) -> str:
    """When a job means to run: `cron 0 3 * * * (Europe/Berlin)`, `every 5 min`; as JSON what is neither."""
    if not said:
        return ""
    every, cron, timezone = said.get("every"), said.get("cron"), said.get("timezone")
    if isinstance(cron, str) and cron:
        told = f"cron {cron}"
    elif isinstance(every, (int, float)) and not isinstance(every, bool) and 0 < every < 10**9:
        told = f"every {took(every)}"
    else:
        return msgspec.json.encode(said).decode()
    return f"{told} ({timezone})" if isinstance(timezone, str) and timezone else told


def took(seconds: float) -> str:
    """A duration with two figures or so: `4 ms`, `1.2 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    for size, name, rest, smaller in (
        (_DAY, "days", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= size * (2 if size == _DAY else 1):
            left = whole % size // rest
            return f"{whole // size} {name}" + (f" {left} {smaller}" if left else "")
    raise AssertionError("unreachable: it is a minute at least")


def memory(size: float) -> str:
    """Bytes as `84 MB`, `1.2 GB`."""
    return f"{size / 1e6:.0f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


def fact(value: FactKind, data: Mapping[str, Any]) -> str:
    """One line of a timeline. A reason, where the fact has one, follows the words."""
    why = data.get("why")
    return f"{_FACTS[value]}: {why}" if isinstance(why, str) and why else _FACTS[value]


def done_by(data: Mapping[str, Any]) -> str:
    """Who did it; empty where nobody did, or it is not known who."""
    actor = actor_from(data.get("by"))
    return "" if actor is None else actor_name(actor)


def actor_name(actor: Actor) -> str:
    """Whoever did something, for people: `Ana`, `token laptop`."""
    return f"token {actor.name}" if actor.kind == "token" else actor.name


def later(span: timedelta) -> str:
    """How much later something was, or earlier: `12 s later`."""
    if abs(span) < timedelta(seconds=1):
        return "at the same time"
    return f"{lasting(abs(span))} {'later' if span > timedelta(0) else 'earlier'}"


def browser(agent: str) -> str:
    """What calls itself so, as far as that tells: `Firefox on Linux`."""
    name = next((name for sign, name in _BROWSERS if sign in agent), "A browser")
    system = next((system for sign, system in _SYSTEMS if sign in agent), "")
    return f"{name} on {system}" if system else name


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


def people(number: int) -> str:
    """How many people: `1 person`, `12 people`; no more than a thousand are counted."""
    return "1 person" if number == 1 else f"{short(number)}{'+' if number >= MOST_PEOPLE else ''} people"


def times(factor: float) -> str:
    """How many times as much: `3.2×`, `40×`."""
    return f"{factor:.0f}×" if factor >= 10 else f"{factor:.1f}×"


def day_and_hour(moment: datetime) -> str:
    """`22 Nov 03:00`."""
    return f"{moment.day} {moment:%b %H:%M}"


def many(number: int, one: str, more: str | None = None) -> str:
    """`1 event`, `12,345 events`."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def size(text: str) -> str:
    """How long a text is: `812 characters`, `98 kB`."""
    return f"{len(text)} characters" if len(text) < 2000 else f"{len(text) / 1000:.0f} kB"
