"""The button in the footer that has lists stand closer, or less close."""

from typing import Final

from litestar import post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from aiops_platform.web.addresses import nearest_page, page_of
from aiops_platform.web.density import COMFORTABLE, COMPACT, COOKIE
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import FOR_VIEWERS, PageRequest, TheSite

_YEAR: Final = 365 * 24 * 60 * 60


@post("/density", opt=FOR_VIEWERS, status_code=200)
async def choose_density(request: PageRequest, site: TheSite) -> Redirect:
    """Keeps the choice in this browser, and leads back to the page on which it was made."""
    said = (await form_of(request, "density"))["density"]
    kept = Cookie(
        key=COOKIE,
        value=COMPACT if said == COMPACT else COMFORTABLE,
        path="/",
        max_age=_YEAR,
        httponly=True,
        samesite="lax",
        secure=site.public_url.startswith("https://"),
    )
    here = page_of(request.headers.get("referer", ""))
    pages = (route.path_format for route in request.app.routes if "GET" in (route.methods or ()))
    return Redirect(nearest_page(here, pages), status_code=303, cookies=[kept])


ROUTES: tuple[HTTPRouteHandler, ...] = (choose_density,)
