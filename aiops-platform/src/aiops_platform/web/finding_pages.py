"""The list of incidents: the search with what is offered while one types, what there is to choose, and the rows."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from aiops_platform.core import search
from aiops_platform.core.listing import Period, Sort
from aiops_platform.core.reading import Reading
from aiops_platform.core.search import SearchError, completion
from aiops_platform.core.search.completion import Offer
from aiops_platform.core.search.fields import TAG
from aiops_platform.core.views import EventsOverTime, Facet, Found, IncidentPage, StateCounts
from aiops_platform.web import bulk_list, drawings
from aiops_platform.web.filters import TIMES, Filters
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, Visitor, is_partial

PER_PAGE = 25
_OFFERS = 8
_SORTS = {
    Sort.NEWEST: "Last seen",
    Sort.MATTERS: "What matters now",
    Sort.COUNT: "Most events",
    Sort.PEOPLE: "Most people",
    Sort.FIRST_SEEN: "First seen",
}
_TIMES = {"": "All time", "24h": "Last 24 hours", "7d": "Last 7 days", "14d": "Last 14 days", "90d": "Last 90 days"}
_FACETS = {
    "service": "Service",
    "env": "Environment",
    "level": "Level",
    "kind": "Kind",
    "release": "Release",
    "assigned": "Assigned to",
}
_WIDTH, _HEIGHT = 1_200, 48
# So many characters of addresses are among what there is to choose.
_LINKS = 2_000


@get("/incidents", sync_to_thread=True)
def incident_list(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """The list; for htmx only the parts of it that change."""
    if not request.query_params and not is_partial(request):
        own = site.views.default(visitor.project_id, visitor.user.id)
        if own is not None:
            return Redirect(f"/incidents?{own}", status_code=303)
    filters = Filters.read(dict(request.query_params))
    reading = Reading.read(request.query_params.get("reading", "")) if is_partial(request) else None
    given = site.common(visitor) | listed(site, visitor, filters, reading)
    given |= bulk_list.given_for(request, site, visitor, filters)
    if not is_partial(request):
        return site.page("incidents.html", given)
    if filters.wrong is not None:
        # What was listed stays until the search can be read.
        answer = site.part("search_wrong.html", given)
        return _with_headers(answer, {"HX-Reswap": "none", "HX-Replace-Url": "false"})
    if reading is not None:
        return site.part("incident_rows.html", given)
    answer = site.part("incident_list_parts.html", given)
    is_asked = request.headers.get("hx-source", "").endswith(("#filters", "#news-bar"))
    return _with_headers(answer, {"HX-Replace-Url": filters.url()}) if is_asked else answer


@get("/search/offers", sync_to_thread=True)
def offers(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """What might be meant by the search that was typed so far, for choosing."""
    text = request.query_params.get("text", "")[: search.LONGEST]
    being = completion.typing(text)
    found = [] if being is None else _offers(site, visitor, being)
    return site.part("search_offers.html", {"offers": found, "begin": 0 if being is None else being.begin})


ROUTES: tuple[HTTPRouteHandler, ...] = (incident_list, offers)


def listed(site: Site, visitor: Visitor, filters: Filters, reading: Reading | None = None) -> dict[str, Any]:
    """What the list shows, and what there is to choose; for who is reading it what that page of it shows now."""
    now = site.clock()
    try:
        query = filters.query(PER_PAGE, now=now, me=visitor.user.id)
    except SearchError:
        found = _nothing(filters, Period.lasting(TIMES["24h"], now))
    else:
        found = (
            site.reads.found(visitor.project_id, query, now)
            if reading is None
            else site.reads.found_since(visitor.project_id, query, reading, now)
        )
    worth = [each for each in found.facets if _is_worth(each, filters)]
    facets = _fitting(worth, len(filters.link().encode()))
    return {
        "filters": filters,
        "views": site.views.of(visitor.project_id, visitor.user.id),
        "view_query": urlencode(filters.told()),
        "found": found.page,
        "new": found.new,
        "reading": reading or Reading(since=now, highest=found.highest, shown=tuple(row.id for row in found.page.rows)),
        "counts": found.page.counts,
        "facets": facets,
        "facets_cut": len(facets) < len(worth),
        "facet_names": _FACETS,
        "events": found.events,
        "bars_over_time": drawings.bars(found.events.counts, width=_WIDTH, height=_HEIGHT),
        "sorts": _SORTS,
        "times": _TIMES,
    }


def _is_worth(facet: Facet, filters: Filters) -> bool:
    """Whether there is anything to choose: what all have in common narrows nothing, unless it was chosen."""
    return len(facet.values) > 1 or any(filters.has(facet.field, each.value) for each in facet.values)


def _fitting(facets: Sequence[Facet], longest: int) -> list[Facet]:
    """Those for whose links there is room: each holds the whole search, and a long one would be most of the page."""
    fitting: list[Facet] = []
    left = _LINKS
    for facet in facets:
        left -= len(facet.values) * longest
        if left < 0:
            break
        fitting.append(facet)
    return fitting


def _with_headers(answer: Response[str], more: dict[str, str]) -> Response[str]:
    answer.headers |= more
    return answer


def _nothing(filters: Filters, period: Period) -> Found:
    counts = StateCounts(open=0, resolved=0, muted=0)
    page = IncidentPage(rows=(), counts=counts, total=0, page=filters.page, per_page=PER_PAGE)
    return Found(page=page, facets=(), events=EventsOverTime(period=period, hours=1, counts=()))


def _offers(site: Site, visitor: Visitor, being: completion.Typing) -> list[Offer]:
    if being.wants_tags:
        begin = being.text[len(TAG) :]
        names = site.reads.values(visitor.project_id, TAG, begin, _OFFERS)
        return [Offer(text=f"{TAG}{name}:", ends=False) for name in names if not _is_unsayable(name)]
    if being.field is None:
        return completion.fields_for(being.text)
    known = completion.choices_for(being.field, being.text)
    values = site.reads.values(visitor.project_id, being.field, being.text, _OFFERS)
    return (known + [Offer(text=completion.value(each)) for each in values])[: 2 * _OFFERS]


def _is_unsayable(name: str) -> bool:
    """Whether a tag is called so that no search can name it."""
    return quote(name, safe="._-/@+") != name
