"""What a process is to do again and again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Duty:
    """`step` is called every so many seconds, and at once when `wakes` says so.

    It does one piece of work, and says whether more waits already. `is_stuck` says whether it achieves nothing, without
    failing.
    """

    name: str
    seconds: float
    step: Callable[[datetime], bool]
    wakes: Callable[[], bool] | None = None
    is_stuck: Callable[[], bool] | None = None


class Bell:
    """One duty rings it, and another one wakes."""

    def __init__(self) -> None:
        self._rung = False

    def rung_by(self, step: Callable[[datetime], bool]) -> Callable[[datetime], bool]:
        """The same step, which rings whenever it has done something."""

        def do(now: datetime) -> bool:
            more = step(now)
            self._rung = self._rung or more
            return more

        return do

    def heard(self) -> bool:
        """Whether it was rung since this was last asked."""
        rung, self._rung = self._rung, False
        return rung
