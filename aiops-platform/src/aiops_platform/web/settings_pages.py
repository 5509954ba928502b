"""Settings of the project: its own rules for grouping, to be tried before they are kept."""

import asyncio

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from aiops_platform.core.group_rules import Problem, Rehearsal
from aiops_platform.core.group_rules.notation import LONGEST, MOST_CONDITIONS, MOST_RULES
from aiops_platform.pipeline.ruling import MOST_TRIED, Refused
from aiops_platform.web.cut import visible
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, Visitor

_LIMITS = {"characters": LONGEST, "rules": MOST_RULES, "conditions": MOST_CONDITIONS, "tried": MOST_TRIED}


@get("/settings", sync_to_thread=False)
def settings() -> Redirect:
    """The first of the settings."""
    return Redirect("/settings/grouping", status_code=303)


@get("/settings/grouping", sync_to_thread=True)
def grouping_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """The rules as they are."""
    text = site.ruling.group_rules(visitor.project_id)
    return _grouping(site, visitor, text, saved="saved" in request.query_params)


@post("/settings/grouping", status_code=200)
async def change_grouping(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Tries the rules that were written, or keeps them; then the page with what was written and what came of it."""
    form = await request.form()
    text = str(form.get("rules", ""))
    return await asyncio.to_thread(_change, site, visitor, text, is_kept=form.get("do") == "save")


ROUTES: tuple[HTTPRouteHandler, ...] = (settings, grouping_page, change_grouping)


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
