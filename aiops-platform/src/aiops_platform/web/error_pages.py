"""What people see when something is not there or went wrong. What went wrong goes to the log, not to the page."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.exceptions import HTTPException

from aiops_platform.ports import StoreDamagedError, StoreUnavailableError
from aiops_platform.web.resume_pages import shown_again
from aiops_platform.web.signin_form import signin_form
from aiops_platform.web.site import PageRequest, Site, Visitor
from aiops_platform.web.visitors import NotAllowedError, NotFromUsError, NotSignedInError, visitor_of

_log = logging.getLogger(__name__)

_LINKS_BELOW = ("/signin/", "/invited/", "/forgot/", "/act/", "/oncall/", "/badge/")
_WORDS = {
    400: ("That was not understood", "The request makes no sense to us. Go back and try again."),
    403: ("Not done", "This page was too old to change anything. Reload it and try again."),
    404: (
        "Page not found",
        "There is nothing at this address. It may have been removed, or the link may have been cut short.",
    ),
    405: ("Not that way", "This address cannot be used like that."),
    413: ("Too much", "That was more than we take."),
    500: ("That went wrong", "The mistake is ours, and it has been written to the log. Reloading may help."),
    503: ("Busy", "The store cannot be used at this moment. Try again soon; nothing has been lost."),
}
_NOT_YOURS = ("Not yours to do", "Your role in this project does not allow it. Ask one of its admins.")
_WORDS_FOR_PROGRAMS = {
    404: "There is nothing at this address: `/api/docs` lists what there is.",
    405: "This address does not take that method: `/api/docs` says what each takes.",
}


def not_signed_in(request: PageRequest, error: NotSignedInError) -> Response[str]:
    """To the sign-in page, and from there back. What a form said is kept there; a page's script looks itself what is typed."""
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=401, headers={"Cache-Control": "no-store"})
    if error.kept is not None:
        return signin_form(request.app.state.site, wanted=error.kept.page, kept=error.kept, status=401)
    path = request.url.path if request.method == "GET" else ""
    leads = {"Location": _signin(path, request.url.query)}
    return Response("", status_code=303, headers=leads | {"Cache-Control": "no-store"})


def _signin(path: str, query: str) -> str:
    """The sign-in page, and from there back to this one."""
    wanted = path + (f"?{query}" if query else "")
    return f"/signin?next={quote(wanted, safe='/')}" if path and wanted != "/" else "/signin"


def not_allowed(request: PageRequest, _: NotAllowedError) -> Response[Any]:
    """A page for who is signed in and may not do this."""
    return _page(request, HTTPStatus.FORBIDDEN, _NOT_YOURS)


def refused(request: PageRequest, error: HTTPException) -> Response[Any]:
    """A page for what is not there, or not allowed; for a form of an earlier session that form."""
    if isinstance(error, NotFromUsError) and error.kept is not None:
        return shown_again(request.app.state.site, request.state.visitor, error.kept, status=HTTPStatus.FORBIDDEN)
    status = 403 if isinstance(error, NotFromUsError) else error.status_code
    page = _page(request, status)
    if status == HTTPStatus.METHOD_NOT_ALLOWED and error.headers:
        page.headers.update(error.headers)  # Which methods there are: RFC 9110, 15.5.6.
    return page


def store_unavailable(request: PageRequest, error: StoreUnavailableError) -> Response[Any]:
    """A page for a store that is busy or has no room."""
    # Damage does not pass by itself, as a busy moment does: somebody must act.
    level = logging.ERROR if isinstance(error, StoreDamagedError) else logging.WARNING
    _log.log(level, "A page could not be made: %s", error)
    return _page(request, HTTPStatus.SERVICE_UNAVAILABLE)


def broken(request: PageRequest, error: Exception) -> Response[Any]:
    """A page for our own mistakes."""
    _log.error("A page could not be made", exc_info=error, extra={"path": _shown(request.url.path)})
    return _page(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def _shown(path: str) -> str:
    # What follows is a link that lets in who has it, and may still work: a log is read by more people than may sign in.
    return next((f"{below}…" for below in _LINKS_BELOW if path.startswith(below)), path)


def _page(request: PageRequest, status: int, words: tuple[str, str] | None = None) -> Response[Any]:
    site: Site = request.app.state.site
    title, say = words or _WORDS.get(status) or _WORDS[500 if status >= 500 else 400]
    if request.url.path.startswith("/api/"):
        # An address that the API does not have never reaches it; its clients still want JSON.
        said = _WORDS_FOR_PROGRAMS.get(status, say)
        content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": said}
        return Response(content, status_code=status, media_type="application/problem+json")
    return site.page(
        "error.html", _frame(request, status) | {"status": status, "title": title, "say": say}, status=status
    )


def _frame(request: PageRequest, status: int) -> dict[str, Any]:
    """What stands around the page: for who is signed in the way on, without numbers where they cannot be read."""
    site: Site = request.app.state.site
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return site.bare(visitor)  # A store that is busy is not asked once more.
    try:
        # An address that does not exist has no guard, so nobody has looked yet who asks.
        visitor = visitor or visitor_of(request)
        return site.bare(None) if visitor is None else site.common(visitor)
    except Exception:  # noqa: BLE001 - what broke the page may break its frame, too; it is in the log already
        return site.bare(visitor)
