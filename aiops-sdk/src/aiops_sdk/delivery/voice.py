"""What the SDK says in the host's log about itself: that events are lost and why, at most once a minute."""

from __future__ import annotations

import logging
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional


PAUSE = 60.0


def _log() -> logging.Logger:
    # Not while this is imported: that takes a lock of logging's, which a fork holds while it waits for our imports.
    return logging.getLogger("aiops_sdk")


class Voice:
    """Says a thing once, or seldom. Constant sentences with fields; no payloads, no keys."""

    def __init__(self, platform_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._platform_url = platform_url
        self._clock = clock
        self._silent_until = float("-inf")
        self._lost = 0
        self._held = 0
        self._on_disk = False
        self._said_unauthorized = False
        self._said_unheard = False
        self._said_no_room = False

    def lost(self, why: str, events: int = 1) -> None:
        """Events did not arrive and will not. Those between two lines are counted in the next one."""
        self._lost += events
        self._say(why)

    def held(self, events: int, why: Optional[str], *, on_disk: bool) -> None:
        """Events did not arrive yet; they wait on disk, or else in memory, and are tried again."""
        if self._said_unauthorized:
            return
        # What waits in memory is told again each time, and is still the same.
        self._held = self._held + events if on_disk else max(self._held, events)
        self._on_disk = on_disk
        self._say(why or "nobody answers")

    def no_room(self, folder: str, why: str) -> None:
        """The disk keeps nothing: what waits, waits in memory. Said once."""
        if not self._said_no_room:
            self._said_no_room = True
            _log().warning(
                "Undelivered events cannot be kept on disk (%s: %s), only in memory. "
                "Set AIOPS_SPOOL to a folder that this process can write, or to 'off'.",
                folder,
                why,
            )

    def broken_before_send(self, why: str) -> None:
        """The user's own function did not do what it should. Said once."""
        _log().warning(
            "before_send failed, and events go out as they were before it: %s. Mend it, or leave it out.", why
        )

    def unheard(self, why: str) -> None:
        """No heartbeat gets through. Said once, until one does; and not right after a line that said as much."""
        now = self._clock()
        if not self._said_unheard and now >= self._silent_until:
            self._said_unheard = True
            self._silent_until = now + PAUSE
            _log().warning(
                "Heartbeats do not reach %s: %s. Does the platform run, and is this its address (AIOPS_PLATFORM_URL)?",
                self._platform_url,
                why,
            )

    def heard(self) -> None:
        """Something got through: what was said of the way before holds no more."""
        self._said_unheard = self._said_unauthorized = False

    def unauthorized(self) -> None:
        """The platform does not take the key."""
        if self._said_unauthorized:
            return
        self._said_unauthorized = True
        _log().error(
            "%s does not accept the API key (401): events wait until it does. Was it revoked, or is it another "
            "platform's? Make a key on the platform's page Set-up and set AIOPS_API_KEY, or pass it to aiops_sdk.init().",
            self._platform_url,
        )

    def _say(self, why: str) -> None:
        now = self._clock()
        if now < self._silent_until:
            return
        self._silent_until = now + PAUSE
        lost, held, self._lost, self._held = self._lost, self._held, 0, 0
        if held:
            where = "on disk" if self._on_disk else "in memory"
            _log().warning(
                "%d event(s) could not be delivered to %s and wait %s: %s", held, self._platform_url, where, why
            )
        if lost:
            _log().warning("%d event(s) could not be delivered to %s: %s", lost, self._platform_url, why)
