"""Push fixes: the station that posts requests to services' own addresses, once each, after these have been proven.

That a request is sent is written first: whoever is killed then has sent it at most once, and what became of it a beat tells.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from secrets import token_urlsafe
from threading import Thread
from typing import Final
from uuid import uuid4

import msgspec

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.event import FixResult
from aiops_platform.core.fixing import requests
from aiops_platform.core.service import ServiceName
from aiops_platform.ports.fixing import Believed, Calls, NotDone, Push, Pushing

#: At once, each to another service.
_TOGETHER: Final = 16

log = logging.getLogger(__name__)


class PushFixes:
    """A station. One at a time for each store. `calls` is made when there is something to be pushed."""

    def __init__(self, pushing: Pushing, calls: Callable[[], Calls], clock: Callable[[], datetime]) -> None:
        self._pushing = pushing
        self._calls = calls
        self._clock = clock
        self._in_flight: dict[int, Thread] = {}

    def step(self, now: datetime) -> bool:
        """Begins to push what waits, on a thread for each service. Raises StoreUnavailableError."""
        self._in_flight = {service: thread for service, thread in self._in_flight.items() if thread.is_alive()}
        room = _TOGETHER - len(self._in_flight)
        if room <= 0:
            return False
        for push in self._pushing.waiting(now, 2 * _TOGETHER):
            service = push.place.service_id
            if service in self._in_flight or len(self._in_flight) >= _TOGETHER:
                continue
            thread = Thread(target=self._push, args=(push,), name="push", daemon=True)
            thread.start()
            self._in_flight[service] = thread
        return False

    def wait(self, seconds: float) -> None:
        """Waits so long for what is on its way."""
        for thread in self._in_flight.values():
            thread.join(seconds)

    def _push(self, push: Push) -> None:
        try:
            self._pushed(push)
        except PlatformError as error:
            log.warning("A fix could not be pushed, it will be tried again, or is told of", extra=_about(push, error))
        except Exception:
            log.exception("A fix could not be pushed", extra=_about(push, ""))

    def _pushed(self, push: Push) -> None:
        now, fix_id = self._clock(), push.fix.id or 0
        if push.place.address is None or not push.keys:
            why = "no key in force is known with which it reports" if push.place.address else "it has no address"
            self._pushing.not_done(fix_id, why, now)
        elif not push.is_proven:
            # What is pushed then is read anew: keys may have been revoked meanwhile.
            self._prove(push, push.place.address)
        elif self._pushing.send(fix_id, now):
            self._send(push, push.place.address)

    def _send(self, push: Push, address: str) -> None:
        fix, now = push.fix, self._clock()
        outcome = self._calls().call(address, fix.request, (fix.body or "").encode(), push, now)
        match outcome:
            case Believed(said):
                self._pushing.arrived(fix.id or 0, _result(said), push.off, self._clock())
            case NotDone(why):
                self._pushing.not_done(fix.id or 0, why, self._clock())
            case _:
                log.warning("It is not known whether a fix has arrived", extra=_about(push, outcome.why))

    def _prove(self, push: Push, address: str) -> None:
        place, request = push.place, str(uuid4())
        named = ServiceName(place.project_id, place.service, place.environment)
        challenge = token_urlsafe(requests.CHALLENGE_BYTES)
        body = requests.challenge_of(request, named, challenge=challenge, address=address)
        outcome = self._calls().call(address, request, body, push, self._clock())
        now = self._clock()
        if isinstance(outcome, Believed) and requests.is_proof(outcome.said, body):
            self._pushing.proven(place.service_id, address, push.keys, now)
            return
        why = "It answered something else" if isinstance(outcome, Believed) else outcome.why
        self._pushing.not_proven(place.service_id, address, why, now)
        self._pushing.not_done(push.fix.id or 0, f"its address is not proven: {why}", now)


def _result(said: object) -> FixResult:
    try:
        return msgspec.convert(said, FixResult, strict=False)
    except msgspec.ValidationError:
        # A beat will tell of it in words that can be read.
        return FixResult()


def _about(push: Push, why: object) -> dict[str, object]:
    return {"fix": push.fix.id, "service": push.place.service, "why": why}
