"""The jobs, and one of them with its runs."""

from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from aiops_platform.core.views import JobRow
from aiops_platform.web import drawings, words
from aiops_platform.web.filters import page_number, row_number
from aiops_platform.web.site import PageRequest, TheSite, TheVisitor, is_partial

PER_PAGE = 30


@get("/jobs", sync_to_thread=True)
def job_list(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Every job of every service; for htmx only the part that changes."""
    given = site.common(visitor)
    page = page_number(request.query_params.get("page", ""))
    found = site.reads.jobs(visitor.project_id, page=page, per_page=PER_PAGE)
    given |= {"found": found, "shown": {row.id: _laid_out(row) for row in found.rows}}
    return site.part("job_list.html", given) if is_partial(request) else site.page("jobs.html", given)


@get("/jobs/{job_id:str}", sync_to_thread=True)
def job_page(request: PageRequest, site: TheSite, visitor: TheVisitor, job_id: FromPath[str]) -> Response[str]:
    """One job with its runs; for htmx only the part that changes."""
    number = row_number(job_id)
    given = site.common(visitor)
    found = None if number is None else site.reads.job(visitor.project_id, number)
    if found is None:
        raise NotFoundException
    given |= {"job": found.row, "shown": _laid_out(found.row)}
    return site.part("job_parts.html", given) if is_partial(request) else site.page("job.html", given)


ROUTES: tuple[HTTPRouteHandler, ...] = (job_list, job_page)


def _laid_out(row: JobRow) -> dict[str, Any]:
    """What of a job is worked out for its page: its strip, and how each of its runs stands."""
    standings = words.standings(row.runs)
    return {
        "strip": drawings.strip([(each, run.duration) for each, run in zip(standings, row.runs, strict=True)]),
        "standings": standings,
        "schedule": words.schedule(row.schedule),
    }
