"""Your account: name, e-mail address and password. Who came in by the first link has none of them yet."""

import asyncio

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from aiops_platform.core.passwords import checked_password
from aiops_platform.core.people import (
    LONGEST_EMAIL,
    LONGEST_PASSWORD,
    LONGEST_PERSON,
    SHORTEST_PASSWORD,
    PeopleError,
    User,
    checked_email,
)
from aiops_platform.web.access_pages import too_often
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import form_of
from aiops_platform.web.guesses import address_of
from aiops_platform.web.site import FOR_VIEWERS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE = "/account"


@get(_PAGE, sync_to_thread=True)
def account_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """What is known of the visitor, to be changed."""
    return _page(site, visitor, saved=request.query_params.get("saved"))


@post(_PAGE, opt=FOR_VIEWERS, status_code=200)
async def change_account(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Changes name, address and password. For the last two the password of before is needed, where there is one."""
    said = await form_of(request, "name", "email", "password", "new_password")
    user, address = visitor.user, address_of(request)
    changes_access = bool(said["new_password"]) or said["email"].strip().lower() != (user.email or "")
    if user.email is not None and user.has_password and changes_access:
        if (seconds := site.guesses.ask(user.email, address)) is not None:
            answer = await asyncio.to_thread(_page, site, visitor, said, too_often(seconds), status=429)
            answer.headers["Retry-After"] = str(seconds)
            return answer
        if await site.guesses.compare(site.people, user.email, said["password"]) is None:
            problem = "Your password of now is needed for that, and this is not it."
            return await asyncio.to_thread(_page, site, visitor, said, problem, status=422)
        site.guesses.was_right(user.email, address)
    return await asyncio.to_thread(_change, site, visitor, said)


ROUTES: tuple[HTTPRouteHandler, ...] = (account_page, change_account)


def _change(site: Site, visitor: Visitor, said: dict[str, str]) -> Response[str] | Redirect:
    try:
        _check(visitor.user, said)
        site.people.change_account(visitor.user.id, name=said["name"], email=said["email"].strip() or None)
        if said["new_password"]:
            site.people.set_password(visitor.user.id, said["new_password"], but=visitor.session)
    except PeopleError as wrong:
        return _page(site, visitor, said, f"{wrong}.", status=422)
    is_another = bool(said["new_password"]) and visitor.user.has_password
    return Redirect(f"{_PAGE}?saved{'=password' if is_another else ''}", status_code=303)


def _check(user: User, said: dict[str, str]) -> None:
    """All of it at once: half a change would be a surprise. Raises PeopleError."""
    email = checked_email(said["email"]) if said["email"].strip() else None
    if said["new_password"]:
        checked_password(said["new_password"], email=email, name=said["name"])
    if email is None and (user.email is not None or said["new_password"]):
        raise PeopleError("An e-mail address is needed: it is what you sign in with, beside the password")


def _page(
    site: Site,
    visitor: Visitor,
    said: dict[str, str] | None = None,
    problem: str = "",
    *,
    saved: str | None = None,
    status: int = 200,
) -> Response[str]:
    said = said or {"name": visitor.user.name, "email": visitor.user.email or ""}
    given = {
        "name": visible(said["name"][:LONGEST_PERSON]),
        "email": visible(said["email"][:LONGEST_EMAIL]),
        "problem": problem,
        "saved": "" if saved is None else saved or "else",
        "limits": {"name": LONGEST_PERSON, "email": LONGEST_EMAIL, "password": LONGEST_PASSWORD},
        "shortest": SHORTEST_PASSWORD,
    }
    return site.page("account.html", site.common(visitor) | given, status=status)
