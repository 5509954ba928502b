"""What was said of jobs, on its way: kept in memory, bounded, until the platform takes it.

It is sent by the thread of the heartbeats, because those learn whether the platform understands it. ADR 27.
"""

from __future__ import annotations

import _thread
from collections import deque

from aiops_sdk.delivery.transport import REFUSED, Accepted, Barred, Refused, Retry
from aiops_sdk.event import rfc3339
from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Deque, Dict, Mapping, Optional

    from aiops_sdk.delivery.transport import Outcome
    from aiops_sdk.event import Origin, Wire


PATH = "/v1/sdk/job"
SIGNAL_TYPE = "job"

STARTED = "started"
SUCCEEDED = "succeeded"
FAILED = "failed"

#: So many wait at most; then the oldest goes. Two are said of each run.
MOST = 500
#: The seconds after each failure in a row; the last one is for all further ones.
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
#: More than this a server is not obeyed.
LONGEST = 300.0

FULL = "full"
UNSUPPORTED = "unsupported"
AT_EXIT = "exit"


class Word(Frozen):
    """That a run of a job began, or how it ended. ``at`` is Unix time, ``duration`` is in seconds."""

    job: str
    run_id: str
    state: str
    at: float
    duration: Optional[float] = None
    #: The event that tells why it failed.
    event_id: Optional[str] = None
    schedule: Optional[Mapping[str, object]] = None

    def to_wire(self, origin: Origin, now: float) -> Wire:
        """The whole body, as it is sent ``now`` (Unix time)."""
        body = origin.to_wire()
        body.update(
            timestamp=int(self.at),
            signal_type=SIGNAL_TYPE,
            status_code=None,
            request_path=None,
            job=self.job,
            run_id=self.run_id,
            state=self.state,
            occurred_at=_moment(self.at),
            sent_at=_moment(now),
        )
        optional: Wire = {
            "release": origin.release,
            "duration": self.duration,
            "event_id": self.event_id,
            "schedule": None if self.schedule is None else dict(self.schedule),
        }
        body.update({name: value for name, value in optional.items() if value is not None})
        return body


class Words:
    """Takes words from any thread; one thread sends them."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.begin_anew()

    def begin_anew(self) -> None:
        """In a forked child: what waits is the parent's, and so are its counts."""
        # Who is interrupted (a signal, a __del__) in the midst of saying something may say something.
        self._lock = _thread.RLock()
        self._waiting: Deque[Word] = deque()
        self._said = self._delivered = self._under_way = 0
        self._dropped: Dict[str, int] = {}
        self._failures = 0
        self._not_before = float("-inf")
        self._asked_until = float("-inf")

    def put(self, word: Word) -> None:
        """Queue it; never waits."""
        with self._lock:
            self._said += 1
            if len(self._waiting) >= self._most:
                self._waiting.popleft()
                self._drop(FULL)
            self._waiting.append(word)

    def wait(self) -> bool:
        """Whether some wait."""
        return bool(self._waiting)

    def left(self) -> bool:
        """Whether some wait, or are being sent right now."""
        return bool(self._waiting) or self._under_way > 0

    def due(self) -> float:
        """When (monotonic) they may be sent: in the past, where nothing stands against it."""
        return self._not_before

    def send(self, send: Callable[[Word], Outcome], now: float, *, hurried: bool = False) -> None:
        """Send what waits, oldest first, until the platform does not take one.

        In a hurry only the platform itself is waited for, and not the pause after a failure.
        """
        if now < (self._asked_until if hurried else self._not_before):
            return
        while self._waiting:
            with self._lock:
                word = self._waiting.popleft()
                self._under_way = 1
            outcome: Outcome = Retry("the transport failed")
            try:
                outcome = send(word)
            finally:
                goes_on = self._settle(word, outcome, now)
            if not goes_on:
                return

    def give_up(self, reason: str) -> None:
        """Count all that wait as lost."""
        with self._lock:
            while self._waiting:
                self._waiting.popleft()
                self._drop(reason)

    def stats(self) -> Dict[str, object]:
        """``said`` is always the sum of ``delivered``, ``queued`` and ``dropped`` (by reason)."""
        with self._lock:
            return {
                "said": self._said,
                "delivered": self._delivered,
                "queued": len(self._waiting) + self._under_way,
                "dropped": dict(self._dropped),
            }

    def _settle(self, word: Word, outcome: Outcome, now: float) -> bool:
        """Whether the next one may be tried."""
        with self._lock:
            self._under_way = 0
            if isinstance(outcome, Accepted):
                self._delivered += 1
                self._failures = 0
                return True
            if isinstance(outcome, Refused):
                self._drop(REFUSED)
                return True
            if isinstance(outcome, Barred) and not outcome.unauthorized:
                # It said that it can, and something on the way to it cannot.
                self._drop(UNSUPPORTED)
                self.give_up(UNSUPPORTED)
                return False
            self._waiting.appendleft(word)
            self._pause(outcome, now)
            return False

    def _pause(self, outcome: Outcome, now: float) -> None:
        self._not_before = now + PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        if isinstance(outcome, Retry) and outcome.after is not None:
            self._asked_until = now + min(outcome.after, LONGEST)
            self._not_before = max(self._not_before, self._asked_until)

    def _drop(self, reason: str) -> None:
        self._dropped[reason] = self._dropped.get(reason, 0) + 1


def _moment(at: float) -> str:
    from datetime import datetime, timezone

    return rfc3339(datetime.fromtimestamp(at, timezone.utc))
