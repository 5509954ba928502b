"""The services: how each of them lives."""

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from aiops_platform.web import chart, monitor_pages, telling
from aiops_platform.web.filters import page_number, row_number
from aiops_platform.web.site import PageRequest, TheSite, TheVisitor, is_partial

PER_PAGE = 25
_PLACES = {"overview", "incidents", "services", "jobs", "alerts", "fixes", "buried", "setup", "settings"}


@get("/services", sync_to_thread=True)
def service_list(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Every service in every environment; for htmx only the part that changes."""
    given = site.common(visitor)
    now = site.clock()
    page = page_number(request.query_params.get("page", ""))
    found = site.reads.services(visitor.project_id, now, page=page, per_page=PER_PAGE)
    drawn = monitor_pages.lines_of(site, visitor, found.rows, "24h", now)
    lines = {row.id: line for row, line in zip(found.rows, drawn, strict=True)}
    given |= {"found": found, "lines": lines, "told": telling.of_page(found.rows, now), "now": now}
    return site.part("service_list.html", given) if is_partial(request) else site.page("services.html", given)


@get("/services/{service_id:str}", sync_to_thread=True)
def service_page(request: PageRequest, site: TheSite, visitor: TheVisitor, service_id: FromPath[str]) -> Response[str]:
    """One service in one environment; for htmx only the part that changes."""
    given, now = site.common(visitor), site.clock()
    number = row_number(service_id)
    service = None if number is None else site.insights.service(visitor.project_id, number, now)
    if service is None:
        raise NotFoundException
    row = service.row
    given |= {
        "service": service,
        "row": row,
        "charts": chart.charts_of(service.hours),
        "processes": telling.of_page([row], now)[row.id],
        "now": now,
        "done": done if (done := request.query_params.get("done", "")) in monitor_pages.DONE else "",
        **monitor_pages.watched(site, visitor, row.id, now),
    }
    return site.part("service_parts.html", given) if is_partial(request) else site.page("service.html", given)


@get("/nav", sync_to_thread=True)
def navigation(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """The links at the top with their numbers, for pages that stay open."""
    return site.part(
        "nav.html",
        site.common(visitor) | {"here": here if (here := request.query_params.get("here", "")) in _PLACES else ""},
    )


ROUTES: tuple[HTTPRouteHandler, ...] = (service_list, service_page, navigation)
