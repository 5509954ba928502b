"""Changes to the store in domain verbs, for the stations; each is a few statements however much there is to be written."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Integer,
    RowMapping,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)

from aiops_platform.core import ahead, hours
from aiops_platform.core.event import RunState
from aiops_platform.core.facts import Fact, FactKind
from aiops_platform.core.grouping import GroupKey
from aiops_platform.core.incident import Incident
from aiops_platform.core.instance import Instance
from aiops_platform.core.job import Run
from aiops_platform.core.monitor import Monitor
from aiops_platform.core.parcel import Parcel
from aiops_platform.core.scrubbing import Rules
from aiops_platform.core.scrubbing.rules import RuleKind
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.ports import IncidentChange, JobChange, KeptEvent, MonitorChange, Transaction
from aiops_platform.storage import (
    burial,
    counters,
    crowds,
    group_rules,
    monitor_rows,
    releases,
    schema,
    scrub_rules,
    similar,
    space,
    statements,
    training,
)
from aiops_platform.storage.alerting import SqlAlerting
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import add_missing, add_up, portions
from aiops_platform.storage.dialects import insert as insert_or
from aiops_platform.storage.fixing import SqlFixing
from aiops_platform.storage.job_watching import SqlJobs
from aiops_platform.storage.maintenance import SqlMaintenance
from aiops_platform.storage.monitor_rows import monitor_of
from aiops_platform.storage.outbox import SqlOutbox
from aiops_platform.storage.people_affected import PeopleAffected
from aiops_platform.storage.releases import Releases
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.services import Services
from aiops_platform.storage.settling import SqlSettling, incident_of, row_of
from aiops_platform.storage.tallies import Tallies

# SQLite takes at most 32,766 parameters in a statement, older ones 999.


class SqlStore:
    """See `ports.Store`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bodies = Bodies()
        self._memory = _Memory(self._bodies, Tallies(), PeopleAffected(), Releases(), Services())

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """See `ports.Store`."""
        try:
            with self._database.begin() as connection:
                yield SqlTransaction(connection, self._memory)
        except BaseException:
            self._memory.affected.forget_all()
            self._memory.tallies.forget_all()
            raise

    def scrub_rules(self) -> Mapping[int, Rules]:
        """See `ports.Store`."""
        with self._database.read() as connection:
            return scrub_rules.all_of(connection)

    def group_rules(self) -> Mapping[int, str]:
        """See `ports.Store`."""
        with self._database.read() as connection:
            return group_rules.all_of(connection)

    def used_bytes(self) -> int:
        """See `ports.Store`."""
        with self._database.read() as connection:
            return space.used_bytes(connection)

    def event_bytes(self) -> int:
        """See `ports.Store`."""
        with self._database.read() as connection:
            return space.event_bytes(connection)

    def shrink(self) -> bool:
        """See `ports.Store`."""
        return space.shrink(self._database)

    def train(self, now: datetime) -> bool:
        """See `ports.Store`."""
        return training.train(self._database, self._bodies, now)


class SqlTransaction:
    """See `ports.Transaction`."""

    def __init__(self, connection: Connection, memory: "_Memory") -> None:
        self._connection = connection
        self._bodies = memory.bodies
        self._tallies = memory.tallies
        self._affected = memory.affected
        self._releases = memory.releases
        self._services = memory.services
        # Not to be remembered by others as long as this transaction may be undone.
        self._added: dict[ServiceName, Service] = {}

    def remember(self, seen: Mapping[tuple[int, bytes], datetime]) -> set[tuple[int, bytes]]:
        """See `ports.Transaction`."""
        if not seen:
            return set()
        table = schema.seen_events
        rows = [{"service_id": service, "event_id": event, "seen_at": at} for (service, event), at in seen.items()]
        statement = add_missing(self._connection, table, table.c.service_id, table.c.event_id)
        new = {(row.service_id, row.event_id) for row in self._connection.execute(statement, rows)}
        noted = Counter(hours.of(seen[place]) for place in new)
        self._many(
            add_up(self._connection, schema.seen_hours, schema.seen_hours.c.count),
            [{"hour": hour, "count": many} for hour, many in sorted(noted.items())],
        )
        return new

    def services(self, seen: Mapping[ServiceName, datetime]) -> dict[ServiceName, Service]:
        """See `ports.Transaction`."""
        added = {name: self._added[name] for name in seen if name in self._added}
        known = self._services.known(self._connection, [name for name in seen if name not in added]) | added
        missing = [name for name in seen if name not in known]
        if missing:
            new = self._new_services({name: seen[name] for name in missing})
            self._added |= new
            known |= new
        return known

    def heard_from(self, events: Mapping[int, datetime], now: datetime) -> None:
        """See `ports.Transaction`."""
        latest = ahead.horizon(now)
        self._many(
            statements.HEARD_FROM,
            [{"service": service_id, "at": at, "latest": latest} for service_id, at in events.items()],
        )

    def note_releases(self, seen: Mapping[tuple[int, str], datetime]) -> None:
        """See `ports.Transaction`."""
        self._releases.note(self._connection, seen)

    def releases(self, service_ids: Collection[int]) -> Mapping[int, Mapping[str, datetime]]:
        """See `ports.Transaction`."""
        return releases.of_services(self._connection, service_ids)

    def grouped(self, keys: Collection[tuple[int, GroupKey]]) -> dict[tuple[int, GroupKey], Incident]:
        """See `ports.Transaction`."""
        wanted = {(key.hash, service_id, key.version): (service_id, key) for service_id, key in keys}
        found: dict[tuple[int, GroupKey], Incident] = {}
        for some in portions(wanted):
            for row in self._connection.execute(statements.GROUPED, statements.told(some)).mappings():
                found[wanted[row["hash"], row["service_id"], row["version"]]] = incident_of(row)
        return found

    def incident(self, project_id: int, incident_id: int) -> Incident | None:
        """See `ports.Transaction`."""
        table = schema.incidents
        statement = select(table).where(table.c.id == incident_id, table.c.project_id == project_id)
        row = self._connection.execute(statement.with_for_update()).mappings().one_or_none()
        return None if row is None else incident_of(row)

    def fullest(self, above: int, limit: int) -> list[int]:
        """See `ports.Transaction`."""
        table = schema.incidents
        query = select(table.c.id).where(table.c.kept > above).order_by(table.c.kept.desc(), table.c.id).limit(limit)
        return list(self._connection.execute(query).scalars())

    def kept_for_good(self, incident_ids: Collection[int]) -> dict[int, list[tuple[int, datetime]]]:
        """See `ports.Transaction`."""
        table = schema.events
        columns = select(table.c.incident_id, table.c.id, table.c.received_at)
        found: dict[int, list[tuple[int, datetime]]] = {}
        for some in portions(incident_ids):
            wanted = columns.where(table.c.incident_id.in_(some), ~table.c.passing)
            for row in self._connection.execute(wanted.order_by(table.c.incident_id, table.c.id)):
                found.setdefault(row.incident_id, []).append((row.id, row.received_at))
        return found

    def save_incidents(self, changes: Sequence[IncidentChange]) -> None:
        """See `ports.Transaction`."""
        if not changes:
            return
        ids = self._save_rows(schema.incidents, [row_of(change.incident) for change in changes])
        told = list(zip(ids, changes, strict=True))
        self._add_keys(told)
        self._drop_events(changes)
        self._add_events(told)
        self._tallies.add(self._connection, told)
        crowds.note(self._connection, told)
        self._affected.note(self._connection, told)
        similar.note(self._connection, told)
        self._add_facts(
            {"project_id": each.incident.project_id, "incident_id": id_, "service_id": each.incident.service_id, **row}
            for id_, each in told
            for row in _fact_rows(each.facts)
        )
        for project_id in sorted({change.incident.project_id for change in changes}):
            # Services are shown with their open incidents and the time of their last event.
            bump(self._connection, project_id, "incidents", "services")

    def monitors(self, service_ids: Collection[int]) -> dict[int, Monitor]:
        """See `ports.Transaction`."""
        found: dict[int, Monitor] = {}
        for some in portions(service_ids):
            for row in self._connection.execute(statements.MONITORS, {"services": some}).mappings():
                found[row["service_id"]] = monitor_of(row)
        return found

    def due_monitors(self, now: datetime, limit: int) -> Sequence[tuple[Service, Monitor]]:
        """See `ports.Transaction`."""
        table, named = schema.monitors, schema.services
        statement = select(table, named.c.project_id, named.c.name, named.c.environment).join(
            named, named.c.id == table.c.service_id
        )
        # Two questions, because each has an index of its own.
        due = statement.where(table.c.due_at <= now).order_by(table.c.due_at, table.c.id)
        from_the_future = statement.where(table.c.last_beat_at > ahead.horizon(now), table.c.due_at > now)
        found: list[RowMapping] = []
        for wanted in (due, from_the_future.order_by(table.c.last_beat_at)):
            found += self._connection.execute(wanted.limit(limit - len(found))).mappings()
        return [(_service(row, row["service_id"]), monitor_of(row)) for row in found]

    def save_monitors(self, changes: Sequence[MonitorChange]) -> None:
        """See `ports.Transaction`."""
        if not changes:
            return
        ids = self._save_rows(schema.monitors, [monitor_rows.row_of(change.monitor) for change in changes])
        self._many(
            statements.adding(schema.monitor_states),
            [
                {"monitor_id": monitor_id, "since": since, "state": state}
                for monitor_id, change in zip(ids, changes, strict=True)
                for since, state in change.states
            ],
        )
        self._add_facts(
            {"project_id": change.project_id, "incident_id": None, "service_id": change.monitor.service_id, **row}
            for change in changes
            for row in _fact_rows(change.facts)
        )
        for project_id in sorted({change.project_id for change in changes}):
            bump(self._connection, project_id, "services")

    def instances(self, names: Collection[tuple[int, str]]) -> dict[tuple[int, str], Instance]:
        """See `ports.Transaction`."""
        found: dict[tuple[int, str], Instance] = {}
        for some in portions(names):
            for row in self._connection.execute(statements.INSTANCES, statements.told(some)).mappings():
                fields = {name: row[name] for name in Instance.__dataclass_fields__}
                found[row["service_id"], row["name"]] = Instance(**fields)
        return found

    def save_instances(self, instances: Mapping[int, Sequence[Instance]]) -> None:
        """See `ports.Transaction`."""
        table = schema.instances
        statement = insert_or(self._connection, table)
        new = {name: statement.excluded[name] for name in Instance.__dataclass_fields__ if name != "name"}
        self._many(
            statement.on_conflict_do_update(index_elements=[table.c.service_id, table.c.name], set_=new),
            [
                {**vars(instance), "stats": dict(instance.stats), "service_id": service_id}
                for service_id, theirs in instances.items()
                for instance in theirs
            ],
        )

    def jobs(self, seen: Mapping[tuple[int, str], datetime], *, most: int) -> dict[tuple[int, str], int]:
        """See `ports.Transaction`."""
        known = self._known_jobs(seen)
        missing: dict[int, list[str]] = {}
        for service_id, name in seen:
            if (service_id, name) not in known:
                missing.setdefault(service_id, []).append(name)
        for service_id, names in missing.items():
            room = max(0, most - self._count(schema.jobs, schema.jobs.c.service_id == service_id))
            rows = [
                {"service_id": service_id, "name": name, "first_seen_at": seen[service_id, name]}
                for name in names[:room]
            ]
            for name, id_ in zip(names, self._insert(schema.jobs, rows), strict=False):
                known[service_id, name] = id_
        return known

    def runs(self, wanted: Collection[tuple[int, bytes]]) -> dict[tuple[int, bytes], Run]:
        """See `ports.Transaction`."""
        found: dict[tuple[int, bytes], Run] = {}
        for some in portions(wanted):
            for row in self._connection.execute(statements.RUNS, statements.told(some)).mappings():
                fields = {name: row[name] for name in Run.__dataclass_fields__}
                found[row["job_id"], row["run_id"]] = Run(**fields | {"state": RunState(row["state"])})
        return found

    def save_runs(self, changes: Sequence[JobChange], *, kept: int) -> None:
        """See `ports.Transaction`."""
        if not changes:
            return
        table = schema.job_runs
        statement = insert_or(self._connection, table)
        new = {name: statement.excluded[name] for name in Run.__dataclass_fields__ if name != "run_id"}
        self._many(
            statement.on_conflict_do_update(index_elements=[table.c.job_id, table.c.run_id], set_=new),
            [{**vars(run), "job_id": change.job_id} for change in changes for run in change.runs],
        )
        self._note_schedules(changes)
        for change in changes:
            self._keep_runs(change.job_id, kept)
            if any(run.output for run in change.runs):
                self.watching.keep_outputs(change.job_id)
        for project_id in sorted({change.project_id for change in changes}):
            bump(self._connection, project_id, "jobs")

    def add_scrub_rule(self, project_id: int, kind: RuleKind, text: str) -> None:
        """See `ports.Transaction`."""
        scrub_rules.put(self._connection, project_id, kind, text)

    def drop_scrub_rule(self, project_id: int, kind: RuleKind, text: str) -> bool:
        """See `ports.Transaction`."""
        return scrub_rules.drop(self._connection, project_id, kind, text)

    def save_group_rules(self, project_id: int, text: str) -> None:
        """See `ports.Transaction`."""
        group_rules.keep(self._connection, project_id, text)

    def bury(self, parcel: Parcel, reason: str) -> None:
        """See `ports.Transaction`."""
        burial.bury(self._connection, parcel, reason)

    def newest_buried(self, project_id: int) -> int:
        """See `ports.Transaction`."""
        table = schema.buried
        newest = select(func.max(table.c.id)).where(table.c.project_id == project_id)
        return self._connection.execute(newest).scalar_one() or 0

    def buried(
        self, project_id: int, *, after: int, only: int | None = None, limit: int
    ) -> Sequence[tuple[int, Parcel]]:
        """See `ports.Transaction`."""
        return burial.parcels(self._connection, project_id, after=after, only=only, limit=limit)

    def unbury(self, ids: Collection[int]) -> None:
        """See `ports.Transaction`."""
        burial.unbury(self._connection, ids)

    def count(self, numbers: Mapping[str, int]) -> None:
        """See `ports.Transaction`."""
        counters.count(self._connection, numbers)

    def drop_events(self, row_ids: Collection[int]) -> None:
        """See `ports.Transaction`."""
        for some in portions(row_ids):
            self._drop_rows(schema.events.c.id.in_(some))

    def forget_events(
        self, before: datetime, limit: int, *, latest: datetime, after: int | None
    ) -> tuple[int, int | None]:
        """See `ports.Transaction`."""
        table = schema.events
        # In the order in which they came; only those are looked at, and not all that are there.
        by_arrival = select(table.c.id, table.c.received_at).order_by(table.c.id).limit(limit)
        looked = self._connection.execute(by_arrival.where(table.c.id > (after or 0))).all()
        old = [row.id for row in looked if row.received_at < before]
        if not old:
            is_said = len(looked) < limit or any(row.received_at <= latest for row in looked)
            return 0, None if is_said else looked[-1].id
        served = table.c.id <= old[-1], or_(table.c.received_at < before, table.c.received_at > latest)
        rows = self._connection.execute(select(table.c.id).where(*served).order_by(table.c.id).limit(limit))
        ids = rows.scalars().all()
        self.drop_events(ids)
        return len(ids), after

    def drop_oldest(self, limit: int) -> int:
        """See `ports.Transaction`."""
        ids = self._connection.execute(select(schema.events.c.id).order_by(schema.events.c.id).limit(limit)).scalars()
        oldest = ids.all()
        self.drop_events(oldest)
        return len(oldest)

    def _drop_rows(self, condition: Any) -> None:
        table, incidents = schema.events, schema.incidents
        passing = func.count(case((table.c.passing, 1)))
        mine = select(table.c.incident_id, func.count().label("many"), passing.label("passing")).where(condition)
        gone = [
            {"incident": row.incident_id, "fewer": row.many - row.passing, "stays": not row.passing}
            for row in self._connection.execute(mine.group_by(table.c.incident_id))
        ]
        self._many(
            update(incidents)
            .where(incidents.c.id == bindparam("incident"))
            .values(
                kept=incidents.c.kept - bindparam("fewer", type_=Integer),
                passing=and_(incidents.c.passing, bindparam("stays", type_=Boolean)),
            ),
            gone,
        )
        self.count({"stored_events": -self._delete(table, condition)})

    def ids_by_hour(self, since: datetime, latest: datetime) -> Mapping[datetime, int]:
        """See `ports.Transaction`."""
        table = schema.seen_hours
        self._delete(table, or_(table.c.hour < since, table.c.hour > latest))
        return {row.hour: row[1] for row in self._connection.execute(select(table.c.hour, table.c.count))}

    def forget_seen_events(
        self, before: datetime, limit: int, *, latest: datetime, after: tuple[int, bytes] | None
    ) -> tuple[int, tuple[int, bytes] | None]:
        """See `ports.Transaction`."""
        table = schema.seen_events
        place = tuple_(table.c.service_id, table.c.event_id)
        here = place > tuple_(*after) if after else true()
        end = select(table.c.service_id, table.c.event_id).where(here).order_by(*place.clauses)
        last = self._connection.execute(end.offset(limit - 1).limit(1)).one_or_none()
        upto = true() if last is None else place <= tuple_(*last)
        ahead_of_us = update(table).where(here, upto, table.c.seen_at > latest)
        self._connection.execute(ahead_of_us.values(seen_at=latest))
        return self._delete(table, and_(here, upto, table.c.seen_at < before)), None if last is None else tuple(last)

    def forget_access(self, before: datetime) -> int:
        """See `ports.Transaction`."""
        return sum(
            self._delete(table, table.c.expires_at < before)
            for table in (schema.signins, schema.sessions, schema.invitations)
        )

    def forget_buried(self, before: datetime, limit: int, *, latest: datetime) -> int:
        """See `ports.Transaction`."""
        return burial.forget(self._connection, before, limit, latest=latest)

    def forget_instances(self, now: datetime, limit: int) -> int:
        """See `ports.Transaction`."""
        table = schema.instances
        # Also those of which a clock ahead has said that they may stay for long.
        gone = or_(table.c.gone_at < now, table.c.last_beat_at > ahead.horizon(now))
        old = select(table.c.service_id, table.c.name).where(gone).limit(limit)
        return self._delete(table, tuple_(table.c.service_id, table.c.name).in_(old))

    def forget_states(self, before: datetime, limit: int) -> int:
        """See `ports.Transaction`."""
        table, newer = schema.monitor_states, schema.monitor_states.alias("newer")
        # The state that held at that time began before it: that one is still needed.
        replaced = select(newer.c.id).where(
            newer.c.monitor_id == table.c.monitor_id, newer.c.since > table.c.since, newer.c.since < before
        )
        old = select(table.c.id).where(table.c.since < before, replaced.exists()).limit(limit)
        return self._delete(table, table.c.id.in_(old))

    @property
    def settling(self) -> SqlSettling:
        """See `ports.Transaction`."""
        return SqlSettling(self._connection)

    @property
    def outbox(self) -> SqlOutbox:
        """See `ports.Transaction`."""
        return SqlOutbox(self._connection)

    @property
    def watching(self) -> SqlJobs:
        """See `ports.Transaction`."""
        return SqlJobs(self._connection)

    @property
    def alerting(self) -> SqlAlerting:
        """See `ports.Transaction`."""
        return SqlAlerting(self._connection)

    @property
    def fixing(self) -> SqlFixing:
        """See `ports.Transaction`."""
        return SqlFixing(self._connection, self._bodies)

    @property
    def maintenance(self) -> SqlMaintenance:
        """See `ports.Transaction`."""
        return SqlMaintenance(self._connection)

    def _new_services(self, seen: Mapping[ServiceName, datetime]) -> dict[ServiceName, Service]:
        names = list(seen)
        ids = self._insert(schema.services, [{**name._asdict(), "first_seen_at": seen[name]} for name in names])
        services = {name: Service(id_, name) for id_, name in zip(ids, names, strict=True)}
        self._add_facts(
            {
                "project_id": name.project_id,
                "incident_id": None,
                "service_id": service.id,
                "kind": FactKind.SERVICE_SEEN,
                "at": seen[name],
                "data": {"service": name.name, "environment": name.environment},
            }
            for name, service in services.items()
        )
        for project_id in sorted({name.project_id for name in names}):
            bump(self._connection, project_id, "services")
        return services

    def _known_jobs(self, names: Collection[tuple[int, str]]) -> dict[tuple[int, str], int]:
        found: dict[tuple[int, str], int] = {}
        for some in portions(names):
            for row in self._connection.execute(statements.JOBS, statements.told(some)):
                found[row.service_id, row.name] = row.id
        return found

    def _note_schedules(self, changes: Iterable[JobChange]) -> None:
        table, at = schema.jobs, bindparam("at", type_=schema.Instant)
        self._many(
            update(table)
            .where(table.c.id == bindparam("job"))
            .where(or_(table.c.schedule_at.is_(None), table.c.schedule_at <= at))
            .values(schedule=bindparam("said"), schedule_at=at),
            [
                {"job": change.job_id, "said": dict(change.schedule), "at": change.said_at}
                for change in changes
                if change.schedule is not None
            ],
        )

    def _keep_runs(self, job_id: int, kept: int) -> None:
        """Forgets all but the newest runs, and notes at the job how it stands."""
        table, jobs = schema.job_runs, schema.jobs
        newest = select(table.c.id).where(table.c.job_id == job_id).order_by(table.c.began_at.desc(), table.c.id.desc())
        # SQLite knows an offset only beside a limit.
        self._delete(table, table.c.id.in_(newest.offset(kept).limit(1_000)))
        last_run_at = select(func.max(table.c.began_at)).where(table.c.job_id == job_id).scalar_subquery()
        ended = select(table.c.state).where(table.c.job_id == job_id, table.c.state != RunState.STARTED)
        outcome = ended.order_by(table.c.ended_at.desc(), table.c.id.desc()).limit(1).scalar_subquery()
        self._connection.execute(
            update(jobs).where(jobs.c.id == job_id).values(last_run_at=last_run_at, outcome=outcome)
        )

    def _count(self, table: Table, condition: Any) -> int:
        return self._connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()

    def _add_keys(self, told: Iterable[tuple[int, IncidentChange]]) -> None:
        self._many(
            add_missing(self._connection, schema.group_keys),
            [
                {
                    "service_id": change.incident.service_id,
                    "version": key.version,
                    "hash": key.hash,
                    "incident_id": incident_id,
                    "parts": key.parts,
                }
                for incident_id, change in told
                for key in (change.key, *change.also)
                if key is not None
            ],
        )

    def _drop_events(self, changes: Iterable[IncidentChange]) -> None:
        table = schema.events
        passing = [{"incident": change.incident.id} for change in changes if change.ends_passing]
        self._many(statements.END_PASSING, passing)
        surplus = [event_id for change in changes for event_id in change.dropped]
        gone = len(passing) + sum(self._delete(table, table.c.id.in_(some)) for some in portions(surplus))
        self.count({"stored_events": -gone})

    def _add_events(self, told: Sequence[tuple[int, IncidentChange]]) -> None:
        of_projects: defaultdict[int, list[tuple[int, KeptEvent]]] = defaultdict(list)
        for incident_id, change in told:
            of_projects[change.incident.project_id] += [(incident_id, event) for event in change.events]
        for project_id, kept in of_projects.items():
            bodies = [event.body for _, event in kept]
            dictionary_id, packed = self._bodies.pack(self._connection, project_id, bodies)
            self._many(
                statements.adding(schema.events),
                [
                    {
                        "incident_id": incident_id,
                        "event_id": event.event_id,
                        "occurred_at": event.occurred_at,
                        "received_at": event.received_at,
                        "repeat_count": event.repeat_count,
                        "body": body,
                        "dictionary_id": dictionary_id,
                        "passing": event.passing,
                    }
                    for (incident_id, event), body in zip(kept, packed, strict=True)
                ],
            )
        self.count({"stored_events": sum(len(change.events) for _, change in told)})

    def _add_facts(self, rows: Iterable[dict[str, Any]]) -> None:
        self._many(statements.adding(schema.facts), list(rows))

    def _save_rows(self, table: Table, rows: Sequence[dict[str, Any]]) -> list[int]:
        """Updates those rows that have an id, inserts the others; returns all ids in the order of the rows."""
        new = [row for row in rows if row["id"] is None]
        ids = iter(self._insert(table, [{name: row[name] for name in row if name != "id"} for row in new]))
        changed = [{f"new_{name}": value for name, value in row.items()} for row in rows if row["id"] is not None]
        if changed:
            self._many(statements.changing(table, *rows[0]), changed)
        return [next(ids) if row["id"] is None else row["id"] for row in rows]

    def _insert(self, table: Table, rows: Sequence[dict[str, Any]]) -> list[int]:
        if not rows:
            return []
        return list(self._connection.execute(statements.adding_with_ids(table), rows).scalars())

    def _many(self, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(statement, rows)

    def _delete(self, table: Table, condition: Any) -> int:
        return self._connection.execute(delete(table).where(condition)).rowcount


@dataclass(frozen=True)
class _Memory:
    """What a store remembers from one transaction to the next."""

    bodies: Bodies
    tallies: Tallies
    affected: PeopleAffected
    releases: Releases
    services: Services


def _fact_rows(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    return [{"kind": fact.kind, "at": fact.at, "data": fact.data} for fact in facts]


def _service(row: RowMapping, service_id: int) -> Service:
    return Service(service_id, ServiceName(row["project_id"], row["name"], row["environment"]))
