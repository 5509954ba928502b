"""Damage that the digest meets: who needs what is damaged waits until it is put right, and holds nobody up."""

import logging

from aiops_platform.ports import StoreDamagedError

log = logging.getLogger(__name__)


class Damage:
    """What one step met. `tickets` are those of parcels that met it; `is_last`: the last report that was tried did."""

    def __init__(self) -> None:
        self.tickets: set[int] = set()
        self.is_last = False
        self._error: StoreDamagedError | None = None

    def met(self, ticket: int, error: StoreDamagedError) -> None:
        """A report needs what is damaged."""
        self.tickets.add(ticket)
        self._error, self.is_last = error, True

    def passed(self) -> None:
        """A report needed nothing that is."""
        self.is_last = False

    def say(self) -> None:
        """Tells people of it."""
        if self.tickets:
            log.error(
                "Some reports wait until the store is put right",
                extra={"parcels": len(self.tickets), "why": self._error},
            )
