"""The table of an incident's events, and the ways to one of them: by moment, and to the one that tells most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core import event_filter, sameness, tracing
from aiops_platform.core.event_filter import LONGEST
from aiops_platform.core.event_views import EventLine
from aiops_platform.web.cut import shortened, visible
from aiops_platform.web.filters import row_number
from aiops_platform.web.site import PageRequest, TheSite, TheVisitor

PER_PAGE: Final = 40
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table: what sets this event apart from the others of its incident."""

    line: EventLine
    message: str
    who: str
    where: str
    release: str
    host: str
    tags: Sequence[tuple[str, str]]


@get("/incidents/{incident_id:str}/events", sync_to_thread=True)
def event_table(request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]) -> Response[str]:
    """The events that are kept of an incident, some at a time, as far as they match."""
    number, asked = row_number(incident_id), request.query_params
    given = site.common(visitor)
    incident = None if number is None else site.reads.incident(visitor.project_id, number, site.clock())
    if number is None or incident is None:
        raise NotFoundException
    find = visible(asked.get("find", "")[:LONGEST])
    since, until = _moment(asked.get("from", "")), _moment(asked.get("to", ""))
    found = site.insights.event_table(
        visitor.project_id, number, event_filter.read(find), since=since, until=None if until is None else until + _MINUTE,
        before=row_number(asked.get("before", "")), per_page=PER_PAGE,
    )  # fmt: skip
    if found is None:
        raise NotFoundException
    told = {"find": find, "from": _for_field(since), "to": _for_field(until)}
    onward = urlencode({**{name: text for name, text in told.items() if text}, "before": found.next_before or ""})
    given |= {
        "incident": incident,
        "row": incident.row,
        "found": found,
        "rows": [_laid_out(line) for line in found.rows],
        "told": told,
        "is_first": not asked.get("before"),
        "onward": f"/incidents/{number}/events?{onward}" if found.next_before else "",
    }
    return site.page("events.html", given)


@get("/incidents/{incident_id:str}/events/telling", sync_to_thread=True)
def telling_event(site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]) -> Redirect:
    """To the event that tells most."""
    number = row_number(incident_id)
    return _to(number, None if number is None else site.insights.telling_event(visitor.project_id, number))


@get("/incidents/{incident_id:str}/events/at", sync_to_thread=True)
def event_at(request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]) -> Redirect:
    """To the first event that came at that moment (`t`, Unix time) or later."""
    number, seconds = row_number(incident_id), row_number(request.query_params.get("t", ""))
    if number is None or seconds is None or seconds > 10**11:
        raise NotFoundException
    return _to(number, site.insights.event_at(visitor.project_id, number, datetime.fromtimestamp(seconds, UTC)))


ROUTES: tuple[HTTPRouteHandler, ...] = (event_table, telling_event, event_at)


def _to(incident_id: int | None, event_id: int | None) -> Redirect:
    if incident_id is None or event_id is None:
        raise NotFoundException
    return Redirect(f"/incidents/{incident_id}?event={event_id}#event-title", status_code=303)


def _laid_out(line: EventLine) -> Row:
    event = line.event
    if event is None:
        return Row(line=line, message="", who="", where="", release="", host="", tags=())
    user, request = event.user, event.request
    ids = tracing.ids_of(event)
    path = event.request_path or (request.url if request else None) or event.route or ""
    return Row(
        line=line,
        message=shortened(event.message or (event.exceptions[0].value if event.exceptions else ""), 160),
        who=shortened((user.email or user.name or user.id or user.ip_address or "") if user else "", 60),
        where=shortened(" ".join(part for part in ((request.method if request else None) or "", path) if part), 80),
        release=shortened(event.release or "", 40),
        host=shortened(sameness.host_of(event) or "", 40),
        tags=tuple(
            (shortened(name, 30), shortened(value, 40))
            for name, value in list(event.tags.items())[:3]
            if value not in ids
        ),
    )


def _moment(text: str) -> datetime | None:
    """What a field for a time holds, in UTC; None for anything else."""
    try:
        said = datetime.fromisoformat(text)
        moment = said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if 1970 < moment.year < 9000 else None


def _for_field(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M}"
