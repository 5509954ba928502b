"""Escalation for machines: policies say who is told next while nobody acknowledges an alert."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

import msgspec
from litestar import delete, get, post, put
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from aiops_platform.api import problems
from aiops_platform.api.alerts import ANSWERS
from aiops_platform.api.desk import Desk, TheDesk, TheProject
from aiops_platform.api.incidents import LARGEST_ID
from aiops_platform.api.parameters import only
from aiops_platform.core.alerting.policy import LONGEST_WAIT, MOST_STEPS, Policy, Step
from aiops_platform.core.alerting.rules import MOST_CHANNELS, To

_MINUTES: Final = int(LONGEST_WAIT / timedelta(minutes=1))
_Number = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]
_PolicyId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The policy's number.")]
_NO_POLICY: Final = "This project has no such policy: `/alert-policies` lists those there are."


class Telling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many minutes after an alert was first told these channels are, or who is on call; without either all channels."""

    minutes: Annotated[int, msgspec.Meta(ge=0, le=_MINUTES)] = 0
    channels: Annotated[tuple[_Number, ...], msgspec.Meta(max_length=MOST_CHANNELS)] = ()
    rota: _Number | None = None


class Escalating(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps under a name: the first at once, each further one later than the one before it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    steps: Annotated[tuple[Telling, ...], msgspec.Meta(min_length=1, max_length=MOST_STEPS)]


@dataclass(frozen=True, kw_only=True)
class StepResource:
    """Who is told so many minutes after an alert was first told, while nobody has acknowledged it. Neither: all channels."""

    minutes: int
    channels: tuple[int, ...]
    rota: int | None


@dataclass(frozen=True, kw_only=True)
class PolicyResource:
    """Steps under a name, which a rule names as its `policy`."""

    id: int
    name: str
    steps: tuple[StepResource, ...]


@dataclass(frozen=True, kw_only=True)
class PolicyList:
    """The policies of a project, by their numbers."""

    items: tuple[PolicyResource, ...]


@get("/alert-policies", guards=[only()], sync_to_thread=True, summary="List escalation policies")
def list_policies(desk: TheDesk, project_id: TheProject) -> PolicyList:
    """Who is told step by step."""
    return PolicyList(items=tuple(map(policy_resource, desk.alerts.policies(project_id).values())))


@post(
    "/alert-policies",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=201,
    summary="Add an escalation policy",
)
def add_policy(desk: TheDesk, project_id: TheProject, data: JSONBody[Escalating]) -> PolicyResource:
    """Rules tell by it once they name it."""
    return _saved(desk, project_id, data, None)


@put(
    "/alert-policies/{escalation_id:int}",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Change an escalation policy",
)
def change_policy(
    desk: TheDesk, project_id: TheProject, escalation_id: _PolicyId, data: JSONBody[Escalating]
) -> PolicyResource:
    """Puts these steps in the place of those there are, also for alerts that fire."""
    return _saved(desk, project_id, data, escalation_id)


@delete(
    "/alert-policies/{escalation_id:int}", sync_to_thread=True, status_code=204, summary="Delete an escalation policy"
)
def drop_policy(desk: TheDesk, project_id: TheProject, escalation_id: _PolicyId) -> None:
    """Rules that name it tell all channels."""
    if not desk.alerts.drop_policy(project_id, escalation_id):
        raise NotFoundException(_NO_POLICY)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(list_policies, add_policy, change_policy, drop_policy)


def policy_resource(policy: Policy) -> PolicyResource:
    """A policy as the API tells it."""
    steps = tuple(
        StepResource(minutes=each.after // timedelta(minutes=1), channels=each.to.channels, rota=each.to.rota)
        for each in policy.steps
    )
    return PolicyResource(id=policy.id or 0, name=policy.name, steps=steps)


def _saved(desk: Desk, project_id: int, data: Escalating, policy_id: int | None) -> PolicyResource:
    steps = tuple(
        Step(after=timedelta(minutes=each.minutes), to=To(channels=each.channels, rota=each.rota))
        for each in data.steps
    )
    number = desk.alerts.save_policy(project_id, Policy(id=policy_id, name=data.name, steps=steps))
    if number is None:
        raise NotFoundException(_NO_POLICY)
    return policy_resource(desk.alerts.policies(project_id)[number])
