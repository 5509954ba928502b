"""A way in for who has forgotten their password, by mail: it tells nobody who has an account."""

import asyncio

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.passwords import checked_password
from aiops_platform.core.people import LONGEST_EMAIL, LONGEST_PASSWORD, SHORTEST_PASSWORD, PeopleError
from aiops_platform.pipeline.letters import Letters
from aiops_platform.web import origin
from aiops_platform.web.access_pages import let_in, too_often
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import form_of
from aiops_platform.web.guesses import address_of
from aiops_platform.web.signin_form import signin_form
from aiops_platform.web.site import PageRequest, Site, TheSite
from aiops_platform.web.visitors import NotFromUsError


@get("/forgot")
async def forgot_page(site: TheSite) -> Response[str]:
    """Where to say one's address."""
    _letters(site)
    return await asyncio.to_thread(_page, site)


@post("/forgot", status_code=200)
async def ask_for_a_way_in(request: PageRequest, site: TheSite) -> Response[str]:
    """Says the same whoever that is; the mail is written after the answer."""
    if not origin.comes_from_us(request.headers, site.public_url):
        raise NotFromUsError
    letters, email = _letters(site), (await form_of(request, "email"))["email"]
    now = site.clock()
    if (seconds := letters.may_ask(email, address_of(request), now)) is not None:
        answer = await asyncio.to_thread(_page, site, problem=too_often(seconds), email=email, status=429)
        answer.headers["Retry-After"] = str(seconds)
        return answer
    answer = await asyncio.to_thread(_page, site, is_sent=True)
    if 0 < len(email) <= LONGEST_EMAIL:
        answer.background = BackgroundTask(asyncio.to_thread, letters.remind, email, now)
    return answer


@get("/forgot/{link:str}")
async def another_password_page(site: TheSite, link: FromPath[str]) -> Response[str]:
    """Where to choose another password. Looking uses nothing up: programs that read mail look, too."""
    _letters(site)
    return await asyncio.to_thread(_page, site, link=link)


@post("/forgot/{link:str}", status_code=200)
async def choose_another_password(request: PageRequest, site: TheSite, link: FromPath[str]) -> Response[str] | Redirect:
    """Uses the link up, sets the password, and lets its bearer in."""
    if not origin.comes_from_us(request.headers, site.public_url):
        raise NotFromUsError
    _letters(site)
    password = (await form_of(request, "password"))["password"]
    agent = request.headers.get("user-agent", "")
    found = await asyncio.to_thread(_use, site, link, password, agent)
    return await let_in(request, site, found, "/") if isinstance(found, str) else found


PUBLIC_ROUTES: tuple[HTTPRouteHandler, ...] = (
    forgot_page,
    ask_for_a_way_in,
    another_password_page,
    choose_another_password,
)


def _letters(site: Site) -> Letters:
    if site.letters is None:
        raise NotFoundException
    return site.letters


def _use(site: Site, link: str, password: str, agent: str) -> str | Response[str]:
    """The text of a session, or the page that says what is wrong."""
    try:
        checked_password(password, email=None, name="")
    except PeopleError as wrong:
        return _page(site, link=link, problem=f"{wrong}.", status=422)
    session = site.access.sign_in(link, site.clock(), agent)
    found = None if session is None else site.access.session(session, site.clock())
    if session is None or found is None:
        return signin_form(site, is_used_up=True, status=410)
    try:
        site.people.set_password(found.user.id, password, but=session)
    except PeopleError as wrong:
        # The link is used up, and whoever had it was right: another one in its place.
        site.access.sign_out(session)
        another = site.access.create_signin(site.clock(), found.user.id)
        return _page(site, link=another, problem=f"{wrong}.", status=422)
    return session


def _page(
    site: Site, *, link: str = "", is_sent: bool = False, email: str = "", problem: str = "", status: int = 200
) -> Response[str]:
    given = {
        "link": link,
        "is_sent": is_sent,
        "email": visible(email[:LONGEST_EMAIL]),
        "problem": problem,
        "limits": {"email": LONGEST_EMAIL, "password": LONGEST_PASSWORD},
        "shortest": SHORTEST_PASSWORD,
    }
    return site.public_page("forgot.html", given, status=status)
