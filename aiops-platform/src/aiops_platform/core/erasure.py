"""One person's data, taken out of what an event says; what failed, and where in the code, stays."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from msgspec.structs import fields

from aiops_platform.core.event import (
    Breadcrumb,
    Event,
    ExceptionInfo,
    Fixer,
    Frame,
    Heartbeat,
    Instance,
    Request,
    Sdk,
    SourceContext,
    User,
)

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
# The words of the wire are no names of people, whatever people are called.
_WIRE: Final = (
    Breadcrumb, Event, ExceptionInfo, Fixer, Frame, Heartbeat, Instance, Request, Sdk, SourceContext, User,
)  # fmt: skip
_FIELDS: Final = frozenset(each.name for struct in _WIRE for each in fields(struct))
# A name stands by itself: before it is no letter, but for one that belongs to an escape.
_BEGINS: Final = r"(?:(?<!\w)|(?<=%[0-9a-f]{2})|(?<=\\u[0-9a-f]{4})|(?<=\\[nrt]))"
_ENDS: Final = r"(?!\w)"
# These are written as they are in addresses and in JSON. Of "ss", other spellings are as good.
_WRITTEN_OTHERWISE: Final = re.compile(r"[^A-Za-z0-9._~-]|[Ss][Ss]")
_RUN: Final = 3


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
    runs = _WRITTEN_OTHERWISE.split(unicodedata.normalize("NFC", identity))
    longest = max(runs, key=len)
    return longest.lower().encode() if len(longest) >= _RUN else None


def without(text: str, identity: str) -> str:
    """A text, in which they may be named."""
    pattern = _pattern([identity]) if len(identity) >= _UNMISTAKABLE else None
    return pattern.sub(ERASED, text) if pattern else text


def anywhere(value: Any, identity: str) -> Any:
    """A JSON value, in whose texts and names they may be named."""
    pattern = _pattern([identity]) if len(identity) >= _UNMISTAKABLE else None
    return _replaced(value, pattern) if pattern else value


def is_in(text: str, identity: str) -> bool:
    """Whether they are named in a text, were it as part of a word."""
    return re.search("|".join(map(_written, _spellings(identity))), text, re.IGNORECASE) is not None


def _named(body: Mapping[str, Any], identity: str) -> list[str] | None:
    """How the person is called in an event of theirs; None when it is not theirs."""
    user = body.get("user")
    if not isinstance(user, Mapping):
        return None
    names = [str(value) for value in user.values()]
    if _same(identity) not in map(_same, names):
        return None
    return [name for name in names if len(name) >= _TELLING]


def _same(name: str) -> str:
    """What is the same for all who write this name."""
    return unicodedata.normalize("NFC", name).casefold()


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
    told = {name: value for name, value in about.items() if value is not None}
    pattern = _pattern(names)
    if pattern is None:
        return told
    return {name: value if name in _KEPT else _replaced(value, pattern) for name, value in told.items()}


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Finds these names; None where there is nothing to find."""
    # What stands for what was erased is not erased again.
    spellings = {each for name in names for each in _spellings(name) if each.casefold() not in ERASED}
    if not spellings:
        return None
    # The longer one first, where one begins like another.
    ways = "|".join(map(_written, sorted(spellings, key=len, reverse=True)))
    return re.compile(f"{_BEGINS}(?:{ways}){_ENDS}", re.IGNORECASE)


def _spellings(name: str) -> set[str]:
    forms = {unicodedata.normalize(form, name) for form in ("NFC", "NFD")}
    return {each for form in forms for each in (form, form.upper(), form.casefold())}


def _written(name: str) -> str:
    """A pattern for the name as it is, in an address, and in JSON within a text."""
    return "".join(map(_character, name))


def _character(char: str) -> str:
    if char.isascii() and (char.isalnum() or char in "._~-"):
        return re.escape(char)
    ways = {char}
    for each in (char, char.lower(), char.upper()):
        ways |= {quote(each, safe=""), json.dumps(each)[1:-1]}
    if char == " ":
        ways.add("+")
    return f"(?:{'|'.join(map(re.escape, sorted(ways)))})"


def _replaced(value: Any, pattern: re.Pattern[str]) -> Any:
    match value:
        case str():
            return pattern.sub(ERASED, value)
        case dict():
            return {
                name if name in _FIELDS else pattern.sub(ERASED, name): _replaced(part, pattern)
                for name, part in value.items()
            }
        case list():
            return [_replaced(part, pattern) for part in value]
        case _:
            return value
