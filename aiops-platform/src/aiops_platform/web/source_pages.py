"""Setting of a project: the way from a line of a traceback to its repository."""

import asyncio

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from aiops_platform.core import source_links
from aiops_platform.core.source_links import LONGEST, SourceLinkError
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import whole_form
from aiops_platform.web.site import FOR_ADMINS, PageRequest, Site, TheSite, TheVisitor, Visitor


@get("/settings/source", opt=FOR_ADMINS, sync_to_thread=True)
def source_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """The template as it is."""
    link = site.insights.source_link(visitor.project_id)
    template, root = (link.template, link.root) if link else ("", "")
    return _shown(site, visitor, template, root, saved="saved" in request.query_params)


@post("/settings/source", opt=FOR_ADMINS, status_code=200)
async def change_source(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Keeps the template that was written; an empty one ends it."""
    form = await whole_form(request)
    template, root = (str(form.get(name, ""))[: 2 * LONGEST] for name in ("template", "root"))
    return await asyncio.to_thread(_change, site, visitor, template, root)


ROUTES: tuple[HTTPRouteHandler, ...] = (source_page, change_source)


def _change(site: Site, visitor: Visitor, template: str, root: str) -> Response[str] | Redirect:
    try:
        link = source_links.checked(template, root) if template.strip() else None
    except SourceLinkError as wrong:
        return _shown(site, visitor, template, root, problem=str(wrong), status=400)
    site.insights.keep_source_link(visitor.project_id, link)
    return Redirect("/settings/source?saved", status_code=303)


def _shown(
    site: Site, visitor: Visitor, template: str, root: str, *, saved: bool = False, problem: str = "", status: int = 200
) -> Response[str]:
    told = {
        "template": visible(template),
        "root": visible(root),
        "saved": saved,
        "problem": problem,
        "longest": LONGEST,
    }
    return site.page("source_settings.html", site.common(visitor) | told, status=status)
