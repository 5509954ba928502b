"""Fixes as they are asked for: by people for an incident, or by a policy. Pure, but for the ids that it is handed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from aiops_platform.core.fixing import course
from aiops_platform.core.fixing.errors import FixError
from aiops_platform.core.fixing.fix import Fix, FixState
from aiops_platform.core.fixing.fixer import Fixer
from aiops_platform.core.fixing.policy import USUAL_WATCH, FixPolicy, Mode
from aiops_platform.core.people import Actor

#: Of what each process is to do: while they are written down, nobody else writes.
MOST_INSTANCES: Final = 200


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What is asked for, for which incident, by whom; `policy` is None where people ask."""

    project_id: int
    service_id: int
    incident_id: int
    fixer: Fixer
    params: Mapping[str, Any]
    by: Actor
    policy: FixPolicy | None = None


def actor_of(policy: FixPolicy) -> Actor:
    """Under which name a policy acts."""
    return Actor("platform", None, f"the policy {policy.name}")


def made(asking: Asking, instances: Sequence[str], new_id: Callable[[], str], now: datetime) -> list[Fix]:
    """The fixes that this asking is, unsaved: one, or one for each of these instances where it is to be done in each.

    What somebody is to decide first is one as well: who lives then is not known yet. Raises FixError.
    """
    policy = asking.policy
    one = Fix(
        request=new_id(),
        together=new_id(),
        project_id=asking.project_id,
        service_id=asking.service_id,
        incident_id=asking.incident_id,
        fixer=asking.fixer.name,
        params=dict(asking.params),
        each_instance=asking.fixer.each_instance,
        timeout=asking.fixer.timeout,
        policy_id=None if policy is None else policy.id,
        watch=USUAL_WATCH if policy is None else policy.watch,
        resolves=policy is not None and policy.resolve,
        state=FixState.QUEUED,
        state_since=now,
        asked_at=now,
        asked_by=asking.by,
    )
    match Mode.AUTOMATIC if policy is None else policy.mode:
        case Mode.SUGGEST:
            return [course.undecided(one, FixState.SUGGESTED, now)]
        case Mode.ASK:
            return [course.undecided(one, FixState.WAITING, now)]
        case Mode.AUTOMATIC:
            return spread(course.queued(one, now), instances, new_id)


def impossible(asking: Asking, why: str, new_id: Callable[[], str], now: datetime) -> Fix:
    """What a policy wanted to ask for and cannot: it is written down like all else, and never sent."""
    return course.moved(made(asking, (), new_id, now)[0], FixState.REFUSED, now, f"it was not sent: {why}")


def spread(fix: Fix, instances: Sequence[str], new_id: Callable[[], str]) -> list[Fix]:
    """The fix, or where each process is to do it, one for each: the first is the fix that there is. Raises FixError."""
    if not fix.each_instance or not instances:
        return [fix]
    if len(instances) > MOST_INSTANCES:
        raise FixError("fixer", f"{len(instances):,} processes offer it: at most {MOST_INSTANCES} are asked at once")
    first, *others = instances
    return [
        replace(fix, instance=first),
        *(replace(fix, id=None, request=new_id(), instance=each) for each in others),
    ]
