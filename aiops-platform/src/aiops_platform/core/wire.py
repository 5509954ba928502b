"""Bodies read into events, heartbeats and words on jobs: forgiving in what it takes, strict in what it hands on.

Only what is no JSON object, or says no `signal_type` that its door takes, is refused; of jobs also what does not say which
run of which job it is about. A field of a wrong type is
dropped and what is too much is cut; both are said in the report's `remarks`.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from aiops_platform.core import job, salvage
from aiops_platform.core.event import (
    DEFAULT_ENVIRONMENT,
    UNKNOWN_SERVICE,
    Breadcrumb,
    Event,
    ExceptionInfo,
    Frame,
    Heartbeat,
    JobReport,
    Moment,
    Ping,
    Report,
    RunState,
    SignalType,
)
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.text import one_line, paragraph
from aiops_platform.core.traceback_text import print_traceback, read_traceback

_NAME_LIMIT: Final = 200
_EXCEPTION_LIMIT: Final = 50
#: Of one exception; of more, the middle is left out.
MOST_FRAMES: Final = 250
_FILE_LIMIT: Final = 1_000
_CODE_NAME_LIMIT: Final = 500
_BREADCRUMB_LIMIT: Final = 200
_REPEAT_LIMIT: Final = 1_000_000_000
_COUNT_LIMIT: Final = 2**53
_BASE_URL_LIMIT: Final = 2_000
_DIGITS_LIMIT: Final = 300
_EXTRAS_LIMIT: Final = 32_000
# Of what a service offers to mend, and of what became of that; all of them at their longest.
_FIXERS_LIMIT: Final = 50
_RESULTS_LIMIT: Final = 10
_ANSWERED_LIMIT: Final = 200
_OFFERS_LIMIT: Final = 256_000
_TOLD_LIMIT: Final = 1_000_000
_SCHEDULE_LIMIT: Final = 4_000
_LONGEST_RUN: Final = 366 * 24 * 60 * 60
_TAKEN: Final[Mapping[ParcelKind, frozenset[str]]] = {
    ParcelKind.EXCEPTION: frozenset({SignalType.EXCEPTION, SignalType.HTTP_ERROR, SignalType.LOG_ERROR}),
    ParcelKind.HEARTBEAT: frozenset({SignalType.HEARTBEAT}),
    ParcelKind.JOB: frozenset({SignalType.JOB}),
    ParcelKind.PING: frozenset({SignalType.PING}),
}
_DOORS: Final[Mapping[ParcelKind, str]] = {
    ParcelKind.EXCEPTION: "an event goes to /v1/sdk/exception",
    ParcelKind.HEARTBEAT: "a heartbeat goes to /v1/sdk/heartbeat",
    ParcelKind.JOB: "a word on a job goes to /v1/sdk/job",
}

AnyReport: TypeAlias = Event | Heartbeat | JobReport | Ping


class GlimpsedException(Struct):
    """What an exception is called, and what it says."""

    type: str = ""
    value: str = ""


class Glance(Struct):
    """As much of a report as the door looks at; what is of a wrong type is not seen."""

    signal_type: str = ""
    service: str = ""
    environment: str = ""
    error_type: str = ""
    message: str = ""
    template: str | None = None
    exceptions: tuple[GlimpsedException, ...] = ()

    @property
    def problem(self) -> tuple[str, str]:
        """Roughly which problem it is: the error's type, and what its message says before anything that may vary."""
        # What was thrown says more than the message, which may be a headline of the client's.
        first = self.exceptions[0] if self.exceptions else None
        kind, said = (first.type, first.value) if first else (self.error_type, self.template or self.message)
        return kind, _CONSTANT.match(said[:_SAID_LIMIT])[0]  # type: ignore[index]  # it matches the empty text, too


class _Told(Struct):
    exceptions: tuple[ExceptionInfo, ...] = ()
    stack_trace: str = ""
    occurred_at: Moment | None = None
    timestamp: float | None = None


class _Which(Struct):
    job: str = ""
    run_id: UUID | None = None
    state: RunState | None = None


_GLANCE = msgspec.json.Decoder(Glance)
# Up to the first number, quoted text, or address of an object.
_CONSTANT = re.compile(r"[^\d'\"`<\[({]*")
_SAID_LIMIT: Final = 80
_DECODERS: Final[Mapping[ParcelKind, msgspec.json.Decoder[AnyReport]]] = {
    ParcelKind.EXCEPTION: msgspec.json.Decoder(Event),
    ParcelKind.HEARTBEAT: msgspec.json.Decoder(Heartbeat),
    ParcelKind.JOB: msgspec.json.Decoder(JobReport),
    ParcelKind.PING: msgspec.json.Decoder(Ping),
}
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True)
class Unreadable:
    """Why a body is not understood, and never will be."""

    why: str


def glance(body: bytes, kind: ParcelKind) -> Glance | Unreadable:
    """What the door needs to know of a body that `parse` will read. Cheap: most of a long body is skipped over."""
    if kind is ParcelKind.JOB:
        report = parse(body, kind)
        if isinstance(report, Unreadable):
            return report
        return Glance(signal_type=report.signal_type, service=report.service, environment=report.environment)
    try:
        seen = _GLANCE.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = object_in(body)
        if isinstance(found, Unreadable):
            return found
        return wrong_door(found.get("signal_type"), kind) or salvage.struct(Glance, found, salvage.Remarks())
    return wrong_door(seen.signal_type or None, kind) or seen


def glimpse(text: bytes) -> Glance:
    """The same of what need not be a report: where nothing can be read, nothing is seen."""
    try:
        return _GLANCE.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = object_in(text)
        return Glance() if isinstance(found, Unreadable) else salvage.struct(Glance, found, salvage.Remarks())


def parse(body: bytes, kind: ParcelKind) -> AnyReport | Unreadable:
    """The report that a body holds. Never raises for what a body contains."""
    try:
        report = _DECODERS[kind].decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _parse_leniently(body, kind)
    wrong = wrong_door(report.signal_type, kind)
    if wrong is not None:
        return wrong
    # Remarks are ours to make: what a client sends under that name is not.
    return _fit(report, salvage.Remarks())


def write(report: AnyReport) -> bytes:
    """The report as JSON, in the fields of the wire; fields that hold their default are left out."""
    return _ENCODER.encode(report)


def completed(body: dict[str, Any]) -> dict[str, Any]:
    """A body that `write` has written, with what the rest of it tells: the traceback as text, the time in whole seconds.

    One that another version wrote, and that is not understood, stays as it is.
    """
    try:
        told = msgspec.convert(body, _Told)
    except msgspec.ValidationError:
        return body
    added: dict[str, Any] = {}
    if told.exceptions and not told.stack_trace:
        added["stack_trace"] = print_traceback(told.exceptions)
    if told.occurred_at is not None and told.timestamp is None:
        added["timestamp"] = int(told.occurred_at.timestamp())
    return {**body, **added}


def wrong_door(signal: object, kind: ParcelKind) -> Unreadable | None:
    """Why what says this `signal_type` does not belong to a door of this kind; None when it does."""
    if isinstance(signal, str) and signal in _TAKEN[kind]:
        return None
    if signal is None:
        return Unreadable("signal_type: missing")
    if not isinstance(signal, str):
        return Unreadable(f"signal_type: expected text, found {salvage.noun(signal)}")
    right = next((door for door, taken in _TAKEN.items() if signal in taken), None)
    if right is not None:
        return Unreadable(f"signal_type: {_DOORS[right]}")
    return Unreadable(f"signal_type: '{one_line(salvage.sound(signal), 50)}' is not known here")


def object_in(body: bytes, *, called: str = "the body") -> dict[str, Any] | Unreadable:
    """What the strict reader refuses, read by a lenient one: NaN, half surrogates, bytes that are not UTF-8."""
    try:
        value = json.loads(body.decode("utf-8-sig", "replace"), parse_int=_integer)
    except RecursionError:
        return Unreadable(f"{called} is nested too deeply")
    except ValueError as cause:
        return Unreadable(f"{called} is not JSON: {cause}")
    if not isinstance(value, dict):
        return Unreadable(f"expected an object, found {salvage.noun(value)}")
    return value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS_LIMIT else math.inf


def _parse_leniently(body: bytes, kind: ParcelKind) -> AnyReport | Unreadable:
    found = object_in(body)
    if isinstance(found, Unreadable):
        return found
    wrong = wrong_door(found.get("signal_type"), kind)
    if wrong is not None:
        return wrong
    if kind is ParcelKind.PING:
        # Our own door writes them down.
        return Unreadable("a ping that is not understood")
    remarks = salvage.Remarks()
    if kind is ParcelKind.HEARTBEAT:
        return _fit(salvage.struct(Heartbeat, found, remarks), remarks)
    if kind is ParcelKind.JOB:
        return _nameless(found) or _fit(salvage.struct(JobReport, found, remarks), remarks)
    return _fit(salvage.struct(Event, found, remarks), remarks)


def _nameless(found: Mapping[str, Any]) -> Unreadable | None:
    """Why this word cannot be about any run."""
    which = salvage.struct(_Which, found, salvage.Remarks())
    if not which.job:
        return Unreadable("job: expected the name of the job")
    if which.run_id is None:
        return Unreadable("run_id: expected a UUID")
    if which.state is None:
        return Unreadable(f"state: expected one of {', '.join(RunState)}")
    return None


def _fit(report: AnyReport, remarks: salvage.Remarks) -> AnyReport | Unreadable:
    match report:
        case Event():
            return fitted(report, remarks)
        case Heartbeat():
            return _fit_heartbeat(report, remarks)
        case Ping():
            return _fit_ping(report)
    return _fit_job(report, remarks)


def fitted(event: Event, remarks: salvage.Remarks) -> Event:
    """Bounds what is unbounded on the wire, and reads the traceback where it came as text only."""
    changes = _named(event)
    changes["exceptions"] = _exceptions(event, remarks)
    changes["repeat_count"] = _at_most(event.repeat_count, _REPEAT_LIMIT, "repeat_count", remarks)
    if event.status_code is not None and not 0 <= event.status_code < 1000:
        remarks.add("status_code", "not a status of HTTP")
        changes["status_code"] = None
    if event.contexts:
        changes["contexts"] = salvage.plain(event.contexts)
    if event.request is not None and event.request.body is not None:
        changes["request"] = replace(event.request, body=salvage.plain(event.request.body))
    if event.breadcrumbs:
        changes["breadcrumbs"] = _breadcrumbs(event.breadcrumbs, remarks)
    changes["remarks"] = remarks.all()
    return replace(event, **changes)


def _fit_heartbeat(heartbeat: Heartbeat, remarks: salvage.Remarks) -> Heartbeat:
    changes: dict[str, Any] = _named(heartbeat)
    if heartbeat.base_url is not None and not _is_address(heartbeat.base_url):
        remarks.add("base_url", "expected an http or https address")
        changes["base_url"] = None
    if heartbeat.release is not None:
        changes["release"] = one_line(heartbeat.release, _NAME_LIMIT) or None
    changes["stats"] = salvage.plain(heartbeat.stats)
    changes["fixers"] = tuple(
        replace(fixer, params=salvage.plain(fixer.params)) for fixer in heartbeat.fixers[:_FIXERS_LIMIT]
    )
    changes["fixes"] = tuple(
        replace(result, value=salvage.plain(result.value)) for result in heartbeat.fixes[:_RESULTS_LIMIT]
    )
    for name, limit in (("stats", _EXTRAS_LIMIT), ("fixers", _OFFERS_LIMIT), ("fixes", _TOLD_LIMIT)):
        if len(_ENCODER.encode(changes[name])) > limit:
            remarks.add(name, "too long")
            changes[name] = {} if name == "stats" else ()
    if heartbeat.answered:
        changes["answered"] = tuple(
            each for each in heartbeat.answered[:_ANSWERED_LIMIT] if 0 < each.count < _COUNT_LIMIT
        )
    changes["remarks"] = remarks.all()
    return replace(heartbeat, **changes)


def _fit_job(report: JobReport, remarks: salvage.Remarks) -> JobReport | Unreadable:
    changes: dict[str, Any] = _named(report) | {"job": one_line(report.job, _NAME_LIMIT)}
    if not changes["job"]:
        return Unreadable("job: expected the name of the job")
    if report.duration is not None and not 0 <= report.duration <= _LONGEST_RUN:
        remarks.add("duration", "expected seconds, at most those of a year")
        changes["duration"] = None
    if report.release is not None:
        changes["release"] = one_line(report.release, _NAME_LIMIT) or None
    if report.schedule is not None:
        changes["schedule"] = salvage.plain(report.schedule)
        if len(_ENCODER.encode(changes["schedule"])) > _SCHEDULE_LIMIT:
            remarks.add("schedule", "too long")
            changes["schedule"] = None
    changes["remarks"] = remarks.all()
    return replace(report, **changes)


def _fit_ping(ping: Ping) -> Ping | Unreadable:
    name = one_line(ping.job, _NAME_LIMIT)
    if not name:
        return Unreadable("job: expected the name of the job")
    output = paragraph((ping.output or "")[: job.MOST_OUTPUT], job.MOST_OUTPUT)
    return replace(ping, **_named(ping), job=name, output=output or None)


def _named(report: Report) -> dict[str, Any]:
    return {
        "service": one_line(report.service, _NAME_LIMIT) or UNKNOWN_SERVICE,
        "environment": one_line(report.environment, _NAME_LIMIT) or DEFAULT_ENVIRONMENT,
    }


def _exceptions(event: Event, remarks: salvage.Remarks) -> tuple[ExceptionInfo, ...]:
    told = event.exceptions or read_traceback(event.stack_trace)
    if len(told) > _EXCEPTION_LIMIT:
        remarks.add("exceptions", f"only the first {_EXCEPTION_LIMIT} of {len(told)} are kept")
    return tuple(_exception(number, each, remarks) for number, each in enumerate(told[:_EXCEPTION_LIMIT]))


def _exception(number: int, exception: ExceptionInfo, remarks: salvage.Remarks) -> ExceptionInfo:
    parent = exception.parent
    if parent is not None and not 0 <= parent < number:
        # Otherwise who follows the parents could go round in circles.
        remarks.add(f"exceptions[{number}].parent", "expected the index of an earlier entry")
        exception = replace(exception, parent=None)
    frames = exception.frames
    if len(frames) > MOST_FRAMES:
        remarks.add(f"exceptions[{number}].frames", f"only the outer 50 and the inner {MOST_FRAMES - 50} are kept")
        frames = frames[:50] + frames[50 - MOST_FRAMES :]
    frames = tuple(_frame(each, f"exceptions[{number}].frames[{place}]", remarks) for place, each in enumerate(frames))
    return replace(exception, frames=frames)


def _frame(frame: Frame, at: str, remarks: salvage.Remarks) -> Frame:
    changes: dict[str, str] = {}
    if len(frame.file) > _FILE_LIMIT:
        remarks.add(f"{at}.file", f"longer than {_FILE_LIMIT}")
        # The end of a path says most.
        changes["file"] = "…" + frame.file[1 - _FILE_LIMIT :]
    for name, text in (("function", frame.function), ("module", frame.module or "")):
        if len(text) > _CODE_NAME_LIMIT:
            remarks.add(f"{at}.{name}", f"longer than {_CODE_NAME_LIMIT}")
            changes[name] = text[: _CODE_NAME_LIMIT - 1] + "…"
    return replace(frame, **changes) if changes else frame


def _breadcrumbs(told: tuple[Breadcrumb, ...], remarks: salvage.Remarks) -> tuple[Breadcrumb, ...]:
    if len(told) > _BREADCRUMB_LIMIT:
        remarks.add("breadcrumbs", f"only the last {_BREADCRUMB_LIMIT} of {len(told)} are kept")
    return tuple(
        replace(each, data=salvage.plain(each.data)) if each.data else each for each in told[-_BREADCRUMB_LIMIT:]
    )


def _at_most(number: int, limit: int, at: str, remarks: salvage.Remarks) -> int:
    if number > limit:
        remarks.add(at, f"more than {limit}")
    return min(number, limit)


def _is_address(text: str) -> bool:
    return len(text) <= _BASE_URL_LIMIT and text.startswith(("http://", "https://")) and text.isprintable()
