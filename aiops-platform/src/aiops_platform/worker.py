"""The worker process: the stations take turns on one thread, each as often as it needs to, until the end is asked for."""

import logging
import signal
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from types import FrameType

from aiops_platform.core.errors import PlatformError
from aiops_platform.ports import StoreDamagedError
from aiops_platform.process import memory
from aiops_platform.process.clock import utc_now
from aiops_platform.process.duty import Duty
from aiops_platform.process.lifeline import Lifeline

# How soon a report is noticed: part of the two seconds from a crash to the open page.
_LOOK_SECONDS = 0.1
_LONGEST_PAUSE = 30.0
# In a row: less than that, and it was a busy moment.
_FAILURES = 3
_LAST_RESORT_SECONDS = 10
_SIGN_SECONDS = 5.0

log = logging.getLogger(__name__)


class Rota:
    """Whose turn it is. A duty that fails is tried again after a pause that doubles; the others go on."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self._turns = [_Turn(duty) for duty in duties]

    def failing(self) -> list[str]:
        """The duties that get nothing done, for seconds already."""
        return [turn.name for turn in self._turns if turn.is_failing()]

    def round(self, clock: float, now: datetime) -> float:
        """Does one piece of work for each duty whose time has come. Returns the seconds until the next look."""
        for turn in self._turns:
            if turn.has_come(clock):
                turn.take(clock, now)
        nearest = min((turn.due for turn in self._turns), default=clock + _LOOK_SECONDS)
        return min(max(nearest - clock, 0.0), _LOOK_SECONDS)


def work(duties: Sequence[Duty], lifeline: Lifeline | None, tell: Callable[[Sequence[str]], None]) -> None:
    """Takes turns until SIGTERM, SIGINT or the supervisor's end; the step that runs then is finished.

    `tell` is told which duties get nothing done, whenever that changes and every few seconds: who stands still tells nothing.
    """
    end = _End()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end.on_signal)
    if lifeline is not None:
        lifeline.watch(end.ask, patience=_LAST_RESORT_SECONDS)
        lifeline.say_ready()
    memory.settle()
    take_turns(duties, tell, lambda: end.is_asked)


def take_turns(
    duties: Sequence[Duty], tell: Callable[[Sequence[str]], None], is_asked_to_end: Callable[[], bool]
) -> None:
    """As `work`, on whatever thread, until that is true."""
    rota, told, due = Rota(duties), list[str](), 0.0
    while not is_asked_to_end():
        pause = rota.round(time.monotonic(), utc_now())
        if (failing := rota.failing()) != told or time.monotonic() >= due:
            tell(failing)
            told, due = failing, time.monotonic() + _SIGN_SECONDS
        if pause:
            time.sleep(pause)


class _End:
    # No threading.Event: a signal that arrives while it is being waited on could find its lock taken by its own thread.
    def __init__(self) -> None:
        self.is_asked = False

    def ask(self) -> None:
        self.is_asked = True

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.is_asked = True


class _Turn:
    def __init__(self, duty: Duty) -> None:
        self._duty = duty
        self._failures = 0
        self.due = 0.0

    @property
    def name(self) -> str:
        return self._duty.name

    def is_failing(self) -> bool:
        return self._failures >= _FAILURES or (self._duty.is_stuck is not None and self._duty.is_stuck())

    def has_come(self, clock: float) -> bool:
        if clock >= self.due:
            return True
        # After a failure the pause is kept, whatever arrives.
        return self._failures == 0 and self._wakes()

    def take(self, clock: float, now: datetime) -> None:
        try:
            more = self._duty.step(now)
        except PlatformError as error:
            self._fail(clock, error)
        except Exception as error:  # noqa: BLE001 - one station's fault must not end the others
            self._fail(clock, error, trace=error)
        else:
            self._failures = 0
            self.due = clock if more else clock + self._duty.seconds

    def _wakes(self) -> bool:
        try:
            return self._duty.wakes is not None and self._duty.wakes()
        except PlatformError:
            return True  # The step will meet the same trouble, and say it.

    def _fail(self, clock: float, error: Exception, trace: Exception | None = None) -> None:
        pause = min(2.0**self._failures, _LONGEST_PAUSE)
        self._failures = min(self._failures + 1, 10)
        self.due = clock + pause
        about = {"station": self._duty.name, "why": error, "pause": f"{pause:g}s"}
        log.log(
            logging.ERROR if trace is not None or isinstance(error, StoreDamagedError) else logging.WARNING,
            "A station failed, it will try again",
            extra=about,
            exc_info=trace,
        )
