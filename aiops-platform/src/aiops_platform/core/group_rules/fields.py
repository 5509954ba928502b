"""What an event says, by the names under which rules ask for it; worked out once, and only what is asked for.

A field may have several values: each call of a traceback has a function. All are told in one text, a line each between
line breaks, so that one search finds whether any of them matches.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from aiops_platform.core import grouping, incident
from aiops_platform.core.event import Event, Frame
from aiops_platform.core.folding import folded, folded_path

TAG: Final = "tag."
# Beyond that, nothing is compared: a rule must not cost more because somebody writes much.
_LONGEST: Final = 2_000
_MOST: Final = 100
_KEPT: Final = 200


class Said(dict[str, str]):
    """The values of an event by field, without capital letters, as conditions look at them: empty where none is said."""

    def __init__(self, event: Event) -> None:
        self._event = event

    def __missing__(self, field: str) -> str:
        if field in _FRAMES:
            # What calls say is bounded already, and there are many of them.
            values = "\n".join(dict.fromkeys(_of_calls(self._event, field)))
        else:
            values = "\n".join(value[:_LONGEST].replace("\n", " ") for value in _values(self._event, field))
        told = values.strip("\n").casefold()
        self[field] = found = f"\n{told}\n" if told else ""
        return found


def is_known(field: str) -> bool:
    """Whether rules may ask for it."""
    return field in _FIELDS or (field.startswith(TAG) and len(field) > len(TAG))


def known() -> tuple[str, ...]:
    """What they may ask for, for people."""
    return (*_FIELDS, f"{TAG}NAME")


def filled_in(event: Event, field: str) -> str:
    """The value that stands for the field in a key: of a message or an address without what varies."""
    if field in _FRAMES:
        frame = grouping.innermost_frame(event.exceptions[0]) if event.exceptions else None
        return _FRAMES[field](frame)[:_KEPT] if frame else ""
    value = next((value for value in _values(event, field) if value), "")
    fold = _FOLDED.get(field)
    return (fold(value) if fold else value)[:_KEPT]


def _values(event: Event, field: str) -> Iterator[str]:
    if field.startswith(TAG):
        yield event.tags.get(field[len(TAG) :], "")
    else:
        yield from _PLAIN[field](event)


def _of_calls(event: Event, field: str) -> Iterator[str]:
    return map(_FRAMES[field], event.exceptions[0].frames[-_MOST:] if event.exceptions else ())


def _types(event: Event) -> Iterator[str]:
    yield grouping.type_of(event)
    yield event.error_type


def _causes(event: Event) -> Iterator[str]:
    return (each.type for each in event.exceptions[1:])


def _messages(event: Event) -> Iterator[str]:
    yield event.message
    yield from (each.value for each in event.exceptions[:1])


def _urls(event: Event) -> Iterator[str]:
    yield event.request_path or ""
    yield (event.request.url if event.request else None) or ""


def _file(frame: Frame) -> str:
    return frame.file.replace("\\", "/")


_PLAIN: Final[Mapping[str, Callable[[Event], Iterator[str]]]] = {
    "type": _types,
    "cause": _causes,
    "message": _messages,
    "logger": lambda event: iter((event.logger or "",)),
    "level": lambda event: iter((incident.level_of(event).value,)),
    "kind": lambda event: iter((event.signal_type.value,)),
    "service": lambda event: iter((event.service,)),
    "environment": lambda event: iter((event.environment,)),
    "release": lambda event: iter((event.release or "",)),
    "url": _urls,
    "route": lambda event: iter((event.route or "",)),
    "status": lambda event: iter(("" if event.status_code is None else str(event.status_code),)),
}
_FRAMES: Final[Mapping[str, Callable[[Frame], str]]] = {
    "module": lambda frame: frame.module or "",
    "function": lambda frame: frame.function,
    "path": _file,
}
_FIELDS: Final = (*_PLAIN, *_FRAMES)
_FOLDED: Final[Mapping[str, Callable[[str], str]]] = {"message": folded, "url": folded_path}
