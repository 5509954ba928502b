"""On call: rotas, who stands in, and the same as a calendar for whoever knows its address."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.alerting import rota as rules
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.rota import MOST_PEOPLE, OnCall, Override, Rota, Shift
from aiops_platform.core.maintenance import DAYS
from aiops_platform.core.zones import moment_at, zone_called, zone_kept
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import form_of, whole_form
from aiops_platform.web.site import FOR_MEMBERS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE: Final = "/alerts/oncall"
_ROWS: Final = 4
_LONGEST: Final = 200
_AHEAD: Final = timedelta(weeks=6)
_CALENDAR: Final = timedelta(days=180)
_WEEK: Final = timedelta(weeks=1)
_TYPED: Final = ("name", "first", "at", "zone")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A rota in words."""

    rota: Rota
    now: str
    day: str
    shifts: Sequence[Shift]
    address: str
    clock: Callable[[datetime], str]


@get(_PAGE, sync_to_thread=True)
def oncall_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """The rotas with the next weeks, and a form for another one."""
    return _shown(site, visitor, _nothing(site), [], saved="saved" in request.query_params)


@post(_PAGE, status_code=200)
async def add_rota(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Keeps a new rota."""
    return await _asked(request, site, visitor, None)


@get(f"{_PAGE}/{{rota_id:int}}", opt=FOR_MEMBERS, sync_to_thread=True)
def rota_page(site: TheSite, visitor: TheVisitor, rota_id: FromPath[int]) -> Response[str]:
    """One rota, to be changed."""
    rota = _rota(site, visitor, rota_id)
    typed = {"name": rota.name, "first": rota.first.isoformat(), "at": f"{rota.at:%H:%M}", "zone": rota.zone}
    names = {each.id: each.name for each in site.alerts.channels(visitor.project_id)}
    return _shown(
        site, visitor, typed, [(each.name, names.get(each.channel, "")) for each in rota.people], editing=rota_id
    )


@post(f"{_PAGE}/{{rota_id:int}}", status_code=200)
async def change_rota(
    request: PageRequest, site: TheSite, visitor: TheVisitor, rota_id: FromPath[int]
) -> Response[str] | Redirect:
    """Keeps it as it was written; who stands in for whom stays."""
    await asyncio.to_thread(_rota, site, visitor, rota_id)
    return await _asked(request, site, visitor, rota_id)


@post(f"{_PAGE}/{{rota_id:int}}/delete", sync_to_thread=True, status_code=200)
def drop_rota(site: TheSite, visitor: TheVisitor, rota_id: FromPath[int]) -> Redirect:
    """Takes a rota away."""
    if not site.alerts.drop_rota(visitor.project_id, rota_id):
        raise NotFoundException
    return Redirect(f"{_PAGE}?saved", status_code=303)


@post(f"{_PAGE}/{{rota_id:int}}/overrides", status_code=200)
async def add_override(
    request: PageRequest, site: TheSite, visitor: TheVisitor, rota_id: FromPath[int]
) -> Response[str] | Redirect:
    """Somebody stands in."""
    said = await form_of(request, "who", "since", "until")
    return await asyncio.to_thread(_override, site, visitor, rota_id, said)


@post(f"{_PAGE}/{{rota_id:int}}/overrides/{{number:int}}/remove", sync_to_thread=True, status_code=200)
def drop_override(site: TheSite, visitor: TheVisitor, rota_id: FromPath[int], number: FromPath[int]) -> Redirect:
    """Nobody stands in then any longer."""
    rota = _rota(site, visitor, rota_id)
    if number >= len(rota.overrides):
        raise NotFoundException
    left = tuple(each for place, each in enumerate(rota.overrides) if place != number)
    site.alerts.save_rota(visitor.project_id, replace(rota, overrides=left))
    return Redirect(f"{_PAGE}?saved", status_code=303)


@get("/oncall/{address:str}", sync_to_thread=True)
def calendar(site: TheSite, address: FromPath[str]) -> Response[str]:
    """Who is on call in the next half year, for calendars: they cannot sign in."""
    rota = site.alerts.reads.rota_at(address.removesuffix(".ics"))
    if rota is None:
        raise NotFoundException
    now = site.clock()
    host = site.public_url.partition("://")[2]
    text = rules.calendar(rota, address=host, since=now - _WEEK, until=now + _CALENDAR, now=now)
    return Response(text, media_type="text/calendar", headers={"Cache-Control": "private, max-age=300"})


ROUTES: tuple[HTTPRouteHandler, ...] = (
    oncall_page,
    add_rota,
    rota_page,
    change_rota,
    drop_rota,
    add_override,
    drop_override,
)
PUBLIC_ROUTES: tuple[HTTPRouteHandler, ...] = (calendar,)


def _rota(site: Site, visitor: Visitor, rota_id: int) -> Rota:
    rota = site.alerts.rotas(visitor.project_id).get(rota_id)
    if rota is None:
        raise NotFoundException
    return rota


async def _asked(request: PageRequest, site: Site, visitor: Visitor, rota_id: int | None) -> Response[str] | Redirect:
    form = await whole_form(request)
    typed = {name: str(form.get(name, ""))[:_LONGEST].strip() for name in _TYPED}
    said = [
        (str(form.get(f"who{each}", "")).strip(), str(form.get(f"channel{each}", ""))) for each in range(MOST_PEOPLE)
    ]
    people = [(name[:_LONGEST], channel[:_LONGEST].strip()) for name, channel in said if name]
    return await asyncio.to_thread(_change, site, visitor, typed, people, rota_id)


def _change(
    site: Site, visitor: Visitor, typed: dict[str, str], people: list[tuple[str, str]], rota_id: int | None
) -> Response[str] | Redirect:
    try:
        known = None if rota_id is None else _rota(site, visitor, rota_id)
        channels = {each.name: each.id for each in site.alerts.channels(visitor.project_id)}
        who = tuple(OnCall(name=name, channel=_channel(channels, channel)) for name, channel in people)
        rota = Rota(
            id=rota_id,
            name=typed["name"],
            zone=typed["zone"] or "UTC",
            at=_time(typed["at"]),
            first=rules.day_of(typed["first"]),
            people=who,
            overrides=() if known is None else rules.still_named(known.overrides, who),
        )
        site.alerts.save_rota(visitor.project_id, rota)
    except AlertingError as wrong:
        shown = {name: visible(said) for name, said in typed.items()}
        told = [(visible(name), visible(channel)) for name, channel in people]
        return _shown(site, visitor, shown, told, editing=rota_id, problem=wrong.why)
    return Redirect(f"{_PAGE}?saved", status_code=303)


def _override(site: Site, visitor: Visitor, rota_id: int, said: dict[str, str]) -> Response[str] | Redirect:
    rota = _rota(site, visitor, rota_id)
    try:
        since, until = _moment(said["since"], rota.zone), _moment(said["until"], rota.zone)
        new = Override(name=said["who"], since=since, until=until)
        site.alerts.save_rota(visitor.project_id, rules.with_override(rota, new, site.clock()))
    except AlertingError as wrong:
        return _shown(site, visitor, _nothing(site), [], problem=wrong.why)
    return Redirect(f"{_PAGE}?saved", status_code=303)


def _channel(channels: Mapping[str, int], name: str) -> int:
    if name not in channels:
        raise AlertingError(
            "people", f"There is no channel '{name[:80]}' that is switched on: name one for each person"
        )
    return channels[name]


def _moment(text: str, zone: str) -> datetime:
    try:
        at = datetime.fromisoformat(text[:16])
    except ValueError:
        raise AlertingError("since", "Say a day and a time such as 2026-12-01T08:00") from None
    if not 2000 <= at.year < 9000:
        raise AlertingError("since", "Say a day and a time within some years from now")
    return moment_at(at.date(), at.time(), zone_called(zone))


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text[:5])
    except ValueError:
        raise AlertingError("at", "Say at what time it is handed over, such as 09:00") from None


def _nothing(site: Site) -> dict[str, str]:
    today = site.clock().date()
    monday = today - timedelta(days=today.weekday())
    return {"name": "", "first": monday.isoformat(), "at": "09:00", "zone": "UTC"}


def _shown(
    site: Site,
    visitor: Visitor,
    typed: dict[str, str],
    people: Sequence[tuple[str, str]],
    *,
    editing: int | None = None,
    saved: bool = False,
    problem: str = "",
) -> Response[str]:
    rotas = {} if editing else site.alerts.rotas(visitor.project_id)
    addresses = site.alerts.reads.addresses(visitor.project_id) if visitor.acts else {}
    rows = [*people, *[("", "")] * max(0, min(MOST_PEOPLE, max(_ROWS, len(people) + 2)) - len(people))]
    given: dict[str, Any] = {
        "shown": [_told(each, addresses.get(number, ""), site.clock()) for number, each in rotas.items()],
        "channels": site.alerts.channels(visitor.project_id),
        "typed": typed,
        "people": rows,
        "editing": editing,
        "saved": saved,
        "problem": problem,
    }
    return site.page("alert_oncall.html", site.common(visitor) | given, status=422 if problem else 200)


def _told(rota: Rota, address: str, now: datetime) -> Shown:
    zone = zone_kept(rota.zone)
    who = rules.on_call(rota, now)
    return Shown(
        rota=rota,
        now="" if who is None else who.name,
        day=DAYS[rota.first.weekday()],
        shifts=list(rules.shifts(rota, now, now + _AHEAD)),
        address=f"{address}.ics",
        clock=lambda at: f"{at.astimezone(zone):%a %d %b %Y %H:%M}",
    )
