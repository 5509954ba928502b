"""Triage: what people do with an incident."""

from collections.abc import Callable
from datetime import datetime

from aiops_platform.core import incident as rules
from aiops_platform.core.incident import Changed, Incident
from aiops_platform.ports import IncidentChange, Store


class Triage:
    """Each answers whether this project has such an incident; doing a thing twice is as doing it once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def resolve(self, project_id: int, incident_id: int, now: datetime) -> bool:
        """It is mended: should the error return, it reopens."""
        return self._do(rules.resolved, project_id, incident_id, now)

    def mute(self, project_id: int, incident_id: int, now: datetime) -> bool:
        """It is known, and only to be counted."""
        return self._do(rules.muted, project_id, incident_id, now)

    def reopen(self, project_id: int, incident_id: int, now: datetime) -> bool:
        """It is to be looked at again."""
        return self._do(rules.reopened, project_id, incident_id, now)

    def _do(
        self, rule: Callable[[Incident, datetime], Changed], project_id: int, incident_id: int, now: datetime
    ) -> bool:
        with self._store.begin() as transaction:
            incident = transaction.incident(project_id, incident_id)
            if incident is None:
                return False
            changed = rule(incident, now)
            if changed.incident != incident:
                transaction.save_incidents([IncidentChange(incident=changed.incident, facts=changed.facts)])
            return True
