"""How much an event tells: of an incident's events, the one to look at is that which explains most. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from aiops_platform.core.event import Event, ExceptionInfo

# What helps most to understand a failure counts most: what the variables held, then what was asked and what came before.
_WEIGHTS: Final = {
    "variables": 6,
    "the code around": 4,
    "calls of the application": 4,
    "what was asked": 3,
    "what happened before": 3,
    "a chain of causes": 2,
    "who met it": 2,
    "tags": 1,
    "contexts": 1,
    "a release": 1,
}


def weight(event: Event) -> int:
    """How much it tells; of two with the same weight neither tells more."""
    return sum(_WEIGHTS[each] for each in tells(event))


def most_telling(events: Sequence[Event]) -> int | None:
    """The place of the one that tells most, the earlier one among equals; None of none."""
    return max(range(len(events)), key=lambda place: (weight(events[place]), -place), default=None)


def tells(event: Event) -> tuple[str, ...]:
    """What it tells, in words, the most helpful first."""
    return tuple(name for name, is_there in _all(event) if is_there)


def _all(event: Event) -> Iterator[tuple[str, bool]]:
    ours = [frame for each in event.exceptions for frame in each.frames if frame.in_app is not False]
    yield "variables", any(frame.locals for frame in ours)
    yield "the code around", any(frame.source and (frame.source.before or frame.source.after) for frame in ours)
    yield "calls of the application", bool(ours)
    yield "what was asked", event.request is not None and bool(event.request.url or event.request.body)
    yield "what happened before", bool(event.breadcrumbs)
    yield "a chain of causes", any(map(_is_linked, event.exceptions))
    yield "who met it", event.user is not None
    yield "tags", bool(event.tags)
    yield "contexts", len(event.contexts) > 1
    yield "a release", bool(event.release)


def _is_linked(exception: ExceptionInfo) -> bool:
    return exception.parent is not None
