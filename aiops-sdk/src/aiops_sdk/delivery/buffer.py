"""What is on its way: bounded by number and by bytes, and every event that entered is accounted for.

``captured`` is always ``delivered`` plus everything dropped plus what is queued; in flight counts as queued.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Deque, Dict, List, Optional

from aiops_sdk.delivery.parcel import Parcel

MAX_EVENTS = 1_000
MAX_BYTES = 8 * 1024 * 1024

QUEUE_FULL = "queue_full"

# When there is no room, the least telling goes first.
_TELLING = {"log_error": 0, "http_error": 1, "exception": 2}


class Attempt:
    """A parcel with its history: how often it was tried, and from when (monotonic) it may be tried again."""

    __slots__ = ("due", "parcel", "tried")

    def __init__(self, parcel: Parcel) -> None:
        self.parcel = parcel
        self.tried = 0
        self.due = 0.0


class Buffer:
    """First in, first out. Every method may be called from any thread, also from a ``__del__`` during another one.

    The lock is reentrant for the sake of the latter: the garbage collector runs where it likes.
    """

    def __init__(self, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self.clear()

    def clear(self) -> None:
        """Forget everything, the lock included: after a fork somebody who is not here any more may hold it."""
        self._changed = threading.Condition(threading.RLock())
        self._waiting: Deque[Attempt] = deque()
        self._unsettled: Dict[str, Parcel] = {}
        self._bytes = 0
        self._captured = 0
        self._delivered = 0
        self._dropped: Dict[str, int] = {}
        self._hastened: Optional[str] = None

    def put(self, parcel: Parcel) -> None:
        """Take a parcel in; when there is no room, the oldest of the least telling kind goes, if need be this one."""
        with self._changed:
            self._captured += 1
            self._unsettled[parcel.event_id] = parcel
            self._bytes += len(parcel.body)
            self._waiting.append(Attempt(parcel))
            while self._is_over_full():
                victim = min(self._waiting, key=lambda attempt: _TELLING.get(attempt.parcel.signal_type, 1))
                self._waiting.remove(victim)
                self._settle(victim.parcel, QUEUE_FULL)

    def drop(self, reason: str) -> None:
        """Count something that was captured and never became a parcel."""
        with self._changed:
            self._captured += 1
            self._dropped[reason] = self._dropped.get(reason, 0) + 1

    def take(self, now: float, *, hurry: bool = False) -> Optional[Attempt]:
        """The next parcel that may be tried now. In a hurry none has to wait for its time."""
        with self._changed:
            if self._waiting and (hurry or self._waiting[0].due <= now):
                return self._waiting.popleft()
            return None

    def seconds_until_due(self, now: float) -> Optional[float]:
        """How long until ``take`` may give something; None when there is nothing."""
        with self._changed:
            return max(0.0, self._waiting[0].due - now) if self._waiting else None

    def put_back(self, attempt: Attempt, due: float) -> None:
        """It did not arrive: try it again from ``due`` on, before everything that came later and was not hastened."""
        with self._changed:
            attempt.tried += 1
            attempt.due = due
            if attempt.parcel.event_id in self._unsettled:
                goes_first = self._waiting and self._waiting[0].parcel.event_id == self._hastened
                self._waiting.insert(1 if goes_first else 0, attempt)

    def settle(self, parcel: Parcel, dropped: Optional[str] = None) -> None:
        """Its fate is decided: delivered, or dropped for this reason. Only the first word counts."""
        with self._changed:
            self._settle(parcel, dropped)

    def hasten(self, event_id: str, latest: float) -> None:
        """Let this one go first, and not wait for its time longer than until ``latest`` (monotonic)."""
        with self._changed:
            self._hastened = event_id
            for attempt in self._waiting:
                if attempt.parcel.event_id == event_id:
                    self._waiting.remove(attempt)
                    attempt.due = min(attempt.due, latest)
                    self._waiting.appendleft(attempt)
                    return

    def is_hastened(self, parcel: Parcel) -> bool:
        """Whether somebody waits for just this one."""
        return parcel.event_id == self._hastened

    def wait_until_settled(self, event_id: Optional[str], deadline: float) -> bool:
        """Wait until this event's fate is decided, or everybody's; False when the deadline (monotonic) came first."""
        with self._changed:
            while self._unsettled if event_id is None else event_id in self._unsettled:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True

    def give_up(self, reason: str) -> int:
        """Drop all that is left, in flight or not, and say how many."""
        with self._changed:
            left: List[Parcel] = list(self._unsettled.values())
            self._waiting.clear()
            for parcel in left:
                self._settle(parcel, reason)
            return len(left)

    def stats(self) -> Dict[str, object]:
        """The counts of one moment."""
        with self._changed:
            return {
                "captured": self._captured,
                "delivered": self._delivered,
                "dropped": dict(self._dropped),
                "queued": len(self._unsettled),
            }

    def _is_over_full(self) -> bool:
        too_much = len(self._unsettled) > self._max_events or self._bytes > self._max_bytes
        return too_much and bool(self._waiting)

    def _settle(self, parcel: Parcel, dropped: Optional[str]) -> None:
        if self._unsettled.pop(parcel.event_id, None) is None:
            return
        self._bytes -= len(parcel.body)
        if dropped is None:
            self._delivered += 1
        else:
            self._dropped[dropped] = self._dropped.get(dropped, 0) + 1
        self._changed.notify_all()
