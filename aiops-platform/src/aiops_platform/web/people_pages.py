"""Settings of the project: its people, what each may do, and invitations."""

import asyncio

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.backoff import Outcome, Sent, said
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
    form = await form_of(request, "email", "role", "by_mail")
    role, by_mail = _role(form["role"]), form["by_mail"] == "yes"
    return await asyncio.to_thread(_invite, site, visitor, form["email"], role, by_mail=by_mail)


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


def _invite(site: Site, visitor: Visitor, email: str, role: Role, *, by_mail: bool) -> Response[str]:
    address = email.strip() or None
    try:
        link = site.people.invite(visitor.project_id, role, email=address, by=visitor.user.name, now=site.clock())
    except PeopleError as wrong:
        return _page(site, visitor, problem=f"{wrong}.", email=email, role=role, status=422)
    url = f"{site.public_url}/invited/{link}"
    mailed = _mailed(site, visitor, address, url, role) if by_mail and address else None
    return _page(site, visitor, link=url, email=email, role=role, mailed=mailed)


def _mailed(site: Site, visitor: Visitor, to: str, url: str, role: Role) -> Outcome | None:
    if site.letters is None:
        return None
    projects = {each.id: each.name for each in site.people.projects(visitor.user.id)}
    return site.letters.invite(
        to,
        url,
        by=visitor.user.name,
        project=projects.get(visitor.project_id, ""),
        role=role.called,
        project_id=visitor.project_id,
        now=site.clock(),
    )


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
    mailed: Outcome | None = None,
    status: int = 200,
) -> Response[str]:
    given = {
        "members": site.people.members(visitor.project_id),
        "invitations": site.people.invitations(visitor.project_id, site.clock()),
        "link": link,
        "email": visible(email[:LONGEST_EMAIL]),
        "role": role,
        "longest": LONGEST_EMAIL,
        "sends_mail": site.letters is not None,
        "is_mailed": isinstance(mailed, Sent),
        "not_mailed": "" if mailed is None or isinstance(mailed, Sent) else said(mailed),
        "problem": problem,
        "done": done,
    }
    return site.page("people_settings.html", site.common(visitor) | given, status=status)
