"""The way in and out: sign-in links, e-mail address and password, and sign-out."""

import asyncio
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.access import SESSION_COOKIE, SESSION_LASTS
from aiops_platform.core.people import LONGEST_EMAIL, LONGEST_PASSWORD
from aiops_platform.web import origin
from aiops_platform.web.addresses import onwards
from aiops_platform.web.density import is_compact
from aiops_platform.web.forms import form_of
from aiops_platform.web.guesses import address_of
from aiops_platform.web.kept import FIELD, LARGEST_KEPT, Kept, unpacked
from aiops_platform.web.resume_pages import shown_again
from aiops_platform.web.signin_form import signin_form
from aiops_platform.web.site import FOR_VIEWERS, PageRequest, Site, TheSite, TheVisitor
from aiops_platform.web.visitors import NotFromUsError, find_visitor, visitor_with

_WRONG = "This is not the password of an account with that address."
_NOWHERE = "This account is a member of no project any more: an admin can invite you again."


@get("/signin")
async def signin_page(request: PageRequest, site: TheSite) -> Response[str] | Redirect:
    """How to come in. Who is in already goes on."""
    wanted = onwards(request.query_params.get("next", ""))
    if await find_visitor(request) is not None:
        return Redirect(wanted, status_code=303)
    return await _page(site, wanted=wanted)


@post("/signin", status_code=200, request_max_body_size=LARGEST_KEPT)
async def sign_in_by_password(request: PageRequest, site: TheSite) -> Response[str] | Redirect:
    """Lets in who knows the password of an account. What is wrong with it is not said, and takes as long."""
    if not origin.comes_from_us(request.headers, site.public_url):
        raise NotFromUsError
    said = await form_of(request, "email", "password", "next", FIELD)
    email, password, kept = said["email"], said["password"], unpacked(said[FIELD])
    wanted, address = onwards(said["next"]), address_of(request)
    if (seconds := site.guesses.ask(email, address)) is not None:
        answer = await _page(site, wanted=wanted, email=email, kept=kept, status=429, problem=too_often(seconds))
        answer.headers["Retry-After"] = str(seconds)
        return answer
    known = len(email) <= LONGEST_EMAIL and len(password) <= LONGEST_PASSWORD
    user = await site.guesses.compare(site.people, email, password) if known else None
    if user is None:
        return await _page(site, wanted=wanted, email=email, kept=kept, status=401, problem=_WRONG)
    site.guesses.was_right(email, address)
    session = await asyncio.to_thread(site.access.open_session, user.id, site.clock(), _agent(request))
    if session is None:
        return await _page(site, wanted=wanted, email=email, kept=kept, status=403, problem=_NOWHERE)
    return await (let_in(request, site, session, wanted) if kept is None else _go_on(request, site, session, kept))


@get("/signin/{link:str}")
async def sign_in(request: PageRequest, site: TheSite, link: FromPath[str]) -> Response[str] | Redirect:
    """Uses the link up and lets its bearer in (ADR 8). A browser that only fetches ahead must not use it up."""
    if "prefetch" in request.headers.get("sec-purpose", "") + request.headers.get("purpose", ""):
        return Response("", status_code=503)
    session = await asyncio.to_thread(site.access.sign_in, link, site.clock(), _agent(request))
    if session is not None:
        return await let_in(request, site, session, "/")
    if await find_visitor(request) is not None:
        return Redirect("/", status_code=303)
    return await _page(site, is_used_up=True, status=410)


@post("/signout", opt=FOR_VIEWERS)
async def sign_out(site: TheSite, visitor: TheVisitor) -> Redirect:
    """Ends the session, here and in every page of it that is open."""
    await asyncio.to_thread(site.access.sign_out, visitor.session)
    site.live.end(visitor.session)
    gone = Cookie(key=SESSION_COOKIE, value="", path="/", max_age=0, httponly=True, samesite="lax")
    return Redirect("/signin", status_code=303, cookies=[gone])


PUBLIC_ROUTES: tuple[HTTPRouteHandler, ...] = (signin_page, sign_in_by_password, sign_in)
ROUTES: tuple[HTTPRouteHandler, ...] = (sign_out,)


async def let_in(request: Request[Any, Any, Any], site: Site, session: str, wanted: str) -> Redirect:
    """Goes on with a session that was just opened; one that this browser had before ends."""
    await _end_before(request, site)
    # The answer carries the session: whatever stands in between must not keep it.
    cookies = [_cookie(session, site.public_url)]
    return Redirect(wanted, status_code=303, cookies=cookies, headers={"Cache-Control": "no-store"})


async def _go_on(request: PageRequest, site: Site, session: str, kept: Kept) -> Response[str]:
    """The same, with what was typed before it."""
    await _end_before(request, site)
    visitor = await asyncio.to_thread(visitor_with, site, session, is_compact=is_compact(request.cookies))
    if visitor is None:
        return await _page(site, kept=kept, status=403, problem=_NOWHERE)
    answer = await asyncio.to_thread(shown_again, site, visitor, kept)
    answer.set_cookie(_cookie(session, site.public_url))
    return answer


async def _end_before(request: Request[Any, Any, Any], site: Site) -> None:
    if before := request.cookies.get(SESSION_COOKIE):
        await asyncio.to_thread(site.access.sign_out, before)
        site.live.end(before)


def too_often(seconds: int) -> str:
    """What is said to who tries passwords too often."""
    minutes = -(-seconds // 60)
    return f"Too many attempts: try again in {minutes} minute{'' if minutes == 1 else 's'}, or come in by a link."


def _agent(request: PageRequest) -> str:
    return request.headers.get("user-agent", "")


async def _page(site: Site, **said: Any) -> Response[str]:
    return await asyncio.to_thread(signin_form, site, **said)


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
