"""Learn: what a project's events have in common is kept once, and they are kept shorter from then on."""

from datetime import datetime

from aiops_platform.ports import Store


class Learn:
    """A station. One at a time for each store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def step(self, now: datetime) -> bool:
        """Learns where it is due; there is never more to do at once. Raises StoreUnavailableError."""
        self._store.train(now)
        return False
