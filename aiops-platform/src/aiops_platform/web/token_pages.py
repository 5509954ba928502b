"""Your own API tokens: for programs that read and act in your name, and may no more than you may."""

import asyncio

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.access import LONGEST_NAME, AccessError, Scope
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import FOR_VIEWERS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE = "/settings/tokens"


@get(_PAGE, sync_to_thread=True)
def tokens_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Those of the visitor in this project, of each only how it begins and ends."""
    done = request.query_params.get("done", "")
    return _page(site, visitor, done=done if done in ("revoked", "gone", "all") else "")


@post(_PAGE, opt=FOR_VIEWERS, status_code=200)
async def make_token(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Makes one; its text is shown this once."""
    said = await form_of(request, "name", "scope")
    scope = Scope.ACT if said["scope"] == Scope.ACT and visitor.acts else Scope.READ
    return await asyncio.to_thread(_make, site, visitor, said["name"], scope)


@post("/settings/own-tokens/{which:int}/revoke", opt=FOR_VIEWERS, sync_to_thread=True, status_code=200)
def revoke_own_token(site: TheSite, visitor: TheVisitor, which: FromPath[int]) -> Redirect:
    """From now on it lets nobody in."""
    user_id = visitor.user.id
    revoked = site.access.revoke_token(visitor.project_id, str(which), site.clock(), user_id=user_id)
    return Redirect(f"{_PAGE}?done={'gone' if revoked is None else 'revoked'}", status_code=303)


@post("/settings/own-tokens/revoke", opt=FOR_VIEWERS, sync_to_thread=True, status_code=200)
def revoke_every_own_token(site: TheSite, visitor: TheVisitor) -> Redirect:
    """The same for all of them, in whichever project: when a password, or a machine, got into other hands."""
    user_id, now = visitor.user.id, site.clock()
    for project in site.people.projects(user_id):
        for token in site.access.tokens(project.id, user_id=user_id):
            if token.revoked_at is None:
                site.access.revoke_token(project.id, str(token.id), now, user_id=user_id)
    return Redirect(f"{_PAGE}?done=all", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (tokens_page, make_token, revoke_own_token, revoke_every_own_token)


def _make(site: Site, visitor: Visitor, name: str, scope: Scope) -> Response[str]:
    try:
        text = site.access.create_token(visitor.project_id, name, site.clock(), scope, user_id=visitor.user.id)
    except AccessError as wrong:
        return _page(site, visitor, problem=str(wrong), typed=name, status=422)
    return _page(site, visitor, made=text)


def _page(
    site: Site,
    visitor: Visitor,
    *,
    made: str = "",
    problem: str = "",
    typed: str = "",
    done: str = "",
    status: int = 200,
) -> Response[str]:
    found = site.access.tokens(visitor.project_id, user_id=visitor.user.id)
    given = {
        "tokens": sorted(found, key=lambda each: (each.revoked_at is not None, -each.id)),
        "longest": LONGEST_NAME,
        "made": made,
        "problem": problem,
        "typed": visible(typed),
        "done": done,
    }
    return site.page("token_settings.html", site.common(visitor) | given, status=status)
