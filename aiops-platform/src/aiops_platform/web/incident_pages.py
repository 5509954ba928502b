"""One incident with its events."""

import logging
from enum import StrEnum
from typing import Any, Literal

import msgspec
from litestar import MediaType, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.event import Event
from aiops_platform.core.views import EventDetail
from aiops_platform.web import chart, exhibit, ticket
from aiops_platform.web.cut import visible
from aiops_platform.web.event_pages import beside
from aiops_platform.web.filters import row_number
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, Visitor, is_partial

_log = logging.getLogger(__name__)


class Action(StrEnum):
    """What people do with an incident."""

    RESOLVE = "resolve"
    REOPEN = "reopen"
    MUTE = "mute"


_SAID = {
    Action.RESOLVE: "Resolved. It reopens by itself when the error returns.",
    Action.REOPEN: "Reopened.",
    Action.MUTE: "Muted. It goes on counting, and nothing reopens it.",
}


@get("/incidents/{incident_id:str}", sync_to_thread=True)
def incident_page(
    request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]
) -> Response[str]:
    """One incident; for htmx only the parts of it that change."""
    given = _incident(site, visitor, _id(incident_id), request.query_params.get("event", "newest"))
    if is_partial(request):
        return site.part("incident_parts.html", given | {"said": ""})
    return site.page("incident.html", given | _exhibit(given["event"]))


@post("/incidents/{incident_id:str}/{action:str}", sync_to_thread=True, status_code=200)
def act(
    request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str], action: FromPath[str]
) -> Response[str] | Redirect:
    """Resolve, reopen or mute; then the incident as it is now."""
    number = _id(incident_id)
    if action not in set(Action):
        raise NotFoundException
    change = {Action.RESOLVE: site.triage.resolve, Action.REOPEN: site.triage.reopen, Action.MUTE: site.triage.mute}
    if not change[Action(action)](visitor.project_id, number, site.clock()):
        raise NotFoundException
    if not is_partial(request):
        return Redirect(f"/incidents/{number}", status_code=303)
    given = _incident(site, visitor, number, request.query_params.get("event", "newest"))
    return site.part("incident_parts.html", given | {"said": _SAID[Action(action)]})


@get("/incidents/{incident_id:str}/events/{event_id:str}/whole", sync_to_thread=True)
def whole(
    request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str], event_id: FromPath[str]
) -> Response[str]:
    """A part of an event, uncut, as plain text; all of it as JSON when no part is named."""
    event = site.reads.event(visitor.project_id, _id(incident_id), _id(event_id))
    if event is None:
        raise NotFoundException
    try:
        part = exhibit.look_up(event.body, request.query_params.get("at", ""))
    except LookupError as nothing:
        raise NotFoundException from nothing
    text = part if isinstance(part, str) else exhibit.as_json(part)
    return _plain(visible(text))


@get("/incidents/{incident_id:str}/events/{event_id:str}/ticket", sync_to_thread=True)
def as_ticket(
    site: TheSite, visitor: TheVisitor, incident_id: FromPath[str], event_id: FromPath[str]
) -> Response[str] | Redirect:
    """The event in Markdown, for a ticket or an assistant. Of one that cannot be laid out there is its JSON."""
    number = _id(incident_id)
    event, kept = _kept(site, visitor, number, event_id)
    incident = site.reads.incident(visitor.project_id, number, site.clock())
    if incident is None:
        raise NotFoundException
    if event is None:
        return Redirect(f"/incidents/{number}/events/{kept.id}/whole", status_code=303)
    link = f"{site.public_url}/incidents/{number}?event={kept.id}"
    return _plain(ticket.markdown(incident, event, link=link))


@get("/incidents/{incident_id:str}/events/{event_id:str}/curl", sync_to_thread=True)
def as_curl(site: TheSite, visitor: TheVisitor, incident_id: FromPath[str], event_id: FromPath[str]) -> Response[str]:
    """The event's request as a line for a shell."""
    event, _ = _kept(site, visitor, _id(incident_id), event_id)
    line = None if event is None else ticket.curl(event.request)
    if line is None:
        raise NotFoundException
    return _plain(line + "\n")


ROUTES: tuple[HTTPRouteHandler, ...] = (incident_page, act, whole, as_ticket, as_curl)


def _kept(site: Site, visitor: Visitor, incident_id: int, event_id: str) -> tuple[Event | None, EventDetail]:
    kept = site.reads.event(visitor.project_id, incident_id, _id(event_id))
    if kept is None:
        raise NotFoundException
    return _read(kept), kept


def _read(kept: EventDetail) -> Event | None:
    """What an older version kept may have another shape; its JSON can still be read."""
    try:
        return msgspec.convert(kept.body, Event, strict=False)
    except msgspec.ValidationError:
        _log.exception("A kept event could not be laid out; its page offers its JSON")
        return None


def _plain(text: str) -> Response[str]:
    return Response(text, media_type=MediaType.TEXT, headers={"Cache-Control": "no-store"})


def _incident(site: Site, visitor: Visitor, incident_id: int, which: str) -> dict[str, Any]:
    given = site.common(visitor)
    incident = site.reads.incident(visitor.project_id, incident_id, site.clock())
    if incident is None:
        raise NotFoundException
    event = site.reads.event(visitor.project_id, incident_id, _which(which))
    return given | {
        "incident": incident,
        "row": incident.row,
        "event": event,
        "neighbours": site.reads.neighbours(visitor.project_id, incident_id, event.id) if event else (),
        "charts": chart.charts_of(incident.hours),
        "grouping": exhibit.grouping(incident.grouping),
        **beside(site, visitor, incident_id, event),
    }


def _exhibit(kept: EventDetail | None) -> dict[str, Any]:
    event = None if kept is None else _read(kept)
    if event is None:
        return {"shown": None}
    return {"shown": exhibit.lay_out(event), "has_curl": ticket.curl(event.request) is not None}


def _which(text: str) -> Literal["newest", "oldest"] | int:
    match text:
        case "newest" | "oldest":
            return text
        case _:
            return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else "newest"


def _id(text: str) -> int:
    number = row_number(text)
    if number is None:
        raise NotFoundException
    return number
