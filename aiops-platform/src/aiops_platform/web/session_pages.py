"""Settings: in which browsers one is signed in, and how to end that."""

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.access import hash_of
from aiops_platform.web.site import FOR_VIEWERS, PageRequest, TheSite, TheVisitor

_PAGE = "/settings/sessions"


@get(_PAGE, sync_to_thread=True)
def sessions_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """All of them, this one marked."""
    found = site.access.sessions(visitor.user.id, site.clock())
    own = hash_of(visitor.session).hex()
    given = {"sessions": found, "own": own, "ended": "ended" in request.query_params}
    return site.page("session_settings.html", site.common(visitor) | given)


@post("/settings/sessions/others/end", opt=FOR_VIEWERS, sync_to_thread=True, status_code=200)
def end_others(site: TheSite, visitor: TheVisitor) -> Redirect:
    """Ends all but the one that asks."""
    site.access.end_sessions(visitor.user.id, but=visitor.session)
    return Redirect(f"{_PAGE}?ended", status_code=303)


@post("/settings/sessions/{which:str}/end", opt=FOR_VIEWERS, sync_to_thread=True, status_code=200)
def end(site: TheSite, visitor: TheVisitor, which: FromPath[str]) -> Redirect:
    """Ends one. One that is over already is no mistake."""
    site.access.end_sessions(visitor.user.id, only=which)
    return Redirect(f"{_PAGE}?ended", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (sessions_page, end_others, end)
