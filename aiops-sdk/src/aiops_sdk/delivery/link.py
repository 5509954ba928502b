"""What we know of the way to the platform: what it can do, and until when it is to be left alone.

Shared by the two threads that send. Each field is written whole, so none of them waits for the other.
"""

from __future__ import annotations

import os
import time

from aiops_sdk.delivery.transport import Accepted, Barred, Retry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, FrozenSet, Optional, Sequence

    from aiops_sdk.delivery.transport import Outcome


#: The seconds after the first and the second failure in a row; what comes after the third is slow.
PAUSES = (1.0, 2.0)
SLOW = (5.0, 10.0, 20.0, 30.0)
#: The key or the address is wrong: somebody has to mend it, and that takes a while.
BARRED = (60.0, 120.0, 300.0)
#: More than this a server is not obeyed; it may have meant another unit.
LONGEST = 300.0

BATCH = "batch"
GZIP = "gzip"
JOBS = "jobs"


class Link:
    """Open, or closed until a moment. The seconds after each failure in a row: ``pauses`` first, then ``slow``, whose last is for all further ones."""

    def __init__(
        self,
        pauses: Sequence[float] = PAUSES,
        slow: Sequence[float] = SLOW,
        barred: Sequence[float] = BARRED,
        jitter: Callable[[], float] = lambda: 0.5 + os.urandom(1)[0] / 510,
    ) -> None:
        self._pauses = pauses
        self._slow = slow
        self._barred = barred
        self._jitter = jitter
        self.begin_anew()

    def begin_anew(self) -> None:
        """Know nothing yet; also in a forked child."""
        self.capabilities: FrozenSet[str] = frozenset()
        self._unusable: FrozenSet[str] = frozenset()
        #: What went wrong last, until the platform answers an event again.
        self.last_error: Optional[str] = None
        self._failures = 0
        self._bars = 0
        self._closed_until = float("-inf")
        self._barred_until = float("-inf")
        self._asked_until = float("-inf")

    def can(self, capability: str) -> bool:
        """Whether the platform has said that it can do this."""
        return capability in self.capabilities

    def cannot(self, capability: str) -> None:
        """It said so, but something on the way to it cannot; that stays so for this process."""
        self._unusable |= {capability}
        self.capabilities -= self._unusable

    def is_open(self, now: float) -> bool:
        """Whether an event may be tried now (monotonic)."""
        return now >= max(self._closed_until, self._barred_until)

    def is_barred(self, now: float) -> bool:
        """Whether nothing at all is to be sent now: the key or the address is wrong."""
        return now < self._barred_until

    def is_down(self) -> bool:
        """Whether so much failed in a row that what comes next need not try it three times for itself."""
        return self._failures > len(self._pauses) or self._bars > 0

    def is_to_be_left_alone(self, now: float) -> bool:
        """Whether the platform itself wants that now, or would take nothing whatever it is: even what is urgent waits."""
        return now < max(self._asked_until, self._barred_until)

    def seconds_until_open(self, now: float) -> float:
        """How long an event has to wait."""
        return max(0.0, max(self._closed_until, self._barred_until) - now)

    def pause_after(self, failures: int) -> float:
        """The seconds that somebody who waits for an event waits after so many failures of it, whatever else goes on."""
        return self._pauses[min(failures, len(self._pauses)) - 1] if failures and self._pauses else 0.0

    def report(self, outcome: Outcome) -> None:
        """An event was tried, and this came of it."""
        if isinstance(outcome, Retry):
            self._failed(outcome)
        elif isinstance(outcome, Barred):
            self.bar(outcome)
        else:
            self._failures = self._bars = 0
            self.last_error = None
            self._closed_until = self._barred_until = self._asked_until = float("-inf")
            self.learn(outcome)

    def learn(self, outcome: Outcome) -> None:
        """An answer came: what does it tell of the platform?"""
        if isinstance(outcome, Accepted) and outcome.capabilities is not None:
            self.capabilities = outcome.capabilities - self._unusable

    def bar(self, outcome: Barred) -> None:
        """Something was tried with this key at this address, and it is the wrong one."""
        self.last_error = outcome.why
        pause = self._barred[min(self._bars, len(self._barred) - 1)]
        self._bars += 1
        self._barred_until = time.monotonic() + pause * self._jitter()

    def heard(self, outcome: Accepted) -> None:
        """A heartbeat got through: then events will, too, unless the platform itself asked for time."""
        self.learn(outcome)
        if not self._failures:
            # It was the key, or the address, and both are right now.
            self.last_error = None
        self._bars = 0
        self._barred_until = float("-inf")
        if self.is_down():
            # Not all at once: a whole fleet may have waited for this moment.
            self._closed_until = min(self._closed_until, time.monotonic() + 2.0 * self._jitter())
        self._closed_until = max(self._closed_until, self._asked_until)

    def _failed(self, outcome: Retry) -> None:
        self.last_error = outcome.why
        number = self._failures
        self._failures += 1
        if number < len(self._pauses):
            pause = self._pauses[number]
        else:
            pause = self._slow[min(number - len(self._pauses), len(self._slow) - 1)] * self._jitter()
        now = time.monotonic()
        if outcome.after is not None:
            self._asked_until = now + min(outcome.after, LONGEST)
        self._closed_until = max(now + pause, self._asked_until)
