"""Settings of the project: who may report and ping here, and who may read and act. Keys and tokens are made and revoked."""

import asyncio
from collections.abc import Sequence

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.access import LONGEST_NAME, AccessError, ApiKey, ApiToken, KeyKind, Scope, kind_of_key
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import whole_form
from aiops_platform.web.site import FOR_ADMINS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE = "/settings/keys"
_KEY, _PING, _TOKEN = "key", "ping", "token"


@get(_PAGE, opt=FOR_ADMINS, sync_to_thread=True)
def keys_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """What there is, of each only how it begins and ends."""
    done = request.query_params.get("done", "")
    return _page(site, visitor, done=done if done in ("revoked", "gone") else "")


@post(_PAGE, opt=FOR_ADMINS, status_code=200)
async def make(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Makes one; its text is shown this once."""
    form = await whole_form(request)
    kind = str(form.get("kind")) if form.get("kind") in (_PING, _TOKEN) else _KEY
    scope = Scope.READ if form.get("scope") == Scope.READ else Scope.ACT
    return await asyncio.to_thread(_make, site, visitor, kind, str(form.get("name", "")), scope)


@post("/settings/keys/{which:int}/replace", opt=FOR_ADMINS, sync_to_thread=True, status_code=200)
def replace(site: TheSite, visitor: TheVisitor, which: FromPath[int]) -> Response[str] | Redirect:
    """Makes a new key under the name of this one, which is in force until it is revoked."""
    try:
        text = site.access.replace_key(visitor.project_id, str(which), site.clock())
    except AccessError as wrong:
        return _page(site, visitor, problem=str(wrong), status=422)
    if text is None:
        return _back("gone")
    kind = _PING if kind_of_key(text) is KeyKind.PING else _KEY
    return _page(site, visitor, made=text, kind=kind, replaced=True)


@post("/settings/keys/{which:int}/revoke", opt=FOR_ADMINS, sync_to_thread=True, status_code=200)
def revoke_key(site: TheSite, visitor: TheVisitor, which: FromPath[int]) -> Redirect:
    """From now on it lets nobody in."""
    return _back("revoked" if site.access.revoke_key(visitor.project_id, str(which), site.clock()) else "gone")


@post("/settings/tokens/{which:int}/revoke", opt=FOR_ADMINS, sync_to_thread=True, status_code=200)
def revoke_token(site: TheSite, visitor: TheVisitor, which: FromPath[int]) -> Redirect:
    """The same for a token."""
    return _back("revoked" if site.access.revoke_token(visitor.project_id, str(which), site.clock()) else "gone")


ROUTES: tuple[HTTPRouteHandler, ...] = (keys_page, make, replace, revoke_key, revoke_token)


def _make(site: Site, visitor: Visitor, kind: str, name: str, scope: Scope) -> Response[str]:
    now = site.clock()
    try:
        if kind == _TOKEN:
            text = site.access.create_token(visitor.project_id, name, now, scope)
        else:
            which = KeyKind.PING if kind == _PING else KeyKind.REPORT
            text = site.access.create_key(visitor.project_id, name, now, which)
    except AccessError as wrong:
        return _page(site, visitor, problem=str(wrong), kind=kind, typed=name, status=422)
    return _page(site, visitor, made=text, kind=kind)


def _page(
    site: Site,
    visitor: Visitor,
    *,
    made: str = "",
    kind: str = "",
    replaced: bool = False,
    problem: str = "",
    typed: str = "",
    done: str = "",
    status: int = 200,
) -> Response[str]:
    keys = site.access.keys(visitor.project_id)
    given = {
        "keys": _in_order([each for each in keys if each.kind is KeyKind.REPORT]),
        "ping_keys": _in_order([each for each in keys if each.kind is KeyKind.PING]),
        "tokens": _in_order(site.access.tokens(visitor.project_id)),
        "longest": LONGEST_NAME,
        "made": made,
        "kind": kind,
        "replaced": replaced,
        "problem": problem,
        "typed": visible(typed),
        "done": done,
    }
    return site.page("key_settings.html", site.common(visitor) | given, status=status)


def _in_order(found: Sequence[ApiKey] | Sequence[ApiToken]) -> Sequence[ApiKey | ApiToken]:
    """Those in force first, of each the newest first."""
    return sorted(found, key=lambda each: (each.revoked_at is not None, -each.id))


def _back(done: str) -> Redirect:
    return Redirect(f"{_PAGE}?done={done}", status_code=303)
