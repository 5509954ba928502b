"""What everybody may see is made once and kept for some seconds, and made only so often: for pages without a sign-in."""

from collections import OrderedDict
from collections.abc import Callable
from math import inf
from threading import Lock
from typing import Final

from aiops_platform.core.attempts import Attempts

_MOST_KEPT: Final = 500
_MADE_AT_ONCE: Final = 100
_MADE_PER_MINUTE: Final = 600


class TooMuchError(Exception):
    """More is asked for than is made; `seconds`: when to ask again."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class Shelf:
    """Safe to share between threads. Also what does not exist is kept: asking for it again costs nothing.

    What exists is made as often as its time is over; only what may not exist is bounded: who guesses names must not keep
    from others what is there.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, ...], tuple[float, str]] = OrderedDict()
        self._missed: OrderedDict[tuple[str, ...], float] = OrderedDict()
        self._allowed = Attempts(most=_MADE_AT_ONCE, seconds=60 * _MADE_AT_ONCE / _MADE_PER_MINUTE)

    def take(self, name: tuple[str, ...], seconds: float, now: float, make: Callable[[], str | None]) -> str | None:
        """What is kept under this name, not older than so many seconds, or else made. Raises TooMuchError.

        `now` is in seconds. Two who ask at once may both make it.
        """
        with self._lock:
            at, kept = self._kept.get(name, (self._missed.get(name, -inf), None))
            if 0 <= now - at <= seconds:
                return kept
            wait = self._allowed.ask("", now) if kept is None else None
        if wait is not None:
            raise TooMuchError(wait)
        made = make()
        with self._lock:
            self._kept.pop(name, None)
            self._missed.pop(name, None)
            if made is None:
                self._missed[name] = now
            else:
                self._kept[name] = now, made
            for each in (self._kept, self._missed):
                if len(each) > _MOST_KEPT:
                    each.popitem(last=False)
        return made

    def clear(self) -> None:
        """What was kept is made anew: somebody has changed what may be seen."""
        with self._lock:
            self._missed.clear()
            for name, (_, kept) in self._kept.items():
                self._kept[name] = -inf, kept
