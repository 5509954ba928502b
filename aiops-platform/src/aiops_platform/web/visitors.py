"""Who is let in: a browser with a session. And what it may change: only what our own page asked for."""

import asyncio
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.web import origin
from aiops_platform.web.site import PageRequest, Site, Visitor

_SAFE = {"GET", "HEAD", "OPTIONS"}


class NotSignedInError(NotAuthorizedException):
    """Nobody is signed in. Pages answer with the way to the sign-in page."""


class NotFromUsError(PermissionDeniedException):
    """A change that our page did not ask for, or that a page asked for which is no longer signed in."""


async def only_visitors(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard for everything that needs a sign-in. Raises NotSignedInError and NotFromUsError."""
    visitor = await find_visitor(connection)
    if visitor is None:
        raise NotSignedInError
    connection.state.visitor = visitor
    if connection.scope.get("method") not in _SAFE:
        assert isinstance(connection, Request)
        await _check_change(connection, visitor)


async def find_visitor(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor | None:
    """The one whose session this is."""
    return await asyncio.to_thread(visitor_of, connection)


def visitor_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor | None:
    """The same, for who may wait for the store."""
    session = connection.cookies.get(SESSION_COOKIE)
    if not session:
        return None
    site: Site = connection.app.state.site
    found = site.access.session(session, site.clock())
    if found is None:
        return None
    return Visitor(
        project_id=found.project_id,
        user=found.user,
        role=found.role,
        session=session,
        csrf=origin.token_for(session),
    )


def the_visitor(request: PageRequest) -> Visitor:
    """The visitor whom the guard let in; for handlers to ask for by type."""
    visitor: Visitor = request.state.visitor
    return visitor


async def _check_change(request: Request[Any, Any, Any], visitor: Visitor) -> None:
    site: Site = request.app.state.site
    if not origin.comes_from_us(request.headers, site.public_url):
        raise NotFromUsError
    token = request.headers.get(origin.HEADER)
    if token is None:
        told = (await request.form()).get(origin.FORM_FIELD)
        token = told if isinstance(told, str) else ""
    if not origin.is_token_of(visitor.session, token):
        raise NotFromUsError
