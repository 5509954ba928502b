"""Prune: what has served its time is dropped, a little at a time."""

from datetime import datetime, timedelta
from typing import Final

from aiops_platform.ports import Intake, Store

_BATCH: Final = 5_000
# The wire promises that an event's id is known for this long.
_SEEN: Final = timedelta(days=14)
_ACCESS: Final = timedelta(days=1)
_BURIED: Final = timedelta(days=30)
_STATES: Final = timedelta(days=90)


class Prune:
    """A station. One at a time for each store."""

    def __init__(self, store: Store, intake: Intake) -> None:
        self._store = store
        self._intake = intake

    def step(self, now: datetime) -> bool:
        """Drops a batch of each kind; says whether more is to be dropped already.

        Raises StoreUnavailableError and IntakeUnavailableError.
        """
        with self._store.begin() as transaction:
            transaction.forget_access(now - _ACCESS)
            dropped = (
                transaction.forget_seen_events(now - _SEEN, _BATCH),
                transaction.forget_buried(now - _BURIED, _BATCH),
                transaction.forget_states(now - _STATES, _BATCH),
                transaction.forget_instances(now, _BATCH),
            )
        if not self._intake.waiting():
            self._intake.tidy()
        return max(dropped) == _BATCH
