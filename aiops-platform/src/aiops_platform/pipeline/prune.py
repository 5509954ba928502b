"""Prune: what has served its time is dropped, a little at a time, and the file becomes smaller."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from aiops_platform.core import ahead, retention
from aiops_platform.core.retention import Course, Retention
from aiops_platform.ports import Intake, Store, StoreDamagedError, Transaction

_BATCH: Final = 5_000
_MUCH: Final = 5
# Events are long: to drop so many takes some milliseconds, in which the digest waits.
_EVENTS: Final = 500
_INCIDENTS: Final = 20
_ACCESS: Final = timedelta(days=1)
_BURIED: Final = timedelta(days=30)
_STATES: Final = timedelta(days=90)
_DELIVERIES: Final = timedelta(days=30)
_FIXES: Final = timedelta(days=365)

log = logging.getLogger(__name__)


class Prune:
    """A station. One at a time for each store."""

    def __init__(self, store: Store, intake: Intake, keep: Retention | None = None) -> None:
        self._store = store
        self._intake = intake
        self._keep = keep or Retention()
        # Where in the ids, and where in the events, the last step stopped.
        self._seen: tuple[int, bytes] | None = None
        self._event: int | None = None
        self._course: Course | None = None
        self._is_beyond = False
        self._is_short = False

    def step(self, now: datetime) -> bool:
        """Drops a batch of each kind; says whether more is to be dropped already.

        Nothing is dropped for its age in the first hour, nor in the hour after the clock has leapt: who is years ahead
        for a moment must not lose everything. Raises StoreUnavailableError and IntakeUnavailableError; where a part of the
        store is damaged, the rest is pruned first.
        """
        self._course = self._course.on(now) if self._course else Course(now, now)
        # Later than this is what a clock that was ahead has left behind.
        latest = ahead.horizon(now)
        old: list[Callable[[], bool]] = [
            partial(self._drop_small, now, latest),
            partial(self._drop_ids, now, latest),
            partial(self._drop_events, now, latest),
        ]
        pieces = [*(old if self._course.is_steady() else ()), self._drop_surplus, self._make_smaller]
        more, damage = False, None
        for piece in pieces:
            try:
                more = piece() or more
            except StoreDamagedError as error:
                damage = error
        if damage is not None:
            raise damage
        return more

    def _drop_small(self, now: datetime, latest: datetime) -> bool:
        with self._store.begin() as transaction:
            transaction.forget_access(now - _ACCESS)
            dropped = (
                transaction.forget_buried(now - _BURIED, _BATCH, latest=latest),
                transaction.outbox.forget(now - _DELIVERIES, _BATCH),
                transaction.forget_states(now - _STATES, _BATCH),
                transaction.maintenance.forget(now - _STATES, _BATCH),
                transaction.maintenance.forget_listening(now - _STATES),
                transaction.forget_instances(now, _BATCH),
                transaction.fixing.forget(now - _FIXES, _BATCH),
            )
        return max(dropped) == _BATCH

    def _drop_ids(self, now: datetime, latest: datetime) -> bool:
        # Beyond a damaged page there is no way: where this fails, it begins anew.
        after, self._seen = self._seen, None
        with self._store.begin() as transaction:
            before = self._keep.ids_before(now, transaction.ids_by_hour(now - 2 * retention.IDS_KNOWN, latest))
            forgotten, seen = transaction.forget_seen_events(before, _BATCH, latest=latest, after=after)
        self._seen = seen
        self._say_how_long(now - before)
        # Where many of those that were looked at are old, more must be looked at to keep up with what comes.
        return forgotten * _MUCH >= _BATCH

    def _say_how_long(self, known: timedelta) -> None:
        is_short = known < retention.IDS_KNOWN
        if is_short and not self._is_short:
            log.warning(
                "More events come than a quarter of AIOPS_SERVER_MAX_STORE holds ids: one that is sent again later counts "
                "twice. Raise it",
                extra={"hours": int(known / timedelta(hours=1)), "ids": self._keep.ids},
            )
        self._is_short = is_short

    def _drop_events(self, now: datetime, latest: datetime) -> bool:
        with self._store.begin() as transaction:
            events, place = transaction.forget_events(now - self._keep.age, _EVENTS, latest=latest, after=self._event)
        self._event = place
        return events == _EVENTS

    def _make_smaller(self) -> bool:
        # What is set aside waits for people, maybe for days.
        if self._intake.waiting() > self._intake.aside():
            return False
        self._intake.tidy()
        return self._store.shrink()

    def _drop_surplus(self) -> bool:
        """By their number in an incident, by the size of the store: some of each."""
        too_large = self._is_too_large()
        with self._store.begin() as transaction:
            many = _thin_out(transaction, self._keep.per_incident)
            least = _make_room(transaction) if too_large else 0
        return many >= _EVENTS or least > 0

    def _is_too_large(self) -> bool:
        """Whether there is to be less, and dropping events is the way to it."""
        used = self._store.used_bytes()
        is_too_large = used > self._keep.total_bytes
        is_beyond = is_too_large and self._keep.leaves_to_events(self._store.event_bytes())
        if is_beyond and not self._is_beyond:
            log.warning(
                "What is kept beside events takes more than half of AIOPS_SERVER_MAX_STORE: raise it",
                extra={"store_bytes": used, "most": self._keep.total_bytes},
            )
        self._is_beyond = is_beyond
        return is_too_large and not is_beyond


def _thin_out(transaction: Transaction, most: int) -> int:
    fullest = transaction.kept_for_good(transaction.fullest(most, _INCIDENTS))
    surplus = retention.beyond(fullest, most, limit=_EVENTS)
    transaction.drop_events(surplus)
    return len(surplus)


def _make_room(transaction: Transaction) -> int:
    """Drops the least telling events: half of those of the incidents that have most, and in the end the oldest."""
    fullest = transaction.kept_for_good(transaction.fullest(retention.FEWEST, _INCIDENTS))
    if not fullest:
        return transaction.drop_oldest(_EVENTS)
    surplus = retention.least_telling(fullest, limit=_EVENTS)
    transaction.drop_events(surplus)
    return len(surplus)
