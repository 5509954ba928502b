"""The palette's part that the server knows: where one can go from what was typed, asked while one types."""

from urllib.parse import urlencode

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from aiops_platform.core import search
from aiops_platform.core.incident import STANDING
from aiops_platform.core.search import SearchError
from aiops_platform.core.views import IncidentQuery, IncidentRow
from aiops_platform.web import palette
from aiops_platform.web.cut import visible
from aiops_platform.web.filters import row_number
from aiops_platform.web.palette import Group, Offer
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, Visitor

_INCIDENTS = 8
_LATEST = 5
_PLACES = 5


@get("/palette", sync_to_thread=True)
def offers(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Groups of links; the latest open incidents and some pages where nothing was typed."""
    text = visible(request.query_params.get("text", "").strip()[: search.LONGEST])
    groups = _groups(site, visitor, text) if text else _at_first(site, visitor)
    return site.part("palette_found.html", {"groups": [group for group in groups if group.offers]})


ROUTES: tuple[HTTPRouteHandler, ...] = (offers,)


def _at_first(site: Site, visitor: Visitor) -> list[Group]:
    latest = site.reads.incidents(visitor.project_id, IncidentQuery(per_page=_LATEST), site.clock()).rows
    return [palette.pages("", rules=visitor.rules), palette.incidents(latest)]


def _groups(site: Site, visitor: Visitor, text: str) -> list[Group]:
    if number := palette.number_in(text):
        named = _by_number(site, visitor, number)
        if text.startswith("#"):
            return [palette.incidents(named)]
    else:
        named = []
    saved = site.views.of(visitor.project_id, visitor.user.id)
    services, jobs = palette.places(site.insights.places(visitor.project_id, text, _PLACES))
    there = {row.id for row in named}
    found = [row for row in _found(site, visitor, text) if row.id not in there]
    return [
        palette.incidents(named),
        palette.pages(text, rules=visitor.rules),
        palette.views(saved, text),
        services,
        jobs,
        palette.incidents(found, [_all_of(text)]),
    ]


def _by_number(site: Site, visitor: Visitor, number: str) -> list[IncidentRow]:
    known = row_number(number)
    detail = None if known is None else site.reads.incident(visitor.project_id, known, site.clock())
    return [detail.row] if detail is not None and detail.row.state in STANDING else []


def _found(site: Site, visitor: Visitor, text: str) -> tuple[IncidentRow, ...]:
    try:
        wanted = search.parse(text)
    except SearchError:
        return ()
    query = IncidentQuery(state=None, search=wanted, me=visitor.user.id, per_page=_INCIDENTS)
    return tuple(site.reads.incidents(visitor.project_id, query, site.clock()).rows)


def _all_of(text: str) -> Offer:
    return Offer(name=f"Find “{text}” in incidents", address=f"/incidents?{urlencode({'query': text, 'state': 'all'})}")
