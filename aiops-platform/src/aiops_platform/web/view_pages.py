"""Saved views of the list of incidents: save one, rename it, share it, begin with it, delete it."""

import asyncio
from urllib.parse import parse_qsl, urlencode

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.saved_views import ViewError
from aiops_platform.web.filters import Filters
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import FOR_VIEWERS, PageRequest, Site, TheSite, TheVisitor, Visitor

# Longer than any search is in an address: half of one is another one, and of those that are too long the store says so.
_LONGEST = 20_000


@get("/views/{view_id:int}", sync_to_thread=True)
def show_view(site: TheSite, visitor: TheVisitor, view_id: FromPath[int]) -> Redirect:
    """The list as the view keeps it: its whole address would be long, where many views stand in a page."""
    query = next(
        (each.query for each in site.views.of(visitor.project_id, visitor.user.id) if each.id == view_id), None
    )
    if query is None:
        raise NotFoundException
    return Redirect(f"/incidents?{query}", status_code=303)


@post("/views", opt=FOR_VIEWERS, status_code=200)
async def save_view(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Keeps the list as it is under a name."""
    said = await form_of(request, "name", "query", "shared")
    return await asyncio.to_thread(_save, site, visitor, said["name"], said["query"], is_shared=bool(said["shared"]))


@post("/views/{view_id:int}", opt=FOR_VIEWERS, status_code=200)
async def change_view(
    request: PageRequest, site: TheSite, visitor: TheVisitor, view_id: FromPath[int]
) -> Response[str] | Redirect:
    """Renames a view of one's own, and shares it or not."""
    said = await form_of(request, "name", "query", "shared")
    return await asyncio.to_thread(_change, site, visitor, view_id, said)


@post("/views/{view_id:int}/delete", opt=FOR_VIEWERS, status_code=200)
async def drop_view(request: PageRequest, site: TheSite, visitor: TheVisitor, view_id: FromPath[int]) -> Redirect:
    """Deletes a view of one's own; an admin also one that is shared."""
    said, mine = await form_of(request, "query"), (visitor.project_id, visitor.user.id)
    if not await asyncio.to_thread(site.views.drop, *mine, view_id, rules=visitor.rules):
        raise NotFoundException
    return _to(said["query"])


@post("/views/{view_id:int}/default", opt=FOR_VIEWERS, status_code=200)
async def begin_with_view(request: PageRequest, site: TheSite, visitor: TheVisitor, view_id: FromPath[int]) -> Redirect:
    """From now on the list begins with this view; 0 is none."""
    said = await form_of(request, "query")
    if not await asyncio.to_thread(site.views.begin_with, visitor.project_id, visitor.user.id, view_id or None):
        raise NotFoundException
    return _to(said["query"])


ROUTES: tuple[HTTPRouteHandler, ...] = (show_view, save_view, change_view, drop_view, begin_with_view)


def _save(site: Site, visitor: Visitor, name: str, query: str, *, is_shared: bool) -> Response[str] | Redirect:
    told = _tidied(query)
    try:
        site.views.save(
            visitor.project_id,
            visitor.user.id,
            name=name,
            query=told,
            shared=is_shared and visitor.acts,
            now=site.clock(),
        )
    except ViewError as wrong:
        return _problem(site, visitor, wrong)
    return _to(told)


def _change(site: Site, visitor: Visitor, view_id: int, said: dict[str, str]) -> Response[str] | Redirect:
    shared = bool(said["shared"]) and visitor.acts
    try:
        if not site.views.change(visitor.project_id, visitor.user.id, view_id, name=said["name"], shared=shared):
            raise NotFoundException
    except ViewError as wrong:
        return _problem(site, visitor, wrong)
    return _to(said["query"])


def _problem(site: Site, visitor: Visitor, wrong: ViewError) -> Response[str]:
    return site.page("problem.html", site.common(visitor) | {"said": str(wrong)}, status=422)


def _tidied(query: str) -> str:
    """What the list's address says, and nothing else."""
    return urlencode(Filters.read(dict(parse_qsl(query[:_LONGEST]))).told())


def _to(query: str) -> Redirect:
    return Redirect(f"/incidents?{_tidied(query)}", status_code=303)
