"""Jobs for machines: read how they stand, say what is expected of them, pause them."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, delete, get, put
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter
from litestar.types import ExceptionHandlersMap

from aiops_platform.api import problems
from aiops_platform.api.desk import TheActor, TheDesk, TheProject
from aiops_platform.api.incident_acts import unreadable
from aiops_platform.api.incidents import LARGEST_ID, Page, PerPage, Word
from aiops_platform.api.parameters import only
from aiops_platform.api.shapes import JobList
from aiops_platform.core.schedule import ScheduleError
from aiops_platform.core.views import JobRow, RunDetail

_JobId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The job's number.")]
_Seconds = float | None


class JobRuling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is expected of a job. Lengths of time are in seconds; what is left out has its default.

    One of `every`, `cron` and `on_calendar` is its schedule, by the clocks of `timezone`. `grace`: how much later it may
    start before that is a miss. `max_run` and `min_run`: how long a run takes at most and at least. `max_delay`: how late
    it may start and be fine. `min_gap`: between two starts, at least. So many bad runs `in_a_row` are a trouble, and so
    many `good_runs` end it.
    """

    every: _Seconds = None
    cron: str | None = None
    on_calendar: str | None = None
    timezone: str | None = None
    grace: _Seconds = None
    max_run: _Seconds = None
    min_run: _Seconds = None
    max_delay: _Seconds = None
    min_gap: _Seconds = None
    in_a_row: int | None = None
    good_runs: int | None = None


class JobWishes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change of a job; what is left out stays. `settings` of null are those that the job says itself."""

    settings: JobRuling | msgspec.UnsetType | None = msgspec.UNSET
    paused: bool | msgspec.UnsetType = msgspec.UNSET


def _not_understood(_: Request[Any, Any, Any], error: ScheduleError) -> Response[dict[str, Any]]:
    # Of two schedules both are named: each of them may be the one that is meant.
    names = str(error).partition(":")[0].split(" and ")
    return problems.problem(400, str(error), errors=[{"name": f"settings.{each}", "why": str(error)} for each in names])


_ANSWERS: Final[ExceptionHandlersMap] = {
    ScheduleError: _not_understood,
    RecursionError: unreadable,
    UnicodeDecodeError: unreadable,
}


@get("/jobs", guards=[only("service", "environment", "page", "per_page")], sync_to_thread=True, summary="List jobs")
def list_jobs(
    *,
    desk: TheDesk,
    project_id: TheProject,
    service: Word = None,
    environment: Word = None,
    page: Page = 1,
    per_page: PerPage = 25,
) -> JobList:
    """Each job with its last 20 runs, the newest first; jobs that are in trouble come first, then those that are late."""
    found = desk.reads.jobs(
        project_id, service=service or None, environment=environment or None, page=page, per_page=per_page
    )
    return JobList(items=found.rows, total=found.total, page=page, per_page=per_page)


@get("/jobs/{job_id:int}", sync_to_thread=True, summary="Read a job")
def read_job(desk: TheDesk, project_id: TheProject, job_id: _JobId) -> JobRow:
    """A job with every run that is kept, at most 100. A failed run names the incident that tells why."""
    return _job(desk, project_id, job_id)


@put(
    "/jobs/{job_id:int}",
    exception_handlers=_ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Say what is expected of a job",
)
def rule_job(
    desk: TheDesk, project_id: TheProject, actor: TheActor, job_id: _JobId, data: JSONBody[JobWishes]
) -> JobRow:
    """It counts from now on. Settings stand in the place of all that the job says itself, until they are set to null.

    A paused job is not judged, and its incident is resolved.
    """
    _job(desk, project_id, job_id)
    now = desk.clock()
    if data.settings is not msgspec.UNSET:
        told = None if data.settings is None else _told(data.settings)
        desk.jobs.rule(project_id, job_id, told, now)
    if data.paused is True:
        desk.jobs.pause(project_id, job_id, now, by=actor)
    elif data.paused is False:
        desk.jobs.resume(project_id, job_id, now)
    return _job(desk, project_id, job_id)


@delete("/jobs/{job_id:int}", sync_to_thread=True, status_code=204, summary="Delete a job")
def delete_job(desk: TheDesk, project_id: TheProject, actor: TheActor, job_id: _JobId) -> None:
    """It is forgotten with its runs, and its incident is resolved. When it is heard of again, it makes itself again."""
    if not desk.jobs.delete(project_id, job_id, desk.clock(), by=actor):
        raise NotFoundException("There is no such job: `/api/v1/jobs` lists those there are.")


@get("/jobs/{job_id:int}/runs/{run_id:str}", sync_to_thread=True, summary="Read a run")
def read_run(
    desk: TheDesk,
    project_id: TheProject,
    job_id: _JobId,
    run_id: Annotated[str, PathParameter(description="The run's id, a UUID.")],
) -> RunDetail:
    """A run of a job that is kept, with what it has printed, where its pings said that."""
    found = desk.jobs.run(project_id, job_id, run_id)
    if found is None:
        raise NotFoundException("There is no such run: of each job the last 100 are kept.")
    return found


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(list_jobs, read_job, rule_job, delete_job, read_run)


def _job(desk: TheDesk, project_id: int, job_id: int) -> JobRow:
    found = desk.reads.job(project_id, job_id)
    if found is None:
        raise NotFoundException("There is no such job: `/api/v1/jobs` lists those there are.")
    return found.row


def _told(ruling: JobRuling) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(ruling)
    return {name: value for name, value in told.items() if value is not None}
