"""Merging: incidents that are one problem become one, and each of them can be taken out again."""

from collections.abc import Sequence
from datetime import datetime

from aiops_platform.core import merging as rules
from aiops_platform.core.care import CareError
from aiops_platform.core.incident import STANDING, Incident, IncidentState
from aiops_platform.core.people import Actor
from aiops_platform.ports import IncidentChange, Store, Transaction

_MOST = 50


class Merging:
    """Joins and parts incidents, each in one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def merge(
        self,
        project_id: int,
        parts: Sequence[int],
        into: int,
        now: datetime,
        *,
        why: str = "",
        by: Actor | None = None,
    ) -> bool:
        """These are parts of that one from now on, also in what comes; whether the project has that one.

        Those that are so already stay so. Raises CareError for what cannot be one, and then nothing is merged.
        """
        if len(parts) > _MOST:
            raise CareError(f"At most {_MOST} incidents are merged at once")
        with self._store.begin() as transaction:
            if transaction.incident(project_id, into) is None:
                return False
            for part in sorted(set(parts)):
                _merge(transaction, project_id, part, into, now=now, why=why, by=by)
            return True

    def unmerge(self, project_id: int, part: int, now: datetime, *, by: Actor | None = None) -> int | None:
        """It is by itself again; the number of the one of which it was a part, None where it was of none."""
        with self._store.begin() as transaction:
            settling = transaction.settling
            found = transaction.incident(project_id, part)
            whole = settling.whole_of(project_id, part) if found is not None else None
            if found is None or found.state is not IncidentState.MERGED or whole is None or whole.id is None:
                return None
            if whole.state not in STANDING:
                return None
            settling.part_from(part)
            # How many of their events are kept has changed.
            mine, rest = _again(transaction, project_id, part), _again(transaction, project_id, whole.id)
            back, left = rules.parted(mine, rest, span=settling.span_left(whole.id), now=now, by=by)
            transaction.save_incidents(
                [IncidentChange(incident=each.incident, facts=each.facts) for each in (back, left)]
            )
            return whole.id


def _merge(
    transaction: Transaction, project_id: int, part: int, into: int, *, now: datetime, why: str, by: Actor | None
) -> None:
    one, other = transaction.incident(project_id, part), transaction.incident(project_id, into)
    if one is None or other is None:
        raise CareError(f"There is no incident #{into if other is None else part}")
    if one.state is IncidentState.MERGED:
        whole = transaction.settling.whole_of(project_id, part)
        if whole is not None and whole.id == into:
            return
    away, whole_now = rules.merged(one, other, now=now, by=by, why=why)
    transaction.save_incidents([IncidentChange(incident=each.incident, facts=each.facts) for each in (away, whole_now)])
    transaction.settling.join(part, into)


def _again(transaction: Transaction, project_id: int, incident_id: int) -> Incident:
    (found,) = transaction.settling.incidents(project_id, [incident_id])
    return found
