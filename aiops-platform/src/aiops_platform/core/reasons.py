"""Why events are one incident, in words: the parts of a group key as people read them."""

from collections.abc import Mapping
from typing import Any, Final

_KINDS: Final = {
    "exception": "an exception",
    "http_error": "an answer that is an error",
    "log_error": "a log line",
    "silence": "a service that fell silent",
    "job": "a job that does not do what is expected of it",
}
# In the order in which they are told.
_WORDS: Final = {
    "rule": "rule of this project",
    "key": "its key",
    "fingerprint": "fingerprint, set by the application",
    "kind": "what it is",
    "logger": "logger",
    "status": "status",
    "path": "route or path",
    "type": "type",
    "frames": "called through",
    "code": "line of code",
    "because": "raised because of",
    "members": "in the group",
    "message": "it says",
    "thrown": "the exception says",
}
_SAID_BY_CODE: Final = "does not count: type and place say what is wrong, the words only what came by"


def in_words(parts: Mapping[str, Any]) -> dict[str, str]:
    """Each part under a name that people understand, the most telling order first; lists one to a line.

    Also what is left out on purpose. A part that an older version of the rule had keeps its own name.
    """
    names = [name for name in _WORDS if name in parts] + [name for name in parts if name not in _WORDS]
    told = {_WORDS.get(name, name): _text(name, parts[name]) for name in names}
    if parts.get("kind") == "exception" and "frames" in parts and "message" not in parts:
        told[_WORDS["message"]] = _SAID_BY_CODE
    return {name: text for name, text in told.items() if text}


def sentences(parts: Mapping[str, Any]) -> tuple[str, ...]:
    """The same, each in one line."""
    return tuple(f"{name}: {', '.join(text.splitlines())}" for name, text in in_words(parts).items())


def _text(name: str, value: object) -> str:
    if name == "kind":
        return _KINDS.get(str(value), str(value))
    if isinstance(value, list):
        return "\n".join(str(each) for each in value)
    return "" if value is None else str(value)
