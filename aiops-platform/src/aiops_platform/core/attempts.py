"""How often something may be tried: so many times at once, and again as time goes by. For passwords and invitations."""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_MOST_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Left:
    attempts: float
    at: float


class Attempts:
    """Counts attempts by name; an attempt that succeeded may be given back. Not for several threads at once.

    `most` may be made at once; one more comes back each `seconds / most`. Times are seconds of any clock that does not
    go back. Only so many names are remembered: those not heard of for longest go first.
    """

    def __init__(self, *, most: int, seconds: float, remembered: int = _MOST_REMEMBERED) -> None:
        self._most = most
        self._per_second = most / seconds
        self._remembered = remembered
        self._left: OrderedDict[str, _Left] = OrderedDict()

    def ask(self, name: str, now: float) -> int | None:
        """None when it may be tried, which is counted at once; else in how many seconds again."""
        left = self._left.pop(name, None) or _Left(self._most, now)
        left.attempts = min(self._most, left.attempts + max(0.0, now - left.at) * self._per_second)
        left.at = now
        self._left[name] = left
        while len(self._left) > self._remembered:
            self._left.popitem(last=False)
        if left.attempts < 1:
            return max(1, math.ceil((1 - left.attempts) / self._per_second))
        left.attempts -= 1
        return None

    def give_back(self, name: str) -> None:
        """The attempt was none: who knows the password does not guess."""
        left = self._left.get(name)
        if left is not None:
            left.attempts = min(self._most, left.attempts + 1)
