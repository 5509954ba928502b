"""One person's data, taken out of what an event says; what failed, and where in the code, stays."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

ERASED: Final = "[erased]"
# Shorter ones mean too many other things: there, only events of that very user are touched.
_UNMISTAKABLE: Final = 6
_TELLING: Final = 4
# Who reports, when, and as what: no person's data, and needed to find the event again.
_KEPT: Final = frozenset(
    {
        "event_id", "service", "environment", "signal_type", "source", "release", "level", "logger", "timestamp",
        "occurred_at", "first_at", "last_at", "sent_at", "instance", "sdk", "route", "error_type",
    }
)  # fmt: skip
_OF_THE_PERSON: Final = ("user", "breadcrumbs")
_KEPT_OF_REQUEST: Final = ("method", "url")


def erased(body: Mapping[str, Any], identity: str) -> dict[str, Any] | None:
    """The body without what is this person's; None when there is nothing of theirs in it.

    `identity` is what the app calls them: id, mail address, name or IP address, in whatever case. An event of theirs
    loses its user, its trail, what was asked with the request, and the values of variables; and wherever they are named
    in a text, of theirs or of others, `[erased]` stands instead.
    """
    named = _named(body, identity)
    about = body if named is None else {name: _stripped(name, value) for name, value in body.items()}
    texts = [identity] if len(identity) >= _UNMISTAKABLE else []
    told = _without(about, [*texts, *(named or ())])
    return told if told != body else None


def mention(identity: str) -> bytes | None:
    """What the JSON of an event, in small letters, must hold to have anything of them in it; None: look at each."""
    return identity.lower().encode() if identity.isascii() and re.fullmatch(r"[\w.@:+-]+", identity) else None


def without(text: str, identity: str) -> str:
    """A text, in which they may be named."""
    return _pattern([identity]).sub(ERASED, text) if len(identity) >= _UNMISTAKABLE else text


def _named(body: Mapping[str, Any], identity: str) -> list[str] | None:
    """How the person is called in an event of theirs; None when it is not theirs."""
    user = body.get("user")
    if not isinstance(user, Mapping):
        return None
    names = [str(value) for value in user.values()]
    if identity.casefold() not in (name.casefold() for name in names):
        return None
    return [name for name in names if len(name) >= _TELLING]


def _stripped(name: str, value: Any) -> Any:
    if name in _OF_THE_PERSON:
        return None
    if name == "request" and isinstance(value, Mapping):
        kept = {part: value[part] for part in _KEPT_OF_REQUEST if part in value}
        return {part: str(text).partition("?")[0] for part, text in kept.items()}
    if name == "exceptions" and isinstance(value, list):
        return [_without_locals(each) for each in value]
    return value


def _without_locals(exception: Any) -> Any:
    if not isinstance(exception, Mapping) or not isinstance(exception.get("frames"), list):
        return exception
    frames = [
        {name: part for name, part in frame.items() if name != "locals"} if isinstance(frame, Mapping) else frame
        for frame in exception["frames"]
    ]
    return {**exception, "frames": frames}


def _without(about: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    wanted = sorted(set(names), key=len, reverse=True)
    told = {name: value for name, value in about.items() if value is not None}
    if not wanted:
        return told
    pattern = _pattern(wanted)
    return {name: value if name in _KEPT else _replaced(value, pattern) for name, value in told.items()}


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)


def _replaced(value: Any, pattern: re.Pattern[str]) -> Any:
    match value:
        case str():
            return pattern.sub(ERASED, value)
        case dict():
            return {name: _replaced(part, pattern) for name, part in value.items()}
        case list():
            return [_replaced(part, pattern) for part in value]
        case _:
            return value
