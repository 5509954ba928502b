"""On call, for machines: rotas, who stands in, and who is on call when."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final

import msgspec
from litestar import delete, get, post, put
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from aiops_platform.api import problems
from aiops_platform.api.alerts import ANSWERS
from aiops_platform.api.desk import Desk, TheDesk, TheProject, TheRole
from aiops_platform.api.incidents import LARGEST_ID
from aiops_platform.api.oncall_shapes import RotaList, RotaResource, rota_resource
from aiops_platform.api.parameters import only, utc
from aiops_platform.core.alerting import rota as rules
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.rota import MOST_OVERRIDES, MOST_PEOPLE, OnCall, Override, Rota
from aiops_platform.core.people import Role

_RotaId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The rota's number.")]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_NO_ROTA: Final = "This project has no such rota: `/rotas` lists those there are."


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who takes turns, and the number of the channel that reaches them."""

    name: _Name
    channel: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]


class StandingIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody of the rota is on call from then to then, whosever turn it is."""

    name: _Name
    since: datetime
    until: datetime


class Taking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People take turns of a week, handed over when the clocks of `zone` show `at`; the first of them on the day `first`.

    `overrides` are who stands in; without them those stay that there are.
    """

    name: _Name
    people: Annotated[tuple[Person, ...], msgspec.Meta(min_length=1, max_length=MOST_PEOPLE)]
    first: Annotated[str, msgspec.Meta(pattern=r"^2[01]\d\d-\d\d-\d\d$")]
    at: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "09:00"
    zone: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = "UTC"
    overrides: Annotated[tuple[StandingIn, ...], msgspec.Meta(max_length=MOST_OVERRIDES)] | None = None


@get("/rotas", guards=[only()], sync_to_thread=True, summary="List rotas")
def list_rotas(desk: TheDesk, project_id: TheProject, role: TheRole) -> RotaList:
    """Who is on call when."""
    return RotaList(items=tuple(_told(desk, project_id, role, each) for each in desk.alerts.rotas(project_id).values()))


@get("/rotas/{rota_id:int}", guards=[only()], sync_to_thread=True, summary="Read a rota")
def read_rota(desk: TheDesk, project_id: TheProject, role: TheRole, rota_id: _RotaId) -> RotaResource:
    """One of them."""
    return _told(desk, project_id, role, _rota(desk, project_id, rota_id))


@post("/rotas", exception_handlers=ANSWERS, sync_to_thread=True, status_code=201, summary="Add a rota")
def add_rota(desk: TheDesk, project_id: TheProject, role: TheRole, data: JSONBody[Taking]) -> RotaResource:
    """Steps of policies, and rules, may name it."""
    return _saved(desk, project_id, role, _read(data, None))


@put("/rotas/{rota_id:int}", exception_handlers=ANSWERS, sync_to_thread=True, status_code=200, summary="Change a rota")
def change_rota(
    desk: TheDesk, project_id: TheProject, role: TheRole, rota_id: _RotaId, data: JSONBody[Taking]
) -> RotaResource:
    """Puts this in its place; its calendar stays where it is."""
    return _saved(desk, project_id, role, _read(data, _rota(desk, project_id, rota_id)))


@post(
    "/rotas/{rota_id:int}/overrides",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=201,
    summary="Have somebody stand in",
)
def stand_in(
    desk: TheDesk, project_id: TheProject, role: TheRole, rota_id: _RotaId, data: JSONBody[StandingIn]
) -> RotaResource:
    """Of two at one time the one that was added last counts. Those that are over go."""
    rota = _rota(desk, project_id, rota_id)
    return _saved(desk, project_id, role, rules.with_override(rota, _override(data), desk.clock()))


@delete("/rotas/{rota_id:int}", sync_to_thread=True, status_code=204, summary="Delete a rota")
def drop_rota(desk: TheDesk, project_id: TheProject, rota_id: _RotaId) -> None:
    """Steps and rules that name nothing else tell all channels."""
    if not desk.alerts.drop_rota(project_id, rota_id):
        raise NotFoundException(_NO_ROTA)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(
    list_rotas, read_rota, add_rota, change_rota, stand_in, drop_rota
)


def _rota(desk: Desk, project_id: int, rota_id: int) -> Rota:
    rota = desk.alerts.rotas(project_id).get(rota_id)
    if rota is None:
        raise NotFoundException(_NO_ROTA)
    return rota


def _read(data: Taking, known: Rota | None) -> Rota:
    people = tuple(OnCall(name=each.name, channel=each.channel) for each in data.people)
    if data.overrides is not None:
        overrides = tuple(map(_override, data.overrides))
    else:
        overrides = rules.still_named(known.overrides, people) if known is not None else ()
    return Rota(
        id=None if known is None else known.id,
        name=data.name,
        zone=data.zone,
        at=time.fromisoformat(data.at),
        first=rules.day_of(data.first),
        people=people,
        overrides=overrides,
    )


def _override(data: StandingIn) -> Override:
    since, until = utc("since", data.since), utc("until", data.until)
    if since is None or until is None:
        raise AlertingError("since", "Say from when to when")
    return Override(name=data.name, since=since.astimezone(UTC), until=until.astimezone(UTC))


def _saved(desk: Desk, project_id: int, role: Role, rota: Rota) -> RotaResource:
    number = desk.alerts.save_rota(project_id, rota)
    if number is None:
        raise NotFoundException(_NO_ROTA)
    return _told(desk, project_id, role, _rota(desk, project_id, number))


def _told(desk: Desk, project_id: int, role: Role, rota: Rota) -> RotaResource:
    # Whoever knows the address of a calendar may read it without a sign-in: as on the pages, those who act are told.
    shown = role is not Role.VIEWER
    address = desk.alerts.reads.addresses(project_id).get(rota.id or 0) if shown else None
    return rota_resource(rota, address, desk.clock(), ahead=timedelta(weeks=6))
