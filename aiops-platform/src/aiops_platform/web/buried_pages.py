"""What was taken in and could not be digested: the list, one of them, and having them digested again."""

from litestar import MediaType, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.parcel import legible
from aiops_platform.web.cut import visible
from aiops_platform.web.filters import page_number, row_number
from aiops_platform.web.site import PageRequest, TheSite, TheVisitor, is_partial

PER_PAGE = 30


@get("/buried", sync_to_thread=True)
def buried_list(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Every one, the newest first; for htmx only the part that changes."""
    given = site.common(visitor)
    page = page_number(request.query_params.get("page", ""))
    given |= {"found": site.reads.buried(visitor.project_id, page=page, per_page=PER_PAGE)}
    return site.part("buried_list.html", given) if is_partial(request) else site.page("buried.html", given)


@get("/buried/{buried_id:str}", sync_to_thread=True)
def buried_body(site: TheSite, visitor: TheVisitor, buried_id: FromPath[str]) -> Response[str]:
    """What came, as plain text."""
    number = row_number(buried_id)
    found = None if number is None else site.reads.buried_parcel(visitor.project_id, number)
    if found is None:
        raise NotFoundException
    return Response(visible(legible(found.body)), media_type=MediaType.TEXT, headers={"Cache-Control": "no-store"})


@post("/buried/retry", sync_to_thread=True, status_code=200)
def retry_all(site: TheSite, visitor: TheVisitor) -> Redirect:
    """All of them are digested again; then the list as it is now."""
    site.revive.all(visitor.project_id)
    return Redirect("/buried", status_code=303)


@post("/buried/{buried_id:str}/retry", sync_to_thread=True, status_code=200)
def retry_one(site: TheSite, visitor: TheVisitor, buried_id: FromPath[str]) -> Redirect:
    """One is digested again; then the list as it is now."""
    number = row_number(buried_id)
    if number is None or not site.revive.one(visitor.project_id, number):
        raise NotFoundException
    return Redirect("/buried", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (buried_list, buried_body, retry_all, retry_one)
