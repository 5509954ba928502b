"""Which events of an incident are kept: each of the first ones; beyond that the newest one, and some spread over its time.

Counts know nothing of this: they are exact. Times are those of receipt, because clients' clocks may be wrong.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

# A loop may be that fast; what it says twice in a second is the same.
_SHORTEST: Final = timedelta(seconds=1)
# To thin out is to read what is there: so not for each event that comes.
_AT_ONCE: Final = 20


def is_for_good(
    received_at: datetime, *, kept: int, kept_at: datetime | None, first_seen_at: datetime, most: int
) -> bool:
    """Whether to keep an event for good; what is not is kept only until the next one comes.

    `kept` are kept for good already, the last of them since `kept_at`. When they are the most there may be, the next one
    must be as far from that as they are from one another on average: so ever fewer are added, however many come.
    """
    if kept < most or kept_at is None:
        return True
    # Either way: a clock that was ahead must not keep all that follows out.
    return abs(received_at - kept_at) >= max((received_at - first_seen_at) / most, _SHORTEST)


def surplus(moments: Sequence[datetime], most: int) -> set[int]:
    """The places of those to drop where more than `most` are kept: closest to their neighbours, never the first or last.

    A few more than needed, so that it is not needed again soon. The moments are in their order.
    """
    if len(moments) <= most:
        return set()
    return thinned(moments, max(most - most // _AT_ONCE, 2))


def thinned(moments: Sequence[datetime], to: int) -> set[int]:
    """The places of those to drop, so that `to` (at least 2) are left which are spread over the time as evenly as it goes."""
    left = list(range(len(moments)))
    dropped: set[int] = set()
    while len(left) > max(to, 2):
        gaps = [moments[left[place + 1]] - moments[left[place - 1]] for place in range(1, len(left) - 1)]
        nearest = sorted(range(1, len(left) - 1), key=lambda place: gaps[place - 1])
        # Never two neighbours in one go: the gap that the first leaves would be judged as if it were not there.
        going: set[int] = set()
        for place in nearest:
            if len(left) - len(going) == max(to, 2) or len(going) * 4 > len(left):
                break
            if not {place - 1, place + 1} & going:
                going.add(place)
        dropped |= {left[place] for place in going}
        left = [each for place, each in enumerate(left) if place not in going]
    return dropped
