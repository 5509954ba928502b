"""What the SDK says in the host's log about itself: that events are lost and why, at most once a minute."""

from __future__ import annotations

import logging
import time
from typing import Callable

PAUSE = 60.0

_log = logging.getLogger("aiops_sdk")


class Voice:
    """Says a thing once, or seldom. Constant sentences with fields; no payloads, no keys."""

    def __init__(self, platform_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._platform_url = platform_url
        self._clock = clock
        self._silent_until = float("-inf")
        self._lost = 0
        self._said_unauthorized = False
        self._said_unheard = False

    def lost(self, why: str, events: int = 1) -> None:
        """Events did not arrive and will not. Those between two lines are counted in the next one."""
        self._lost += events
        now = self._clock()
        if now < self._silent_until:
            return
        self._silent_until = now + PAUSE
        count, self._lost = self._lost, 0
        _log.warning("%d event(s) could not be delivered to %s: %s", count, self._platform_url, why)

    def unheard(self, why: str) -> None:
        """No heartbeat gets through. Said once, until one does."""
        if not self._said_unheard:
            self._said_unheard = True
            _log.warning(
                "Heartbeats do not reach %s: %s. Does the platform run, and is this its address (AIOPS_PLATFORM_URL)?",
                self._platform_url,
                why,
            )

    def heard(self) -> None:
        """A heartbeat got through."""
        self._said_unheard = False

    def unauthorized(self) -> None:
        """The platform does not take the key."""
        if self._said_unauthorized:
            return
        self._said_unauthorized = True
        _log.error(
            "%s does not accept the API key (401), so events are lost. Was it revoked, or is it another platform's? "
            "Make a key on the platform's page Set-up and set AIOPS_API_KEY, or pass it to aiops_sdk.init().",
            self._platform_url,
        )
