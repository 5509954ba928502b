"""The station: reads facts, looks around, and posts messages, each in one transaction with what it has read."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from aiops_platform.core.ahead import Doubt
from aiops_platform.core.alerting.wording import Place
from aiops_platform.pipeline.alerting import anew, firing, sending
from aiops_platform.ports import Store
from aiops_platform.ports.alerting import AlertReads

_BATCH: Final = 500
# Less than a minute: by the minute it is counted what came since the last look.
_AROUND: Final = timedelta(seconds=50)
_KEPT: Final = timedelta(days=90)


class Alerting:
    """A station. One at a time for each store.

    `troubles` says what is wrong with the platform itself, by short names that stay the same while it is.
    """

    def __init__(
        self,
        store: Store,
        reads: AlertReads,
        place: Place,
        *,
        troubles: Callable[[datetime], Mapping[str, str]] = lambda _: {},
    ) -> None:
        self._store = store
        self._reads = reads
        self._place = place
        self._troubles = troubles
        self._looked_at: datetime | None = None
        self._doubt = Doubt(timedelta(0))
        # When there is something to be sent that waits for its time. At the beginning nobody knows.
        self._overs: dict[int, datetime] = {}
        self._sends_at: datetime | None = datetime.min.replace(tzinfo=UTC)

    def step(self, now: datetime) -> bool:
        """Does one piece of what there is to do; says whether there is more. Raises StoreUnavailableError."""
        if self._doubt.beyond(now) is not None:
            with self._store.begin() as transaction:
                transaction.alerting.put_right(now)
            self._doubt.settled()
            self._sends_at = now
        around = self._looked_at is None or not timedelta(0) <= now - self._looked_at < _AROUND
        if around:
            self._look_around(now)
        if not around and not self._reads.waits(now) and not (self._sends_at is not None and self._sends_at <= now):
            return False
        with self._store.begin() as transaction:
            news, more = transaction.alerting.news(firing.TELLING, now, _BATCH)
            firing.read_news(transaction, news, now)
            anew.begin_anew(transaction, news, now)
            more |= sending.look_at_due(transaction, now, _BATCH)
            self._sends_at = sending.send(transaction, self._place, self._overs, now)
        return more

    def _look_around(self, now: datetime) -> None:
        troubles = self._troubles(now)
        with self._store.begin() as transaction:
            for project_id in transaction.alerting.projects():
                firing.look_around(transaction, project_id, now)
            firing.look_at_platform(transaction, troubles, now)
            transaction.alerting.forget(now - _KEPT, _BATCH)
            transaction.alerting.forget_minutes(now)
        self._looked_at = now
