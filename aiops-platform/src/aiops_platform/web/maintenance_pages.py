"""Maintenance: when silence and failures are expected. Who acts plans windows, and ends them."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core import maintenance
from aiops_platform.core.maintenance import DAYS, LONGEST_NAME, MaintenanceError, Weekly, Window
from aiops_platform.core.zones import ZoneError, moment_at, zone_called
from aiops_platform.web import words
from aiops_platform.web.cut import visible
from aiops_platform.web.filters import row_number
from aiops_platform.web.forms import form_of, whole_form
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, Visitor, is_partial

_PAGE: Final = "/maintenance"
_MOST_OVER: Final = 20
_MOST_SHOWN: Final = 60
_LONGEST_LIST: Final = 2_000
_UNITS: Final = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1)}
_FIELDS: Final = ("name", "services", "environments", "begins", "number", "unit", "zone", "at", "last")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A window in words."""

    window: Window
    when: str
    where: str
    holds_until: datetime | None
    next_at: datetime | None


@get(_PAGE, sync_to_thread=True)
def maintenance_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Windows that hold, those to come, and those that are over; for htmx only these."""
    given = site.common(visitor) | _lists(site, visitor) | _form(saved="saved" in request.query_params)
    return site.part("maintenance_list.html", given) if is_partial(request) else site.page("maintenance.html", given)


@post(_PAGE, status_code=200)
async def plan_once(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Plans a window that comes once, or begins now."""
    said = await form_of(request, *_FIELDS)
    return await asyncio.to_thread(_plan, site, visitor, said, ())


@post(f"{_PAGE}/weekly", status_code=200)
async def plan_weekly(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Plans a window that comes every week."""
    form = await whole_form(request)
    days = tuple(number for number in range(len(DAYS)) if form.get(f"day{number}"))
    said = await form_of(request, *_FIELDS)
    return await asyncio.to_thread(_plan, site, visitor, said | {"weekly": "yes"}, days)


@post(f"{_PAGE}/{{window_id:str}}/end", sync_to_thread=True, status_code=200)
def end_window(site: TheSite, visitor: TheVisitor, window_id: FromPath[str]) -> Redirect:
    """It is over now."""
    number = row_number(window_id)
    if number is None or site.upkeep.end(visitor.project_id, number, site.clock()) is None:
        raise NotFoundException
    return Redirect(f"{_PAGE}?saved", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (maintenance_page, plan_once, plan_weekly, end_window)


def _plan(site: Site, visitor: Visitor, said: dict[str, str], days: tuple[int, ...]) -> Response[str] | Redirect:
    now = site.clock()
    try:
        site.upkeep.plan(_window(visitor, said, days, now), now)
    except (MaintenanceError, ZoneError) as wrong:
        given = site.common(visitor) | _lists(site, visitor) | _form(said=said, days=days, problem=str(wrong))
        return site.page("maintenance.html", given, status=422)
    return Redirect(f"{_PAGE}?saved", status_code=303)


def _window(visitor: Visitor, said: dict[str, str], days: tuple[int, ...], now: datetime) -> Window:
    lasts = _span(said["number"], said["unit"])
    zone = said["zone"].strip() or "UTC"
    weekly, since, until = None, _moment(said["begins"], zone) or now, None
    if "weekly" in said:
        weekly = Weekly(days, _clock(said["at"]), lasts, zone)
        last = _moment(f"{said['last']}T00:00" if said["last"] else "", zone)
        # A day that is named is meant to its end.
        until = last and last + timedelta(days=1)
    else:
        until = since + lasts
    return maintenance.planned(
        project_id=visitor.project_id,
        name=said["name"],
        services=_names(said["services"]),
        environments=_names(said["environments"]),
        since=since,
        until=until,
        weekly=weekly,
        made_by=visitor.actor.name,
        now=now,
    )


def _span(number: str, unit: str) -> timedelta:
    if not (number.isascii() and number.isdigit() and len(number) < 6) or unit not in _UNITS:
        raise MaintenanceError("Say how long the window lasts, as a whole number")
    return int(number) * _UNITS[unit]


def _clock(text: str) -> time:
    try:
        return time.fromisoformat(text[:5])
    except ValueError:
        raise MaintenanceError("Say at what time the window begins, such as 04:30") from None


def _moment(text: str, zone: str) -> datetime | None:
    if not text:
        return None
    named = zone_called(zone)
    try:
        at = datetime.fromisoformat(text[:16])
    except ValueError:
        raise MaintenanceError("Say a day and a time such as 2026-12-01T08:00") from None
    # The calendars of zones end before time does.
    if not 2000 <= at.year < 9000:
        raise MaintenanceError("Say a day and a time within a year from now")
    return moment_at(at.date(), at.time(), named)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text[:_LONGEST_LIST].split(",")]


def _lists(site: Site, visitor: Visitor) -> dict[str, Any]:
    now = site.clock()
    planned = [_shown(each, now) for each in site.monitoring.windows(visitor.project_id, now)]
    holding = [each for each in planned if each.holds_until is not None]
    coming = sorted(
        (each for each in planned if each.holds_until is None),
        key=lambda each: each.next_at or datetime.max.replace(tzinfo=UTC),
    )
    over = [_shown(each, now) for each in site.monitoring.windows_over(visitor.project_id, now, _MOST_OVER)]
    shown = (holding + coming)[:_MOST_SHOWN]
    return {"planned": shown, "left_out": len(planned) - len(shown), "over": over}


def _form(
    *, said: dict[str, str] | None = None, days: tuple[int, ...] = (), problem: str = "", saved: bool = False
) -> dict[str, Any]:
    said = said or {}
    typed = {name: visible(said.get(name, "")[:_LONGEST_LIST]) for name in _FIELDS}
    return {
        "typed": typed,
        "days": DAYS,
        "chosen": days,
        "is_weekly": "weekly" in said,
        "problem": problem,
        "saved": saved,
        "longest": LONGEST_NAME,
    }


def _shown(window: Window, now: datetime) -> Shown:
    return Shown(
        window=window,
        when=words.maintenance_when(window),
        where=words.maintenance_where(window),
        holds_until=window.holds_until(now),
        next_at=window.next_at(now),
    )
