"""An incident: events that are one problem, and what may happen to it. Pure: state and input in, state and facts out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from aiops_platform.core import ahead, clocks, facets, muting, regression
from aiops_platform.core.event import Event, ExceptionInfo, Frame, Level, SignalType
from aiops_platform.core.facts import Fact, FactKind
from aiops_platform.core.grouping import said_by
from aiops_platform.core.muting import Mute
from aiops_platform.core.people import Actor
from aiops_platform.core.regression import Resolution
from aiops_platform.core.service import Service
from aiops_platform.core.text import one_line, paragraph

_TYPE_LIMIT: Final = 200
_MESSAGE_LIMIT: Final = 4_000
_PLACE_LIMIT: Final = 400
_PATH_LIMIT: Final = 2_000
_TOLD_LIMIT: Final = 300
_TITLE_LIMIT: Final = 300
_UNNAMED: Final = {
    SignalType.EXCEPTION: "Exception",
    SignalType.HTTP_ERROR: "HTTPError",
    SignalType.LOG_ERROR: "ERROR",
    SignalType.HEARTBEAT: "",
}


class IncidentKind(StrEnum):
    """What an incident is made of."""

    EXCEPTION = "exception"
    HTTP_ERROR = "http_error"
    LOG_ERROR = "log_error"
    SILENCE = "silence"
    JOB = "job"


class IncidentState(StrEnum):
    """Where an incident stands. A resolved one reopens when its error returns; a muted one only counts.

    A merged one is a part of another one now, and a deleted one only its number: neither is listed anywhere.
    """

    OPEN = "open"
    RESOLVED = "resolved"
    MUTED = "muted"
    MERGED = "merged"
    DELETED = "deleted"


#: The states of what is there to be seen.
STANDING: Final = (IncidentState.OPEN, IncidentState.RESOLVED, IncidentState.MUTED)


@dataclass(frozen=True, kw_only=True)
class Incident:
    """`id` is None until it is saved. What is shown (message, level, path, …) is that of the newest event.

    Of its events, `kept` are stored for good, the last of them since `kept_at`; one more only until the next one comes,
    if `passing`: see `sampling`. `resolved_in` is the release in which it was resolved, the newest one of its service at
    that time unless `resolved_how` says otherwise, `stayed` the reasons for which events have not reopened it since
    (`Stays`, in one text). `mute` says what ends it, where it is muted and something does.
    """

    id: int | None
    project_id: int
    service_id: int
    kind: IncidentKind
    state: IncidentState
    state_since: datetime
    reopened_at: datetime | None
    type: str
    message: str
    place: str
    level: str
    status_code: int | None
    path: str | None
    logger: str | None
    first_release: str | None
    last_release: str | None
    count: int
    first_seen_at: datetime
    last_seen_at: datetime
    kept: int = 0
    kept_at: datetime | None = None
    passing: bool = False
    resolved_in: str | None = None
    stayed: str = ""
    resolved_how: Resolution = Resolution.NOW
    mute: Mute | None = None


@dataclass(frozen=True)
class Changed:
    """An incident after something happened to it, and what became true."""

    incident: Incident
    facts: tuple[Fact, ...] = ()


def title_of(kind: IncidentKind, type_: str, message: str) -> str:
    """An incident in one line: what a log line or a job says, for its type tells nothing; else the type and what it says."""
    said = one_line(next((line for line in message.splitlines() if line.strip()), ""), _TITLE_LIMIT)
    if not (said and type_) or kind in (IncidentKind.LOG_ERROR, IncidentKind.JOB):
        return said or type_
    return one_line(f"{type_}: {said}", _TITLE_LIMIT)


def by_our_clock(event: Event, received_at: datetime) -> Event:
    """The event with its times as our clock would have told them, if the client said what its own showed when it sent.

    None of them is moved to after it was received.
    """
    off = clocks.off_by(event.sent_at, received_at)
    if not off:
        return event
    times = {"occurred_at": event.occurred_at, "first_at": event.first_at, "last_at": event.last_at}
    stamp, now = event.timestamp, float(int(received_at.timestamp()))
    return msgspec.structs.replace(
        event,
        timestamp=None if stamp is None else min(stamp + round(off.total_seconds()), now),
        **{name: clocks.moved(said, off, received_at) for name, said in times.items() if said is not None},
    )


def time_of(event: Event, received_at: datetime) -> datetime:
    """When it happened, by the client's clock where that can be believed: at most a week before it was received.

    Of an event that stands for many: when the last of them did.
    """
    last_at = event.last_at if event.repeat_count > 1 else None
    return clocks.happened(last_at or event.occurred_at, event.timestamp, received_at)


def absorb(
    event: Event,
    into: Incident | None,
    *,
    service: Service,
    at: datetime,
    now: datetime,
    releases: Mapping[str, datetime] | None = None,
) -> Changed:
    """The incident with one more event in it (or a new one), and whether that opened or reopened it.

    `at` is when the event happened (`time_of`), `now` when the platform learned of it; `releases` says when each of the
    service was first seen.
    """
    if into is None:
        incident = _opened_by(event, service=service, at=at, now=now)
        return Changed(incident, (_told(FactKind.INCIDENT_OPENED, incident, now),))
    is_newest = at >= into.last_seen_at or ahead.is_ahead(into.last_seen_at, now)
    # A line that was logged of an exception says less than the exception.
    repeats = into.kind is IncidentKind.EXCEPTION and event.signal_type is SignalType.LOG_ERROR
    explains = into.kind is IncidentKind.LOG_ERROR and event.signal_type is SignalType.EXCEPTION
    newest = _shown(event) if explains or (is_newest and not repeats) else {}
    if explains:
        newest["kind"] = IncidentKind.EXCEPTION
    known = _put_right(into, now)
    incident = replace(
        known,
        count=into.count + event.repeat_count,
        first_seen_at=min(into.first_seen_at, _first_of(event, at)),
        last_seen_at=max(known.last_seen_at, at),
        **newest,
    )
    if into.mute is not None:
        return _heard_while_muted(incident, into.mute, event, at=at, first_seen=releases or {}, now=now)
    if into.state is not IncidentState.RESOLVED:
        return Changed(incident)
    verdict = regression.judged(
        at=at,
        release=facets.release_of(event),
        resolved_at=into.state_since,
        resolved_in=into.resolved_in,
        first_seen=releases or {},
        now=now,
        how=into.resolved_how,
    )
    return _reopened(incident, now, verdict.why) if verdict.stays is None else _stayed(incident, verdict, now)


def silenced(
    into: Incident | None, *, service: Service, last_beat_at: datetime, at: datetime, now: datetime
) -> Changed:
    """The incident of a service's silence, once more."""
    message = f"{service.named.name} has sent no heartbeat since {last_beat_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return _missed(into, "ServiceSilent", message, service=service, at=at, now=now)


def short_of_processes(
    into: Incident | None, *, service: Service, expected: int, beating: int, at: datetime, now: datetime
) -> Changed:
    """The incident of a service of which fewer processes beat than are expected, once more."""
    message = f"{beating} of {expected} processes of {service.named.name} beat"
    return _missed(into, "ProcessesMissing", message, service=service, at=at, now=now)


def _missed(
    into: Incident | None, kind: str, message: str, *, service: Service, at: datetime, now: datetime
) -> Changed:
    if into is not None:
        known = _put_right(into, now)
        incident = replace(known, count=into.count + 1, last_seen_at=max(known.last_seen_at, at), message=message)
        return _reopened(incident, now) if into.state is IncidentState.RESOLVED else Changed(incident)
    incident = Incident(
        id=None,
        project_id=service.named.project_id,
        service_id=service.id,
        kind=IncidentKind.SILENCE,
        state=IncidentState.OPEN,
        state_since=now,
        reopened_at=None,
        type=kind,
        message=message,
        place="heartbeat",
        level=Level.CRITICAL,
        status_code=None,
        path=None,
        logger=None,
        first_release=None,
        last_release=None,
        count=1,
        first_seen_at=at,
        last_seen_at=at,
    )
    return Changed(incident, (_told(FactKind.INCIDENT_OPENED, incident, now),))


def recovered(incident: Incident, now: datetime, why: str) -> Changed:
    """The incident of a silence, or of a job, that has ended: an open one is resolved, a muted one stays as it is.

    `why` is a sentence that names what it is about: `shop beats again`.
    """
    if incident.state is not IncidentState.OPEN:
        return Changed(incident)
    changed = resolved(incident, now)
    return replace(changed, facts=tuple(replace(each, data=each.data | {"why": why}) for each in changed.facts))


def resolved(
    incident: Incident,
    now: datetime,
    *,
    release: str | None = None,
    how: Resolution = Resolution.NOW,
    by: Actor | None = None,
) -> Changed:
    """The problem is said to be gone, in this release of its service: should it return, the incident reopens.

    In the `NEXT` release is after this one; where none was ever named there is none to wait for.
    """
    if how is Resolution.NEXT and release is None:
        how, why = Resolution.NOW, "no release of its service was ever named, so it reopens with its next event"
    else:
        why = f"in the release after {release}" if how is Resolution.NEXT else f"in {release}" if release else ""
    is_same = how in (Resolution.NOW, incident.resolved_how) and (
        how is Resolution.NOW or release == incident.resolved_in
    )
    if incident.state is IncidentState.RESOLVED and is_same:
        return Changed(incident)
    moved = replace(incident, state=IncidentState.RESOLVED, state_since=now, mute=None)
    moved = replace(moved, resolved_in=release, resolved_how=how, stayed="")
    return Changed(moved, (_told(FactKind.INCIDENT_RESOLVED, moved, now, why, by),))


def muted(incident: Incident, now: datetime, *, mute: Mute | None = None, by: Actor | None = None) -> Changed:
    """The problem is known, and only to be counted, until the mute ends; without one, until somebody reopens it."""
    if incident.state is IncidentState.MUTED and incident.mute == mute:
        return Changed(incident)
    moved = replace(incident, state=IncidentState.MUTED, state_since=now, mute=mute)
    return Changed(moved, (_told(FactKind.INCIDENT_MUTED, moved, now, muting.sentence(mute), by),))


def reopened(incident: Incident, now: datetime, *, by: Actor | None = None) -> Changed:
    """The problem is there again, or still."""
    return Changed(incident) if incident.state is IncidentState.OPEN else _reopened(incident, now, by=by)


def looked_at(incident: Incident, now: datetime) -> Changed:
    """The incident now that time has passed: a mute that is over has ended."""
    over = muting.ended_by_time(incident.mute, now) if incident.state is IncidentState.MUTED else None
    return Changed(incident) if over is None else _reopened(incident, now, over)


def _heard_while_muted(
    incident: Incident, mute: Mute, event: Event, *, at: datetime, first_seen: Mapping[str, datetime], now: datetime
) -> Changed:
    mute, over = muting.after_event(
        mute,
        count=incident.count,
        repeats=event.repeat_count,
        at=at,
        since=incident.state_since,
        first_seen=first_seen,
        now=now,
    )
    incident = replace(incident, mute=mute)
    return Changed(incident) if over is None else _reopened(incident, now, over)


def _put_right(incident: Incident, now: datetime) -> Incident:
    if not ahead.is_ahead(max(incident.state_since, incident.last_seen_at), now):
        return incident
    return replace(
        incident,
        state_since=ahead.put_right(incident.state_since, now),
        last_seen_at=ahead.put_right(incident.last_seen_at, now),
    )


def _reopened(incident: Incident, now: datetime, why: str = "", by: Actor | None = None) -> Changed:
    incident = replace(incident, state=IncidentState.OPEN, state_since=now, reopened_at=now, mute=None)
    return Changed(incident, (_told(FactKind.INCIDENT_REOPENED, incident, now, why, by),))


def _stayed(incident: Incident, verdict: regression.Verdict, now: datetime) -> Changed:
    """Each reason is told once: a thousand events that come late are no thousand lines of a story."""
    told = incident.stayed.split()
    if verdict.stays is None or verdict.stays in told:
        return Changed(incident)
    incident = replace(incident, stayed=" ".join((*told, verdict.stays)))
    return Changed(incident, (_told(FactKind.INCIDENT_STAYED, incident, now, verdict.why),))


def _told(kind: FactKind, incident: Incident, now: datetime, why: str = "", by: Actor | None = None) -> Fact:
    data: dict[str, Any] = {"type": incident.type, "message": one_line(incident.message, _TOLD_LIMIT)}
    if why:
        data["why"] = why
    return Fact(kind=kind, at=now, data=data).done_by(by)


def _opened_by(event: Event, *, service: Service, at: datetime, now: datetime) -> Incident:
    incident = Incident(
        id=None,
        project_id=service.named.project_id,
        service_id=service.id,
        kind=IncidentKind(event.signal_type.value),
        state=IncidentState.OPEN,
        state_since=now,
        reopened_at=None,
        type=_type_of(event),
        place=_place_of(event),
        first_release=_line(event.release),
        last_release=None,
        count=event.repeat_count,
        first_seen_at=_first_of(event, at),
        last_seen_at=at,
        message="",
        level=Level.ERROR,
        status_code=None,
        path=None,
        logger=None,
    )
    return replace(incident, **_shown(event))


def _shown(event: Event) -> dict[str, Any]:
    """The fields of an incident that follow its newest event."""
    shown = {
        "message": paragraph(said_by(event), _MESSAGE_LIMIT),
        "level": level_of(event),
        "status_code": event.status_code,
        "path": _line(event.request_path, _PATH_LIMIT),
        "logger": _line(event.logger),
    }
    return shown | {"last_release": _line(event.release)} if event.release else shown


def _first_of(event: Event, at: datetime) -> datetime:
    """When the first of the occurrences that this event stands for happened."""
    if event.first_at is None or not at - clocks.OLDEST <= event.first_at <= at:
        return at
    return event.first_at.astimezone(UTC)


def level_of(event: Event) -> Level:
    """How bad it is. What old clients say of a line that was logged stands in the name of its level."""
    said = event.error_type.lower()
    return event.level or (Level.CRITICAL if said == Level.CRITICAL else Level.ERROR)


def _type_of(event: Event) -> str:
    thrown = event.exceptions[0].type if event.exceptions else ""
    return one_line(event.error_type, _TYPE_LIMIT) or one_line(thrown, _TYPE_LIMIT) or _UNNAMED[event.signal_type]


def _place_of(event: Event) -> str:
    if event.signal_type is SignalType.HTTP_ERROR:
        method = event.request.method if event.request else None
        return one_line(f"{method or ''} {event.route or event.request_path or ''}", _PLACE_LIMIT)
    frame = _last_frame(event.exceptions[0]) if event.exceptions else None
    if frame is not None:
        file = frame.file.replace("\\", "/").rpartition("/")[2]
        return one_line(f"{frame.function} ({file})", _PLACE_LIMIT)
    return one_line(event.logger or event.route or event.request_path or "", _PLACE_LIMIT)


def _last_frame(exception: ExceptionInfo) -> Frame | None:
    """Where it went wrong: the innermost frame of the application, of all where none is its own."""
    ours = [frame for frame in exception.frames if frame.in_app] or exception.frames
    return ours[-1] if ours else None


def _line(text: str | None, limit: int = _TYPE_LIMIT) -> str | None:
    return one_line(text, limit) or None if text else None
