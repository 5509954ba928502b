"""What happens to an event before it is sent: plain callables, run in this order. Scrubbing is always the last."""

from __future__ import annotations

from aiops_sdk.steps.scrubbing import scrub
from aiops_sdk.steps.truncating import truncate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional, Sequence

    from aiops_sdk.event import Event

    Step = Callable[[Event], Optional[Event]]

STEPS: Sequence[Step] = (truncate, scrub)


def run(event: Event, before: Sequence[Step] = STEPS) -> Optional[Event]:
    """The event as it may leave the process, or None if a step decided that it must not."""
    prepared: Optional[Event] = event
    for step in before:
        if prepared is None:
            return None
        prepared = step(prepared)
    return prepared
