"""Many incidents at once: in steps, so that nobody waits long to write; and to be undone for a while."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Any, Final

from aiops_platform.core import acts, releases
from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.care import CareError
from aiops_platform.core.facts import Fact
from aiops_platform.core.incident import STANDING, Incident, IncidentState
from aiops_platform.core.muting import NEXT
from aiops_platform.core.people import PLATFORM, Actor
from aiops_platform.core.regression import Resolution
from aiops_platform.core.views import IncidentQuery
from aiops_platform.ports import IncidentChange, Store, Transaction, Undoing

# While a transaction lasts, nobody else can write.
_TOGETHER: Final = 100


@dataclass(frozen=True, kw_only=True)
class Done:
    """So many of those that were meant were `changed`; the others stood so already. `undo` names it: see `Bulk.undo`."""

    meant: int
    changed: int
    undo: str


@dataclass(frozen=True, kw_only=True)
class Undone:
    """So many stand as before; others have gone on since, and were left alone."""

    restored: int
    left: int
    act: str


class TooManyError(CareError):
    """More match than are changed at once."""


class Bulk:
    """Does an act with many incidents. Each is as if it were done alone, but for one name under which all can be undone."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def do(
        self,
        project_id: int,
        meant: Sequence[int] | IncidentQuery,
        act: Act,
        now: datetime,
        *,
        by: Actor = PLATFORM,
    ) -> Done:
        """Does it with these incidents, or with all that match now.

        Raises TooManyError before anything is done, and MuteError.
        """
        ids = self._meant(project_id, meant, now)
        id_ = token_bytes(16)
        changed = 0
        with self._store.begin() as transaction:
            transaction.settling.begin_undoing(id_, project_id, act.kind, by, now)
        for start in range(0, len(ids), _TOGETHER):
            with self._store.begin() as transaction:
                found = transaction.settling.incidents(project_id, ids[start : start + _TOGETHER])
                some = [each for each in found if each.state in STANDING]
                before = carry_out(transaction, some, act, now, by=by)
                transaction.settling.note_undoing(id_, before, now)
                changed += len(before)
        return Done(meant=len(ids), changed=changed, undo=id_.hex())

    def undoing(self, project_id: int, name: str) -> Undoing | None:
        """What can be undone by this name."""
        id_ = acts.undoing_id(name)
        with self._store.begin() as transaction:
            return None if id_ is None else transaction.settling.undoing(project_id, id_)

    def undo(self, project_id: int, name: str, now: datetime, *, by: Actor = PLATFORM) -> Undone | None:
        """Each stands as it did before, unless it has gone on since. None for what was never done, or too long ago.

        What was undone already changes nothing.
        """
        id_, known = acts.undoing_id(name), self.undoing(project_id, name)
        if id_ is None or known is None or now - known.at > acts.UNDONE_WITHIN:
            return None
        restored = left = 0
        while True:
            with self._store.begin() as transaction:
                rows = transaction.settling.undoing_rows(id_, _TOGETHER)
                back = _put_back(transaction, project_id, rows, act=known.act, now=now, by=by)
                transaction.settling.drop_undoing_rows(id_, [incident_id for incident_id, _, _ in rows])
                if len(rows) < _TOGETHER:
                    transaction.settling.finish_undoing(id_, now)
            restored, left = restored + back, left + len(rows) - back
            if len(rows) < _TOGETHER:
                return Undone(restored=restored, left=left, act=known.act)

    def _meant(self, project_id: int, meant: Sequence[int] | IncidentQuery, now: datetime) -> list[int]:
        if isinstance(meant, IncidentQuery):
            with self._store.begin() as transaction:
                ids = transaction.settling.matching(project_id, meant, now, after=0, upto=None, limit=acts.MOST + 1)
        else:
            ids = sorted(set(meant))
        if len(ids) > acts.MOST:
            raise TooManyError(f"At most {acts.MOST:,} incidents are changed at once: look for fewer")
        return ids


def carry_out(
    transaction: Transaction, incidents: Sequence[Incident], act: Act, now: datetime, *, by: Actor | None
) -> Mapping[int, Mapping[str, Any]]:
    """Does it with these. Returns how those that it changed stood before. Raises MuteError."""
    if act.kind is ActKind.ASSIGN:
        return _assign(transaction, incidents, act, now, by)
    newest = _newest(transaction, incidents, act)
    changes, before = [], {}
    for incident in incidents:
        changed = acts.done(act, incident, newest=newest.get(incident.service_id), now=now, by=by)
        if incident.id is not None and changed.incident != incident:
            changes.append(IncidentChange(incident=changed.incident, facts=changed.facts))
            before[incident.id] = acts.standing_of(incident)
    transaction.save_incidents(changes)
    if act.kind is ActKind.DELETE:
        keys = transaction.settling.take_keys(list(before), now + acts.UNDONE_WITHIN)
        return {each: told | {"keys": keys.get(each, [])} for each, told in before.items()}
    return before


def _newest(transaction: Transaction, incidents: Sequence[Incident], act: Act) -> Mapping[int, str | None]:
    """The newest release of each service, where it takes one."""
    resolves = act.kind is ActKind.RESOLVE and act.how is not Resolution.GIVEN
    if not resolves and act.ends.release != NEXT:
        return {}
    seen = transaction.releases({each.service_id for each in incidents})
    return {service_id: releases.newest(theirs) for service_id, theirs in seen.items()}


def _assign(
    transaction: Transaction, incidents: Sequence[Incident], act: Act, now: datetime, by: Actor | None
) -> Mapping[int, Mapping[str, Any]]:
    to = None if act.to is None else act.to.id
    known = transaction.settling.assigned([each.id for each in incidents if each.id is not None])
    moved = [each for each in incidents if each.id is not None and known.get(each.id) != to]
    _assign_all(transaction, moved, to, acts.assigned(act.to, now, by))
    return {each.id: {"assigned_to": known.get(each.id), "given_to": to} for each in moved if each.id is not None}


def _assign_all(transaction: Transaction, incidents: Sequence[Incident], to: int | None, told: Fact) -> None:
    transaction.settling.assign([each.id for each in incidents if each.id is not None], to)
    transaction.save_incidents([IncidentChange(incident=each, facts=(told,)) for each in incidents])


def _put_back(
    transaction: Transaction,
    project_id: int,
    rows: Sequence[tuple[int, dict[str, Any], datetime]],
    *,
    act: str,
    now: datetime,
    by: Actor,
) -> int:
    found = {each.id: each for each in transaction.settling.incidents(project_id, [row[0] for row in rows])}
    if act == ActKind.ASSIGN:
        return _assign_back(transaction, project_id, found, rows, now=now, by=by)
    changes, keys = [], {}
    for incident_id, before, since in rows:
        incident = found.get(incident_id)
        if incident is None or incident.state_since != since or incident.state is IncidentState.MERGED:
            continue
        changed = acts.put_back(incident, before, now, by, act)
        changes.append(IncidentChange(incident=changed.incident, facts=changed.facts))
        keys[incident_id] = before.get("keys", [])
    transaction.save_incidents(changes)
    transaction.settling.give_keys(keys)
    return len(changes)


def _assign_back(
    transaction: Transaction,
    project_id: int,
    found: Mapping[int | None, Incident],
    rows: Sequence[tuple[int, dict[str, Any], datetime]],
    *,
    now: datetime,
    by: Actor,
) -> int:
    cared = transaction.settling.assigned([row[0] for row in rows])
    to_each: dict[int | None, list[Incident]] = {}
    for incident_id, before, _ in rows:
        if incident_id in found and cared.get(incident_id) == before.get("given_to"):
            to_each.setdefault(before.get("assigned_to"), []).append(found[incident_id])
    for to, some in to_each.items():
        member = None if to is None else transaction.settling.member(project_id, to)
        # Who has gone since cares for nothing here any more.
        _assign_all(transaction, some, None if member is None else member.id, acts.assigned(member, now, by))
    return sum(map(len, to_each.values()))
