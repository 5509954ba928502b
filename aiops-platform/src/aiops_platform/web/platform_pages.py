"""The platform itself: its numbers, and which project is told when it is in trouble."""

import asyncio
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from aiops_platform.core.alerting.rules import When
from aiops_platform.core.people import Project, Role
from aiops_platform.web import health
from aiops_platform.web.filters import row_number
from aiops_platform.web.forms import form_of
from aiops_platform.web.overview_pages import numbers_of
from aiops_platform.web.site import FOR_ADMINS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE = "/platform"


@get(_PAGE, sync_to_thread=True)
def platform_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Every running number of the platform, with what it means; and who hears of its troubles."""
    given = site.common(visitor) | {"told": health.in_full(numbers_of(site)), "saved": "saved" in request.query_params}
    return site.page("platform.html", given | _who_is_told(site, visitor))


@post(f"{_PAGE}/told", opt=FOR_ADMINS, status_code=200)
async def hand_over(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Redirect:
    """Another project is told of the platform's troubles: one of whose admins it is, by an admin of the one that was."""
    to = row_number((await form_of(request, "project"))["project"])
    await asyncio.to_thread(_hand_over, site, visitor, to)
    return Redirect(f"{_PAGE}?saved", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (platform_page, hand_over)


def _hand_over(site: Site, visitor: Visitor, to: int | None) -> None:
    if all(each.id != to for each in _ruled_by(site, visitor)) or to is None:
        raise NotFoundException
    if not site.alerts.hand_over_platform(visitor.project_id, to, site.clock()):
        raise NotFoundException


def _who_is_told(site: Site, visitor: Visitor) -> dict[str, Any]:
    """Of a project that the visitor is not in, not even the name."""
    told = site.alerts.reads.told_of_platform()
    known = {each.id: each.name for each in site.people.projects(visitor.user.id)}
    is_here = told == visitor.project_id
    rules = site.alerts.rules(visitor.project_id, site.clock()) if is_here else ()
    return {
        "is_here": is_here,
        "told_project": known.get(told or 0, ""),
        "by_rules": [each for each in rules if each.when is When.PLATFORM and each.enabled],
        "told_channels": site.alerts.channels(visitor.project_id) if is_here else (),
        "ruled": _ruled_by(site, visitor) if is_here and visitor.rules else (),
    }


def _ruled_by(site: Site, visitor: Visitor) -> list[Project]:
    return [each for each in site.people.projects(visitor.user.id) if each.role is Role.ADMIN]
