"""Projects: which there are for the visitor, another one, another name, and the way from one to the next."""

import asyncio
from collections.abc import Callable

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.people import LONGEST_PROJECT, PeopleError, Project
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import FOR_ADMINS, FOR_VIEWERS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE = "/settings/projects"


@get(_PAGE, opt=FOR_ADMINS, sync_to_thread=True)
def projects_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Those that the visitor is a member of."""
    return _page(site, visitor, renamed="renamed" in request.query_params)


@post(_PAGE, opt=FOR_ADMINS, status_code=200)
async def add_project(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Makes one, and goes there: to connect its first service."""
    name = (await form_of(request, "name"))["name"]

    def make() -> Project:
        made = site.people.add_project(name, visitor.user.id, site.clock())
        site.access.show_project(visitor.session, made.id)
        return made

    return await asyncio.to_thread(_done, site, visitor, make, "/setup", name)


@post(f"{_PAGE}/rename", opt=FOR_ADMINS, status_code=200)
async def rename_project(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Gives the one that is shown another name."""
    name = (await form_of(request, "name"))["name"]
    return await asyncio.to_thread(
        _done,
        site,
        visitor,
        lambda: site.people.rename_project(visitor.project_id, name),
        f"{_PAGE}?renamed",
        name,
        is_rename=True,
    )


@post("/projects/{project_id:int}/show", opt=FOR_VIEWERS, sync_to_thread=True, status_code=200)
def show_project(site: TheSite, visitor: TheVisitor, project_id: FromPath[int]) -> Redirect:
    """From now on the session shows that one."""
    if site.people.role(visitor.user.id, project_id) is None:
        raise NotFoundException
    site.access.show_project(visitor.session, project_id)
    return Redirect("/", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (projects_page, add_project, rename_project, show_project)


def _done(
    site: Site,
    visitor: Visitor,
    do: Callable[[], Project],
    then: str,
    typed: str,
    *,
    is_rename: bool = False,
) -> Response[str] | Redirect:
    try:
        do()
    except PeopleError as wrong:
        return _page(site, visitor, problem=f"{wrong}.", typed=typed, is_rename=is_rename, status=422)
    return Redirect(then, status_code=303)


def _page(
    site: Site,
    visitor: Visitor,
    *,
    renamed: bool = False,
    problem: str = "",
    typed: str = "",
    is_rename: bool = False,
    status: int = 200,
) -> Response[str]:
    theirs = site.people.projects(visitor.user.id)
    own = next((each.name for each in theirs if each.id == visitor.project_id), "")
    typed = visible(typed[:LONGEST_PROJECT])
    given = {
        "theirs": theirs,
        "renamed": renamed,
        "problem": problem,
        "new_name": "" if is_rename else typed,
        "own_name": typed if is_rename else own,
        "longest": LONGEST_PROJECT,
    }
    return site.page("project_settings.html", site.common(visitor) | given, status=status)
