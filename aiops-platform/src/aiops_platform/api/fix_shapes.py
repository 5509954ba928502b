"""Fixes, what services offer, and policies, as the API tells them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiops_platform.core.fixing import fixer as fixers
from aiops_platform.core.fixing.fix import UNDECIDED, UNENDED, FixState
from aiops_platform.core.fixing.fixer import Offered
from aiops_platform.core.fixing.policy import FixPolicy, param_as_text
from aiops_platform.core.people import Actor
from aiops_platform.ports.fixing import Effect, FixPage, FixRehearsal, FixRow, Stopped

#: What may be asked for by a word.
STATES: Final[Mapping[str, Collection[FixState]]] = {
    "waiting": UNDECIDED,
    "unended": UNENDED,
    "ended": frozenset(FixState) - UNENDED,
}


@dataclass(frozen=True, kw_only=True)
class FixerResource:
    """A fixer of a service. `instances` offer it now; without any it cannot be asked for. `params` are as the service tells them.

    `tried` to `median_seconds` say what came of it so far; `median_seconds` is how long it runs.
    """

    service_id: int
    service: str
    environment: str
    name: str
    description: str
    params: dict[str, Any]
    each_instance: bool
    timeout_seconds: float
    release: str | None
    instances: tuple[str, ...]
    pushable: bool
    first_seen_at: datetime
    last_seen_at: datetime
    tried: int
    mended: int
    not_mended: int
    failed: int
    median_seconds: float | None
    last_run_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class FixerList:
    """The fixers of a project's services, by service and name."""

    items: tuple[FixerResource, ...]


@dataclass(frozen=True, kw_only=True)
class FixResource:
    """A fix: one time that a service is asked for a fixer.

    `state` is suggested, waiting, queued, sent, running; or how it ended: succeeded, failed, timed_out, interrupted, busy,
    refused, unknown, expired, declined, cancelled. `request` is the id that the service knows; those of one asking have the
    same `together`. `result` has what the service told: `value`, `error`, `stack_trace`, `log`. `proof` is watching, mended,
    not_mended or unproven. `answered`: how many requests its incident's place, such as `POST /pay`, has answered well since it
    ended; null where its service does not tell that.
    """

    id: int
    state: str
    state_since: datetime
    why: str
    fixer: str
    params: dict[str, Any]
    each_instance: bool
    incident_id: int
    incident: str
    service_id: int
    service: str
    environment: str
    policy_id: int | None
    policy: str | None
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    request: str
    together: str
    way: str | None
    instance: str | None
    sent_at: datetime | None
    deadline: datetime | None
    began_at: datetime | None
    ended_at: datetime | None
    duration_seconds: float | None
    result: dict[str, Any]
    proof: str | None
    proven_at: datetime | None
    place: str | None
    answered: int | None


@dataclass(frozen=True, kw_only=True)
class FixList:
    """Fixes, the newest first, and how many of the project wait for somebody, or are under way.

    `next` is the `before` of the next page.
    """

    items: tuple[FixResource, ...]
    waiting: int
    running: int
    next: int | None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked for: one fix, or one for each instance of the service."""

    items: tuple[FixResource, ...]


@dataclass(frozen=True, kw_only=True)
class FixPolicyResource:
    """A policy; `params` are as they are written, `==` where a text begins with `=`. `paused_at`: since when it does nothing, because a fix of it failed; `paused_why` says which.

    `warning`: why it can do nothing now, though it is right: no service offers its fixer.
    """

    id: int
    name: str
    enabled: bool
    match: str
    fixer: str
    params: dict[str, Any]
    mode: str
    environments: tuple[str, ...]
    cool_down_seconds: int
    per_hour: int
    per_day: int
    at_once: int
    stop_after_failure: bool
    watch_seconds: int
    resolve: bool
    paused_at: datetime | None
    paused_why: str
    warning: str | None = None


@dataclass(frozen=True, kw_only=True)
class FixPolicyList:
    """The policies of a project, by their numbers."""

    items: tuple[FixPolicyResource, ...]


@dataclass(frozen=True, kw_only=True)
class WouldAsk:
    """A time at which a policy would have asked; `held` says which guard rail would have kept it from that."""

    at: datetime
    incident_id: int
    title: str
    held: str | None


@dataclass(frozen=True, kw_only=True)
class FixPolicyTried:
    """What a policy would have done in the last week: how often asked, how often held back by its guard rails.

    Of those asked, `unsent` would not have been sent: its parameters do not fit, and `unsent_why` says why not, of the newest.
    `offered_by` are the services that match and offer its fixer now. With `is_more` there was too much to look at all.
    """

    asked: int
    held: int
    is_more: bool
    offered_by: tuple[str, ...]
    examples: tuple[WouldAsk, ...]
    unsent: int = 0
    unsent_why: str = ""


@dataclass(frozen=True, kw_only=True)
class FixSwitch:
    """Whether all fixes are stopped, since when and by whom; `everywhere`: by the platform's settings."""

    stopped: bool
    at: datetime | None
    by: str | None
    everywhere: bool


def fixer_list(offered: Sequence[Offered], effects: Sequence[Effect]) -> FixerList:
    """What is offered, with what came of it."""
    known = {(each.service_id, each.fixer): each for each in effects}
    return FixerList(items=tuple(_fixer(each, known.get((each.service_id, each.fixer.name))) for each in offered))


def fix_list(page: FixPage) -> FixList:
    """A page as the API tells it."""
    items = tuple(map(fix_resource, page.rows))
    return FixList(items=items, waiting=page.waiting, running=page.running, next=page.next)


def fix_resource(row: FixRow) -> FixResource:
    """A fix as the API tells it."""
    fix = row.fix
    used = fix.exercise if fix.exercise is not None and fix.exercise.route else None
    return FixResource(
        id=fix.id or 0,
        state=fix.state.value,
        state_since=fix.state_since,
        why=fix.why,
        fixer=fix.fixer,
        params=dict(fix.params),
        each_instance=fix.each_instance,
        incident_id=fix.incident_id,
        incident=row.incident,
        service_id=fix.service_id,
        service=row.service,
        environment=row.environment,
        policy_id=fix.policy_id,
        policy=row.policy,
        asked_by=fix.asked_by.name,
        asked_at=fix.asked_at,
        decided_by=_name(fix.decided_by),
        request=fix.request,
        together=fix.together,
        way=None if fix.way is None else fix.way.value,
        instance=fix.instance,
        sent_at=fix.sent_at,
        deadline=fix.deadline,
        began_at=fix.began_at,
        ended_at=fix.ended_at,
        duration_seconds=fix.duration,
        result=dict(fix.result),
        proof=None if fix.proof is None else fix.proof.value,
        proven_at=fix.proven_at,
        place=None if used is None else used.place,
        answered=None if used is None else used.good,
    )


def policy_list(policies: Mapping[int, FixPolicy], offered: Sequence[Offered]) -> FixPolicyList:
    """The policies as the API tells them, beside what services offer."""
    return FixPolicyList(items=tuple(policy_resource(policies[number], offered) for number in sorted(policies)))


def policy_resource(policy: FixPolicy, offered: Sequence[Offered]) -> FixPolicyResource:
    """A policy as the API tells it."""
    is_offered = any(each.is_offered and each.fixer.name == policy.fixer for each in offered)
    return FixPolicyResource(
        id=policy.id or 0,
        name=policy.name,
        enabled=policy.enabled,
        match=policy.match,
        fixer=policy.fixer,
        params={name: _as_written(value) for name, value in policy.params.items()},
        mode=policy.mode.value,
        environments=policy.environments,
        cool_down_seconds=policy.cool_down,
        per_hour=policy.per_hour,
        per_day=policy.per_day,
        at_once=policy.at_once,
        stop_after_failure=policy.stop_after_failure,
        watch_seconds=policy.watch,
        resolve=policy.resolve,
        paused_at=policy.paused_at,
        paused_why=policy.paused_why,
        warning=None if is_offered else f"No service offers the fixer {policy.fixer} now: nothing can be asked.",
    )


def _as_written(value: Any) -> Any:
    return param_as_text(value) if isinstance(value, str) else value


def tried_resource(tried: FixRehearsal) -> FixPolicyTried:
    """What came of a dry run, as the API tells it."""
    return FixPolicyTried(
        asked=tried.many,
        held=tried.held,
        is_more=tried.is_more,
        unsent=tried.unsent,
        unsent_why=tried.unsent_why,
        offered_by=tuple(f"{service} ({environment})" for service, environment in tried.offered_by),
        examples=tuple(
            WouldAsk(at=each.at, incident_id=each.incident_id, title=each.title, held=each.held)
            for each in tried.examples
        ),
    )


def switch_resource(stopped: Stopped | None) -> FixSwitch:
    """The switch for all, as the API tells it."""
    if stopped is None:
        return FixSwitch(stopped=False, at=None, by=None, everywhere=False)
    return FixSwitch(stopped=True, at=stopped.at, by=_name(stopped.by), everywhere=stopped.everywhere)


def _fixer(row: Offered, effect: Effect | None) -> FixerResource:
    fixer = row.fixer
    return FixerResource(
        service_id=row.service_id,
        service=row.service,
        environment=row.environment,
        name=fixer.name,
        description=fixer.description,
        params=fixers.as_data(fixer),
        each_instance=fixer.each_instance,
        timeout_seconds=fixer.timeout,
        release=fixer.release,
        instances=row.instances,
        pushable=row.pushable,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        tried=effect.tried if effect else 0,
        mended=effect.mended if effect else 0,
        not_mended=effect.not_mended if effect else 0,
        failed=effect.failed if effect else 0,
        median_seconds=effect.median if effect else None,
        last_run_at=effect.last_at if effect else None,
    )


def _name(actor: Actor | None) -> str | None:
    return None if actor is None else actor.name
