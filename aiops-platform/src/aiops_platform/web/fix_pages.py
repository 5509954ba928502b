"""Fixes: those that run and ran, one of them, what services offer; asked for, decided, stopped."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect, Stream

from aiops_platform.core.fixing import fixer as fixers
from aiops_platform.core.fixing.errors import FixError, NotWaitingError
from aiops_platform.core.fixing.fix import UNDECIDED, UNENDED, FixState, Wanted
from aiops_platform.core.fixing.fixer import Fixer
from aiops_platform.core.people import Actor
from aiops_platform.web import fix_words
from aiops_platform.web.filters import row_number
from aiops_platform.web.forms import whole_form
from aiops_platform.web.incident_pages import detail_of, incident_of, whole_page
from aiops_platform.web.site import FOR_MEMBERS, PageRequest, Site, TheSite, TheVisitor, Visitor, is_partial

_Decide: TypeAlias = Callable[[int, int, Actor, datetime], object]

_PAGE: Final = "/fixes"
_PER_PAGE: Final = 20
_FIXERS_PER_PAGE: Final = 10
_MOST_PARAMS: Final = 50
_LONGEST_PARAM: Final = 4_100
_STATES: Final = {"all": None, "waiting": UNDECIDED, "unended": UNENDED, "ended": frozenset(FixState) - UNENDED}
_DONE: Final = {
    "stopped": "Stopped. Nothing is asked for until somebody allows it again.",
    "allowed": "Fixes may be asked for again.",
    "approve": "It is asked for.",
    "decline": "Declined.",
    "cancel": "Taken back.",
    "asked": "Asked for. What comes of it shows here by itself.",
}


@get(_PAGE, sync_to_thread=True)
def fix_list(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """What was asked for and what came of it, the newest first; for htmx only the part that changes."""
    given = site.common(visitor)
    state = request.query_params.get("state", "all")
    said = {"state": state if state in _STATES else "all"}
    before, service = (row_number(request.query_params.get(name, "")) for name in ("before", "service"))
    fixer = request.query_params.get("fixer", "")
    said |= {"service": str(service)} if service is not None else {}
    said |= {"fixer": fixer} if fixers.is_name(fixer) else {}
    page = site.fixes.reads.page(
        visitor.project_id,
        states=_STATES[said["state"]],
        before=before,
        limit=_PER_PAGE,
        service_id=service,
        fixer=said.get("fixer"),
    )
    now = said | ({"before": str(before)} if before is not None else {})
    given |= {
        "page": page,
        "state": said["state"],
        "fixer": said.get("fixer", ""),
        "address": f"{_PAGE}?{urlencode(now)}",
        "older": f"{_PAGE}?{urlencode(said | {'before': str(page.next or 0)})}",
        "stopped": site.fixes.reads.stopped(visitor.project_id),
        "done": _DONE.get(request.query_params.get("done", ""), ""),
        "fix_words": fix_words,
    }
    return site.part("fix_list.html", given) if is_partial(request) else site.page("fixes.html", given)


@get(f"{_PAGE}/{{fix_id:int}}", sync_to_thread=True)
def fix_page(request: PageRequest, site: TheSite, visitor: TheVisitor, fix_id: FromPath[int]) -> Response[str]:
    """One fix, with what the service told of it; for htmx only the part that changes."""
    done = _DONE.get(request.query_params.get("done", ""), "")
    return _one(site, visitor, fix_id, done=done, is_part=is_partial(request))


@get(f"{_PAGE}/fixers", sync_to_thread=True)
def fixer_list(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """What services offer or offered, and what came of it; for htmx only the part that changes."""
    given = site.common(visitor)
    reads = site.fixes.reads
    effects = {(each.service_id, each.fixer): each for each in reads.effects(visitor.project_id)}
    offered = reads.offered(visitor.project_id, site.clock())
    page = min(max(row_number(request.query_params.get("page", "")) or 1, 1), len(offered) // _FIXERS_PER_PAGE + 1)
    given |= {
        "offered": offered[(page - 1) * _FIXERS_PER_PAGE : page * _FIXERS_PER_PAGE],
        "total": len(offered),
        "page": page,
        "per_page": _FIXERS_PER_PAGE,
        "effects": effects,
        "fix_words": fix_words,
    }
    return site.part("fixer_list.html", given) if is_partial(request) else site.page("fixers.html", given)


@get(f"{_PAGE}/audit.jsonl", sync_to_thread=True)
def audit(site: TheSite, visitor: TheVisitor) -> Stream:
    """Every step that there was, a line of JSON each, to be kept."""

    def lines() -> Iterator[bytes]:
        yield from site.fixes.reads.audit_lines(visitor.project_id)

    headers = {"Content-Disposition": 'attachment; filename="fixes-audit.jsonl"', "Cache-Control": "no-store"}
    return Stream(lines, media_type="application/jsonl", headers=headers)


@post(f"{_PAGE}/stop", sync_to_thread=True, status_code=200)
def stop(site: TheSite, visitor: TheVisitor) -> Redirect:
    """Stops them all."""
    site.fixes.stop_all(visitor.project_id, visitor.actor, site.clock())
    return Redirect(f"{_PAGE}?done=stopped", status_code=303)


@post(f"{_PAGE}/allow", sync_to_thread=True, status_code=200)
def allow(site: TheSite, visitor: TheVisitor) -> Redirect:
    """Allows them again."""
    try:
        site.fixes.allow(visitor.project_id, visitor.actor, site.clock())
    except FixError:
        # The page says that the platform's settings stop them.
        return Redirect(_PAGE, status_code=303)
    return Redirect(f"{_PAGE}?done=allowed", status_code=303)


@post(f"{_PAGE}/{{fix_id:int}}/approve", sync_to_thread=True, status_code=200)
def approve(site: TheSite, visitor: TheVisitor, fix_id: FromPath[int]) -> Response[str] | Redirect:
    """Says yes to it."""
    return _decided(site, visitor, fix_id, "approve", site.fixes.approve)


@post(f"{_PAGE}/{{fix_id:int}}/decline", sync_to_thread=True, status_code=200)
def decline(site: TheSite, visitor: TheVisitor, fix_id: FromPath[int]) -> Response[str] | Redirect:
    """Says no to it."""
    return _decided(site, visitor, fix_id, "decline", site.fixes.decline)


@post(f"{_PAGE}/{{fix_id:int}}/cancel", sync_to_thread=True, status_code=200)
def cancel(site: TheSite, visitor: TheVisitor, fix_id: FromPath[int]) -> Response[str] | Redirect:
    """Takes it back."""
    return _decided(site, visitor, fix_id, "cancel", site.fixes.cancel)


@get("/incidents/{incident_id:str}/fix", opt=FOR_MEMBERS, sync_to_thread=True)
def ask_page(request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]) -> Response[str]:
    """One of the service's fixers with all of its parameters, for an incident beside which there is no room for it."""
    given, number = site.common(visitor), row_number(incident_id)
    if number is None:
        raise NotFoundException
    detail, name = detail_of(site, visitor, number), request.query_params.get("fixer", "")
    offered = site.fixes.reads.offered(visitor.project_id, site.clock(), service_id=detail.service_id)
    fixer = next((each.fixer for each in offered if each.is_offered and each.fixer.name == name), None)
    if fixer is None:
        raise NotFoundException
    stopped = site.fixes.reads.stopped(visitor.project_id)
    return site.page("fix_ask.html", given | {"row": detail.row, "fixer": fixer, "stopped": stopped})


@post("/incidents/{incident_id:str}/fix", status_code=200)
async def ask(
    request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]
) -> Response[str] | Redirect:
    """Asks the incident's service for a fixer, with the parameters of the form."""
    form = await whole_form(request)
    said = {name: str(value)[:_LONGEST_PARAM] for name, value in list(form.items())[: _MOST_PARAMS + 3]}
    number = row_number(incident_id)
    if number is None:
        raise NotFoundException
    return await asyncio.to_thread(_ask, site, visitor, number, said)


ROUTES: tuple[HTTPRouteHandler, ...] = (
    fix_list,
    fixer_list,
    audit,
    fix_page,
    stop,
    allow,
    approve,
    decline,
    cancel,
    ask_page,
    ask,
)


def _ask(site: Site, visitor: Visitor, number: int, said: dict[str, str]) -> Response[str] | Redirect:
    detail, now = detail_of(site, visitor, number), site.clock()
    offered = site.fixes.reads.offered(visitor.project_id, now, service_id=detail.service_id)
    try:
        wanted = _wanted([each.fixer for each in offered if each.is_offered], said)
        asked = site.fixes.ask(visitor.project_id, number, wanted, visitor.actor, now)
    except FixError as wrong:
        given = incident_of(site, visitor, number, "newest") | {"problem": f"Nothing was asked for. {wrong}."}
        return whole_page(site, given, status=422)
    if not asked:
        raise NotFoundException
    return Redirect(f"{_PAGE}/{asked[0].id}?done=asked", status_code=303)


def _wanted(offered: Sequence[Fixer], said: Mapping[str, str]) -> Wanted:
    name = said.get("fixer", "")
    fixer = next((each for each in offered if each.name == name), None)
    if fixer is None:
        raise FixError("fixer", "The service does not offer this fixer now")
    texts = {key.removeprefix("param."): text for key, text in said.items() if key.startswith("param.")}
    return Wanted(name, fixers.params_from(fixer, texts))


def _decided(site: Site, visitor: Visitor, fix_id: int, verb: str, decide: _Decide) -> Response[str] | Redirect:
    try:
        if decide(visitor.project_id, fix_id, visitor.actor, site.clock()) is None:
            raise NotFoundException
    except NotWaitingError:
        # Pressed twice, or somebody was faster: the page shows how it stands.
        return Redirect(f"{_PAGE}/{fix_id}", status_code=303)
    except FixError as wrong:
        return _one(site, visitor, fix_id, problem=str(wrong), status=422)
    return Redirect(f"{_PAGE}/{fix_id}?done={verb}", status_code=303)


def _one(
    site: Site,
    visitor: Visitor,
    fix_id: int,
    *,
    done: str = "",
    problem: str = "",
    is_part: bool = False,
    status: int = 200,
) -> Response[str]:
    given = site.common(visitor)
    row = site.fixes.reads.one(visitor.project_id, fix_id)
    if row is None:
        raise NotFoundException
    others = site.fixes.reads.page(visitor.project_id, incident_id=row.fix.incident_id, limit=_PER_PAGE).rows
    given |= {
        "row": row,
        "fix": row.fix,
        "standing": fix_words.standing(row.fix),
        "others": [each for each in others if each.fix.id != fix_id],
        "told": tuple(fix_words.told(row.fix.result)),
        "undecided": row.fix.state in UNDECIDED,
        "done": done,
        "problem": problem,
        "fix_words": fix_words,
    }
    whole: dict[str, Any] = given
    return site.part("fix_parts.html", whole) if is_part else site.page("fix.html", whole, status=status)
