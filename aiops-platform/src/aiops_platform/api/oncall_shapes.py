"""Rotas, as the API tells them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from aiops_platform.core.alerting import rota as rules
from aiops_platform.core.alerting.rota import Rota


@dataclass(frozen=True, kw_only=True)
class PersonResource:
    """Somebody who takes turns, and the number of the channel that reaches them."""

    name: str
    channel: int


@dataclass(frozen=True, kw_only=True)
class OverrideResource:
    """Somebody stands in from then to then."""

    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class ShiftResource:
    """Somebody is on call from then to then; `is_override` where they stand in."""

    name: str
    since: datetime
    until: datetime
    is_override: bool


@dataclass(frozen=True, kw_only=True)
class RotaResource:
    """Who takes turns. `on_call` is who is now, `shifts` are those of the next six weeks.

    `calendar` is the path of its iCalendar, for whom nobody asks for a sign-in; null for who may only read.
    """

    id: int
    name: str
    zone: str
    at: str
    first: str
    people: tuple[PersonResource, ...]
    overrides: tuple[OverrideResource, ...]
    on_call: str | None
    shifts: tuple[ShiftResource, ...]
    calendar: str | None


@dataclass(frozen=True, kw_only=True)
class RotaList:
    """The rotas of a project, by their numbers."""

    items: tuple[RotaResource, ...]


def rota_resource(rota: Rota, address: str | None, now: datetime, *, ahead: timedelta) -> RotaResource:
    """A rota as the API tells it, with who is on call so far ahead."""
    who = rules.on_call(rota, now)
    return RotaResource(
        id=rota.id or 0,
        name=rota.name,
        zone=rota.zone,
        at=f"{rota.at:%H:%M}",
        first=rota.first.isoformat(),
        people=tuple(PersonResource(name=each.name, channel=each.channel) for each in rota.people),
        overrides=tuple(
            OverrideResource(name=each.name, since=each.since, until=each.until) for each in rota.overrides
        ),
        on_call=None if who is None else who.name,
        shifts=tuple(
            ShiftResource(name=each.who.name, since=each.since, until=each.until, is_override=each.is_override)
            for each in rules.shifts(rota, now, now + ahead)
        ),
        calendar=None if address is None else f"/oncall/{address}.ics",
    )
