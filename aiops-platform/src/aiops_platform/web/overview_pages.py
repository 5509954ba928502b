"""The first page: what is new since one last looked, how the services are, and how the platform itself is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from aiops_platform.core.errors import PlatformError
from aiops_platform.web import health
from aiops_platform.web.filters import row_number
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, is_partial

# At somebody's first visit, and for who comes back sooner.
_AT_LEAST: Final = timedelta(hours=24)


@get("/", sync_to_thread=True)
def overview_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """How the project is; for htmx only the part of it that changes, with what is new since the same moment."""
    given, now = site.common(visitor), site.clock()
    if is_partial(request):
        since = _moment(request.query_params.get("since", ""))
    else:
        since = site.insights.look(visitor.user.id, visitor.project_id, now).since
    # In whole seconds, as the links say it.
    since_or_day = min(since or now - _AT_LEAST, now).replace(microsecond=0)
    given |= {
        "now": now,
        "told": site.insights.briefing(visitor.project_id, since_or_day, now),
        "is_first": since is None,
        "since_mark": "" if since is None else int(since_or_day.timestamp()),
        "health": health.in_short(numbers_of(site)),
        "found": found,
    }
    return site.part("overview_parts.html", given) if is_partial(request) else site.page("overview.html", given)


ROUTES: tuple[HTTPRouteHandler, ...] = (overview_page,)


def found(query: str, **also: Any) -> str:
    """The address of the list of incidents for which this is true."""
    return f"/incidents?{urlencode({'query': query, **also})}"


def numbers_of(site: Site) -> Mapping[str, int | float]:
    """None while they cannot be read: the page tells of all else."""
    try:
        return site.numbers()
    except PlatformError:
        return {}


def _moment(text: str) -> datetime | None:
    seconds = row_number(text)
    return None if seconds is None or seconds > 10**11 else datetime.fromtimestamp(seconds, UTC)
