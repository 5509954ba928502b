"""Which events are one problem: a key made of what stays the same when the same thing goes wrong again.

Keys belong to a service in an environment, so neither is part of them. The rule is versioned: a new version leaves
the keys of older ones in place.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import dropwhile
from typing import Any, Final

import msgspec

from aiops_platform.core.event import Event, ExceptionInfo, Frame, Relation, SignalType
from aiops_platform.core.folding import folded, folded_path
from aiops_platform.core.traceback_text import is_in_app

GROUPING_VERSION: Final = 1
_PART_LIMIT: Final = 300
_FRAME_LIMIT: Final = 100
_FINGERPRINT_LIMIT: Final = 20
_CAUSE_LIMIT: Final = 10
_LINE_READ: Final = 1_000

# Comprehensions were functions of their own until Python 3.12; a lambda's frame says nothing without its file anyway.
_VANISHING: Final = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"})
_STATED_STATUS = re.compile(r"^[A-Z]+ \S+ returned HTTP \d{3}$")
_ENCODER = msgspec.json.Encoder(order="sorted")

# Of these the message tells of the data that came by, not of what is wrong.
_TELL_OF_DATA: Final = frozenset(
    {
        *("IndexError", "JSONDecodeError", "KeyError", "RecursionError", "SyntaxError", "UnicodeDecodeError"),
        *("UnicodeEncodeError", "XMLSyntaxError"),
    }
)
# Of these it tells of the program: what is quoted are its own names and types, of which there are only so many.
_TELL_OF_CODE: Final = frozenset(
    {
        *("AttributeError", "ImportError", "ModuleNotFoundError", "NameError", "NoReverseMatch", "TypeError"),
        *("UnboundLocalError", "UndefinedError"),
    }
)
# What Flask logs of an exception in a view. Old clients report it a second time so, without the logger's name.
_LOGGED_BY_FLASK = re.compile(r"^Exception on \S{1,2000} \[[A-Z]+\]$")
# File names that frameworks prescribe or that many packages have: there, the folder belongs to the name.
_EVERYWHERE: Final = frozenset(
    {
        *(
            "__init__.py",
            "__main__.py",
            "admin.py",
            "api.py",
            "apps.py",
            "base.py",
            "client.py",
            "consumers.py",
            "db.py",
        ),
        *("errors.py", "exceptions.py", "forms.py", "handler.py", "handlers.py", "helpers.py", "managers.py"),
        *("middleware.py", "models.py", "permissions.py", "routes.py", "schemas.py", "serializers.py", "service.py"),
        *("services.py", "settings.py", "signals.py", "tasks.py", "urls.py", "utils.py", "views.py"),
    }
)
_INSTALLED = re.compile(r"(?:site|dist)-packages/([^/]+)")
_PYTHONS_OWN = re.compile(r"(?:/lib(?:64)?/python\d[^/]*/|/Lib/|^<frozen )([^/>]+)")
# A line that raises with words of its own, or whose words stand on the next line.
_RAISE_OPEN = re.compile(r"^raise [\w.]+\($")
_RAISE_WORDS = re.compile(
    r"^(?:raise [\w.]+\(\s*(?:\w+\()?|assert\b[^\"']{0,500},\s*\(?)[A-Za-z]{0,2}([\"'])(?P<words>(?:(?!\1).)*)"
)
_FILLED_IN = re.compile(r"\{[^{}]*\}|%\(?\w*\)?[-+.\d]*[a-z]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3}")


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
    if event.signal_type is SignalType.LOG_ERROR and not _is_logged_by_flask(event):
        return _key(_log_parts(event))
    return _key(
        {
            "kind": "exception",
            **_thrown(event),
            "message": _said(event.exceptions, _thrown_text(event), type_of(event)),
        }
    )


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
    short = {"type": type_of(event), "place": frame, "message": folded(said_by(event))}
    told, rescued = "exception, in short", "exception, rescued"
    return Kin(_key({"kind": told, **short}), _key({"kind": rescued, **short}), is_stub)


def key_by_rule(rule: str, said: str, default: GroupKey | None) -> GroupKey:
    """The key that a project's rule says, told apart further by the default key where the rule takes that in.

    What the rule asks for is not part of it: so a rule can be mended, and leads where it led.
    """
    decisive = {"by rule": said} | ({"default": default.hash.hex()} if default else {})
    return GroupKey(
        GROUPING_VERSION, _key(decisive).hash, {"rule": rule, "key": said, **(default.parts if default else {})}
    )


def silence_key() -> GroupKey:
    """The key of a service's silence: one incident for each service, again and again."""
    return _key({"kind": "silence"})


def shortage_key() -> GroupKey:
    """The key of a service of which fewer processes beat than are expected: one incident for each service."""
    return _key({"kind": "silence", "of": "processes"})


def job_key(name: str) -> GroupKey:
    """The key of a job's trouble: one incident for each job of a service, again and again."""
    return _key({"kind": "job", "key": name})


def said_by(event: Event) -> str:
    """The event's message; that of its exception where it has none of its own."""
    return event.message or (event.exceptions[0].value if event.exceptions else "")


def _is_logged_by_flask(event: Event) -> bool:
    return bool(event.exceptions) and not event.logger and _LOGGED_BY_FLASK.match(event.message) is not None


def _thrown_text(event: Event) -> str:
    return event.exceptions[0].value if event.signal_type is SignalType.LOG_ERROR else said_by(event)


def _thrown(event: Event) -> dict[str, Any]:
    """What was thrown, and where: without its message."""
    if not event.exceptions:
        return {"type": type_of(event), "frames": []}
    first = event.exceptions[0]
    kind = type_of(event)
    innermost = innermost_frame(first)
    # Where an endless recursion stops is chance.
    code = "" if kind == "RecursionError" or innermost is None else _code_of(innermost)
    return {
        "type": kind,
        "frames": _places(first),
        "code": code[:_PART_LIMIT],
        "because": _because(event.exceptions),
        "members": _members(event.exceptions),
    }


def type_of(event: Event) -> str:
    """What was thrown, by its name; of a log line without an exception, nothing."""
    first = event.exceptions[0] if event.exceptions else ExceptionInfo()
    kind = first.type if event.signal_type is SignalType.LOG_ERROR else event.error_type or first.type
    return kind[:_PART_LIMIT]


def _said(exceptions: Sequence[ExceptionInfo], message: str, kind: str) -> str:
    """The message, where it says more than the place does.

    Not where it tells of data. Not where the application's own line raises it with words: that line is part of the key
    already. Where a library's line does, the words are taken from there, for then nothing in them can vary.
    """
    frames = exceptions[0].frames if exceptions else ()
    if frames and kind in _TELL_OF_DATA:
        return ""
    if frames and kind not in _TELL_OF_CODE:
        words = _words_in(_line_of(frames[-1]))
        if words is not None and _is_ours(frames[-1]):
            return ""
        if words:
            return folded(words)
    return folded(message, with_names=kind in _TELL_OF_CODE)


def _words_in(code: str) -> str | None:
    """What a line that raises says itself; empty where its words stand on the next line; None where it says nothing."""
    if _RAISE_OPEN.match(code):
        return ""
    found = _RAISE_WORDS.match(code)
    words = _FILLED_IN.sub("…", found["words"]) if found else ""
    return words if _WORD.search(words) else None


def _because(exceptions: Sequence[ExceptionInfo]) -> list[str]:
    """The chain that led to the first exception, as far as the application made it: type and place of each, once.

    A cause was named by `raise … from`. What was merely being handled counts where the one was raised in place of the
    other, by the function that had caught it; else it is a cleaning up or another try, which may come or not. What a
    library wraps is its own affair, and another in its next version.
    """
    chain: list[str] = []
    parent = 0
    for number, each in enumerate(exceptions):
        if number == 0 or each.parent != parent or len(chain) >= _CAUSE_LIMIT:
            continue
        if _is_wrapped(each, exceptions[parent]):
            chain.append(_told(each))
            parent = number
    return list(dict.fromkeys(chain))


def _is_wrapped(earlier: ExceptionInfo, later: ExceptionInfo) -> bool:
    if not later.frames or not _is_ours(later.frames[-1]):
        return False
    if earlier.relation is Relation.CONTEXT:
        return bool(earlier.frames) and _place_of(later.frames[-1]) == _place_of(earlier.frames[0])
    return earlier.relation is Relation.CAUSE


def _members(exceptions: Sequence[ExceptionInfo]) -> list[str]:
    """Of an exception group: what went wrong in it, in whatever order and however often."""
    return sorted({_told(each) for each in exceptions if each.relation is Relation.MEMBER})[:_FRAME_LIMIT]


def _told(exception: ExceptionInfo) -> str:
    place = _innermost(exception)
    return (f"{exception.type} in {place}" if place else exception.type)[:_PART_LIMIT]


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
    if not event.exceptions:
        return parts
    return parts | _thrown(event) | {"thrown": _said(event.exceptions, event.exceptions[0].value, type_of(event))}


def _places(exception: ExceptionInfo) -> list[str]:
    """File and function of the application's frames, each once, since recursion varies.

    How a program was started (`<module>` of whatever file) does not matter where it got further. Where no frame is the
    application's own, each library counts once, with the function at which it was left: what it does inside differs
    from one of its versions to the next.
    """
    ours = [_place_of(frame) for frame in _visible(exception) if _is_ours(frame)]
    if not ours:
        return list(_libraries(_visible(exception)))[-_FRAME_LIMIT:]
    inner = list(dropwhile(lambda place: place.endswith(":<module>"), ours))
    return list(dict.fromkeys(inner or ours))[-_FRAME_LIMIT:]


def _libraries(frames: Iterable[Frame]) -> Iterator[str]:
    left: dict[str, str] = {}
    for frame in frames:
        package = _package_of(frame.file)
        # A library that is entered again counts where it was left last.
        left.pop(package, None)
        left[package] = frame.function.rpartition(".")[2]
    return (f"{package}:{function}"[:_PART_LIMIT] for package, function in left.items())


def _package_of(file: str) -> str:
    """Whose file it is, as far as its path tells."""
    path = file[-_LINE_READ:].replace("\\", "/")
    # The last one: an environment may lie below another.
    names = _INSTALLED.findall(path) or _PYTHONS_OWN.findall(path)
    return names[-1].partition(".")[0] if names else _file_name(file)


def _innermost(exception: ExceptionInfo) -> str | None:
    frame = innermost_frame(exception)
    return None if frame is None else _place_of(frame)


def innermost_frame(exception: ExceptionInfo) -> Frame | None:
    """The innermost call of the application itself; of all, where none is its own."""
    frames = _visible(exception)
    return next((frame for frame in reversed(frames) if _is_ours(frame)), frames[-1] if frames else None)


def _visible(exception: ExceptionInfo) -> list[Frame]:
    return [frame for frame in exception.frames if frame.function not in _VANISHING]


def _is_ours(frame: Frame) -> bool:
    """As the client says; but what libraries compiled, or wrote while the program ran, is theirs whoever says otherwise."""
    if frame.in_app is None or frame.file.startswith("<") or frame.file.endswith((".pyx", ".pxi", ".pxd")):
        return frame.in_app is not False and is_in_app(frame.file)
    return frame.in_app


def _code_of(frame: Frame) -> str:
    """The line of code, if it is the application's own."""
    return _line_of(frame) if _is_ours(frame) else ""


def _line_of(frame: Frame) -> str:
    """However it is indented."""
    return " ".join(frame.source.line[:_LINE_READ].split()) if frame.source else ""


def _place_of(frame: Frame) -> str:
    return f"{_file_name(frame.file)}:{frame.function.rpartition('.')[2]}"[:_PART_LIMIT]


def _file_name(path: str) -> str:
    """The file's own name, since folders differ from one release or machine to the next; with one where it says nothing."""
    if path.startswith("<"):
        return folded(path)
    folder, _, name = path.replace("\\", "/").rpartition("/")
    return f"{folder.rpartition('/')[2]}/{name}" if folder and name in _EVERYWHERE else name


def _key(told: dict[str, Any]) -> GroupKey:
    parts = {name: value for name, value in told.items() if value not in ("", [])}
    digest = blake2b(_ENCODER.encode(parts), digest_size=16).digest()
    return GroupKey(GROUPING_VERSION, digest, parts)
