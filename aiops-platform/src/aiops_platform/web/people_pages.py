"""Settings of the project: its people, what each may do, and invitations."""

import asyncio

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.people import LONGEST_EMAIL, PeopleError, Role
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import FOR_ADMINS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE = "/settings/people"
_SAID = {
    "role": "Their role is changed.",
    "removed": "They are out, here and now. What they did stays with their name.",
    "withdrawn": "Withdrawn. The link lets nobody in any more.",
}


@get(_PAGE, opt=FOR_ADMINS, sync_to_thread=True)
def people_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Everybody in the project, and who is invited."""
    return _page(site, visitor, done=_SAID.get(request.query_params.get("done", ""), ""))


@post(f"{_PAGE}/invite", opt=FOR_ADMINS, status_code=200)
async def invite(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Makes an invitation; its link is shown this once."""
    said = await form_of(request, "email", "role")
    return await asyncio.to_thread(_invite, site, visitor, said["email"], _role(said["role"]))


@post(f"{_PAGE}/{{user_id:int}}/role", opt=FOR_ADMINS, status_code=200)
async def change_role(
    request: PageRequest, site: TheSite, visitor: TheVisitor, user_id: FromPath[int]
) -> Response[str] | Redirect:
    """From now on they may do this."""
    role = _role((await form_of(request, "role"))["role"])
    try:
        await asyncio.to_thread(site.people.set_role, visitor.project_id, user_id, role)
    except PeopleError as wrong:
        return await asyncio.to_thread(_page, site, visitor, problem=f"{wrong}.", status=422)
    return Redirect(f"{_PAGE}?done=role", status_code=303)


@post(f"{_PAGE}/{{user_id:int}}/remove", opt=FOR_ADMINS, sync_to_thread=True, status_code=200)
def remove(site: TheSite, visitor: TheVisitor, user_id: FromPath[int]) -> Response[str] | Redirect:
    """Their sessions and tokens end."""
    try:
        site.people.remove_member(visitor.project_id, user_id, site.clock())
    except PeopleError as wrong:
        return _page(site, visitor, problem=f"{wrong}.", status=422)
    return Redirect(f"{_PAGE}?done=removed" if user_id != visitor.user.id else "/", status_code=303)


@post("/settings/invitations/{which:str}/withdraw", opt=FOR_ADMINS, sync_to_thread=True, status_code=200)
def withdraw(site: TheSite, visitor: TheVisitor, which: FromPath[str]) -> Redirect:
    """The link works no longer. One that is gone already is no mistake."""
    site.people.withdraw(visitor.project_id, which)
    return Redirect(f"{_PAGE}?done=withdrawn", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (people_page, invite, change_role, remove, withdraw)


def _invite(site: Site, visitor: Visitor, email: str, role: Role) -> Response[str]:
    address = email.strip() or None
    try:
        link = site.people.invite(visitor.project_id, role, email=address, by=visitor.user.name, now=site.clock())
    except PeopleError as wrong:
        return _page(site, visitor, problem=f"{wrong}.", email=email, role=role, status=422)
    return _page(site, visitor, link=f"{site.public_url}/invited/{link}", email=email, role=role)


def _role(text: str) -> Role:
    return Role(text) if text in set(Role) else Role.VIEWER


def _page(
    site: Site,
    visitor: Visitor,
    *,
    link: str = "",
    email: str = "",
    role: Role = Role.MEMBER,
    problem: str = "",
    done: str = "",
    status: int = 200,
) -> Response[str]:
    given = {
        "members": site.people.members(visitor.project_id),
        "invitations": site.people.invitations(visitor.project_id, site.clock()),
        "link": link,
        "email": visible(email[:LONGEST_EMAIL]),
        "role": role,
        "longest": LONGEST_EMAIL,
        "problem": problem,
        "done": done,
    }
    return site.page("people_settings.html", site.common(visitor) | given, status=status)
