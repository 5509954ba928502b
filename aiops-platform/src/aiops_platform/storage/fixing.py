"""Fixes in a transaction of their stations, see `ports.Fixing`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, or_, select, update

from aiops_platform.core import ahead, wire
from aiops_platform.core.event import Event
from aiops_platform.core.facts import FactKind
from aiops_platform.core.fixing import guards
from aiops_platform.core.fixing import policy as policies
from aiops_platform.core.fixing.fix import FAILURES, UNDER_WAY, Fix, FixState, Proof
from aiops_platform.core.fixing.fixer import Fixer
from aiops_platform.core.fixing.guards import Asked
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.incident import IncidentKind, IncidentState, title_of
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.people import Actor, actor_from
from aiops_platform.core.search import EVERYTHING
from aiops_platform.ports.fixing import FixIncident, FixPlace, Stopped, ToldOffers
from aiops_platform.storage import counters, dialects, finding, fix_offering, risings, statements
from aiops_platform.storage.bodies import Bodies, DamagedBodyError
from aiops_platform.storage.dialects import portions
from aiops_platform.storage.finding import Around
from aiops_platform.storage.fix_rows import fix_of, policy_of, row_of
from aiops_platform.storage.fix_tables import fix_policies, fix_steps, fix_stops, fixes
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import events, facts, incidents, job_runs, jobs, services

_MOST: Final = 200
_KINDS: Final = frozenset(FactKind)
_INCIDENT: Final = [
    incidents.c[name] for name in ("id", "project_id", "service_id", "state", "kind", "type", "message", "last_seen_at")
]
# An event that is sent late is old news: only what came lately is answered.
_FRESH: Final = timedelta(minutes=15)
# Nothing is put off for longer: what is, was by a clock that was ahead.
_LONGEST: Final = timedelta(days=2)


class SqlFixing:
    """See `ports.Fixing`."""

    def __init__(self, connection: Connection, bodies: Bodies) -> None:
        self._connection = connection
        self._bodies = bodies

    def note_offers(self, told: Sequence[ToldOffers]) -> None:
        """See `ports.Fixing`."""
        fix_offering.note(self._connection, told)

    def places(self, service_ids: Collection[int], now: datetime) -> Mapping[int, FixPlace]:
        """See `ports.Fixing`."""
        return fix_offering.places(self._connection, service_ids, now)

    def fixers(self, service_ids: Collection[int]) -> Mapping[tuple[int, str], Fixer]:
        """See `ports.Fixing`."""
        return fix_offering.known_fixers(self._connection, service_ids)

    def policies(self, project_id: int | None = None) -> Sequence[tuple[int, FixPolicy]]:
        """See `ports.Fixing`."""
        wanted = select(fix_policies).order_by(fix_policies.c.project_id, fix_policies.c.id)
        if project_id is not None:
            wanted = wanted.where(fix_policies.c.project_id == project_id)
        return [(row["project_id"], policy_of(row)) for row in self._connection.execute(wanted).mappings()]

    def save_policy(self, project_id: int, policy: FixPolicy, now: datetime) -> int:
        """See `ports.Fixing`."""
        bump(self._connection, project_id, "fixes")
        said: dict[str, Any] = {"name": policy.name, "enabled": policy.enabled, "policy": policies.as_data(policy)}
        said |= {"since": policy.since or now, "paused_at": policy.paused_at, "paused_why": policy.paused_why}
        if policy.id is None:
            added = insert(fix_policies).values(project_id=project_id, **said).returning(fix_policies.c.id)
            new: int = self._connection.scalars(added).one()
            return new
        mine = fix_policies.c.id == policy.id, fix_policies.c.project_id == project_id
        self._connection.execute(update(fix_policies).where(*mine).values(**said))
        return policy.id

    def drop_policy(self, project_id: int, policy_id: int) -> bool:
        """See `ports.Fixing`."""
        bump(self._connection, project_id, "fixes")
        mine = fix_policies.c.id == policy_id, fix_policies.c.project_id == project_id
        return self._connection.execute(delete(fix_policies).where(*mine)).rowcount > 0

    def stopped(self) -> Mapping[int, Stopped]:
        """See `ports.Fixing`."""
        rows = self._connection.execute(select(fix_stops))
        return {row.project_id: Stopped(at=row.at, by=actor_from(row.by)) for row in rows}

    def switch(self, project_id: int, *, stopped: bool, by: Actor, now: datetime) -> bool:
        """See `ports.Fixing`."""
        bump(self._connection, project_id, "fixes")
        if not stopped:
            return self._connection.execute(delete(fix_stops).where(fix_stops.c.project_id == project_id)).rowcount > 0
        row = {"project_id": project_id, "at": now, "by": by.as_data()}
        added = dialects.add_missing(self._connection, fix_stops, fix_stops.c.project_id)
        return self._connection.execute(added, [row]).first() is not None

    def matching(self, policy: FixPolicy, project_id: int, since: datetime, now: datetime) -> Sequence[FixIncident]:
        """See `ports.Fixing`."""
        node = policy.search
        if node is None or node == EVERYTHING:
            return []
        rising = risings.rises_of(self._connection, project_id, now) if finding.needs_rising(node) else {}
        tagged = finding.tagged(self._connection, node)
        around = Around(project_id=project_id, now=now, rising=tuple(rising), tagged=tagged)
        mine = and_(fixes.c.policy_id == policy.id, fixes.c.incident_id == incidents.c.id)
        settled = or_(
            # It is being dealt with, or nothing has come since it was.
            fixes.c.ended_at.is_(None),
            fixes.c.proof == Proof.WATCHING,
            fixes.c.ended_at >= incidents.c.last_seen_at,
            # Somebody has said no: that holds while the incident is open.
            and_(fixes.c.state == FixState.DECLINED, fixes.c.asked_at >= incidents.c.state_since),
        )
        wanted = (
            select(*_INCIDENT)
            .where(incidents.c.project_id == project_id, incidents.c.state == IncidentState.OPEN)
            .where(incidents.c.last_seen_at > max(since, now - _FRESH), *finding.matching(node, around))
            .where(~select(fixes.c.id).where(mine, settled).exists())
            .order_by(incidents.c.last_seen_at, incidents.c.id)
            .limit(_MOST)
        )
        return [_incident_of(row) for row in self._connection.execute(wanted)]

    def incidents(self, ids: Collection[int]) -> Mapping[int, FixIncident]:
        """See `ports.Fixing`."""
        found = {}
        for some in portions(ids):
            for row in self._connection.execute(select(*_INCIDENT).where(incidents.c.id.in_(some))):
                found[row.id] = _incident_of(row)
        return found

    def fields(self, incident: FixIncident) -> Mapping[str, Any]:
        """See `ports.Fixing`."""
        wanted = (
            select(incidents.c.type, incidents.c.message, incidents.c.path, incidents.c.logger)
            .add_columns(incidents.c.last_release, services.c.name, services.c.environment)
            .select_from(incidents.join(services, services.c.id == incidents.c.service_id))
            .where(incidents.c.id == incident.id)
        )
        row = self._connection.execute(wanted).one()
        found = {
            "service": row.name,
            "environment": row.environment,
            "incident": str(incident.id),
            "type": row.type,
            "message": row.message,
            "path": row.path,
            "logger": row.logger,
            "release": row.last_release,
        }
        found |= self._fields_of_event(incident.id)
        return {name: value for name, value in found.items() if value not in (None, "")}

    def past(self, policy_id: int, since: datetime) -> Sequence[Asked]:
        """See `ports.Fixing`."""
        wanted = (
            select(func.min(fixes.c.asked_at).label("at"), fixes.c.service_id, fixes.c.incident_id)
            .where(fixes.c.policy_id == policy_id, fixes.c.asked_at >= since)
            # Not for years what a clock that was years ahead has left behind.
            .where(fixes.c.asked_at <= ahead.horizon(since + guards.DAY))
            .group_by(fixes.c.together, fixes.c.service_id, fixes.c.incident_id)
        )
        return [Asked(row.at, row.service_id, row.incident_id) for row in self._connection.execute(wanted)]

    def newest(self, policy_id: int, since: datetime | None, limit: int) -> Sequence[Fix]:
        """See `ports.Fixing`."""
        wanted = select(fixes).where(fixes.c.policy_id == policy_id)
        if since is not None:
            wanted = wanted.where(fixes.c.asked_at >= since)
        return self._fixes(wanted.order_by(fixes.c.asked_at.desc(), fixes.c.id.desc()).limit(limit))

    def under_way(self, policy_ids: Collection[int]) -> Mapping[int, int]:
        """See `ports.Fixing`."""
        had_turn = or_(fixes.c.state.in_(UNDER_WAY), and_(fixes.c.state == FixState.QUEUED, fixes.c.way.is_not(None)))
        wanted = (
            select(fixes.c.policy_id, func.count().label("many"))
            .where(fixes.c.policy_id.in_(policy_ids), fixes.c.ended_at.is_(None), had_turn)
            .group_by(fixes.c.policy_id)
        )
        return {row.policy_id: row.many for row in self._connection.execute(wanted)}

    def add(self, fixes_: Sequence[Fix]) -> Sequence[Fix]:
        """See `ports.Fixing`."""
        for each in fixes_:
            row = {name: value for name, value in row_of(each).items() if name != "id"}
            self._connection.execute(insert(fixes).values(row))
        found = self.requested([each.request for each in fixes_])
        for project_id in sorted({each.project_id for each in fixes_}):
            bump(self._connection, project_id, "fixes")
        return [found[each.request] for each in fixes_]

    def save(self, fixes_: Sequence[Fix]) -> None:
        """See `ports.Fixing`."""
        rows = [row_of(each) for each in fixes_]
        if rows:
            told = [{f"new_{name}": value for name, value in row.items()} for row in rows]
            self._connection.execute(statements.changing(fixes, *rows[0]), told)
        for project_id in sorted({each.project_id for each in fixes_}):
            bump(self._connection, project_id, "fixes")

    def one(self, project_id: int, fix_id: int) -> Fix | None:
        """See `ports.Fixing`."""
        return next(
            iter(self._fixes(select(fixes).where(fixes.c.id == fix_id, fixes.c.project_id == project_id))), None
        )

    def requested(self, requests: Collection[str]) -> Mapping[str, Fix]:
        """See `ports.Fixing`."""
        found = [each for some in portions(requests) for each in self._fixes(_where(fixes.c.request.in_(some)))]
        return {each.request: each for each in found}

    def due(self, now: datetime, limit: int) -> Sequence[Fix]:
        """See `ports.Fixing`."""
        return self._fixes(select(fixes).where(is_due(now)).order_by(fixes.c.due_at, fixes.c.id).limit(limit))

    def standing(
        self, *, project_id: int | None = None, states: Collection[FixState], policy_id: int | None = None
    ) -> Sequence[Fix]:
        """See `ports.Fixing`."""
        wanted = select(fixes).where(fixes.c.ended_at.is_(None), fixes.c.state.in_(states)).order_by(fixes.c.id)
        if project_id is not None:
            wanted = wanted.where(fixes.c.project_id == project_id)
        if policy_id is not None:
            wanted = wanted.where(fixes.c.policy_id == policy_id)
        return self._fixes(wanted)

    def together(self, together: str) -> Sequence[Fix]:
        """See `ports.Fixing`."""
        return self._fixes(_where(fixes.c.together == together))

    def watched(self, service_ids: Collection[int]) -> Sequence[Fix]:
        """See `ports.Fixing`."""
        # Of all that ever ended few are to be looked at, and those have an index.
        now = fixes.c.due_at.is_not(None), fixes.c.proof == Proof.WATCHING
        return [
            each
            for some in portions(service_ids)
            for each in self._fixes(_where(and_(*now, fixes.c.service_id.in_(some))))
        ]

    def newest_event(self, incident_id: int) -> Event | None:
        """See `ports.Fixing`."""
        wanted = select(events.c.dictionary_id, events.c.body).where(events.c.incident_id == incident_id)
        row = self._connection.execute(wanted.order_by(events.c.id.desc()).limit(1)).one_or_none()
        if row is None:
            return None
        try:
            event = wire.parse(self._bodies.open(self._connection, row.dictionary_id, row.body), ParcelKind.EXCEPTION)
        except DamagedBodyError:
            return None
        return event if isinstance(event, Event) else None

    def came(self, incident_id: int, since: datetime, until: datetime) -> int:
        """See `ports.Fixing`."""
        within = events.c.occurred_at > since, events.c.occurred_at <= until
        wanted = select(func.sum(events.c.repeat_count)).where(events.c.incident_id == incident_id, *within)
        return int(self._connection.execute(wanted).scalar_one() or 0)

    def ran_well(self, incident_id: int, since: datetime) -> int:
        """See `ports.Fixing`."""
        # The key of a job's incident is made of the job's name, which its place tells.
        named = and_(jobs.c.service_id == incidents.c.service_id, jobs.c.name == incidents.c.place)
        wanted = (
            select(func.count())
            .select_from(incidents.join(jobs, named).join(job_runs, job_runs.c.job_id == jobs.c.id))
            .where(incidents.c.id == incident_id, incidents.c.kind == IncidentKind.JOB)
            .where(job_runs.c.began_at >= since, job_runs.c.state == "succeeded")
        )
        return self._connection.execute(wanted).scalar_one()

    def note(
        self, project_id: int, step: str, now: datetime, *, by: Actor | None, fix: Fix | None, data: Mapping[str, Any]
    ) -> None:
        """See `ports.Fixing`."""
        actor = None if by is None else by.as_data()
        about = {"fix_id": fix and fix.id, "incident_id": fix and fix.incident_id}
        row = {"project_id": project_id, "at": now, "step": step, "by": actor, "data": dict(data), **about}
        self._connection.execute(insert(fix_steps).values(row))
        bump(self._connection, project_id, "fixes")
        if fix is None or step not in _KINDS:
            return
        told = {"fix": fix.id, "fixer": fix.fixer} | dict(data) | ({} if actor is None else {"by": actor})
        named = {"project_id": project_id, "incident_id": fix.incident_id, "service_id": fix.service_id}
        self._connection.execute(insert(facts).values(**named, kind=step, at=now, data=told))
        bump(self._connection, project_id, "incidents")

    def note_heard(self, fix: Fix, now: datetime, *, began_too: bool = False) -> None:
        """See `ports.Fixing`."""
        if began_too and fix.began_at is not None:
            by = {} if fix.instance is None else {"instance": fix.instance}
            self.note(fix.project_id, FactKind.FIX_BEGAN, fix.began_at, by=None, fix=fix, data=by)
        data: dict[str, Any] = {"instance": fix.instance}
        kind = FactKind.FIX_BEGAN
        if fix.state is not FixState.RUNNING:
            kind = FactKind.FIX_ENDED
            self._count(fix)
            data |= {"state": fix.state, "duration": fix.duration, "why": fix.why}
        told = {name: value for name, value in data.items() if value not in (None, "")}
        self.note(fix.project_id, kind, now, by=None, fix=fix, data=told)

    def forget(self, before: datetime, limit: int) -> int:
        """See `ports.Fixing`."""
        ended = select(fixes.c.id).where(fixes.c.ended_at < before, fixes.c.due_at.is_(None)).order_by(fixes.c.id)
        many = self._connection.execute(delete(fixes).where(fixes.c.id.in_(ended.limit(limit)))).rowcount
        steps = select(fix_steps.c.id).where(fix_steps.c.at < before).order_by(fix_steps.c.id).limit(limit)
        told = self._connection.execute(delete(fix_steps).where(fix_steps.c.id.in_(steps))).rowcount
        return max(many, told, fix_offering.forget(self._connection, before, limit))

    def _count(self, fix: Fix) -> None:
        name = "fixes_succeeded" if fix.state is FixState.SUCCEEDED else "fixes_failed" if fix.state in FAILURES else ""
        if name:
            counters.count(self._connection, {name: 1})

    def _fixes(self, wanted: Select[Any]) -> list[Fix]:
        return [fix_of(row) for row in self._connection.execute(wanted.with_for_update()).mappings()]

    def _fields_of_event(self, incident_id: int) -> dict[str, Any]:
        event = self.newest_event(incident_id)
        if event is None:
            return {}
        host = event.host or (event.instance.host if event.instance else None)
        found: dict[str, Any] = {
            "route": event.route,
            "host": host,
            "release": event.release,
            "path": event.request_path,
        }
        tags = {f"tag.{name}": value for name, value in event.tags.items()}
        return {name: value for name, value in found.items() if value} | tags


def is_due(now: datetime) -> ColumnElement[bool]:
    """Whether something is to be done with a fix by now."""
    return or_(fixes.c.due_at <= now, fixes.c.due_at > now + _LONGEST)


def _where(condition: Any) -> Select[Any]:
    return select(fixes).where(condition).order_by(fixes.c.id)


def _incident_of(row: Any) -> FixIncident:
    return FixIncident(
        id=row.id,
        project_id=row.project_id,
        service_id=row.service_id,
        state=row.state,
        kind=row.kind,
        title=title_of(IncidentKind(row.kind), row.type, row.message),
        last_seen_at=row.last_seen_at,
    )
