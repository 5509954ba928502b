"""Services for machines."""

from litestar import get
from litestar.handlers import HTTPRouteHandler

from aiops_platform.api import problems
from aiops_platform.api.desk import TheDesk, TheProject
from aiops_platform.api.incidents import Page, PerPage
from aiops_platform.api.parameters import only
from aiops_platform.api.shapes import ServiceList


@get("/services", guards=[only("page", "per_page")], sync_to_thread=True, summary="List services")
def list_services(desk: TheDesk, project_id: TheProject, page: Page = 1, per_page: PerPage = 100) -> ServiceList:
    """Each service in each environment, with how it has lived in the last 24 hours; silent ones first, then late ones."""
    found = desk.reads.services(project_id, desk.clock(), page=page, per_page=per_page)
    return ServiceList(items=found.rows, total=found.total, page=page, per_page=per_page)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(list_services)
