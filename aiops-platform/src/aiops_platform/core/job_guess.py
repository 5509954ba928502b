"""What could be expected of a job that has said nothing of a schedule: a period and a grace, as its runs so far suggest."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

FEWEST_RUNS: Final = 5
# So many of the gaps are to be alike, and so much they may differ from each other: else it is no schedule.
_REGULAR: Final = 0.75
_ALIKE: Final = 0.25
# A period that people would have written is taken, where the runs fit it so well.
_NEARLY: Final = 0.1
_MINUTE: Final = 60.0
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_USUAL: Final = (
    *(minutes * _MINUTE for minutes in (1, 2, 3, 5, 10, 15, 20, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 4, 6, 8, 12)),
    *(days * _DAY for days in (1, 2, 7, 14, 28)),
)
_SHORTEST_PERIOD: Final = 10.0
_ROOM: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class Guess:
    """It runs every so often, and may start so much later; from so many runs."""

    every: timedelta
    grace: timedelta
    runs: int


def guessed(starts: Sequence[datetime]) -> Guess | None:
    """What the starts of runs suggest, in any order; None where they are too few, or come as they like.

    A gap that is much longer than the others was a start that did not come, and makes no grace longer.
    """
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(sorted(set(starts)))]
    if len(gaps) + 1 < FEWEST_RUNS:
        return None
    usual = median(gaps)
    alike = [gap for gap in gaps if abs(gap - usual) <= _ALIKE * usual]
    if usual < _SHORTEST_PERIOD or len(alike) < _REGULAR * len(gaps):
        return None
    every = _as_people_say(median(alike))
    grace = max(_ROOM * (max(alike) - every), min(max(every / 4, _MINUTE), _HOUR))
    return Guess(every=timedelta(seconds=every), grace=timedelta(seconds=_rounded(grace)), runs=len(gaps) + 1)


def _as_people_say(seconds: float) -> float:
    nearest = min(_USUAL, key=lambda each: abs(each - seconds))
    return nearest if abs(nearest - seconds) <= _NEARLY * nearest else _rounded(seconds)


def _rounded(seconds: float) -> float:
    """Up to whole seconds, minutes or hours: no more exactly than matters."""
    size = next((size for size, least in ((_HOUR, 2 * _DAY), (_MINUTE, 2 * _MINUTE)) if seconds >= least), 1.0)
    return math.ceil(seconds / size) * size
