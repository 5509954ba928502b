"""Settings of the project: its own rules for grouping, to be tried before they are kept, and what else is secret."""

import asyncio
from hashlib import blake2b

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.group_rules import Problem, Rehearsal
from aiops_platform.core.group_rules.notation import LONGEST, MOST_CONDITIONS, MOST_IN_ALL, MOST_RULES
from aiops_platform.core.scrubbing.rules import RuleKind, WrongRuleError, told
from aiops_platform.pipeline.ruling import Refused
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import whole_form
from aiops_platform.web.site import FOR_ADMINS, PageRequest, Site, TheSite, TheVisitor, Visitor

_LIMITS = {"characters": LONGEST, "rules": MOST_RULES, "conditions": MOST_CONDITIONS, "in_all": MOST_IN_ALL}


@get("/settings", sync_to_thread=False)
def settings(visitor: TheVisitor) -> Redirect:
    """The first of the settings that are theirs to see."""
    return Redirect("/settings/grouping" if visitor.rules else "/settings/tokens", status_code=303)


@get("/settings/grouping", opt=FOR_ADMINS, sync_to_thread=True)
def grouping_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """The rules as they are."""
    text = site.ruling.group_rules(visitor.project_id)
    return _grouping(site, visitor, text, saved="saved" in request.query_params)


@post("/settings/grouping", opt=FOR_ADMINS, status_code=200)
async def change_grouping(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Tries the rules that were written, or keeps them; then the page with what was written and what came of it."""
    form = await whole_form(request)
    text = str(form.get("rules", ""))
    return await asyncio.to_thread(_change, site, visitor, text, is_kept=form.get("do") == "save")


@get("/settings/secrets", opt=FOR_ADMINS, sync_to_thread=True)
def secrets_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """What is hidden besides what is hidden everywhere; of values only how they begin."""
    return _secrets(site, visitor, saved="saved" in request.query_params)


@post("/settings/secrets", opt=FOR_ADMINS, status_code=200)
async def hide(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Hides more; then the page as it is now."""
    form = await whole_form(request)
    kind = RuleKind.VALUE if form.get("kind") == RuleKind.VALUE else RuleKind.NAME
    return await asyncio.to_thread(_hide, site, visitor, kind, str(form.get("text", "")))


@post("/settings/secrets/{which:str}/remove", opt=FOR_ADMINS, sync_to_thread=True, status_code=200)
def hide_no_longer(site: TheSite, visitor: TheVisitor, which: FromPath[str]) -> Redirect:
    """Takes one away; then the page as it is now. One that is gone already is no mistake."""
    for kind, text in site.hiding.rules(visitor.project_id):
        if _mark(visitor, kind, text) == which:
            site.hiding.remove(visitor.project_id, kind, text)
    return Redirect("/settings/secrets?saved", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (
    settings,
    grouping_page,
    change_grouping,
    secrets_page,
    hide,
    hide_no_longer,
)


def _change(site: Site, visitor: Visitor, text: str, *, is_kept: bool) -> Response[str] | Redirect:
    if is_kept:
        done = site.ruling.set_group_rules(visitor.project_id, text)
        if isinstance(done, Refused):
            return _grouping(site, visitor, text, problems=done.problems, status=422)
        return Redirect("/settings/grouping?saved", status_code=303)
    tried = site.ruling.rehearse(visitor.project_id, text)
    if isinstance(tried, Refused):
        return _grouping(site, visitor, text, problems=tried.problems)
    return _grouping(site, visitor, text, tried=tried)


def _grouping(
    site: Site,
    visitor: Visitor,
    text: str,
    *,
    tried: Rehearsal | None = None,
    problems: tuple[Problem, ...] = (),
    saved: bool = False,
    status: int = 200,
) -> Response[str]:
    given = {"text": visible(text), "tried": tried, "problems": problems, "saved": saved, "limits": _LIMITS}
    return site.page("grouping_settings.html", site.common(visitor) | given, status=status)


def _hide(site: Site, visitor: Visitor, kind: RuleKind, text: str) -> Response[str] | Redirect:
    try:
        site.hiding.add(visitor.project_id, kind, text)
    except WrongRuleError as wrong:
        typed = text if kind is RuleKind.NAME else ""
        return _secrets(site, visitor, problem=str(wrong), typed=typed, status=422)
    return Redirect("/settings/secrets?saved", status_code=303)


def _secrets(
    site: Site, visitor: Visitor, *, problem: str = "", typed: str = "", saved: bool = False, status: int = 200
) -> Response[str]:
    rules = [
        {"kind": kind.value, "told": told(kind, text), "mark": _mark(visitor, kind, text)}
        for kind, text in site.hiding.rules(visitor.project_id)
    ]
    given = {"rules": rules, "problem": problem, "typed": visible(typed), "saved": saved}
    return site.page("secret_settings.html", site.common(visitor) | given, status=status)


def _mark(visitor: Visitor, kind: RuleKind, text: str) -> str:
    """Which rule it is, for the address of its button: nobody can try values until the mark is the same."""
    key = visitor.session.encode()[:64]
    return blake2b(f"{kind}:{text}".encode(), key=key, digest_size=12).hexdigest()
