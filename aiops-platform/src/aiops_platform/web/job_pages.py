"""The jobs, one of them with its runs and what is expected of it, and one run with what it printed."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core import job_guess, job_settings, schedule
from aiops_platform.core.schedule import ScheduleError
from aiops_platform.core.views import JobDetail, JobRow
from aiops_platform.web import drawings, job_drawings, job_words, words
from aiops_platform.web.cut import visible
from aiops_platform.web.filters import page_number, row_number
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, Visitor, is_partial

PER_PAGE = 30
# Of what a run printed: escaped it may be five times as long, and a page is to stay short.
_SHOWN_OUTPUT: Final = 8_000
_DONE: Final = {
    "expected": "Done. It counts from now on.",
    "handed-back": "Handed back: what the job says itself holds from now on.",
    "paused": "Paused. It is not judged until somebody resumes it.",
    "resumed": "It is judged again, from now on.",
}


@get("/jobs", sync_to_thread=True)
def job_list(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Every job of every service; for htmx only the part that changes."""
    given = site.common(visitor)
    page = page_number(request.query_params.get("page", ""))
    found = site.reads.jobs(visitor.project_id, page=page, per_page=PER_PAGE)
    given |= {"found": found, "shown": {row.id: _laid_out(row) for row in found.rows}, "job_words": job_words}
    return site.part("job_list.html", given) if is_partial(request) else site.page("jobs.html", given)


@get("/jobs/{job_id:str}", sync_to_thread=True)
def job_page(request: PageRequest, site: TheSite, visitor: TheVisitor, job_id: FromPath[str]) -> Response[str]:
    """One job with its runs; for htmx only the part that changes."""
    given = site.common(visitor)
    job = _job(site, visitor, job_id).row
    done = _DONE.get(request.query_params.get("done", ""), "")
    if is_partial(request):
        return site.part("job_parts.html", given | _given(job))
    return site.page("job.html", given | _given(job) | _form(job, done=done))


@get("/jobs/{job_id:str}/runs/{run_id:str}", sync_to_thread=True)
def run_page(site: TheSite, visitor: TheVisitor, job_id: FromPath[str], run_id: FromPath[str]) -> Response[str]:
    """One run with what it printed."""
    number = row_number(job_id)
    given = site.common(visitor)
    found = None if number is None else site.jobs.run(visitor.project_id, number, run_id)
    if found is None:
        raise NotFoundException
    output = visible(found.output[:_SHOWN_OUTPUT])
    is_cut = len(found.output) > _SHOWN_OUTPUT
    return site.page("run.html", given | {"found": found, "run": found.run, "output": output, "is_cut": is_cut})


@post("/jobs/{job_id:str}/expect", status_code=200)
async def expect(
    request: PageRequest, site: TheSite, visitor: TheVisitor, job_id: FromPath[str]
) -> Response[str] | Redirect:
    """From now on this is expected of it."""
    said = await form_of(request, *job_words.FIELDS)
    return await asyncio.to_thread(_expect, site, visitor, job_id, said)


@post("/jobs/{job_id:str}/hand-back", sync_to_thread=True, status_code=200)
def hand_back(site: TheSite, visitor: TheVisitor, job_id: FromPath[str]) -> Redirect:
    """What the job says itself holds again."""
    site.jobs.rule(visitor.project_id, _number(job_id), None, site.clock())
    return _back(job_id, "handed-back")


@post("/jobs/{job_id:str}/pause", sync_to_thread=True, status_code=200)
def pause(site: TheSite, visitor: TheVisitor, job_id: FromPath[str]) -> Redirect:
    """Nobody wants to hear of it for now."""
    if not site.jobs.pause(visitor.project_id, _number(job_id), site.clock(), by=visitor.actor):
        raise NotFoundException
    return _back(job_id, "paused")


@post("/jobs/{job_id:str}/resume", sync_to_thread=True, status_code=200)
def resume(site: TheSite, visitor: TheVisitor, job_id: FromPath[str]) -> Redirect:
    """It is judged again."""
    if not site.jobs.resume(visitor.project_id, _number(job_id), site.clock()):
        raise NotFoundException
    return _back(job_id, "resumed")


@post("/jobs/{job_id:str}/delete", sync_to_thread=True, status_code=200)
def delete(site: TheSite, visitor: TheVisitor, job_id: FromPath[str]) -> Redirect:
    """It is forgotten with its runs."""
    if not site.jobs.delete(visitor.project_id, _number(job_id), site.clock(), by=visitor.actor):
        raise NotFoundException
    return Redirect("/jobs", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (job_list, job_page, run_page, expect, hand_back, pause, resume, delete)


def _expect(site: Site, visitor: Visitor, job_id: str, said: Mapping[str, str]) -> Response[str] | Redirect:
    try:
        told = job_words.told_by(said)
        if not site.jobs.rule(visitor.project_id, _number(job_id), told, site.clock()):
            raise NotFoundException
    except ScheduleError as wrong:
        job = _job(site, visitor, job_id).row
        typed = {name: visible(text) for name, text in said.items()}
        given = site.common(visitor) | _given(job) | _form(job, typed=typed, problem=str(wrong))
        return site.page("job.html", given, status=422)
    return _back(job_id, "expected")


def _number(job_id: str) -> int:
    number = row_number(job_id)
    if number is None:
        raise NotFoundException
    return number


def _job(site: Site, visitor: Visitor, job_id: str) -> JobDetail:
    found = site.reads.job(visitor.project_id, _number(job_id))
    if found is None:
        raise NotFoundException
    return found


def _back(job_id: str, done: str) -> Redirect:
    return Redirect(f"/jobs/{_number(job_id)}?done={done}", status_code=303)


def _given(job: JobRow) -> dict[str, Any]:
    settings, _ = job_settings.in_force(job.schedule, job.settings)
    shown = _laid_out(job)
    limits = {"at most": settings.max_run, "at least": settings.min_run}
    seconds = {name: limit.total_seconds() for name, limit in limits.items() if limit is not None}
    drawn = job_drawings.durations(
        [(each, run.duration) for each, run in zip(shown["standings"], job.runs, strict=True)], seconds
    )
    return {
        "job": job,
        "shown": shown,
        "job_words": job_words,
        "expectations": job_words.expectations(settings),
        "coming": job_words.coming(settings, job.expected_at),
        "durations": drawn,
        "limits": {name: limit for name, limit in seconds.items() if name in drawn.lines},
    }


def _form(job: JobRow, *, typed: Mapping[str, str] | None = None, problem: str = "", done: str = "") -> dict[str, Any]:
    in_force = job.schedule if job.settings is None else job.settings
    as_it_is = job_words.typed(in_force)
    return {"typed": typed or as_it_is, "problem": problem, "done": done, "guess": _guess(job, as_it_is)}


def _guess(job: JobRow, typed: Mapping[str, str]) -> dict[str, Any] | None:
    """What its runs suggest of a job of which no schedule is known: to be kept with one click, beside what is set."""
    found = None if typed["kind"] != "none" else job_guess.guessed([run.began_at for run in job.runs])
    if found is None:
        return None
    every, grace = schedule.span(found.every.total_seconds()), schedule.span(found.grace.total_seconds())
    fields = dict(typed) | {"kind": "every", "when": every, "grace": typed["grace"] or grace}
    return {"every": every, "grace": fields["grace"], "runs": found.runs, "fields": fields}


def _laid_out(row: JobRow) -> dict[str, Any]:
    """What of a job is worked out for its page: its strip, and how each of its runs stands."""
    standings = words.standings(row.runs)
    in_force, _ = job_settings.in_force(row.schedule, row.settings)
    is_ruled = row.settings is not None
    said = (
        in_force.schedule.said() if in_force.schedule is not None else "" if is_ruled else words.schedule(row.schedule)
    )
    return {
        "strip": drawings.strip([(each, run.duration) for each, run in zip(standings, row.runs, strict=True)]),
        "standings": standings,
        "schedule": said,
        "standing": job_words.standing(row),
    }
