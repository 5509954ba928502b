"""Settle: what comes due by itself. A mute ends at its time, and what stays deleted is wiped, a little at a time."""

from datetime import datetime
from typing import Final

from aiops_platform.core import incident as rules
from aiops_platform.core.incident import Incident, IncidentState
from aiops_platform.ports import IncidentChange, Store

_BATCH: Final = 200
# Events are long: to drop so many takes some milliseconds, in which the digest waits.
_EVENTS: Final = 500


class Settle:
    """A station. One at a time for each store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def step(self, now: datetime) -> bool:
        """Does some of what is due; says whether there is more already. Raises StoreUnavailableError."""
        with self._store.begin() as transaction:
            due = transaction.settling.overdue(now, _BATCH)
            changes = [rules.looked_at(each, now) for each in due]
            # Also one that has nothing more to wait for: saved, it is due no longer.
            muted = [each for each in changes if each.incident.state is not IncidentState.DELETED]
            transaction.save_incidents([IncidentChange(incident=each.incident, facts=each.facts) for each in muted])
            forgotten = transaction.settling.forget_undoings(now, _EVENTS)
        deleted = [each for each in due if each.state is IncidentState.DELETED]
        if deleted:
            self._wipe(deleted[0])
        return len(due) == _BATCH or bool(deleted) or forgotten == _EVENTS

    def _wipe(self, incident: Incident) -> None:
        if incident.id is None:
            return
        with self._store.begin() as transaction:
            events = transaction.settling.events_of(incident.id, _EVENTS)
            transaction.drop_events(events)
            if len(events) < _EVENTS:
                transaction.settling.wipe(incident.id)
                transaction.settling.tell_pages(incident.project_id)
