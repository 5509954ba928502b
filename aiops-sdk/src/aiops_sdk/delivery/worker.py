"""The one thread that sends. It starts with the first event, survives what goes wrong, and is made anew in a forked child."""

from __future__ import annotations

import _thread
import time
from typing import Dict, Optional, Sequence

from aiops_sdk import _safety
from aiops_sdk.delivery.buffer import Attempt, Buffer
from aiops_sdk.delivery.parcel import Parcel
from aiops_sdk.delivery.transport import UNAUTHORIZED, Accepted, Outcome, Refused, Retry, Transport
from aiops_sdk.delivery.voice import Voice

EVENT_PATH = "/v1/sdk/exception"

#: The seconds before the second and the third attempt; there is no fourth.
PAUSES = (1.0, 2.0)
LONGEST_PAUSE = 300.0

UNDELIVERED = "undelivered"
AT_EXIT = "exit"

_BROKEN: Outcome = Retry("the transport failed")


class Bell:
    """Wakes one sleeper. A bare lock, because ringing must be safe in a ``__del__`` that interrupts another ring."""

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Wake the sleeper, or let its next sleep end at once."""
        try:
            self._lock.release()
        except RuntimeError:
            return  # It rings already.

    def wait(self, seconds: Optional[float] = None) -> bool:
        """Sleep until it rings, at most ``seconds``. True if it rang."""
        return self._lock.acquire(timeout=-1 if seconds is None else max(0.0, seconds))


class Delivery:
    """Takes parcels, and brings them to the platform in the background, one after the other."""

    def __init__(self, transport: Transport, voice: Voice, pauses: Sequence[float] = PAUSES) -> None:
        self._transport = transport
        self._voice = voice
        self._pauses = pauses
        self._buffer = Buffer()
        self._begin()

    def _begin(self) -> None:
        self._starting = _thread.allocate_lock()
        self._running = False
        self._hurry = False
        self._stopped = False
        self._bell = Bell()
        self._ended = Bell()

    def put(self, parcel: Parcel) -> None:
        """Queue it; never waits. Once stopped, it is counted as lost."""
        self._buffer.put(parcel)
        if self._stopped:
            self._buffer.settle(parcel, AT_EXIT)
        elif self._is_running():
            self._bell.ring()

    def drop(self, reason: str) -> None:
        """Count an event that was captured and cannot be sent."""
        self._buffer.drop(reason)

    def hasten(self, event_id: str, timeout: float) -> bool:
        """Send this one first, and wait until its fate is decided."""
        now = time.monotonic()
        self._buffer.hasten(event_id, now + self._pauses[0])
        return self._wait(event_id, now + timeout)

    def flush(self, timeout: float) -> bool:
        """Wait until nothing is queued."""
        return self._wait(None, time.monotonic() + timeout)

    def close(self, deadline: float) -> bool:
        """Try each once more, at once, until ``deadline`` (monotonic), and stop. False if something was left."""
        self._hurry = True
        done = self._wait(None, deadline)
        self._stopped = True
        lost = self._buffer.give_up(AT_EXIT)
        if lost:
            self._voice.lost("the process ended before", events=lost)
        if self._running:
            self._bell.ring()
            # Not for the events: so that the connection is closed in order. A thread that is stuck is left behind.
            self._ended.wait(deadline - time.monotonic() if done else 0)
        return done

    def stats(self) -> Dict[str, object]:
        """See ``Buffer.stats``."""
        return self._buffer.stats()

    def become_child(self) -> None:
        """After a fork: nothing inherited is sent, waited for or locked; the thread starts with the next event."""
        self._buffer.clear()
        self._transport.abandon()
        self._begin()

    # Waiting, in the caller's thread.

    def _wait(self, event_id: Optional[str], deadline: float) -> bool:
        if self._buffer.wait_until_settled(event_id, 0.0):
            return True
        if self._is_running():
            self._bell.ring()
        else:
            self._send_here(event_id, deadline)
        return self._buffer.wait_until_settled(event_id, deadline)

    def _send_here(self, event_id: Optional[str], deadline: float) -> None:
        """Send in the calling thread: an interpreter that is ending gives us no other."""
        with _safety.guarded():
            while time.monotonic() < deadline and not self._buffer.wait_until_settled(event_id, 0.0):
                attempt = self._buffer.take(time.monotonic(), hurry=True)
                if attempt is None:
                    return
                self._try(attempt, hurried=True)

    # The thread.

    def _is_running(self) -> bool:
        """Whether the thread runs, after starting it if it did not."""
        if not self._running and not self._stopped and self._starting.acquire(False):
            try:
                if not self._running:
                    # Made where the thread begins: what was made before gevent came would block its hub.
                    self._bell, self._ended = Bell(), Bell()
                    self._running = _safety.start_thread("aiops-delivery", self._run)
            finally:
                self._starting.release()
        return self._running

    def _run(self) -> None:
        try:
            while not self._stopped:
                _safety.attempt(self._work, None)
            self._transport.close()
        finally:
            self._running = False
            self._ended.ring()

    def _work(self) -> None:
        """Send one, or sleep until there is one."""
        now = time.monotonic()
        hurried = self._hurry
        attempt = self._buffer.take(now, hurry=hurried)
        if attempt is None:
            self._bell.wait(self._buffer.seconds_until_due(now))
        else:
            self._try(attempt, hurried=hurried)

    def _try(self, attempt: Attempt, *, hurried: bool) -> None:
        outcome = _safety.attempt(lambda: self._transport.send(EVENT_PATH, attempt.parcel.body), _BROKEN)
        if isinstance(outcome, Accepted):
            self._buffer.settle(attempt.parcel)
        elif isinstance(outcome, Refused):
            self._buffer.settle(attempt.parcel, outcome.reason)
            self._say(outcome)
        elif hurried:
            self._buffer.settle(attempt.parcel, AT_EXIT)
            self._voice.lost(outcome.why)
        elif attempt.tried >= len(self._pauses):
            self._buffer.settle(attempt.parcel, UNDELIVERED)
            self._voice.lost(outcome.why)
        else:
            pause = self._pauses[attempt.tried]
            # A process that ends cannot wait as long as the server would like: it keeps to its three attempts.
            if not self._buffer.is_hastened(attempt.parcel):
                pause = pause_before_next(pause, outcome)
            self._buffer.put_back(attempt, time.monotonic() + pause)

    def _say(self, refused: Refused) -> None:
        if refused.reason == UNAUTHORIZED:
            self._voice.unauthorized()
        else:
            self._voice.lost(refused.why)


def pause_before_next(ours: float, outcome: Retry) -> float:
    """The seconds until the next attempt: ours, or the server's if it wants more, within reason."""
    return max(ours, min(outcome.after or 0.0, LONGEST_PAUSE))
