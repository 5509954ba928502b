"""Who is let in: a browser with a session, to the projects of its user, for what their role there may do.

And what it may change: only what our own page asked for.
"""

import asyncio
from dataclasses import replace
from typing import Any, Final, Literal

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, NotFoundException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.people import Role
from aiops_platform.web import density, origin
from aiops_platform.web.filters import row_number
from aiops_platform.web.forms import whole_form
from aiops_platform.web.kept import Kept, kept_of
from aiops_platform.web.site import NEEDED_ROLE, PageRequest, Site, Visitor, is_partial

# Parts of a page that stays open say in it which project they are part of.
PROJECT_HEADER: Final = "x-aiops-project"
_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
_Kind = Literal["incident", "service", "job"]
# A link that was sent by mail names one of these, and no project.
_NAMED_IN_ADDRESSES: Final[dict[str, _Kind]] = {"incident_id": "incident", "service_id": "service", "job_id": "job"}


class NotSignedInError(NotAuthorizedException):
    """Nobody is signed in. Pages answer with the way to the sign-in page, where what a form said is kept."""

    def __init__(self, kept: Kept | None = None) -> None:
        super().__init__()
        self.kept = kept


class NotFromUsError(PermissionDeniedException):
    """A change that our page did not ask for, or that a page asked for which is no longer signed in.

    What was said there is kept where it is the visitor's own.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        super().__init__()
        self.kept = kept


class NotAllowedError(PermissionDeniedException):
    """Somebody is signed in whose role in the project does not suffice."""


async def only_visitors(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard for everything that needs a sign-in: viewers may look and members change, where a route says nothing else.

    Raises NotSignedInError, NotFromUsError and NotAllowedError; NotFoundException for a number that no row can have.
    """
    visitor = await find_visitor(connection)
    if visitor is None:
        kept = await kept_of(connection, _public_url(connection)) if isinstance(connection, Request) else None
        raise NotSignedInError(kept)
    if any(isinstance(each, int) and row_number(str(each)) is None for each in connection.path_params.values()):
        raise NotFoundException
    connection.state.visitor = visitor
    is_change = connection.scope.get("method") not in _SAFE
    if is_change:
        assert isinstance(connection, Request)
        visitor = connection.state.visitor = await _from_our_page(connection, visitor)
    if not visitor.role.covers(handler.opt.get(NEEDED_ROLE, Role.MEMBER if is_change else Role.VIEWER)):
        raise NotAllowedError


async def find_visitor(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor | None:
    """The one whose session this is."""
    return await asyncio.to_thread(visitor_of, connection)


def visitor_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor | None:
    """The same, for who may wait for the store."""
    session = connection.cookies.get(SESSION_COOKIE)
    if not session:
        return None
    site: Site = connection.app.state.site
    visitor = visitor_with(site, session, is_compact=density.is_compact(connection.cookies))
    return visitor if visitor is None or visitor.projects == 1 else _where_it_leads(connection, site, visitor)


def visitor_with(site: Site, session: str, *, is_compact: bool = False) -> Visitor | None:
    """The one whose session this is, in the project that it shows."""
    found = site.access.session(session, site.clock())
    if found is None:
        return None
    return Visitor(
        project_id=found.project_id,
        user=found.user,
        role=found.role,
        projects=found.projects,
        session=session,
        csrf=origin.token_for(session, found.project_id, found.user.id),
        is_compact=is_compact,
    )


def the_visitor(request: PageRequest) -> Visitor:
    """The visitor whom the guard let in; for handlers to ask for by type."""
    visitor: Visitor = request.state.visitor
    return visitor


def in_project(site: Site, visitor: Visitor, project_id: int) -> Visitor | None:
    """The same visitor in another project; None where they are no member."""
    if project_id == visitor.project_id:
        return visitor
    role = site.people.role(visitor.user.id, project_id)
    if role is None:
        return None
    csrf = origin.token_for(visitor.session, project_id, visitor.user.id)
    return replace(visitor, project_id=project_id, role=role, csrf=csrf)


def _public_url(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    site: Site = connection.app.state.site
    return site.public_url


def _where_it_leads(connection: ASGIConnection[Any, Any, Any, Any], site: Site, visitor: Visitor) -> Visitor:
    """To the project of which the page is a part, or that holds what the address names; else to the session's."""
    said = row_number(connection.headers.get(PROJECT_HEADER) or connection.query_params.get("project") or "")
    if said is not None:
        return in_project(site, visitor, said) or visitor
    home = _home_of(connection, site)
    there = None if home is None or home == visitor.project_id else in_project(site, visitor, home)
    if there is None:
        return visitor
    if connection.scope.get("method") == "GET" and isinstance(connection, Request) and not is_partial(connection):
        # Where they go from there is that project, too.
        site.access.show_project(visitor.session, there.project_id)
    return there


def _home_of(connection: ASGIConnection[Any, Any, Any, Any], site: Site) -> int | None:
    for name, kind in _NAMED_IN_ADDRESSES.items():
        if name in connection.path_params:
            number = row_number(str(connection.path_params[name]))
            return None if number is None else site.people.project_of(kind, number)
    return None


async def _from_our_page(request: Request[Any, Any, Any], visitor: Visitor) -> Visitor:
    """The visitor in the project in which the page was made that asks for the change."""
    site: Site = request.app.state.site
    if not origin.comes_from_us(request.headers, site.public_url):
        raise NotFromUsError
    token = request.headers.get(origin.HEADER)
    if token is None:
        told = (await whole_form(request)).get(origin.FORM_FIELD)
        token = told if isinstance(told, str) else ""
    if not origin.is_token_of(visitor.session, token):
        kept = await kept_of(request, site.public_url)
        raise NotFromUsError(kept if kept is not None and kept.user_id == visitor.user.id else None)
    made_in = origin.project_in(token)
    if made_in is None or made_in == visitor.project_id:
        return visitor
    there = await asyncio.to_thread(in_project, site, visitor, made_in)
    if there is None:
        raise NotAllowedError
    return there
