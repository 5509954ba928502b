"""What is read of jobs: a page of them with their last runs, and one with all of its runs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, or_, select

from aiops_platform.core import job_settings
from aiops_platform.core.event import RunState
from aiops_platform.core.job_watch import JobState, Trouble
from aiops_platform.core.service import ServiceName
from aiops_platform.core.views import JobDetail, JobPage, JobRow, RunDetail, RunRow
from aiops_platform.storage.database import Database
from aiops_platform.storage.schema import events, incidents, job_runs, jobs, services

_SHOWN_RUNS = 20
_IS_WRONG = and_(jobs.c.paused_at.is_(None), or_(jobs.c.state == JobState.WRONG, jobs.c.outcome == RunState.FAILED))
_FAILED_FIRST = case((_IS_WRONG, 0), (and_(jobs.c.paused_at.is_(None), jobs.c.state == JobState.LATE), 1), else_=2)


class SqlJobReads:
    """See `ports.JobReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def knows(self, service: ServiceName, job: str) -> bool:
        """See `ports.JobReads`."""
        project_id, name, environment = service
        named = services.c.project_id == project_id, services.c.name == name, services.c.environment == environment
        query = select(jobs.c.id).select_from(jobs.join(services)).where(*named, jobs.c.name == job)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def run(self, project_id: int, job_id: int, run_id: str) -> RunDetail | None:
        """See `ports.JobReads`."""
        try:
            named = UUID(run_id).bytes
        except ValueError:
            return None
        mine = job_runs.c.job_id == job_id, job_runs.c.run_id == named, services.c.project_id == project_id
        query = select(
            job_runs, jobs.c.name, jobs.c.service_id, services.c.name.label("service"), services.c.environment
        )
        with self._database.read() as connection:
            row = connection.execute(query.select_from(job_runs.join(jobs).join(services)).where(*mine)).one_or_none()
            if row is None:
                return None
            failures = _incidents_of(connection, {row.event_id} if row.event_id else set())
        incident_id = failures.get((row.service_id, row.event_id))
        return RunDetail(
            run=_run(row, incident_id),
            job_id=job_id,
            job=row.name,
            service=row.service,
            environment=row.environment,
            output=row.output or "",
        )


def failed(project_id: ColumnElement[int]) -> Select[int]:
    """How many jobs are in trouble, or failed when they last ended; paused ones are not."""
    theirs = services.alias("of_jobs")
    return select(func.count()).select_from(jobs.join(theirs)).where(theirs.c.project_id == project_id, _IS_WRONG)


def page_of(connection: Connection, conditions: Sequence[ColumnElement[bool]], *, page: int, per_page: int) -> JobPage:
    """A page of the jobs of services that are like that."""
    total = connection.execute(select(func.count()).select_from(jobs.join(services)).where(*conditions)).scalar_one()
    query = _rows().where(*conditions).order_by(_FAILED_FIRST, jobs.c.name, services.c.name, services.c.environment)
    found = connection.execute(query.limit(per_page).offset((page - 1) * per_page)).all()
    runs = _runs_of(connection, [(row.id, row.service_id) for row in found], most=_SHOWN_RUNS)
    rows = tuple(_row(row, runs.get(row.id, ())) for row in found)
    return JobPage(rows=rows, total=total, page=page, per_page=per_page)


def detail_of(connection: Connection, project_id: int, job_id: int) -> JobDetail | None:
    """One job with every run that is kept."""
    query = _rows().where(services.c.project_id == project_id, jobs.c.id == job_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    runs = _runs_of(connection, [(row.id, row.service_id)], most=None)
    return JobDetail(row=_row(row, runs.get(row.id, ())), service_id=row.service_id)


def _rows() -> Select[Any]:
    return select(jobs, services.c.name.label("service"), services.c.environment).select_from(jobs.join(services))


def _row(row: Row[Any], runs: Sequence[RunRow]) -> JobRow:
    return JobRow(
        id=row.id,
        name=row.name,
        service=row.service,
        environment=row.environment,
        schedule=row.schedule,
        outcome=None if row.outcome is None else RunState(row.outcome),
        last_run_at=row.last_run_at,
        first_seen_at=row.first_seen_at,
        runs=tuple(runs),
        settings=row.settings,
        problem=job_settings.in_force(row.schedule, row.settings)[1],
        paused_at=row.paused_at,
        state=JobState(row.state),
        state_since=row.state_since,
        trouble=None if row.trouble is None else Trouble(row.trouble),
        expected_at=row.expected_at,
    )


def _runs_of(connection: Connection, wanted: Sequence[tuple[int, int]], *, most: int | None) -> dict[int, list[RunRow]]:
    """The runs of these jobs (with their services), of each the newest, the newest first."""
    order = (job_runs.c.began_at.desc(), job_runs.c.id.desc())
    number = func.row_number().over(partition_by=job_runs.c.job_id, order_by=order).label("number")
    # What they printed is long, and only whether they did is shown.
    columns = [each for each in job_runs.c if each.name != "output"]
    printed = job_runs.c.output.is_not(None).label("output")
    numbered = select(*columns, printed, number).where(job_runs.c.job_id.in_([job for job, _ in wanted])).subquery()
    query = select(numbered).order_by(numbered.c.job_id, numbered.c.number)
    if most is not None:
        query = query.where(numbered.c.number <= most)
    rows = connection.execute(query).all()
    failures = _incidents_of(connection, {row.event_id for row in rows if row.event_id})
    service_of = dict(wanted)
    found: dict[int, list[RunRow]] = {}
    for row in rows:
        incident_id = failures.get((service_of[row.job_id], row.event_id))
        found.setdefault(row.job_id, []).append(_run(row, incident_id))
    return found


def _incidents_of(connection: Connection, event_ids: set[bytes]) -> dict[tuple[int, bytes], int]:
    """Where the events with these ids are, by service."""
    if not event_ids:
        return {}
    query = (
        select(incidents.c.service_id, events.c.event_id, events.c.incident_id)
        .select_from(events.join(incidents))
        .where(events.c.event_id.in_(event_ids))
    )
    return {(row.service_id, row.event_id): row.incident_id for row in connection.execute(query)}


def _run(row: Row[Any], incident_id: int | None) -> RunRow:
    return RunRow(
        run_id=str(UUID(bytes=row.run_id)),
        state=RunState(row.state),
        began_at=row.began_at,
        ended_at=row.ended_at,
        duration=row.duration,
        host=row.host,
        release=row.release,
        event_id=str(UUID(bytes=row.event_id)) if row.event_id else None,
        incident_id=incident_id,
        exit_status=row.exit_status,
        has_output=bool(row.output),
    )
