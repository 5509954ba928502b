"""The rules that are compared: each makes a key of an event; what has the same key is one incident."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiops_platform.core import folding, grouping, wire
from aiops_platform.core.event import Event, ExceptionInfo, Frame, SignalType
from aiops_platform.core.parcel import ParcelKind

Rule = Callable[[Event], str]

# As in GlitchTip's models: what does not fit is cut.
_TITLE_LIMIT = 255
_CULPRIT_LIMIT = 1_024


def event_of(body: Mapping[str, Any]) -> Event:
    """The event that a body of the wire holds."""
    event = wire.parse(json.dumps(body).encode(), ParcelKind.EXCEPTION)
    if not isinstance(event, Event):
        raise TypeError(f"no event: {event}")
    return event


def ours(event: Event) -> str:
    """The platform's own rule."""
    return grouping.key_for(event).hash.hex()


def glitchtip(event: Event) -> str:
    """GlitchTip 5's rule, written anew from how it behaves: title, culprit and kind, as they are."""
    if event.fingerprint:
        return "".join(event.fingerprint)
    said = as_sentry(event)
    values = said.get("exception", {}).get("values", [])
    if values:
        last = values[-1]
        first_line = last["value"].strip().partition("\n")[0]
        title = f"{last['type']}: {first_line}" if first_line else last["type"]
        kind = "error"
    else:
        title, kind = said["logentry"]["formatted"].strip().partition("\n")[0], "default"
    culprit = said.get("transaction") or _crash_location(values)
    return "\n".join((title[:_TITLE_LIMIT], culprit[:_CULPRIT_LIMIT], kind))


def sentry(event: Event) -> str:
    """Sentry's default as its documentation describes it: the frames in the app, with their line of code; else the message."""
    if event.fingerprint:
        return "\n".join(event.fingerprint)
    parts: list[str] = []
    for exception in reversed(event.exceptions):
        frames = [frame for frame in exception.frames if frame.in_app] or exception.frames
        places = [f"{_module(frame)} {frame.function} {_code(frame)}" for frame in frames]
        # With a stack the message does not count.
        parts += (
            [exception.type, *_without_recursion(places)]
            if places
            else [exception.type, folding.folded(exception.value)]
        )
    return "\n".join(parts) if parts else folding.folded(event.template or event.message)


def as_sentry(event: Event) -> dict[str, Any]:
    """The event as an SDK of Sentry's would send it, as far as grouping reads it there."""
    said: dict[str, Any] = {"platform": "python"}
    if event.fingerprint:
        said["fingerprint"] = list(event.fingerprint)
    transaction = event.route or event.request_path
    if transaction:
        said["transaction"] = transaction
    if event.exceptions:
        said["exception"] = {"values": [_exception(each) for each in reversed(event.exceptions)]}
    elif event.signal_type is SignalType.EXCEPTION:
        said["exception"] = {"values": [{"type": event.error_type, "value": event.message}]}
    if event.signal_type is not SignalType.EXCEPTION:
        said["logentry"] = {"message": event.template or event.message, "formatted": event.message}
    return said


def _exception(exception: ExceptionInfo) -> dict[str, Any]:
    told: dict[str, Any] = {"type": exception.type, "value": exception.value}
    if exception.frames:
        told["stacktrace"] = {"frames": [_frame(each) for each in exception.frames]}
    return told


def _frame(frame: Frame) -> dict[str, Any]:
    return {
        "filename": frame.file,
        "function": frame.function,
        "module": frame.module,
        "lineno": frame.line,
        "context_line": _code(frame),
        "in_app": bool(frame.in_app),
    }


def _crash_location(values: Sequence[Mapping[str, Any]]) -> str:
    frames = values[-1].get("stacktrace", {}).get("frames", []) if values else []
    chosen = next((each for each in reversed(frames) if each["in_app"]), frames[-1] if frames else None)
    return f"{chosen['module'] or chosen['filename']} in {chosen['function']}" if chosen else ""


def _module(frame: Frame) -> str:
    """The file's own name: old clients name no module, and would else be told apart from new ones for that alone."""
    return frame.file.replace("\\", "/").rpartition("/")[2]


def _code(frame: Frame) -> str:
    return frame.source.line.strip() if frame.source else ""


def _without_recursion(places: Sequence[str]) -> list[str]:
    return [place for number, place in enumerate(places) if number == 0 or place != places[number - 1]]
