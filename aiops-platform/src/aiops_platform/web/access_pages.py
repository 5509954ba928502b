"""The way in and out: sign-in links, the page that says how to get one, and sign-out."""

import asyncio

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.access import SESSION_COOKIE, SESSION_LASTS
from aiops_platform.web.site import PageRequest, TheSite, TheVisitor
from aiops_platform.web.visitors import find_visitor


@get("/signin")
async def signin_page(request: PageRequest, site: TheSite) -> Response[str] | Redirect:
    """How to get a link. Who is in already goes on."""
    if await find_visitor(request) is not None:
        return Redirect("/", status_code=303)
    return site.public_page("signin.html", {"is_used_up": False})


@get("/signin/{link:str}")
async def sign_in(request: PageRequest, site: TheSite, link: FromPath[str]) -> Response[str] | Redirect:
    """Uses the link up and lets its bearer in (ADR 8). A browser that only fetches ahead must not use it up."""
    if "prefetch" in request.headers.get("sec-purpose", "") + request.headers.get("purpose", ""):
        return Response("", status_code=503)
    agent = request.headers.get("user-agent", "")
    session = await asyncio.to_thread(site.access.sign_in, link, site.clock(), agent)
    if session is not None:
        # The answer carries the session: whatever stands in between must not keep it.
        cookies = [_cookie(session, site.public_url)]
        return Redirect("/", status_code=303, cookies=cookies, headers={"Cache-Control": "no-store"})
    if await find_visitor(request) is not None:
        return Redirect("/", status_code=303)
    return site.public_page("signin.html", {"is_used_up": True}, status=410)


@post("/signout")
async def sign_out(site: TheSite, visitor: TheVisitor) -> Redirect:
    """Ends the session, here and in every page of it that is open."""
    await asyncio.to_thread(site.access.sign_out, visitor.session)
    site.live.end(visitor.session)
    gone = Cookie(key=SESSION_COOKIE, value="", path="/", max_age=0, httponly=True, samesite="lax")
    return Redirect("/signin", status_code=303, cookies=[gone])


PUBLIC_ROUTES: tuple[HTTPRouteHandler, ...] = (signin_page, sign_in)
ROUTES: tuple[HTTPRouteHandler, ...] = (sign_out,)


def _cookie(session: str, public_url: str) -> Cookie:
    return Cookie(
        key=SESSION_COOKIE,
        value=session,
        path="/",
        max_age=int(SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=public_url.startswith("https://"),
    )
