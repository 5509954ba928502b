"""What an invitation leads to: a page that makes an account, or lets in who has one already."""

import asyncio
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.people import (
    LONGEST_EMAIL,
    LONGEST_PASSWORD,
    LONGEST_PERSON,
    SHORTEST_PASSWORD,
    Invitation,
    PeopleError,
)
from aiops_platform.web import origin
from aiops_platform.web.access_pages import let_in
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import PageRequest, Site, TheSite, Visitor
from aiops_platform.web.visitors import NotFromUsError, find_visitor


@get("/invited/{link:str}")
async def invited(request: PageRequest, site: TheSite, link: FromPath[str]) -> Response[str]:
    """Who invites to what, and what is needed for it. Looking uses nothing up."""
    visitor = await find_visitor(request)
    found = await asyncio.to_thread(site.people.invitation, link, site.clock())
    return await asyncio.to_thread(_page, site, visitor, found, link)


@post("/invited/{link:str}", status_code=200)
async def accept(request: PageRequest, site: TheSite, link: FromPath[str]) -> Response[str] | Redirect:
    """Makes the account, or takes the one that is signed in; then the project."""
    if not origin.comes_from_us(request.headers, site.public_url):
        raise NotFromUsError
    visitor = await find_visitor(request)
    found = await asyncio.to_thread(site.people.invitation, link, site.clock())
    if found is None:
        return await asyncio.to_thread(_page, site, visitor, None, link)
    said = await form_of(request, "name", "email", "password", origin.FORM_FIELD)
    try:
        if visitor is None:
            return await _begin(request, site, found, link, said)
        if not origin.is_token_of(visitor.session, said[origin.FORM_FIELD]):
            raise NotFromUsError
        if await asyncio.to_thread(site.people.join, link, visitor.user.id, site.clock()) is None:
            return await asyncio.to_thread(_page, site, visitor, None, link)
    except PeopleError as wrong:
        return await asyncio.to_thread(_page, site, visitor, found, link, said, problem=f"{wrong}.")
    await asyncio.to_thread(site.access.show_project, visitor.session, found.project_id)
    return Redirect("/", status_code=303)


PUBLIC_ROUTES: tuple[HTTPRouteHandler, ...] = (invited, accept)


async def _begin(
    request: Request[Any, Any, Any], site: Site, found: Invitation, link: str, said: dict[str, str]
) -> Response[str] | Redirect:
    user_id = await asyncio.to_thread(
        lambda: site.people.accept(
            link, name=said["name"], email=said["email"], password=said["password"], now=site.clock()
        )
    )
    if user_id is None:
        return await asyncio.to_thread(_page, site, None, None, link)
    agent = request.headers.get("user-agent", "")
    session = await asyncio.to_thread(site.access.open_session, user_id, site.clock(), agent, found.project_id)
    return Redirect("/signin", status_code=303) if session is None else await let_in(request, site, session, "/")


def _page(
    site: Site,
    visitor: Visitor | None,
    found: Invitation | None,
    link: str,
    said: dict[str, str] | None = None,
    *,
    problem: str = "",
) -> Response[str]:
    frame = site.bare(None) if visitor is None else site.common(visitor)
    if found is None:
        return site.page("invitation_over.html", frame, status=410)
    said = said or {}
    given = {
        "found": found,
        "link": link,
        "name": visible(said.get("name", "")[:LONGEST_PERSON]),
        "email": found.email or visible(said.get("email", "")[:LONGEST_EMAIL]),
        "problem": problem,
        "limits": {"name": LONGEST_PERSON, "email": LONGEST_EMAIL, "password": LONGEST_PASSWORD},
        "shortest": SHORTEST_PASSWORD,
    }
    return site.page("invitation.html", frame | given, status=422 if problem else 200)
