"""Alerts for machines: read what fires, acknowledge it, say by rules what is told."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.types import ExceptionHandlersMap

from aiops_platform.api import problems
from aiops_platform.api.alert_shapes import (
    AlertList,
    AlertResource,
    RuleList,
    RuleResource,
    RuleTried,
    alert_list,
    alert_resource,
    rule_resource,
    tried_resource,
)
from aiops_platform.api.desk import Desk, TheActor, TheDesk, TheProject
from aiops_platform.api.incident_acts import unreadable
from aiops_platform.api.incidents import LARGEST_ID, PerPage
from aiops_platform.api.parameters import only
from aiops_platform.core.alerting.alert import AlertState
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.rules import MOST_CHANNELS, MOST_NUMBER, Rule, To, When
from aiops_platform.core.messages import Severity

_Number = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]
_Many = Annotated[int, msgspec.Meta(ge=1, le=MOST_NUMBER)]
_AlertId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The alert's number.")]
_RuleId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The rule's number.")]
_NO_ALERT: Final = "This project has no such alert: `/alerts?state=all` lists those there are."
_NO_RULE: Final = "This project has no such rule: `/alert-rules` lists those there are."


class Ruling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule: tell `when`, of those that the search `match` finds, to whom, and again after `repeat_seconds`.

    `many` takes `events` or `people`, or both, within `minutes` or `hours`; `worth` takes `events` or `people`, or both. No
    channels, rota or policy: all channels.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    when: When
    match: Annotated[str, msgspec.Meta(max_length=500)] = ""
    channels: Annotated[tuple[_Number, ...], msgspec.Meta(max_length=MOST_CHANNELS)] = ()
    rota: _Number | None = None
    policy: _Number | None = None
    severity: Severity = Severity.ERROR
    repeat_seconds: Annotated[int, msgspec.Meta(ge=300, le=2_592_000)] | None = None
    recovery: bool = True
    events: _Many | None = None
    hours: _Many | None = None
    minutes: _Many | None = None
    people: _Many | None = None
    enabled: bool = True


def _wrong(_: Request[Any, Any, Any], error: AlertingError) -> Response[dict[str, Any]]:
    at = {} if error.position is None else {"position": error.position}
    return problems.problem(400, error.why, errors=[{"name": error.name, "why": error.why, **at}])


ANSWERS: Final[ExceptionHandlersMap] = {
    AlertingError: _wrong,
    RecursionError: unreadable,
    UnicodeDecodeError: unreadable,
}


@get("/alerts", guards=[only("state", "before", "per_page")], sync_to_thread=True, summary="List alerts")
def list_alerts(
    desk: TheDesk,
    project_id: TheProject,
    standing: Annotated[
        Literal["firing", "acknowledged", "over", "all"],
        QueryParameter(name="state", description="Those that stand so."),
    ] = "firing",
    before: Annotated[
        int | None,
        QueryParameter(ge=1, le=LARGEST_ID, description="Those with a lower number: `next` of the page before."),
    ] = None,
    per_page: PerPage = 25,
) -> AlertList:
    """What fires now, or stands otherwise; the newest first."""
    meant = None if standing == "all" else AlertState(standing)
    return alert_list(desk.alerts.reads.page(project_id, state=meant, before=before, limit=per_page))


@get("/alerts/{alert_id:int}", sync_to_thread=True, summary="Read an alert")
def read_alert(desk: TheDesk, project_id: TheProject, alert_id: _AlertId) -> AlertResource:
    """One alert, and who was told."""
    return _alert(desk, project_id, alert_id)


@post("/alerts/{alert_id:int}/acknowledge", sync_to_thread=True, status_code=200, summary="Acknowledge an alert")
def acknowledge(desk: TheDesk, project_id: TheProject, actor: TheActor, alert_id: _AlertId) -> AlertResource:
    """Nobody is told of it again but that it is over. One that is acknowledged already, or over, stays as it is."""
    desk.alerts.acknowledge(project_id, alert_id, actor, desk.clock())
    return _alert(desk, project_id, alert_id)


@get("/alert-rules", sync_to_thread=True, summary="List alert rules")
def list_rules(desk: TheDesk, project_id: TheProject) -> RuleList:
    """What the project is told of, those rules that are switched off too."""
    return RuleList(items=tuple(map(rule_resource, desk.alerts.rules(project_id, desk.clock()))))


@post("/alert-rules", exception_handlers=ANSWERS, sync_to_thread=True, status_code=201, summary="Add an alert rule")
def add_rule(desk: TheDesk, project_id: TheProject, data: JSONBody[Ruling]) -> RuleResource:
    """A rule holds for what becomes true from now on."""
    return _saved(desk, project_id, data, None)


@post(
    "/alert-rules/try",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Try an alert rule",
)
def try_rule(desk: TheDesk, project_id: TheProject, data: JSONBody[Ruling]) -> RuleTried:
    """What it would have told in the last week, by what is kept of it. Changes nothing."""
    return tried_resource(desk.alerts.rehearse(project_id, _rule(data, None), desk.clock()))


@put(
    "/alert-rules/{rule_id:int}",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Change an alert rule",
)
def change_rule(desk: TheDesk, project_id: TheProject, rule_id: _RuleId, data: JSONBody[Ruling]) -> RuleResource:
    """Puts this in its place."""
    return _saved(desk, project_id, data, rule_id)


@delete("/alert-rules/{rule_id:int}", sync_to_thread=True, status_code=204, summary="Delete an alert rule")
def drop_rule(desk: TheDesk, project_id: TheProject, rule_id: _RuleId) -> None:
    """What fires by it tells nobody any more."""
    if not desk.alerts.drop_rule(project_id, rule_id, desk.clock()):
        raise NotFoundException(_NO_RULE)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(
    list_alerts, read_alert, acknowledge, list_rules, add_rule, try_rule, change_rule, drop_rule
)


def _alert(desk: Desk, project_id: int, alert_id: int) -> AlertResource:
    row = desk.alerts.reads.one(project_id, alert_id)
    if row is None:
        raise NotFoundException(_NO_ALERT)
    return alert_resource(row)


def _saved(desk: Desk, project_id: int, data: Ruling, rule_id: int | None) -> RuleResource:
    rule = desk.alerts.save_rule(project_id, _rule(data, rule_id), desk.clock())
    if rule is None:
        raise NotFoundException(_NO_RULE)
    return rule_resource(rule)


def _rule(data: Ruling, rule_id: int | None) -> Rule:
    return Rule(
        id=rule_id,
        name=data.name,
        when=data.when,
        match=data.match.strip(),
        to=To(channels=data.channels, rota=data.rota, policy=data.policy),
        severity=data.severity,
        repeat=None if data.repeat_seconds is None else timedelta(seconds=data.repeat_seconds),
        recovery=data.recovery,
        events=data.events,
        hours=data.hours,
        minutes=data.minutes,
        people=data.people,
        enabled=data.enabled,
    )
