"""Deliver: what is due is handed to receivers, each channel by a thread of its own, so that nobody waits for a slow one."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random
from threading import Thread
from typing import Final

from aiops_platform.core.ahead import Doubt
from aiops_platform.core.backoff import LONGEST_ASKED, Outcome, Refused, Retry, Standing, judge
from aiops_platform.ports import Claimed, Deliveries, Sender

# Longer than an exchange can take: who still has it then is no more.
_LEASE: Final = timedelta(minutes=2)
_TOGETHER: Final = 24
# Receivers that failed last may keep their threads waiting: the other half is for those that answer.
_IN_TROUBLE: Final = 12
_LAST_LOOK: Final = 0.02

log = logging.getLogger(__name__)


class Deliver:
    """A station. One at a time for each store; it writes on the thread that calls it, and sends on others.

    `sender` is asked for when there is something to send for the first time; `chance` gives numbers from 0 to 1.
    """

    def __init__(
        self, deliveries: Deliveries, sender: Callable[[], Sender], *, chance: Callable[[], float] = random
    ) -> None:
        self._deliveries = deliveries
        self._sender = sender
        self._chance = chance
        self._in_flight: dict[int, Claimed] = {}
        self._done: deque[_Done] = deque()
        self._doubt = Doubt(LONGEST_ASKED)

    def wakes(self) -> bool:
        """Whether a receiver has answered."""
        return bool(self._done)

    def step(self, now: datetime) -> bool:
        """Writes what came of deliveries, and begins those that are due. Raises StoreUnavailableError."""
        self._conclude()
        if (beyond := self._doubt.beyond(now)) is not None:
            self._deliveries.hurry(beyond, now)
            self._doubt.settled()
        busy = frozenset(self._in_flight)
        waiting = sum(claimed.to.channel.failures > 0 for claimed in self._in_flight.values())
        due = self._deliveries.claim(
            now, now + _LEASE, busy=busy, limit=_TOGETHER - len(busy), in_trouble=max(0, _IN_TROUBLE - waiting)
        )
        for claimed in due:
            thread = Thread(target=self._send, args=(self._sender(), claimed, now), name="deliver", daemon=True)
            thread.start()
            # Not before: where there is no room for a thread, the lease ends, and it is begun again.
            self._in_flight[claimed.to.channel.id] = claimed
        return bool(due)

    def close(self, seconds: float = 5.0) -> None:
        """Waits so long for receivers that were asked already, and writes what came of it; the rest is sent once more."""
        until = time.monotonic() + seconds
        while self._in_flight and time.monotonic() < until:
            self._conclude()
            time.sleep(_LAST_LOOK)

    def _send(self, sender: Sender, claimed: Claimed, now: datetime) -> None:
        began = time.monotonic()
        outcome: Outcome
        try:
            outcome = sender.send(claimed.to, claimed.message, now)
        except Exception:
            # A fault of ours must not stop the channel; what it was stands in the log.
            log.exception("A message could not be sent, it will be tried again", extra=_about(claimed))
            outcome = Retry("The platform failed to send it; its log says why")
        self._done.append(_Done(claimed, outcome, now + timedelta(seconds=time.monotonic() - began)))

    def _conclude(self) -> None:
        while self._done:
            done = self._done[0]
            claimed, channel = done.claimed, done.claimed.to.channel
            stood = Standing(
                wanted_at=claimed.wanted_at,
                attempts=claimed.attempts,
                failures=channel.failures,
                failing_since=channel.failing_since,
            )
            verdict = judge(done.outcome, stood, done.at, self._chance())
            self._deliveries.conclude(claimed, done.outcome, verdict, done.at)
            # Only now: what could not be written is written at the next step.
            self._done.popleft()
            self._in_flight.pop(channel.id, None)
            if verdict.disabled_why:
                log.error("A channel was disabled", extra=_about(claimed) | {"status": done.outcome.status})
            elif isinstance(done.outcome, Retry | Refused):
                log.warning("A message was not taken", extra=_about(claimed) | {"status": done.outcome.status})


@dataclass(frozen=True)
class _Done:
    claimed: Claimed
    outcome: Outcome
    at: datetime


def _about(claimed: Claimed) -> dict[str, object]:
    channel = claimed.to.channel
    return {"channel": channel.id, "kind": channel.kind.value, "delivery": claimed.id, "attempt": claimed.attempts}
