"""Prune: what has served its time is dropped, a little at a time, and the file becomes smaller."""

from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core import retention
from aiops_platform.core.retention import Retention
from aiops_platform.ports import Intake, Store, Transaction

_BATCH: Final = 5_000
_MUCH: Final = 5
# Events are long: to drop so many takes some milliseconds, in which the digest waits.
_EVENTS: Final = 500
_INCIDENTS: Final = 20
# The wire promises that an event's id is known for this long.
_SEEN: Final = timedelta(days=14)
_ACCESS: Final = timedelta(days=1)
_BURIED: Final = timedelta(days=30)
_STATES: Final = timedelta(days=90)


class Prune:
    """A station. One at a time for each store."""

    def __init__(self, store: Store, intake: Intake, keep: Retention | None = None) -> None:
        self._store = store
        self._intake = intake
        self._keep = keep or Retention()
        # Where in the ids the last step stopped.
        self._seen: tuple[int, bytes] | None = None

    def step(self, now: datetime) -> bool:
        """Drops a batch of each kind; says whether more is to be dropped already.

        Raises StoreUnavailableError and IntakeUnavailableError.
        """
        with self._store.begin() as transaction:
            transaction.forget_access(now - _ACCESS)
            forgotten, seen = transaction.forget_seen_events(now - _SEEN, _BATCH, after=self._seen)
            dropped = (
                transaction.forget_buried(now - _BURIED, _BATCH),
                transaction.forget_states(now - _STATES, _BATCH),
                transaction.forget_instances(now, _BATCH),
            )
        self._seen = seen
        more = self._drop_events(now)
        if not self._intake.waiting():
            self._intake.tidy()
            self._store.shrink()
        # Where many of those that were looked at are old, more must be looked at to keep up with what comes.
        return more or max(dropped) == _BATCH or forgotten * _MUCH >= _BATCH

    def _drop_events(self, now: datetime) -> bool:
        """By age, by their number in an incident, by the size of the store: some of each."""
        too_large = self._store.used_bytes() > self._keep.total_bytes
        with self._store.begin() as transaction:
            old = transaction.forget_events(now - self._keep.age, _EVENTS)
            many = _thin_out(transaction, self._keep.per_incident)
            least = _make_room(transaction, now) if too_large else 0
        return max(old, many, least) >= _EVENTS or least > 0


def _thin_out(transaction: Transaction, most: int) -> int:
    fullest = transaction.kept_for_good(transaction.fullest(most, _INCIDENTS))
    surplus = retention.beyond(fullest, most, limit=_EVENTS)
    transaction.drop_events(surplus)
    return len(surplus)


def _make_room(transaction: Transaction, now: datetime) -> int:
    """Drops the least telling events: half of those of the incidents that have most, and in the end the oldest."""
    fullest = transaction.kept_for_good(transaction.fullest(retention.FEWEST, _INCIDENTS))
    if not fullest:
        return transaction.forget_events(now, _EVENTS)
    surplus = retention.least_telling(fullest, limit=_EVENTS)
    transaction.drop_events(surplus)
    return len(surplus)
