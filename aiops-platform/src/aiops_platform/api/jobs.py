"""Jobs for machines."""

from typing import Annotated

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from aiops_platform.api import problems
from aiops_platform.api.desk import TheDesk, TheProject
from aiops_platform.api.incidents import LARGEST_ID, Page, PerPage, Word
from aiops_platform.api.parameters import only
from aiops_platform.api.shapes import JobList
from aiops_platform.core.views import JobRow


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
    """Each job with its last 20 runs, the newest first; jobs that failed when they last ended come first."""
    found = desk.reads.jobs(
        project_id, service=service or None, environment=environment or None, page=page, per_page=per_page
    )
    return JobList(items=found.rows, total=found.total, page=page, per_page=per_page)


@get("/jobs/{job_id:int}", sync_to_thread=True, summary="Read a job")
def read_job(
    desk: TheDesk,
    project_id: TheProject,
    job_id: Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The job's number.")],
) -> JobRow:
    """A job with every run that is kept, at most 100. A failed run names the incident that tells why."""
    found = desk.reads.job(project_id, job_id)
    if found is None:
        raise NotFoundException("There is no such job: `/api/v1/jobs` lists those there are.")
    return found.row


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(list_jobs, read_job)
