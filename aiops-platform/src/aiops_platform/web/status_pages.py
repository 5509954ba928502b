"""What everybody may see: a project's status page and badges, where its admins want that; and their settings."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from litestar import MediaType, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core import status_page
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.monitor_views import KnownTime, MonitorQuery, MonitorRow
from aiops_platform.core.status_page import (
    LONGEST_SLUG,
    LONGEST_TITLE,
    MOST_SHOWN,
    ShownService,
    StatusPage,
    StatusPageError,
)
from aiops_platform.core.uptime import Uptime, uptime_of
from aiops_platform.web import badges, timelines
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import whole_form
from aiops_platform.web.monitor_pages import LONGEST
from aiops_platform.web.shelf import TooMuchError
from aiops_platform.web.site import FOR_ADMINS, PageRequest, Site, TheSite, TheVisitor, Visitor
from aiops_platform.web.timelines import COVERINGS, TimeLine

_PAGE: Final = "/settings/status"
_OFFERED: Final = 60
_PAGE_SECONDS, _BADGE_SECONDS = 30, 60
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, kw_only=True)
class ShownLife:
    """A service as everybody sees it. `is_held`: it is in maintenance, which hides all but a pause.

    `since`: since when something is wrong, `held_until`: how long maintenance lasts.
    """

    name: str
    state: MonitorState
    line: TimeLine
    uptime: Uptime
    since: datetime | None
    held_until: datetime | None
    is_short: bool
    is_held: bool

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to be said of it."""
        return self.is_held or (self.state in (MonitorState.ALIVE, MonitorState.LATE) and not self.is_short)


@get("/status/{slug:str}", sync_to_thread=True)
def public_status(site: TheSite, slug: FromPath[str]) -> Response[str]:
    """How the services are that admins have chosen, for everybody."""
    now = site.clock()

    def make() -> str | None:
        page = site.monitoring.public_status_page(slug) if len(slug) <= LONGEST_SLUG else None
        return None if page is None else _drawn(site, page, now)

    return _kept(site, ("status", slug[: LONGEST_SLUG + 1]), _PAGE_SECONDS, make, MediaType.HTML)


@get("/badge/{token:str}/{name:path}", sync_to_thread=True)
def badge(request: PageRequest, site: TheSite, token: FromPath[str], name: FromPath[str]) -> Response[str]:
    """How a service is, as a picture: `/badge/<token>/shop.svg`, of production unless `environment` says otherwise."""
    service = name.lstrip("/").removesuffix(".svg")[: _LONGEST_NAME + 1]
    environment = request.query_params.get("environment", "production")[: _LONGEST_NAME + 1]

    def make() -> str | None:
        if len(token) > _LONGEST_NAME:
            return None
        found = site.monitoring.badge_state(token, service, environment, site.clock())
        return None if found is None else badges.badge(service, found[0], is_held=found[1])

    return _kept(site, ("badge", token[:_LONGEST_NAME], service, environment), _BADGE_SECONDS, make, "image/svg+xml")


@get(_PAGE, opt=FOR_ADMINS, sync_to_thread=True)
def status_settings(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """What is shown to everybody, and where."""
    page = site.monitoring.status_page(visitor.project_id)
    return _settings(site, visitor, page, saved="saved" in request.query_params)


@post(_PAGE, opt=FOR_ADMINS, status_code=200)
async def change_status(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Switches the page on or off, and chooses what it shows."""
    form = await whole_form(request)
    said = {name: value for name, value in form.items() if isinstance(value, str)}
    return await asyncio.to_thread(_change, site, visitor, said)


@post(f"{_PAGE}/badges", opt=FOR_ADMINS, status_code=200)
async def change_badges(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Redirect:
    """Lets everybody see badges, at new addresses, or nobody."""
    is_wanted = (await whole_form(request)).get("do") == "renew"
    await asyncio.to_thread(site.monitoring.renew_badge_token, visitor.project_id, is_wanted=is_wanted)
    site.shelf.clear()
    return Redirect(f"{_PAGE}?saved", status_code=303)


PUBLIC_ROUTES: tuple[HTTPRouteHandler, ...] = (public_status, badge)
ROUTES: tuple[HTTPRouteHandler, ...] = (status_settings, change_status, change_badges)


def _kept(site: Site, name: tuple[str, ...], seconds: int, make: Any, kind: str) -> Response[str]:
    try:
        found = site.shelf.take(name, seconds, site.clock().timestamp(), make)
    except TooMuchError as too_much:
        return Response("", status_code=429, media_type=kind, headers={"Retry-After": str(too_much.seconds)})
    if found is None:
        raise NotFoundException
    return Response(found, media_type=kind, headers={"Cache-Control": f"public, max-age={seconds}"})


def _drawn(site: Site, page: StatusPage, now: datetime) -> str:
    since = now - LONGEST
    known = site.monitoring.known_time(page.project_id, since=since, now=now)
    rows = site.monitoring.monitors(page.project_id, [each.service_id for each in page.shown], since=since, now=now)
    lives = [
        _life(each.name, row, known, now, page) for each in page.shown if (row := rows.get(each.service_id)) is not None
    ]
    trouble = [each for each in lives if not each.is_well and each.state is not MonitorState.STOPPED]
    given = {"page": page, "lives": lives, "trouble": trouble, "now": now}
    return site.page("public_status.html", site.bare(None) | given).content


def _life(name: str, row: MonitorRow, known: KnownTime, now: datetime, page: StatusPage) -> ShownLife:
    found = known.stretches(row)
    held = known.held(row) if row.state is not MonitorState.PAUSED else None
    covering, cells = COVERINGS["90d"]
    tells = page.shows_incidents
    since = row.state_since if row.state is MonitorState.SILENT else row.short_since
    return ShownLife(
        name=name,
        state=row.state,
        line=timelines.time_line(found, since=now - covering, until=now, cells=cells),
        uptime=uptime_of(found, since=now - covering, until=now),
        since=since if tells and held is None else None,
        held_until=held.holds_until(now) if held is not None and tells else None,
        is_short=row.short_since is not None,
        is_held=held is not None,
    )


def _change(site: Site, visitor: Visitor, said: dict[str, str]) -> Response[str] | Redirect:
    shown = [
        ShownService(int(number), said.get(f"name_{number}", ""))
        for name in said
        if name.startswith("show_") and (number := name.removeprefix("show_")).isdecimal() and len(number) < 19
    ]
    told: dict[str, Any] = {
        "slug": said.get("slug", ""),
        "title": said.get("title", ""),
        "is_on": "is_on" in said,
        "shows_incidents": "shows_incidents" in said,
    }
    try:
        page = status_page.checked(project_id=visitor.project_id, **told, shown=shown)
        site.monitoring.save_status_page(page)
    except StatusPageError as wrong:
        told = {name: visible(value[:200]) if isinstance(value, str) else value for name, value in told.items()}
        typed = StatusPage(project_id=visitor.project_id, **told, shown=tuple(shown[:MOST_SHOWN]))
        return _settings(site, visitor, typed, problem=str(wrong), status=422)
    site.shelf.clear()
    return Redirect(f"{_PAGE}?saved", status_code=303)


def _settings(
    site: Site, visitor: Visitor, page: StatusPage | None, *, saved: bool = False, problem: str = "", status: int = 200
) -> Response[str]:
    now = site.clock()
    found = site.monitoring.board(visitor.project_id, MonitorQuery(per_page=_OFFERED), since=now, now=now)
    names = {each.service_id: each.name for each in page.shown} if page else {}
    # Those that are chosen stay in sight, however many others there are: what is not in the form is not shown any more.
    chosen = site.monitoring.monitors(visitor.project_id, list(names), since=now, now=now)
    offered = [*(chosen[number] for number in names if number in chosen)]
    offered += [row for row in found.rows if row.service_id not in names]
    given = {
        "status_page": page,
        "offered": [(row, names.get(row.service_id)) for row in offered[:_OFFERED]],
        "left_out": max(0, found.total - _OFFERED),
        "token": site.monitoring.badge_token(visitor.project_id),
        "saved": saved,
        "problem": problem,
        "longest": {"slug": LONGEST_SLUG, "title": LONGEST_TITLE},
        "most": MOST_SHOWN,
    }
    return site.page("status_settings.html", site.common(visitor) | given, status=status)
