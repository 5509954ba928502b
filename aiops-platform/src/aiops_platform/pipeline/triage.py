"""Triage: what people do with an incident."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from aiops_platform.core import incident as rules
from aiops_platform.core import releases
from aiops_platform.core.incident import Changed, Incident
from aiops_platform.ports import IncidentChange, Store, Transaction

_Rule: TypeAlias = Callable[[Transaction, Incident], Changed]


class Triage:
    """Each answers whether this project has such an incident; doing a thing twice is as doing it once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def resolve(self, project_id: int, incident_id: int, now: datetime) -> bool:
        """It is mended in the newest release of its service: should the error return there or later, it reopens."""

        def rule(transaction: Transaction, incident: Incident) -> Changed:
            seen = transaction.releases([incident.service_id]).get(incident.service_id, {})
            return rules.resolved(incident, now, release=releases.newest(seen))

        return self._do(rule, project_id, incident_id)

    def mute(self, project_id: int, incident_id: int, now: datetime) -> bool:
        """It is known, and only to be counted."""
        return self._do(lambda _, incident: rules.muted(incident, now), project_id, incident_id)

    def reopen(self, project_id: int, incident_id: int, now: datetime) -> bool:
        """It is to be looked at again."""
        return self._do(lambda _, incident: rules.reopened(incident, now), project_id, incident_id)

    def _do(self, rule: _Rule, project_id: int, incident_id: int) -> bool:
        with self._store.begin() as transaction:
            incident = transaction.incident(project_id, incident_id)
            if incident is None:
                return False
            changed = rule(transaction, incident)
            if changed.incident != incident:
                transaction.save_incidents([IncidentChange(incident=changed.incident, facts=changed.facts)])
            return True
