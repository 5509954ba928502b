"""What the forms about incidents say, in the words of the core. Raises its errors for what makes no sense."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from aiops_platform.core import acts, muting
from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.care import CareError
from aiops_platform.core.muting import NEXT, Ends, MuteError
from aiops_platform.core.people import Actor
from aiops_platform.web.filters import row_number
from aiops_platform.web.site import Site, Visitor

_LONGEST_NUMBER: Final = 12

#: What is offered for the length of a mute, and of the time in which events are counted.
LENGTHS: Final = (
    ("", "somebody reopens it"),
    ("1h", "1 hour has passed"),
    ("8h", "8 hours have passed"),
    ("1d", "1 day has passed"),
    ("7d", "7 days have passed"),
    ("30d", "30 days have passed"),
    (NEXT, "a newer release appears"),
)
WITHIN: Final = (("", "from now on"), ("10min", "within 10 minutes"), ("1h", "within an hour"), ("1d", "within a day"))


def act_of(kind: ActKind, form: Mapping[str, Any], site: Site, visitor: Visitor, now: datetime) -> Act:
    """What a form asks for. Raises MuteError and CareError."""
    match kind:
        case ActKind.RESOLVE:
            return acts.resolving(_text(form, "release") or _text(form, "in"))
        case ActKind.MUTE:
            return Act(kind=kind, ends=_ends(form, now))
        case ActKind.ASSIGN:
            return site.triage.assigning(visitor.project_id, _assignee(_text(form, "to"), visitor.actor))
        case ActKind.REOPEN | ActKind.DELETE:
            return Act(kind=kind)


def numbers(text: str) -> list[int]:
    """The numbers of incidents in a text: `#12, 13`, or addresses that end with them. Raises CareError."""
    found = []
    for word in text.replace(",", " ").split():
        number = row_number(word.split("?")[0].rstrip("/").rpartition("/")[2].removeprefix("#"))
        if number is None:
            raise CareError(f"Not the number of an incident: {word[:40]!r}")
        found.append(number)
    if not found:
        raise CareError("Say which: the number of an incident, such as #12")
    return found


def _ends(form: Mapping[str, Any], now: datetime) -> Ends:
    length, events, within = (_text(form, name) for name in ("for", "events", "within"))
    if events and not (events.isascii() and events.isdigit() and len(events) <= _LONGEST_NUMBER):
        raise MuteError("Give a number of events, such as 100")
    span: timedelta | None = muting.span_of(length) if length and length != NEXT else None
    return Ends(
        until=None if span is None else now + span,
        events=int(events) if events else None,
        within=muting.span_of(within) if within and events else None,
        release=NEXT if length == NEXT else None,
    )


def _assignee(text: str, by: Actor) -> int | None:
    if text == "me":
        return by.id
    number = row_number(text)
    if text and number is None:
        raise CareError("Nobody with that number is in this project")
    return number


def _text(form: Mapping[str, Any], name: str) -> str:
    said = form.get(name, "")
    return said.strip() if isinstance(said, str) else ""
