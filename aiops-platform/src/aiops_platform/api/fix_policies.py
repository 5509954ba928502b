"""Fix policies for machines: which incidents are answered with which fixer, how, and within which guard rails."""

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import delete, get, post, put
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from aiops_platform.api import problems
from aiops_platform.api.desk import Desk, TheActor, TheDesk, TheProject
from aiops_platform.api.fix_shapes import (
    FixPolicyList,
    FixPolicyResource,
    FixPolicyTried,
    policy_list,
    policy_resource,
    tried_resource,
)
from aiops_platform.api.fixes import ANSWERS
from aiops_platform.api.incidents import LARGEST_ID
from aiops_platform.core.fixing import policy as policies
from aiops_platform.core.fixing.policy import FixPolicy, Mode

_PolicyId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The policy's number.")]
_NO_POLICY: Final = "This project has no such policy: `/fix-policies` lists those there are."
_NEW: Final = FixPolicy(name="", match="", fixer="")
_Seconds = Annotated[int, msgspec.Meta(ge=0, le=policies.LONGEST_COOL_DOWN)]
_Budget = Annotated[int, msgspec.Meta(ge=1, le=policies.MOST_BUDGET)]


class FieldOfEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """A field of the incident's newest event, such as `message` or `tag.pool`."""

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class FixPolicing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy: open incidents that the search `match` finds are answered with `fixer`.

    `mode`: `suggest` says that it could be run, `ask` waits for somebody to approve, `automatic` runs it. `params` are values,
    or `{"from": "tag.pool"}` for a field of the event; the text `=tag.pool` says the same, and a text that is to begin with
    `=` is written with two of them. No environments are all of them. `resolve`: the incident is resolved
    when it was mended.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=policies.LONGEST_NAME)]
    match: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    fixer: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    mode: Literal["suggest", "ask", "automatic"] = "suggest"
    params: Annotated[
        dict[str, str | int | float | bool | FieldOfEvent], msgspec.Meta(max_length=policies.MOST_PARAMS)
    ] = {}
    environments: Annotated[tuple[str, ...], msgspec.Meta(max_length=policies.MOST_ENVIRONMENTS)] = ()
    cool_down_seconds: _Seconds = _NEW.cool_down
    per_hour: _Budget = _NEW.per_hour
    per_day: _Budget = _NEW.per_day
    at_once: Annotated[int, msgspec.Meta(ge=1, le=policies.MOST_AT_ONCE)] = _NEW.at_once
    stop_after_failure: bool = _NEW.stop_after_failure
    watch_seconds: Annotated[int, msgspec.Meta(ge=policies.SHORTEST_WATCH, le=policies.LONGEST_WATCH)] = _NEW.watch
    resolve: bool = _NEW.resolve
    enabled: bool = True


@get("/fix-policies", sync_to_thread=True, summary="List fix policies")
def list_policies(desk: TheDesk, project_id: TheProject) -> FixPolicyList:
    """What is done about which incidents, those that are switched off or paused too."""
    reads = desk.fixes.reads
    return policy_list(reads.policies(project_id), reads.offered(project_id, desk.clock()))


@post("/fix-policies", exception_handlers=ANSWERS, sync_to_thread=True, status_code=201, summary="Add a fix policy")
def add_policy(
    desk: TheDesk, project_id: TheProject, actor: TheActor, data: JSONBody[FixPolicing]
) -> FixPolicyResource:
    """It holds for incidents that are seen from now on."""
    saved = desk.fixes.save_policy(project_id, _policy(data, None), actor, desk.clock())
    return _resource(desk, project_id, saved)


@post("/fix-policies/try", exception_handlers=ANSWERS, sync_to_thread=True, status_code=200, summary="Try a fix policy")
def try_policy(desk: TheDesk, project_id: TheProject, data: JSONBody[FixPolicing]) -> FixPolicyTried:
    """What it would have asked for in the last week, by what is kept of it. Changes nothing."""
    return tried_resource(desk.fixes.rehearse(project_id, _policy(data, None), desk.clock()))


@put(
    "/fix-policies/{policy_id:int}",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Change a fix policy",
)
def change_policy(
    desk: TheDesk, project_id: TheProject, actor: TheActor, policy_id: _PolicyId, data: JSONBody[FixPolicing]
) -> FixPolicyResource:
    """Puts this in its place, and ends its pause."""
    saved = desk.fixes.save_policy(project_id, _policy(data, policy_id), actor, desk.clock())
    return _resource(desk, project_id, saved)


@post(
    "/fix-policies/{policy_id:int}/resume",
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Resume a fix policy",
)
def resume_policy(desk: TheDesk, project_id: TheProject, actor: TheActor, policy_id: _PolicyId) -> FixPolicyResource:
    """Ends its pause after a failure; one that is not paused stays as it is."""
    desk.fixes.resume_policy(project_id, policy_id, actor, desk.clock())
    return _resource(desk, project_id, policy_id)


@delete("/fix-policies/{policy_id:int}", sync_to_thread=True, status_code=204, summary="Delete a fix policy")
def drop_policy(desk: TheDesk, project_id: TheProject, actor: TheActor, policy_id: _PolicyId) -> None:
    """What it asked for and nobody decided is cancelled."""
    if not desk.fixes.drop_policy(project_id, policy_id, actor, desk.clock()):
        raise NotFoundException(_NO_POLICY)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(
    list_policies, add_policy, try_policy, change_policy, resume_policy, drop_policy
)


def _resource(desk: Desk, project_id: int, policy_id: int | None) -> FixPolicyResource:
    found = desk.fixes.reads.policies(project_id).get(policy_id or 0)
    if found is None:
        raise NotFoundException(_NO_POLICY)
    return policy_resource(found, desk.fixes.reads.offered(project_id, desk.clock()))


def _policy(data: FixPolicing, policy_id: int | None) -> FixPolicy:
    params = {name: _param(said) for name, said in data.params.items()}
    return policies.checked(
        FixPolicy(
            id=policy_id,
            name=data.name,
            match=data.match.strip(),
            fixer=data.fixer,
            params=params,
            mode=Mode(data.mode),
            environments=data.environments,
            cool_down=data.cool_down_seconds,
            per_hour=data.per_hour,
            per_day=data.per_day,
            at_once=data.at_once,
            stop_after_failure=data.stop_after_failure,
            watch=data.watch_seconds,
            resolve=data.resolve,
            enabled=data.enabled,
        )
    )


def _param(said: str | float | FieldOfEvent) -> Any:
    if isinstance(said, FieldOfEvent):
        return {"from": said.source}
    return policies.param_from(said) if isinstance(said, str) else said
