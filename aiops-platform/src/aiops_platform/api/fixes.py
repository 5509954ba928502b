"""Fixes for machines: what services offer, what is asked of them, and the switch that stops it all."""

from itertools import islice
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.types import ExceptionHandlersMap

from aiops_platform.api import problems
from aiops_platform.api.desk import Desk, TheActor, TheDesk, TheProject
from aiops_platform.api.fix_shapes import (
    STATES,
    Asked,
    FixerList,
    FixList,
    FixResource,
    FixSwitch,
    fix_list,
    fix_resource,
    fixer_list,
    switch_resource,
)
from aiops_platform.api.incident_acts import unreadable
from aiops_platform.api.incidents import LARGEST_ID, PerPage
from aiops_platform.api.parameters import only
from aiops_platform.core.fixing.errors import FixError, NotTakenBackError, NotWaitingError
from aiops_platform.core.fixing.fix import Wanted
from aiops_platform.ports.fixing import FixRow

#: So many lines of the audit log are in one answer.
MOST_LINES: Final = 1_000
_LINES: Final = "application/jsonl"
_FixId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The fix's number.")]
_Number = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]
_NO_FIX: Final = "This project has no such fix: `/fixes` lists those there are."
_NO_INCIDENT: Final = "This project has no such incident."


class Asking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask the service of an `incident` for one of its fixers, with parameters by name."""

    incident: _Number
    fixer: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    params: Annotated[dict[str, str | int | float | bool], msgspec.Meta(max_length=50)] = {}


def wrong(_: Request[Any, Any, Any], error: FixError) -> Response[dict[str, Any]]:
    """The problem with what makes no sense."""
    at = {} if error.at is None else {"position": error.at}
    return problems.problem(400, f"{error}.", errors=[{"name": error.field, "why": str(error), **at}])


def decided(_: Request[Any, Any, Any], error: NotWaitingError | NotTakenBackError) -> Response[dict[str, Any]]:
    """The problem with what nobody can decide, or take back, any more."""
    return problems.problem(409, f"{error}.")


ANSWERS: Final[ExceptionHandlersMap] = {
    NotWaitingError: decided,
    NotTakenBackError: decided,
    FixError: wrong,
    RecursionError: unreadable,
    UnicodeDecodeError: unreadable,
}


@get("/fixers", guards=[only("service")], sync_to_thread=True, summary="List what services offer")
def list_fixers(
    desk: TheDesk,
    project_id: TheProject,
    service: Annotated[
        int | None, QueryParameter(ge=1, le=LARGEST_ID, description="Those of this service, by its number.")
    ] = None,
) -> FixerList:
    """The fixers that services offer or have offered, and what came of them so far."""
    reads = desk.fixes.reads
    return fixer_list(reads.offered(project_id, desk.clock(), service_id=service), reads.effects(project_id))


@get(
    "/fixes",
    guards=[only("state", "incident", "service", "fixer", "before", "per_page")],
    sync_to_thread=True,
    summary="List fixes",
)
def list_fixes(
    desk: TheDesk,
    project_id: TheProject,
    *,
    standing: Annotated[
        Literal["waiting", "unended", "ended", "all"],
        QueryParameter(name="state", description="`waiting` for somebody, not at their end (`unended`), or `ended`."),
    ] = "all",
    incident: Annotated[int | None, QueryParameter(ge=1, le=LARGEST_ID, description="Those for this incident.")] = None,
    service: Annotated[int | None, QueryParameter(ge=1, le=LARGEST_ID, description="Those of this service.")] = None,
    fixer: Annotated[str | None, QueryParameter(max_length=100, description="Those of this fixer.")] = None,
    before: Annotated[
        int | None,
        QueryParameter(ge=1, le=LARGEST_ID, description="Those with a lower number: `next` of the page before."),
    ] = None,
    per_page: PerPage = 25,
) -> FixList:
    """What was asked for, and what came of it; the newest first."""
    page = desk.fixes.reads.page(
        project_id,
        states=STATES.get(standing),
        before=before,
        limit=per_page,
        incident_id=incident,
        service_id=service,
        fixer=fixer,
    )
    return fix_list(page)


@get("/fixes/{fix_id:int}", sync_to_thread=True, summary="Read a fix")
def read_fix(desk: TheDesk, project_id: TheProject, fix_id: _FixId) -> FixResource:
    """One fix, with what the service told of it."""
    return fix_resource(_row(desk, project_id, fix_id))


@post(
    "/fixes",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=201,
    summary="Ask for a fix",
    responses=problems.MISSING,
)
def ask(desk: TheDesk, project_id: TheProject, actor: TheActor, data: JSONBody[Asking]) -> Asked:
    """The service is asked as soon as it can be. Where each process is to do it, there is a fix for each."""
    asked = desk.fixes.ask(project_id, data.incident, Wanted(data.fixer, data.params), actor, desk.clock())
    if asked is None:
        raise NotFoundException(_NO_INCIDENT)
    return Asked(items=tuple(fix_resource(_row(desk, project_id, each.id or 0)) for each in asked))


@post(
    "/fixes/{fix_id:int}/approve",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Approve a fix",
    responses=problems.DECIDED,
)
def approve(desk: TheDesk, project_id: TheProject, actor: TheActor, fix_id: _FixId) -> FixResource:
    """What is suggested, or waits for somebody, is asked for. One that was decided already stays as it is: 409."""
    desk.fixes.approve(project_id, fix_id, actor, desk.clock())
    return fix_resource(_row(desk, project_id, fix_id))


@post(
    "/fixes/{fix_id:int}/decline",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Decline a fix",
    responses=problems.DECIDED,
)
def decline(desk: TheDesk, project_id: TheProject, actor: TheActor, fix_id: _FixId) -> FixResource:
    """It is not asked for. One that was decided already stays as it is: 409."""
    desk.fixes.decline(project_id, fix_id, actor, desk.clock())
    return fix_resource(_row(desk, project_id, fix_id))


@post(
    "/fixes/{fix_id:int}/cancel",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Cancel a fix",
    responses=problems.DECIDED,
)
def cancel(desk: TheDesk, project_id: TheProject, actor: TheActor, fix_id: _FixId) -> FixResource:
    """Takes back what was not sent yet. What was sent, or has ended, stays as it is: 409."""
    desk.fixes.cancel(project_id, fix_id, actor, desk.clock())
    return fix_resource(_row(desk, project_id, fix_id))


@get("/fix-switch", sync_to_thread=True, summary="Read the switch for all fixes")
def read_switch(desk: TheDesk, project_id: TheProject) -> FixSwitch:
    """Whether fixes are stopped, and by whom."""
    return switch_resource(desk.fixes.reads.stopped(project_id))


@post(
    "/fix-switch/stop",
    guards=[only()],
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Stop all fixes",
)
def stop(desk: TheDesk, project_id: TheProject, actor: TheActor) -> FixSwitch:
    """From now on nothing is asked for, and what was not sent is cancelled. What runs cannot be stopped from here."""
    desk.fixes.stop_all(project_id, actor, desk.clock())
    return switch_resource(desk.fixes.reads.stopped(project_id))


@post(
    "/fix-switch/allow",
    guards=[only()],
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Allow fixes again",
)
def allow(desk: TheDesk, project_id: TheProject, actor: TheActor) -> FixSwitch:
    """Fixes may be asked for again; what was cancelled stays so."""
    desk.fixes.allow(project_id, actor, desk.clock())
    return switch_resource(desk.fixes.reads.stopped(project_id))


@get(
    "/fix-audit",
    guards=[only("after")],
    sync_to_thread=True,
    summary="Export the audit log of fixes",
    media_type=_LINES,
    responses={200: ResponseSpec(data_container=str, media_type=_LINES, description="A line of JSON for each step")},
)
def audit(
    desk: TheDesk,
    project_id: TheProject,
    after: Annotated[
        int, QueryParameter(ge=0, le=LARGEST_ID, description="Those with a higher `id`: that of the last line so far.")
    ] = 0,
) -> Response[bytes]:
    """Every step of every fix, policy and of the switch, the oldest first; at most 1,000 lines. No line: that was all."""
    lines = islice(desk.fixes.reads.audit_lines(project_id, after=after), MOST_LINES)
    return Response(b"".join(lines), media_type=_LINES)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(
    list_fixers, list_fixes, read_fix, ask, approve, decline, cancel, read_switch, stop, allow, audit
)


def _row(desk: Desk, project_id: int, fix_id: int) -> FixRow:
    row = desk.fixes.reads.one(project_id, fix_id)
    if row is None:
        raise NotFoundException(_NO_FIX)
    return row
