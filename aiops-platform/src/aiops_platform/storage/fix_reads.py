"""What people see of fixes, see `ports.fixing.FixReads`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from aiops_platform.core.fixing.fix import UNDECIDED, FixState, Proof
from aiops_platform.core.fixing.fixer import Offered
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.incident import IncidentKind, title_of
from aiops_platform.core.people import actor_from
from aiops_platform.ports.fixing import AuditRow, Effect, FixPage, FixRehearsal, FixRow, Stopped
from aiops_platform.storage import fix_offering, fix_rehearsals
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.database import Database
from aiops_platform.storage.fix_rows import FIELDS, fix_of, fixer_of, policy_of
from aiops_platform.storage.fix_tables import fix_policies, fix_steps, fix_stops, fixers, fixes
from aiops_platform.storage.fixing import SqlFixing, is_due
from aiops_platform.storage.schema import incidents, services

_PORTION: Final = 500
# Of one fixer, the newest so many say how long it takes.
_LATEST: Final = 200
_TRIED: Final = (FixState.SUCCEEDED, FixState.FAILED, FixState.TIMED_OUT, FixState.INTERRUPTED, FixState.UNKNOWN)
_RUNNING: Final = (FixState.QUEUED, FixState.SENT, FixState.RUNNING)


class SqlFixReads:
    """See `ports.fixing.FixReads`. `is_off`: the platform's settings stop all fixes."""

    def __init__(self, database: Database, *, is_off: bool = False) -> None:
        self._database = database
        self._is_off = is_off
        self._bodies = Bodies()

    def waits(self, now: datetime) -> bool:
        """See `ports.fixing.FixReads`."""
        due = select(fixes.c.id).where(is_due(now)).limit(1)
        with self._database.read() as connection:
            return connection.execute(due).first() is not None

    def unsent(self) -> bool:
        """See `ports.fixing.FixReads`."""
        standing = fixes.c.ended_at.is_(None), fixes.c.state.in_([*UNDECIDED, FixState.QUEUED])
        with self._database.read() as connection:
            return connection.execute(select(fixes.c.id).where(*standing).limit(1)).first() is not None

    def wanted(self, now: datetime) -> bool:
        """See `ports.fixing.FixReads`."""
        # Without the writers' lock: a search may take some milliseconds, and nearly always finds nothing.
        with self._database.read() as connection:
            fixing = SqlFixing(connection, self._bodies)
            stopped = fixing.stopped()
            return any(
                fixing.matching(policy, project_id, policy.since or now, now)
                for project_id, policy in fixing.policies()
                if policy.is_active and project_id not in stopped
            )

    def offered(self, project_id: int, now: datetime, *, service_id: int | None = None) -> Sequence[Offered]:
        """See `ports.fixing.FixReads`."""
        wanted = (
            select(fixers, services.c.name.label("service"), services.c.environment)
            .join(services, services.c.id == fixers.c.service_id)
            .where(services.c.project_id == project_id)
            .order_by(services.c.name, services.c.environment, fixers.c.name)
        )
        if service_id is not None:
            wanted = wanted.where(services.c.id == service_id)
        with self._database.read() as connection:
            rows = connection.execute(wanted).mappings().all()
            places = fix_offering.places(connection, {row["service_id"] for row in rows}, now)
        found = []
        for row in rows:
            place = places.get(row["service_id"])
            found.append(
                Offered(
                    service_id=row["service_id"],
                    service=row["service"],
                    environment=row["environment"],
                    fixer=fixer_of(row),
                    first_seen_at=row["first_seen_at"],
                    last_seen_at=row["last_seen_at"],
                    instances=() if place is None else place.offers.get(row["name"], ()),
                    pushable=place is not None and place.address is not None and not row["each_instance"],
                )
            )
        return found

    def page(
        self,
        project_id: int,
        *,
        states: Collection[FixState] | None = None,
        before: int | None = None,
        limit: int = 50,
        incident_id: int | None = None,
        service_id: int | None = None,
        fixer: str | None = None,
    ) -> FixPage:
        """See `ports.fixing.FixReads`."""
        wanted = _rows(project_id).order_by(fixes.c.id.desc()).limit(limit + 1)
        if states is not None:
            wanted = wanted.where(fixes.c.state.in_(states))
        for column, value in ((fixes.c.incident_id, incident_id), (fixes.c.service_id, service_id)):
            if value is not None:
                wanted = wanted.where(column == value)
        if fixer is not None:
            wanted = wanted.where(fixes.c.fixer == fixer)
        if before is not None:
            wanted = wanted.where(fixes.c.id < before)
        many = select(fixes.c.state, func.count().label("many")).where(
            fixes.c.project_id == project_id, fixes.c.ended_at.is_(None)
        )
        with self._database.read() as connection:
            rows = connection.execute(wanted).mappings().all()
            counts = {row.state: row.many for row in connection.execute(many.group_by(fixes.c.state))}
        return FixPage(
            rows=tuple(_row(each) for each in rows[:limit]),
            waiting=sum(counts.get(state, 0) for state in UNDECIDED),
            running=sum(counts.get(state, 0) for state in _RUNNING),
            next=rows[limit - 1]["id"] if len(rows) > limit else None,
        )

    def of_incident(self, project_id: int, incident_id: int, limit: int) -> Sequence[FixRow]:
        """See `ports.fixing.FixReads`."""
        wanted = _rows(project_id).where(fixes.c.incident_id == incident_id).order_by(fixes.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_row(each) for each in connection.execute(wanted).mappings()]

    def one(self, project_id: int, fix_id: int) -> FixRow | None:
        """See `ports.fixing.FixReads`."""
        with self._database.read() as connection:
            row = connection.execute(_rows(project_id).where(fixes.c.id == fix_id)).mappings().one_or_none()
        return None if row is None else _row(row)

    def policies(self, project_id: int) -> Mapping[int, FixPolicy]:
        """See `ports.fixing.FixReads`."""
        mine = select(fix_policies).where(fix_policies.c.project_id == project_id).order_by(fix_policies.c.id)
        with self._database.read() as connection:
            return {row["id"]: policy_of(row) for row in connection.execute(mine).mappings()}

    def stopped(self, project_id: int) -> Stopped | None:
        """See `ports.fixing.FixReads`."""
        if self._is_off:
            return Stopped(at=None, by=None, everywhere=True)
        with self._database.read() as connection:
            row = connection.execute(select(fix_stops).where(fix_stops.c.project_id == project_id)).one_or_none()
        return None if row is None else Stopped(at=row.at, by=actor_from(row.by))

    def effects(self, project_id: int) -> Sequence[Effect]:
        """See `ports.fixing.FixReads`."""
        counted = (
            select(fixes.c.service_id, fixes.c.fixer)
            .add_columns(
                func.count().label("tried"),
                _many(fixes.c.proof == Proof.MENDED).label("mended"),
                _many(fixes.c.proof == Proof.NOT_MENDED).label("not_mended"),
                _many(fixes.c.state != FixState.SUCCEEDED).label("failed"),
                func.max(fixes.c.ended_at).label("last_at"),
            )
            .where(fixes.c.project_id == project_id, fixes.c.state.in_(_TRIED))
            .group_by(fixes.c.service_id, fixes.c.fixer)
            .subquery()
        )
        named = select(counted, services.c.name, services.c.environment).join(
            services, services.c.id == counted.c.service_id
        )
        with self._database.read() as connection:
            rows = connection.execute(named.order_by(services.c.name, services.c.environment, counted.c.fixer)).all()
            return [_effect(row, _durations(connection, project_id, row)) for row in rows]

    def audit(self, project_id: int, *, after: int = 0, limit: int = 500) -> Sequence[AuditRow]:
        """See `ports.fixing.FixReads`."""
        mine = and_(fix_steps.c.project_id == project_id, fix_steps.c.id > after)
        with self._database.read() as connection:
            rows = connection.execute(select(fix_steps).where(mine).order_by(fix_steps.c.id).limit(limit)).all()
        return [
            AuditRow(
                id=row.id,
                at=row.at,
                step=row.step,
                by=actor_from(row.by),
                fix_id=row.fix_id,
                incident_id=row.incident_id,
                data=row.data,
            )
            for row in rows
        ]

    def audit_lines(self, project_id: int, *, after: int = 0) -> Iterator[bytes]:
        """See `ports.fixing.FixReads`."""
        while rows := self.audit(project_id, after=after, limit=_PORTION):
            for row in rows:
                said = {
                    "id": row.id,
                    "at": row.at.isoformat(),
                    "step": row.step,
                    "by": None if row.by is None else row.by.as_data(),
                    "fix": row.fix_id,
                    "incident": row.incident_id,
                    "data": row.data,
                }
                yield msgspec.json.encode(said) + b"\n"
            after = rows[-1].id

    def rehearsed(self, project_id: int, policy: FixPolicy, now: datetime) -> FixRehearsal:
        """See `ports.fixing.FixReads`."""
        with self._database.read() as connection:
            return fix_rehearsals.rehearsed(connection, self._bodies, project_id, policy, now)


def _rows(project_id: int) -> Select[Any]:
    return (
        select(*(fixes.c[name] for name in FIELDS))
        .add_columns(services.c.name.label("service"), services.c.environment)
        .add_columns(incidents.c.kind, incidents.c.type, incidents.c.message, fix_policies.c.name.label("policy"))
        .select_from(
            fixes.join(services, services.c.id == fixes.c.service_id)
            .join(incidents, incidents.c.id == fixes.c.incident_id)
            .outerjoin(fix_policies, fix_policies.c.id == fixes.c.policy_id)
        )
        .where(fixes.c.project_id == project_id)
    )


def _row(row: Any) -> FixRow:
    return FixRow(
        fix=fix_of(row),
        service=row["service"],
        environment=row["environment"],
        policy=row["policy"],
        incident=title_of(IncidentKind(row["kind"]), row["type"], row["message"]),
    )


def _many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _durations(connection: Connection, project_id: int, fixer: Any) -> Sequence[float]:
    """Of the newest times that a fixer ran, the seconds that each took."""
    mine = and_(fixes.c.project_id == project_id, fixes.c.service_id == fixer.service_id, fixes.c.fixer == fixer.fixer)
    wanted = select(fixes.c.duration).where(mine, fixes.c.duration.is_not(None), fixes.c.ended_at.is_not(None))
    return connection.execute(wanted.order_by(fixes.c.ended_at.desc()).limit(_LATEST)).scalars().all()


def _effect(row: Any, durations: Sequence[float]) -> Effect:
    return Effect(
        service_id=row.service_id,
        service=row.name,
        environment=row.environment,
        fixer=row.fixer,
        tried=row.tried,
        mended=row.mended,
        not_mended=row.not_mended,
        failed=row.failed,
        median=median(durations) if durations else None,
        last_at=row.last_at,
    )
