"""Monitors: how services lived over hours, days and months; and what people say of one, to pause it or to expect processes."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.maintenance import Window
from aiops_platform.core.monitor import MonitorError, MonitorState
from aiops_platform.core.monitor_views import Board, Lives, MonitorQuery, MonitorRow
from aiops_platform.core.uptime import Stretch, Uptime, uptime_of
from aiops_platform.web import timelines
from aiops_platform.web.cut import visible
from aiops_platform.web.filters import page_number, row_number
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, Visitor, is_partial
from aiops_platform.web.timelines import COVERINGS, TimeLine

PER_PAGE: Final = 25
LONGEST: Final = timedelta(days=90)
#: What uptime is told for.
PERIODS: Final = (
    ("24 h", timedelta(days=1)),
    ("7 days", timedelta(days=7)),
    ("30 days", timedelta(days=30)),
    ("90 days", LONGEST),
)
_FIRST: Final = "90d"
_LONGEST_SEARCH: Final = 400
_MOST_WORDS: Final = 8
_TERM: Final = re.compile(r'(?:(service|env|environment|state):)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)
_STATES: Final = (
    MonitorState.SILENT,
    MonitorState.LATE,
    MonitorState.ALIVE,
    MonitorState.PAUSED,
    MonitorState.STOPPED,
)
#: What a page says after something was done.
DONE: Final = ("paused", "resumed", "expected", "wrong")
_ON_PAGE: Final = (
    ("24h", "Last 24 hours", "24 h ago"),
    ("7d", "Last 7 days", "7 days ago"),
    ("90d", "Last 90 days", "90 days ago"),
)
_PAUSES: Final = {"1h": timedelta(hours=1), "8h": timedelta(hours=8), "1d": timedelta(days=1), "7d": timedelta(days=7)}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A monitor with its line, its uptime by period, and the maintenance in which it is now."""

    row: MonitorRow
    line: TimeLine
    uptimes: tuple[tuple[str, Uptime], ...]
    held: Window | None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the address asks for. `text` is the search as it was typed, `state` and `span` what was chosen."""

    text: str
    state: MonitorState | None
    span: str
    page: int

    def query(self) -> MonitorQuery:
        """The same, for the store: `service:`, `env:` and `state:` are those, all else are words of names."""
        service = environment = None
        state, words = self.state, list[str]()
        for field, quoted, plain in _TERM.findall(self.text):
            value = quoted or plain
            match field.lower():
                case "service":
                    service = value
                case "env" | "environment":
                    environment = value
                case "state" if value.lower() in set(MonitorState):
                    state = MonitorState(value.lower())
                case "state":
                    words.append(value)
                case _ if value:
                    words.append(value)
        return MonitorQuery(
            state=state,
            service=service,
            environment=environment,
            words=tuple(words[:_MOST_WORDS]),
            page=self.page,
            per_page=PER_PAGE,
        )

    def url(self, **changes: str | int) -> str:
        """The address with these changes; any but of the page leads to the first one."""
        told = {"query": self.text, "state": self.state or "", "span": self.span, "page": 1} | changes
        default = {"query": "", "state": "", "span": _FIRST, "page": 1}
        said = {name: str(value) for name, value in told.items() if value != default[name]}
        return f"/monitors?{urlencode(said)}" if said else "/monitors"


@get("/monitors", sync_to_thread=True)
def monitors_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Every service that beats, each with its time line; for htmx only the part that changes."""
    given, now = site.common(visitor), site.clock()
    wanted = wanted_of(request.query_params)
    found = site.monitoring.board(visitor.project_id, wanted.query(), since=now - LONGEST, now=now)
    given |= {
        "found": found,
        "shown": [laid_out(found, row, wanted.span, now) for row in found.rows],
        "wanted": wanted,
        "states": _STATES,
        "spans": tuple(COVERINGS),
    }
    return site.part("monitor_list.html", given) if is_partial(request) else site.page("monitors.html", given)


@post("/services/{service_id:str}/pause", status_code=200)
async def pause_monitor(
    request: PageRequest, site: TheSite, visitor: TheVisitor, service_id: FromPath[str]
) -> Redirect:
    """Nobody looks at it: for a while, until a moment in UTC, or until it is resumed."""
    said = await form_of(request, "lasts", "until")
    now = site.clock()
    lasts = _PAUSES.get(said["lasts"])
    until = _moment(said["until"]) if said["until"] else None if lasts is None else now + lasts

    def pause(number: int) -> bool:
        if said["until"] and until is None:
            raise MonitorError("That is no moment")
        return site.upkeep.pause(visitor.project_id, number, until, now, by=visitor.actor)

    return await asyncio.to_thread(_done, service_id, pause, "paused")


@post("/services/{service_id:str}/resume", sync_to_thread=True, status_code=200)
def resume_monitor(site: TheSite, visitor: TheVisitor, service_id: FromPath[str]) -> Redirect:
    """It is watched again."""

    def resume(number: int) -> bool:
        return site.upkeep.resume(visitor.project_id, number, site.clock(), by=visitor.actor)

    return _done(service_id, resume, "resumed")


@post("/services/{service_id:str}/expected", status_code=200)
async def expect_processes(
    request: PageRequest, site: TheSite, visitor: TheVisitor, service_id: FromPath[str]
) -> Redirect:
    """So many of its processes have to beat; an empty field is as many as there happen to be."""
    said = (await form_of(request, "processes"))["processes"].strip()

    def expect(number: int) -> bool:
        many = row_number(said)
        if said and many is None:
            raise MonitorError("That is no number")
        return site.upkeep.expect(visitor.project_id, number, many, site.clock(), by=visitor.actor)

    return await asyncio.to_thread(_done, service_id, expect, "expected")


ROUTES: tuple[HTTPRouteHandler, ...] = (monitors_page, pause_monitor, resume_monitor, expect_processes)


def wanted_of(said: Mapping[str, str]) -> Wanted:
    """What an address asks for. Forgiving: what makes no sense is as if it were not there."""
    state, span = said.get("state", ""), said.get("span", "")
    return Wanted(
        text=visible(said.get("query", "").strip()[:_LONGEST_SEARCH]),
        state=MonitorState(state) if state in _STATES else None,
        span=span if span in COVERINGS else _FIRST,
        page=page_number(said.get("page", "")),
    )


def laid_out(board: Board, row: MonitorRow, span: str, now: datetime) -> Shown:
    """A monitor as it is shown. Its states are known for 90 days."""
    found = board.known.stretches(row)
    covering, cells = COVERINGS[span]
    return Shown(
        row=row,
        line=timelines.time_line(found, since=now - covering, until=now, cells=cells),
        uptimes=uptimes_of(found, now),
        held=board.known.held(row),
    )


def uptimes_of(found: Sequence[Stretch], now: datetime) -> tuple[tuple[str, Uptime], ...]:
    """The uptime for each period."""
    return tuple((name, uptime_of(found, since=now - lasting, until=now)) for name, lasting in PERIODS)


def lines_of(site: Site, visitor: Visitor, rows: Sequence[Lives], span: str, now: datetime) -> list[TimeLine]:
    """The lines of services whose states are known for as long."""
    covering, cells = COVERINGS[span]
    since = now - covering
    known = site.monitoring.known_time(visitor.project_id, since=since, now=now)
    return [timelines.time_line(known.stretches(row), since=since, until=now, cells=cells) for row in rows]


def watched(site: Site, visitor: Visitor, service_id: int, now: datetime) -> dict[str, Any]:
    """What the page of a service tells of its monitor; nothing where it has none."""
    row = site.monitoring.monitor(visitor.project_id, service_id, since=now - LONGEST, now=now)
    if row is None:
        return {}
    known = site.monitoring.known_time(visitor.project_id, since=now - LONGEST, now=now)
    found, held = known.stretches(row), known.held(row)
    lines = []
    for span, title, ago in _ON_PAGE:
        covering, cells = COVERINGS[span]
        lines.append((title, ago, timelines.time_line(found, since=now - covering, until=now, cells=cells)))
    return {
        "watched": row,
        "lines": lines,
        "uptimes": uptimes_of(found, now),
        "held": held,
        "held_until": held and held.holds_until(now),
    }


def _done(service_id: str, do: Callable[[int], bool], done: str) -> Redirect:
    number = row_number(service_id)
    try:
        if number is None or not do(number):
            raise NotFoundException
    except MonitorError:
        done = "wrong"
    return Redirect(f"/services/{number}?done={done}", status_code=303)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text[:16]).replace(tzinfo=UTC)
    except ValueError:
        return None
