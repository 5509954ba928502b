"""Jobs as they are judged and ruled, see `ports.Jobs`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, bindparam, delete, insert, select, update

from aiops_platform.core import job_settings
from aiops_platform.core.event import RunState
from aiops_platform.core.job import Run
from aiops_platform.core.job_watch import JobState, OpenRun, Standing, Trouble, WatchedJob
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.ports import JobStanding
from aiops_platform.storage import statements
from aiops_platform.storage.dialects import portions
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import facts, job_runs, jobs, micros, moment, services

# Each is 10,000 characters at most.
_KEPT_OUTPUTS: Final = 20
_COLUMNS: Final = ("state", "trouble", "expected_at", "due_at")


class SqlJobs:
    """See `ports.Jobs`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def watched(self, job_ids: Collection[int]) -> dict[int, WatchedJob]:
        """See `ports.Jobs`."""
        found: dict[int, WatchedJob] = {}
        for some in portions(sorted(set(job_ids))):
            for row in self._connection.execute(_watched().where(jobs.c.id.in_(some))).mappings():
                found[row["id"]] = watched_of(row)
        return found

    def due(self, now: datetime, limit: int) -> Sequence[WatchedJob]:
        """See `ports.Jobs`."""
        query = _watched().where(jobs.c.due_at <= now).order_by(jobs.c.due_at, jobs.c.id).limit(limit)
        return [watched_of(row) for row in self._connection.execute(query).mappings()]

    def hurry(self, beyond: datetime, now: datetime) -> None:
        """See `ports.Jobs`."""
        self._connection.execute(update(jobs).where(jobs.c.due_at > beyond).values(due_at=now))

    def save(self, standings: Sequence[JobStanding]) -> None:
        """See `ports.Jobs`."""
        if not standings:
            return
        rows = [_row(each.job) for each in standings]
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
        changes = [{f"new_{name}": value for name, value in row.items()} for row in rows]
        self._connection.execute(update(jobs).where(jobs.c.id == bindparam("new_id")).values(values), changes)
        told = [
            {
                "project_id": each.job.service.named.project_id,
                "incident_id": None,
                "service_id": each.job.service.id,
                "kind": fact.kind,
                "at": fact.at,
                "data": fact.data,
            }
            for each in standings
            for fact in each.facts
        ]
        if told:
            self._connection.execute(insert(facts), told)
        for project_id in sorted({each.job.service.named.project_id for each in standings}):
            bump(self._connection, project_id, "jobs")

    def of_project(self, project_id: int, job_id: int) -> WatchedJob | None:
        """See `ports.Jobs`."""
        mine = jobs.c.id == job_id, services.c.project_id == project_id
        row = self._connection.execute(_watched().where(*mine).with_for_update(of=jobs)).mappings().one_or_none()
        return None if row is None else watched_of(row)

    def known(self, names: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
        """See `ports.Jobs`."""
        return {
            (row.service_id, row.name)
            for some in portions(names)
            for row in self._connection.execute(statements.JOBS, statements.told(some))
        }

    def newest_runs(self, job_ids: Collection[int], *, open_only: bool) -> Mapping[int, Run]:
        """See `ports.Jobs`."""
        found: dict[int, Run] = {}
        for job_id in sorted(set(job_ids)):
            query = select(job_runs).where(job_runs.c.job_id == job_id)
            if open_only:
                query = query.where(job_runs.c.loose, job_runs.c.state == RunState.STARTED)
            newest = query.order_by(job_runs.c.began_at.desc(), job_runs.c.id.desc()).limit(1)
            row = self._connection.execute(newest).mappings().one_or_none()
            if row is not None:
                fields = {name: row[name] for name in Run.__dataclass_fields__}
                found[job_id] = Run(**fields | {"state": RunState(row["state"])})
        return found

    def forget(self, job: WatchedJob) -> None:
        """See `ports.Jobs`."""
        self._connection.execute(delete(job_runs).where(job_runs.c.job_id == job.id))
        self._connection.execute(delete(jobs).where(jobs.c.id == job.id))
        bump(self._connection, job.service.named.project_id, "jobs")

    def keep_outputs(self, job_id: int) -> None:
        """See `ports.Jobs`."""
        table = job_runs
        newest = select(table.c.id).where(table.c.job_id == job_id).order_by(table.c.began_at.desc(), table.c.id.desc())
        # SQLite knows an offset only beside a limit.
        old = table.c.id.in_(newest.offset(_KEPT_OUTPUTS).limit(1_000))
        self._connection.execute(update(table).where(old, table.c.output.is_not(None)).values(output=None))

    def rule(self, job: WatchedJob, given: Mapping[str, Any] | None) -> None:
        """See `ports.Jobs`."""
        self._change(job, settings=None if given is None else dict(given))

    def pause(self, job: WatchedJob, at: datetime | None) -> None:
        """See `ports.Jobs`."""
        self._change(job, paused_at=at)

    def _change(self, job: WatchedJob, **values: Any) -> None:
        self._connection.execute(update(jobs).where(jobs.c.id == job.id).values(values))
        bump(self._connection, job.service.named.project_id, "jobs")


def watched_of(row: RowMapping) -> WatchedJob:
    """The job that a row of `jobs` and its service tell."""
    settings, _ = job_settings.in_force(row["schedule"], row["settings"])
    kept: Mapping[str, Any] = row["watch"] or {}
    standing = Standing(
        state=JobState(row["state"]),
        since=row["state_since"] or row["first_seen_at"],
        trouble=None if row["trouble"] is None else Trouble(row["trouble"]),
        expected_at=row["expected_at"],
        due_at=row["due_at"],
        last_start=moment(kept["last_start"]) if kept.get("last_start") is not None else None,
        bad=kept.get("bad", 0),
        good=kept.get("good", 0),
        open=MappingProxyType(
            {
                bytes.fromhex(run_id): OpenRun(moment(began_at), is_flawed, is_over)
                for run_id, (began_at, is_flawed, is_over) in kept.get("open", {}).items()
            }
        ),
    )
    return WatchedJob(
        id=row["id"],
        service=Service(row["service_id"], ServiceName(row["project_id"], row["service_name"], row["environment"])),
        name=row["name"],
        settings=settings,
        is_paused=row["paused_at"] is not None,
        standing=standing,
        is_ruled=row["settings"] is not None,
        said=row["schedule"],
        said_at=row["schedule_at"],
    )


def _watched() -> Select[Any]:
    named = services.c.project_id, services.c.name.label("service_name"), services.c.environment
    return select(jobs, *named).select_from(jobs.join(services))


def _row(job: WatchedJob) -> dict[str, Any]:
    standing = job.standing
    return {
        "id": job.id,
        **{name: getattr(standing, name) for name in _COLUMNS},
        "state_since": standing.since,
        "watch": {
            "last_start": None if standing.last_start is None else micros(standing.last_start),
            "bad": standing.bad,
            "good": standing.good,
            "open": {
                run_id.hex(): [micros(run.began_at), run.is_flawed, run.is_over]
                for run_id, run in standing.open.items()
            },
        },
    }
