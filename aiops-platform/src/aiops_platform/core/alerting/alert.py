"""An alert: something that a rule tells of one incident, service or job. It fires, is acknowledged, and is over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from aiops_platform.core.alerting.policy import Step
from aiops_platform.core.alerting.rules import Rule, To
from aiops_platform.core.messages import Severity

#: How soon one that is held is looked at again.
LOOK_AGAIN: Final = timedelta(seconds=30)
#: Who heard of it so long ago need not hear that it is so again.
TOLD_LATELY: Final = timedelta(hours=1)


class AlertState(StrEnum):
    """Where an alert stands. One that is over never fires again: what returns is another one."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    OVER = "over"


class Why(StrEnum):
    """Why somebody is told."""

    FIRED = "fired"
    REPEATED = "repeated"
    ESCALATED = "escalated"
    OVER = "over"
    #: It began, and was over before they heard of it.
    PASSED = "passed"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """`subject` is what it is about: `incident:12`, `service:3`, `job:7`, `platform:lag`. `id` is None until it is saved.

    `told_at` is when it was last told to somebody, `told` how often; `step` the next step of its policy. `held` names the
    maintenance window in which it waits. `due_at` is when something is next to be done about it.
    """

    id: int | None
    project_id: int
    rule_id: int
    subject: str
    incident_id: int | None
    service_id: int | None
    severity: Severity
    title: str
    text: str
    since: datetime
    state: AlertState = AlertState.FIRING
    step: int = 0
    told: int = 0
    first_told_at: datetime | None = None
    told_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    ended_at: datetime | None = None
    #: Why it is over: what mended it, or who muted, merged or deleted what it tells of, or its rule.
    ended_why: str | None = None
    held: str | None = None
    due_at: datetime | None = None
    #: When what it tells of was last seen to be true; of those that end by themselves.
    true_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Tell:
    """Somebody is to be told."""

    to: To
    why: Why


@dataclass(frozen=True, kw_only=True)
class Looked:
    """An alert after a look at it. With `recovers` all who were told of it are told that it is over.

    With `passes` those who were to be told, and were not yet, are told in passing that it was.
    """

    alert: Alert
    tell: tuple[Tell, ...] = ()
    recovers: bool = False
    passes: bool = False


def steps_of(rule: Rule, policy: Sequence[Step] | None) -> tuple[Step, ...]:
    """Who is told of the rule's alerts, one after the other: by a policy that is gone, all are."""
    if rule.to.policy is None:
        return (Step(after=timedelta(0), to=rule.to),)
    return tuple(policy) if policy else (Step(after=timedelta(0), to=To()),)


def looked_at(
    alert: Alert, *, repeat: timedelta | None, steps: Sequence[Step], held: str | None, now: datetime
) -> Looked:
    """The alert now: told at first, or to the next ones, or again; nothing of that while it is `held`.

    What was due while nobody looked is told once, and not once for each time.
    """
    if alert.state is not AlertState.FIRING:
        return Looked(alert=replace(alert, due_at=None))
    if held is not None:
        return Looked(alert=replace(alert, held=held, due_at=now + LOOK_AGAIN))
    alert = replace(alert, held=None)
    if alert.first_told_at is None:
        tell = Tell(to=steps[0].to, why=Why.FIRED)
        told = replace(alert, first_told_at=now, told_at=now, told=1, step=1)
        return Looked(alert=_dated(told, repeat, steps), tell=(tell,))
    further = [each for each in steps[alert.step :] if alert.first_told_at + each.after <= now]
    tells = [Tell(to=each.to, why=Why.ESCALATED) for each in further]
    if repeat is not None and alert.told_at is not None and alert.told_at + repeat <= now:
        tells += [Tell(to=each.to, why=Why.REPEATED) for each in steps[: alert.step]]
    if tells:
        is_again = any(each.why is Why.REPEATED for each in tells)
        alert = replace(
            alert,
            step=alert.step + len(further),
            told=alert.told + 1,
            # Who is told for the first time does not put off what the others are told again.
            told_at=now if is_again else alert.told_at,
        )
    return Looked(alert=_dated(alert, repeat, steps), tell=tuple(tells))


def acknowledged(alert: Alert, by: str, now: datetime) -> Alert:
    """Somebody cares: nobody is told again, but that it is over. One that does not fire stays as it is."""
    if alert.state is not AlertState.FIRING:
        return alert
    return replace(alert, state=AlertState.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=by, due_at=None)


def over(alert: Alert, now: datetime, *, why: str = "", recovery: bool, is_put_away: bool = True) -> Looked:
    """What it told of is mended, or nobody is to care any longer: `why` says so of what people put away.

    Whoever was told is told of either: who pages people goes on until it hears that it is over. Of what was mended before
    they heard of it others hear in passing; not of what is put away (`is_put_away`): nobody is to care for that.
    """
    if alert.state is AlertState.OVER:
        return Looked(alert=alert)
    ended = replace(alert, state=AlertState.OVER, ended_at=now, ended_why=why or None, due_at=None, held=None)
    was_told = alert.first_told_at is not None
    return Looked(alert=ended, recovers=recovery and was_told, passes=was_told and not is_put_away)


def begun_anew(alert: Alert, last: Alert | None, told_at: datetime | None, now: datetime) -> Alert:
    """An alert of something that is open because people took something back; `last` is the rule's one before it.

    Who was told of the same within the hour (`told_at`) is told again when that is over, if it is still so. Who
    acknowledged the last one within that time has acknowledged this one.
    """
    if told_at is not None:
        alert = replace(alert, due_at=max(now, min(told_at, now) + TOLD_LATELY))
    if last is None or last.ended_at is None or last.acknowledged_by is None or last.ended_at + TOLD_LATELY <= now:
        return alert
    return acknowledged(alert, last.acknowledged_by, last.acknowledged_at or now)


def _dated(alert: Alert, repeat: timedelta | None, steps: Sequence[Step]) -> Alert:
    """With the time at which it is next to be looked at."""
    times = []
    if repeat is not None and alert.told_at is not None:
        times.append(alert.told_at + repeat)
    if alert.first_told_at is not None and alert.step < len(steps):
        times.append(alert.first_told_at + steps[alert.step].after)
    return replace(alert, due_at=min(times, default=None))
