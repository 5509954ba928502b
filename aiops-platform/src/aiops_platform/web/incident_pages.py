"""One incident with its events."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from secrets import token_hex
from typing import Any, Literal

import msgspec
from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.care import CommentRow
from aiops_platform.core.event import Event
from aiops_platform.core.incident import STANDING, IncidentState
from aiops_platform.core.people import Role
from aiops_platform.core.source_links import SourceLink
from aiops_platform.core.surroundings import PlacedEvent
from aiops_platform.core.traceback_text import print_traceback
from aiops_platform.core.views import EventDetail, IncidentDetail
from aiops_platform.web import care_forms, chart, exhibit, fix_words, said_values, ticket
from aiops_platform.web.cut import shortened_text, visible
from aiops_platform.web.filters import row_number
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, Visitor, is_partial

# So many fixers can be asked for beside an incident, and so many fixes are shown; the others have pages of their own.
_MOST_FIXERS = 8
_MOST_FIXES = 5
# Of comments and of what was merged a page shows the last; all of them have a page of their own.
_MOST_COMMENTS = 10
_MOST_PARTS = 5
_COMMENT_CHARACTERS = 5_000
_LONGEST_COMMENT = 1_500

_log = logging.getLogger(__name__)


@get("/incidents/{incident_id:str}", sync_to_thread=True)
def incident_page(
    request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]
) -> Response[str] | Redirect:
    """One incident; for htmx only the parts of it that change. Of one that was merged there is the one it is a part of."""
    frame, number = site.common(visitor), _id(incident_id)
    detail = site.reads.incident(visitor.project_id, number, site.clock())
    if detail is not None and detail.row.state is IncidentState.MERGED:
        return Redirect(f"/incidents/{detail.care.merged_into}", status_code=303)
    given = frame | _given(site, visitor, _standing(detail), request.query_params.get("event", "newest"))
    return incident_parts(site, given, "") if is_partial(request) else whole_page(site, given)


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


ROUTES: tuple[HTTPRouteHandler, ...] = (incident_page, whole, as_ticket, as_curl)


def detail_of(site: Site, visitor: Visitor, incident_id: int) -> IncidentDetail:
    """The incident, if it is there by itself. Raises NotFoundException."""
    return _standing(site.reads.incident(visitor.project_id, incident_id, site.clock()))


def incident_of(site: Site, visitor: Visitor, incident_id: int, which: str) -> dict[str, Any]:
    """What its page shows, but for the event's own parts. Raises NotFoundException."""
    return site.common(visitor) | _given(site, visitor, detail_of(site, visitor, incident_id), which)


def whole_page(site: Site, given: dict[str, Any], *, status: int = 200) -> Response[str]:
    """The page of an incident."""
    return site.page("incident.html", given | _exhibit(given["event"], given["source"]), status=status)


def incident_parts(site: Site, given: dict[str, Any], said: str) -> Response[str]:
    """What changes on its open page, for htmx; `said` is read out."""
    return site.part("incident_parts.html", given | {"said": said})


def _standing(incident: IncidentDetail | None) -> IncidentDetail:
    if incident is None or incident.row.state not in STANDING:
        raise NotFoundException
    return incident


def _given(site: Site, visitor: Visitor, incident: IncidentDetail, which: str) -> dict[str, Any]:
    around = site.insights.around(visitor.project_id, incident, _which(which))
    return {
        "incident": incident,
        "row": incident.row,
        "care": incident.care,
        "comments": _newest(incident.care.comments),
        "may_act": visitor.role.covers(Role.MEMBER),
        "members": around.members,
        "most_parts": _MOST_PARTS,
        "lengths": care_forms.LENGTHS,
        "within": care_forms.WITHIN,
        "once": token_hex(8),
        "problem": "",
        "typed": "",
        "event": around.event,
        "neighbours": around.neighbours,
        "companions": around.companions,
        "similar": around.similar,
        "origin": around.origin,
        "source": around.source,
        "charts": chart.charts_of(incident.hours, incident.care.marks),
        "said_values": said_values.of(incident.values),
        "grouping": exhibit.grouping(incident.grouping),
        **_fixes(site, visitor, incident),
    }


def _newest(comments: Sequence[CommentRow]) -> Sequence[CommentRow]:
    """The last few, and no more of them than a page has room for, the oldest first; what is long is cut."""
    shown: list[CommentRow] = []
    left = _COMMENT_CHARACTERS
    for each in reversed(comments[-_MOST_COMMENTS:]):
        text = shortened_text(each.text, _LONGEST_COMMENT)
        left -= len(text)
        if left < 0:
            break
        shown.append(replace(each, text=text))
    return shown[::-1]


def _fixes(site: Site, visitor: Visitor, incident: IncidentDetail) -> dict[str, Any]:
    """What was asked of the service for this incident, and what it can be asked for."""
    reads, project_id = site.fixes.reads, visitor.project_id
    offered = reads.offered(project_id, site.clock(), service_id=incident.service_id)
    mine = [each.fixer for each in offered if each.is_offered]
    asked = reads.of_incident(project_id, incident.row.id, _MOST_FIXES)
    return {
        "fixes": asked,
        "fixers": mine[:_MOST_FIXERS],
        "more_fixers": max(0, len(mine) - _MOST_FIXERS),
        # It is said beside what there is.
        "fixes_stopped": bool(asked or mine) and reads.stopped(project_id) is not None,
        "fix_words": fix_words,
    }


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


def _exhibit(placed: PlacedEvent | None, source: SourceLink | None) -> dict[str, Any]:
    if placed is None or placed.event is None:
        return {"shown": None}
    event = _with_trace(placed.event)
    return {"shown": exhibit.lay_out(event, source=source), "has_curl": ticket.curl(event.request) is not None}


def _with_trace(event: Event) -> Event:
    """With its traceback as text, where only its exceptions are kept."""
    if event.exceptions and not event.stack_trace:
        return msgspec.structs.replace(event, stack_trace=print_traceback(event.exceptions))
    return event


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
