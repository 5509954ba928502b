"""When it pays to learn anew what a project's events have in common, and from which of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

FEWEST: Final = 200
MOST: Final = 400
_TIMES_MORE: Final = 10


def is_due(events: int, learned_at: int) -> bool:
    """Whether to learn from so many events, when it was last done at so many: at 200, at 2,000, at 20,000, …"""
    return events >= max(FEWEST, _TIMES_MORE * learned_at)


def samples(incidents: Sequence[int]) -> list[int]:
    """The places of those to learn from, of events that are told by their incidents: few of each before many of one."""
    met: Counter[int] = Counter()
    turns: list[tuple[int, int]] = []
    for place, incident in enumerate(incidents):
        met[incident] += 1
        turns.append((met[incident], place))
    return [place for _, place in sorted(turns)[:MOST]]
