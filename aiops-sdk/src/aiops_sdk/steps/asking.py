"""The user's own word on each event, ``before_send``: it may change it, replace it, or drop it. What it breaks is mended."""

from __future__ import annotations

import copy

from aiops_sdk import _safety
from aiops_sdk.steps.plain import WHOLE, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional, Sequence, Tuple

    from aiops_sdk.event import Wire

    BeforeSend = Callable[[Wire], Optional[Wire]]


# What the platform counts by, and knows the event by: never the user's to change.
_KEPT = (
    "event_id", "signal_type", "timestamp", "occurred_at", "repeat_count", "first_at", "last_at", "instance", "sdk",
)  # fmt: skip
# What the platform files it under: the user's to change, but without it nobody would find it.
_NEEDED = ("service", "environment", "source")
_TEXT, _TEXT_OR_NONE = (str,), (str, type(None))
#: Of each field, what it may be.
_KINDS: Dict[str, Tuple[type, ...]] = {
    **dict.fromkeys(("service", "environment", "host", "source", "error_type", "message", "stack_trace"), _TEXT),
    **dict.fromkeys(("release", "route", "logger", "template"), _TEXT),
    "request_path": _TEXT_OR_NONE,
    "status_code": (int, type(None)),
}
#: And what is in it, if that matters.
_OBJECTS: Dict[str, Optional[type]] = {"request": None, "user": None, "tags": str, "contexts": dict}
_LISTS = {"exceptions": dict, "breadcrumbs": dict, "fingerprint": str, "also_seen_by": str}
_LEVELS = ("debug", "info", "warning", "error", "critical")


class Asking:
    """Asks ``before_send``. ``failed`` counts how often it raised, or gave what is no event; ``complain`` hears it once."""

    def __init__(self, before_send: BeforeSend, complain: Optional[Callable[[str], None]]) -> None:
        self._before_send = before_send
        self._complain = complain
        self.failed = 0

    def __call__(self, body: Wire) -> Optional[Wire]:
        """What is to be sent instead, or None. The body itself is not changed, whatever happens to what is handed over."""
        raised: List[str] = []
        answer: object = _safety.asked(lambda: self._before_send(copy.deepcopy(body)), raised.append)
        if raised:
            return self._unasked(body, "it raised {}".format(raised[0]))
        if answer is None:
            return None
        if not isinstance(answer, dict):
            return self._unasked(body, "it returned {}, neither a dict nor None".format(type(answer).__name__))
        given = plain(dict(answer), WHOLE)
        assert isinstance(given, dict)
        given = _worded(given)
        wrong = sorted([name for name, value in given.items() if not _is_right(name, value)])
        if wrong:
            self._count(
                "of what it returned, {} cannot be in an event like this, and stays as it was".format(", ".join(wrong))
            )
        return _checked(given, body, wrong)

    def _unasked(self, body: Wire, why: str) -> Wire:
        self._count(why)
        return body

    def _count(self, why: str) -> None:
        self.failed += 1
        if self.failed == 1 and self._complain is not None:
            self._complain(why)


def _worded(given: Wire) -> Wire:
    """What is told as texts, as texts: a number or a truth value is one that somebody forgot to write as such."""
    told = dict(given)
    tags, parts = told.get("tags"), told.get("fingerprint")
    if type(tags) is dict:
        told["tags"] = {name: _text_of(value) for name, value in tags.items()}
    if type(parts) is list:
        told["fingerprint"] = [_text_of(each) for each in parts]
    return told


def _text_of(value: object) -> object:
    return str(value) if type(value) in (int, float, bool) else value


def _checked(given: Wire, body: Wire, wrong: Sequence[str]) -> Wire:
    """Each field of the right type, else as it was; and what a batch would say for all its events is said here, too."""
    told = {name: value for name, value in given.items() if name not in wrong}
    for name in wrong:
        if name in body:
            told[name] = body[name]
    for name in _KEPT:
        told.pop(name, None)
        if name in body:
            told[name] = body[name]
    for name in _NEEDED:
        if not str(told.get(name, "")).strip() and name in body:
            told[name] = body[name]
    return told


def _is_right(name: str, value: object) -> bool:
    if name in _LISTS:
        return type(value) is list and all(type(each) is _LISTS[name] for each in value)
    if name in _OBJECTS:
        within = _OBJECTS[name]
        return type(value) is dict and (within is None or all(type(each) is within for each in value.values()))
    if name == "level":
        return value in _LEVELS
    return name not in _KINDS or type(value) in _KINDS[name]
