"""Which events are one problem: a key made of what stays the same when the same thing goes wrong again.

Keys belong to a service in an environment, so neither is part of them. The rule is versioned: a new version leaves
the keys of older ones in place.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import msgspec

from aiops_platform.core.event import Event, ExceptionInfo, Frame, SignalType

GROUPING_VERSION: Final = 1
_READ_LIMIT: Final = 2_000
_KEPT_LIMIT: Final = 500
_PART_LIMIT: Final = 300
_FRAME_LIMIT: Final = 100
_FINGERPRINT_LIMIT: Final = 20

# Comprehensions were functions of their own until Python 3.12; a lambda's frame says nothing without its file anyway.
_VANISHING: Final = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"})
_STATED_STATUS = re.compile(r"^[A-Z]+ \S+ returned HTTP \d{3}$")
_PARAMETER = re.compile(r"<[^<>]*>|\{[^{}]*\}|^:\w+$")
_ENCODER = msgspec.json.Encoder(order="sorted")

# One pass over the text; the order is the priority. Each name says what stands in the folded text.
_VARIABLE: Final = re.compile(
    r"""
      (?P<url>\bhttps?://[^\s'"<>]+)
    | (?P<email>\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)
    | (?P<uuid>\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b)
    | (?P<time>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?|\b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b)
    | (?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b|(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:]))
    | (?P<address>\b0x[0-9a-f]+\b)
    | (?P<value>(?<!\w)'[^'\n]{0,100}?\d[^'\n]{0,100}?'(?!\w)|(?<!\w)"[^"\n]{0,100}?\d[^"\n]{0,100}?"(?!\w))
    | (?P<hex>\b(?=[0-9]*[a-f])(?=[a-f]*\d)[0-9a-f]{6,}\b)
    | (?P<token>\b(?=\w{0,64}?\d\w{0,64}?\d\w{0,64}?\d)(?=\w{0,64}?[a-z])\w{16,}\b)
    | (?P<number>(?<![a-z_\d])\d+(?:[.,]\d+)*(?:e[+-]?\d+)?)
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True)
class GroupKey:
    """`hash` is 16 bytes over `parts`, which are kept for people who ask why. Equal when version and hash are."""

    version: int
    hash: bytes
    parts: dict[str, Any] = field(compare=False)


def key_for(event: Event) -> GroupKey:
    """The key of the incident that this event belongs to."""
    if event.fingerprint:
        return _key({"fingerprint": [part[:_PART_LIMIT] for part in event.fingerprint[:_FINGERPRINT_LIMIT]]})
    if event.signal_type is SignalType.HTTP_ERROR:
        return _key(_http_parts(event))
    if event.signal_type is SignalType.LOG_ERROR:
        return _key(_log_parts(event))
    return _key({"kind": "exception", **_thrown(event), "message": folded(said_by(event))})


@dataclass(frozen=True)
class Kin:
    """How the stub of a failure and the same failure with its whole stack find each other: the keys that each looks for.

    What is left of a killed process is a stub: type, message and the innermost frame. Its own key, made of one frame, is
    that of no other. So an incident that was opened by an event with its stack is also found by `told`, one that was
    opened by a stub by `rescued`. A key of this kind leads to one incident only, the first to take it.
    """

    told: GroupKey
    rescued: GroupKey
    is_stub: bool


KIN_KINDS: Final = frozenset({"exception, in short", "exception, rescued"})


def kin_of(event: Event) -> Kin | None:
    """None where nothing can be said: no exception, no frame, a fingerprint, or a message that did not fit into the stub."""
    delivery = event.contexts.get("delivery", {})
    is_stub = delivery.get("rescued") is True
    frame = _innermost(event.exceptions[0]) if event.exceptions else None
    if event.signal_type is not SignalType.EXCEPTION or event.fingerprint or frame is None:
        return None
    if is_stub and delivery.get("message_cut"):
        return None
    short = {"type": _thrown(event)["type"], "place": frame, "message": folded(said_by(event))}
    told, rescued = "exception, in short", "exception, rescued"
    return Kin(_key({"kind": told, **short}), _key({"kind": rescued, **short}), is_stub)


def silence_key() -> GroupKey:
    """The key of a service's silence: one incident for each service, again and again."""
    return _key({"kind": "silence"})


def said_by(event: Event) -> str:
    """The event's message; that of its exception where it has none of its own."""
    return event.message or (event.exceptions[0].value if event.exceptions else "")


def folded(text: str) -> str:
    """`text` with what differs from time to time (numbers, ids, addresses, times, …) replaced by its kind."""
    return " ".join(_VARIABLE.sub(_kind, text[:_READ_LIMIT]).split())[:_KEPT_LIMIT]


def folded_path(path: str) -> str:
    """A path or route with its variable segments replaced, so that `/orders/7` and `/orders/<int:id>` are one."""
    segments = path.partition("?")[0][:_READ_LIMIT].split("/")
    return "/".join(_folded_segment(segment) for segment in segments)[:_KEPT_LIMIT]


def _folded_segment(segment: str) -> str:
    if _PARAMETER.search(segment):
        return "<*>"
    return "<*>" if _VARIABLE.search(segment) else segment


def _kind(match: re.Match[str]) -> str:
    kind = match.lastgroup or "value"
    if kind != "url":
        return f"<{kind}>"
    scheme, _, rest = match.group().partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}{slash}{folded_path(path)}"


def _thrown(event: Event) -> dict[str, Any]:
    first = event.exceptions[0] if event.exceptions else ExceptionInfo()
    kind = first.type if event.signal_type is SignalType.LOG_ERROR else event.error_type or first.type
    return {"type": kind[:_PART_LIMIT], "frames": _frames(first)}


def _http_parts(event: Event) -> dict[str, Any]:
    message = event.message.strip()
    return {
        "kind": "http_error",
        "status": event.status_code,
        "path": folded_path(event.route or event.request_path or ""),
        # The client's stand-in for a missing message repeats method, path and status.
        "message": "" if _STATED_STATUS.match(message) else folded(message),
    }


def _log_parts(event: Event) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "kind": "log_error",
        "logger": (event.logger or "")[:_PART_LIMIT],
        "message": folded(event.template or event.message),
    }
    return parts | _thrown(event) if event.exceptions else parts


def _frames(exception: ExceptionInfo) -> list[str]:
    """File and function of the application's frames (of all, where none is its own); each once, since recursion varies.

    Only the file's own name: the folder differs from one release or machine to the next.
    """
    names = (_place_of(frame) for frame in _ours(exception))
    return list(dict.fromkeys(names))[-_FRAME_LIMIT:]


def _innermost(exception: ExceptionInfo) -> str | None:
    ours = _ours(exception)
    return _place_of(ours[-1]) if ours else None


def _ours(exception: ExceptionInfo) -> Sequence[Frame]:
    frames = [frame for frame in exception.frames if frame.function not in _VANISHING]
    return [frame for frame in frames if frame.in_app] or frames


def _place_of(frame: Frame) -> str:
    return f"{_file_name(frame.file)}:{frame.function.rpartition('.')[2]}"[:_PART_LIMIT]


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _key(parts: dict[str, Any]) -> GroupKey:
    digest = blake2b(_ENCODER.encode(parts), digest_size=16).digest()
    return GroupKey(GROUPING_VERSION, digest, parts)
