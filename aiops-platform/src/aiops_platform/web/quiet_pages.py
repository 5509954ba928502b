"""Quiet hours of a channel: what is not critical waits for their end. The form stands on the channel's page."""

import asyncio

from litestar import Response, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.alerting import quiet
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import FOR_ADMINS, PageRequest, Site, TheSite, TheVisitor, Visitor


@post("/settings/channels/{which:int}/quiet", opt=FOR_ADMINS, status_code=200)
async def change_quiet(
    request: PageRequest, site: TheSite, visitor: TheVisitor, which: FromPath[int]
) -> Response[str] | Redirect:
    """When it is quiet from now on; without times it never is."""
    said = await form_of(request, "begin", "end", "zone", "but_critical")
    return await asyncio.to_thread(_change, site, visitor, which, said)


ROUTES: tuple[HTTPRouteHandler, ...] = (change_quiet,)


def _change(site: Site, visitor: Visitor, which: int, said: dict[str, str]) -> Response[str] | Redirect:
    try:
        hours = quiet.read(said["begin"], said["end"], said["zone"], but_critical=bool(said["but_critical"]))
    except AlertingError as wrong:
        given = site.common(visitor) | {"said": f"{wrong.why.rstrip('.')}."}
        return site.page("problem.html", given, status=422)
    if not site.alerts.set_quiet(visitor.project_id, which, hours):
        raise NotFoundException
    return Redirect(f"/settings/channels/{which}?done=saved", status_code=303)
