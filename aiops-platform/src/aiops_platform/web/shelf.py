"""What everybody may see is made once and kept for some seconds, and made only so often: for pages without a sign-in."""

from collections import OrderedDict
from collections.abc import Callable
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
    """Safe to share between threads. Also what does not exist is kept: asking for it again costs nothing."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, ...], tuple[float, str | None]] = OrderedDict()
        self._allowed = Attempts(most=_MADE_AT_ONCE, seconds=60 * _MADE_AT_ONCE / _MADE_PER_MINUTE)

    def take(self, name: tuple[str, ...], seconds: float, now: float, make: Callable[[], str | None]) -> str | None:
        """What is kept under this name, not older than so many seconds, or else made. Raises TooMuchError.

        `now` is in seconds. Two who ask at once may both make it.
        """
        with self._lock:
            at, kept = self._kept.get(name, (now - seconds - 1, None))
            if 0 <= now - at <= seconds:
                return kept
            wait = self._allowed.ask("", now)
        if wait is not None:
            raise TooMuchError(wait)
        made = make()
        with self._lock:
            self._kept[name] = now, made
            self._kept.move_to_end(name)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return made

    def clear(self) -> None:
        """What was kept is made anew: somebody has changed what may be seen."""
        with self._lock:
            self._kept.clear()
