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
