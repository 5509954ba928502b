"""How a project and its services are, for machines: what the first page and that of a service tell."""

from datetime import timedelta
from typing import Annotated, Final

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from aiops_platform.api import problems
from aiops_platform.api.desk import TheDesk, TheProject
from aiops_platform.api.incidents import LARGEST_ID, Page, PerPage
from aiops_platform.api.insight_shapes import BuriedList, BuriedResource, OverviewResource
from aiops_platform.api.parameters import only, utc
from aiops_platform.api.surroundings import Since
from aiops_platform.core.parcel import legible
from aiops_platform.core.service_views import ServiceDetail

NO_PARCEL: Final = "There is no such parcel: `/api/v1/buried` lists those there are."
_UNLESS_SAID: Final = timedelta(hours=24)
Number = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="Its number.")]


@get("/overview", guards=[only("from")], sync_to_thread=True, summary="Say how the project is")
def read_overview(desk: TheDesk, project_id: TheProject, since: Since = None) -> OverviewResource:
    """What is `new` since then (in the last 24 hours, if not said), what is back, rising, silent or loud; of each the first few."""
    now = desk.clock()
    told = desk.insights.briefing(project_id, min(utc("from", since) or now - _UNLESS_SAID, now), now)
    return OverviewResource(**vars(told), now=desk.reads.overview(project_id))


@get("/services/{service_id:int}", sync_to_thread=True, summary="Read a service")
def read_service(desk: TheDesk, project_id: TheProject, service_id: Number) -> ServiceDetail:
    """A service in one environment: how it lived, its incidents, releases, hosts, versions and jobs."""
    found = desk.insights.service(project_id, service_id, desk.clock())
    if found is None:
        raise NotFoundException("There is no such service: `/api/v1/services` lists those there are.")
    return found


@get("/buried", guards=[only("page", "per_page")], sync_to_thread=True, summary="List what could not be digested")
def list_buried(desk: TheDesk, project_id: TheProject, page: Page = 1, per_page: PerPage = 25) -> BuriedList:
    """What came in and was not understood, each with the reason, the newest first."""
    found = desk.reads.buried(project_id, page=page, per_page=per_page)
    return BuriedList(items=found.rows, total=found.total, page=page, per_page=per_page)


@get("/buried/{buried_id:int}", sync_to_thread=True, summary="Read what could not be digested")
def read_buried(desk: TheDesk, project_id: TheProject, buried_id: Number) -> BuriedResource:
    """One of them, with what came."""
    found = desk.reads.buried_parcel(project_id, buried_id)
    if found is None:
        raise NotFoundException(NO_PARCEL)
    return BuriedResource(**vars(found.row), body=legible(found.body))


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(read_overview, read_service, list_buried, read_buried)
