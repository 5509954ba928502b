"""Watch: monitors whose time has come are looked at; who has fallen silent gets an incident."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aiops_platform.core import facets, grouping, hours
from aiops_platform.core import incident as rules
from aiops_platform.core.monitor import Looked, check
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.service import Service
from aiops_platform.ports import IncidentChange, Intake, MonitorChange, Store, Transaction

_BATCH: Final = 500


class Watch:
    """A station. One at a time for each store."""

    def __init__(self, store: Store, intake: Intake) -> None:
        self._store = store
        self._intake = intake

    def step(self, now: datetime) -> bool:
        """Looks at some monitors; says whether more are due already.

        Raises StoreUnavailableError and IntakeUnavailableError: then nothing was changed.
        """
        listening = self._intake.listening()
        if listening is None or not listening.goes_on(now):
            # Nobody would have heard a beat.
            return False
        as_of = self._judged_as_of(now)
        with self._store.begin() as transaction:
            due = transaction.due_monitors(as_of, _BATCH)
            looked = [(service, check(monitor, listening, as_of)) for service, monitor in due]
            transaction.save_monitors(
                [
                    MonitorChange(
                        monitor=each.monitor, project_id=service.named.project_id, states=each.states, facts=each.facts
                    )
                    for service, each in looked
                ]
            )
            _open_silences(transaction, looked, as_of)
        return len(due) == _BATCH

    def _judged_as_of(self, now: datetime) -> datetime:
        """What arrived since then has not been read, so nothing can be said of later."""
        unread = self._intake.oldest_waiting(ParcelKind.HEARTBEAT)
        return now if unread is None else min(now, unread)


def _open_silences(transaction: Transaction, looked: Sequence[tuple[Service, Looked]], now: datetime) -> None:
    silent = [(service, each) for service, each in looked if each.fell_silent]
    if not silent:
        return
    key = grouping.silence_key()
    known = transaction.grouped([(service.id, key) for service, _ in silent])
    changes = []
    for service, each in silent:
        changed = rules.silenced(
            known.get((service.id, key)),
            service=service,
            last_beat_at=each.monitor.last_beat_at,
            at=each.monitor.state_since,
            now=now,
        )
        changes.append(
            IncidentChange(
                incident=changed.incident,
                key=key,
                facts=changed.facts,
                hours={(hours.of(each.monitor.state_since), facets.REST): 1},
            )
        )
    transaction.save_incidents(changes)
