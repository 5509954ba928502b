"""A store filled by hand: incidents, events and services with a past, for tests of reads and pages and for screenshots."""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

import msgspec
from sqlalchemy import Connection, func, select, update

from aiops_platform.core import instance
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.monitor import MonitorState
from aiops_platform.storage import schema
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import add_up, insert
from aiops_platform.storage.revisions import bump

NOW = datetime(2026, 11, 22, 3, 14, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Seeds:
    """Plants rows; each method says only what matters and returns the row's id."""

    database: Database
    now: datetime = NOW

    def project(self, slug: str = "default") -> int:
        """A project."""
        return self._insert(schema.projects, slug=slug, name=slug.title(), created_at=self.now)

    def service(
        self,
        project_id: int,
        name: str = "shop",
        environment: str = "production",
        *,
        last_event_at: datetime | None = None,
        first_seen_at: datetime | None = None,
    ) -> int:
        """A service in one environment."""
        return self._insert(
            schema.services,
            project_id=project_id,
            name=name,
            environment=environment,
            first_seen_at=first_seen_at or self.now - timedelta(days=9),
            last_event_at=last_event_at,
        )

    def monitor(
        self,
        service_id: int,
        states: list[tuple[MonitorState, timedelta]],
        *,
        last_beat: dict[str, Any] | None = None,
        base_url: str | None = None,
        beat_ago: timedelta = timedelta(seconds=12),
    ) -> int:
        """A monitor and its past: the states it went through, each with how long ago that began, oldest first."""
        state, since = states[-1]
        monitor_id = self._insert(
            schema.monitors,
            service_id=service_id,
            state=state,
            state_since=self.now - since,
            last_beat_at=self.now - beat_ago,
            due_at=None,
            interval=30,
            base_url=base_url,
            last_beat=last_beat or {},
            instances={},
        )
        for each, began in states:
            self._insert(schema.monitor_states, monitor_id=monitor_id, state=each, since=self.now - began)
        return monitor_id

    def incident(
        self,
        project_id: int,
        service_id: int,
        *,
        kind: IncidentKind = IncidentKind.EXCEPTION,
        state: IncidentState = IncidentState.OPEN,
        type: str = "ValueError",  # noqa: A002 - the column's name
        message: str = "no such price: 'apple'",
        place: str = "checkout (orders.py)",
        level: str = "error",
        path: str | None = None,
        logger: str | None = None,
        status_code: int | None = None,
        release: str | None = None,
        hours: dict[int, int] | None = None,
        first_seen: timedelta = timedelta(days=2),
        last_seen: timedelta = timedelta(minutes=3),
        reopened: timedelta | None = None,
        count: int | None = None,
        parts: dict[str, Any] | None = None,
        facts: list[tuple[FactKind, timedelta]] | None = None,
    ) -> int:
        """An incident. `hours` maps hours ago to events in that hour."""
        hours = hours if hours is not None else {0: 1}
        incident_id = self._insert(
            schema.incidents,
            project_id=project_id,
            service_id=service_id,
            kind=kind,
            state=state,
            state_since=self.now - last_seen,
            reopened_at=None if reopened is None else self.now - reopened,
            type=type,
            message=message,
            place=place,
            level=level,
            status_code=status_code,
            path=path,
            logger=logger,
            first_release=release,
            last_release=release,
            count=count if count is not None else sum(hours.values()),
            first_seen_at=self.now - first_seen,
            last_seen_at=self.now - last_seen,
        )
        this_hour = self.now.replace(minute=0, second=0, microsecond=0)
        for ago, many in hours.items():
            if many:
                self._insert(schema.incident_hours, incident_id=incident_id, hour=this_hour - ago * HOUR, count=many)
        self._count_of_service(service_id, {this_hour - ago * HOUR: many for ago, many in hours.items() if many})
        if parts is not None:
            self._insert(
                schema.group_keys,
                service_id=service_id,
                version=1,
                hash=uuid5(NAMESPACE_OID, str(incident_id)).bytes,
                incident_id=incident_id,
                parts=parts,
            )
        for fact, ago_ in facts or [(FactKind.INCIDENT_OPENED, first_seen)]:
            self.fact(project_id, fact, self.now - ago_, incident_id=incident_id)
        return incident_id

    def _count_of_service(self, service_id: int, hours: dict[datetime, int]) -> None:
        rows = [{"service_id": service_id, "hour": hour, "count": many} for hour, many in hours.items()]
        if rows:
            with self.database.begin() as connection:
                connection.execute(add_up(connection, schema.service_hours, schema.service_hours.c.count), rows)

    def fact(self, project_id: int, kind: FactKind, at: datetime, *, incident_id: int, **data: Any) -> int:
        """A line of an incident's timeline."""
        return self._insert(schema.facts, project_id=project_id, kind=kind, at=at, incident_id=incident_id, data=data)

    def event(
        self, incident_id: int, body: dict[str, Any] | None = None, *, ago: timedelta = timedelta(minutes=3)
    ) -> int:
        """An event of an incident, as it was said."""
        body = body or {"signal_type": "exception", "error_type": "ValueError", "message": "no such price: 'apple'"}
        at = self.now - ago
        table = schema.incidents
        with self.database.begin() as connection:
            connection.execute(update(table).where(table.c.id == incident_id).values(kept=table.c.kept + 1))
        return self._insert(
            schema.events,
            incident_id=incident_id,
            event_id=uuid5(NAMESPACE_OID, f"{incident_id} {ago} {len(str(body))}").bytes,
            occurred_at=at,
            received_at=at + timedelta(milliseconds=240),
            repeat_count=1,
            body=zlib.compress(msgspec.json.encode(body)),
        )

    def job(
        self,
        service_id: int,
        name: str,
        runs: list[dict[str, Any]],
        *,
        schedule: dict[str, Any] | None = None,
        **standing: Any,
    ) -> int:
        """A job with its runs, each with `state`, how long `ago` it began and its `duration` in seconds."""
        ended = [run["state"] for run in runs if run["state"] != "started"]
        job_id = self._insert(
            schema.jobs,
            service_id=service_id,
            name=name,
            first_seen_at=self.now - timedelta(days=30),
            schedule=schedule,
            outcome=ended[0] if ended else None,
            last_run_at=self.now - runs[0]["ago"] if runs else None,
            **standing,
        )
        rows = [
            {
                "job_id": job_id,
                "run_id": uuid5(NAMESPACE_OID, f"{job_id} {number}").bytes,
                "state": run["state"],
                "began_at": self.now - run["ago"],
                "ended_at": None if run["state"] == "started" else self.now - run["ago"] + timedelta(seconds=run["duration"]),
                "duration": None if run["state"] == "started" else run["duration"],
                "host": run.get("host", "batch-3"),
                "release": run.get("release", "2026.11.3"),
                "exit_status": run.get("exit_status"),
                "output": run.get("output"),
            }
            for number, run in enumerate(runs)
        ]  # fmt: skip
        if rows:
            with self.database.begin() as connection:
                connection.execute(insert(connection, schema.job_runs), rows)
        return job_id

    def explain(self, job_id: int, event: int) -> None:
        """Lets the newest failed run of a job be told by that event (the id of its row)."""
        runs, events = schema.job_runs, schema.events
        event_id = select(events.c.event_id).where(events.c.id == event).scalar_subquery()
        failed = select(func.min(runs.c.id)).where(runs.c.job_id == job_id, runs.c.state == "failed").scalar_subquery()
        with self.database.begin() as connection:
            connection.execute(update(runs).where(runs.c.id == failed).values(event_id=event_id))

    def instance(
        self,
        service_id: int,
        name: str,
        *,
        stats: dict[str, Any],
        pid: int = 7,
        host: str = "shop-1",
        stuck: timedelta | None = None,
        lost_ago: timedelta | None = None,
        closing: bool = False,
    ) -> None:
        """A process of a service, by the newest of its beats."""
        self._insert(
            schema.instances,
            service_id=service_id,
            name=name,
            host=host,
            pid=pid,
            sdk="aiops-sdk 0.2.0",
            last_beat_at=self.now - timedelta(seconds=12),
            closing=closing,
            gone_at=self.now + HOUR,
            stats=stats,
            lost=instance.lost_of(stats),
            lost_at=None if lost_ago is None else self.now - lost_ago,
            stuck_since=None if stuck is None else self.now - stuck,
        )

    def bump(self, project_id: int, *topics: Any) -> None:
        """Tells open pages that something has moved."""
        with self.database.begin() as connection:
            bump(connection, project_id, *topics)

    def buried(self, project_id: int, reason: str = "the body is not JSON", body: bytes = b"{not json") -> int:
        """A parcel that could not be digested."""
        return self._insert(
            schema.buried,
            project_id=project_id,
            parcel_id=uuid4().bytes,
            kind="exception",
            received_at=self.now,
            reason=reason,
            body=body,
        )

    def _insert(self, table: Any, **values: Any) -> int:
        with self.database.begin() as connection:
            return _insert(connection, table, values)


def _insert(connection: Connection, table: Any, values: dict[str, Any]) -> int:
    done = connection.execute(insert(connection, table).values(**values))
    return int(done.inserted_primary_key[0]) if "id" in table.c else 0
