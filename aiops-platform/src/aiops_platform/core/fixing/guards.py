"""The guard rails of a policy: whether it may ask for one more fix now, by what it has asked for already. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core.fixing.policy import FixPolicy

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """One time that a policy asked for a fix: when, of which service, for which incident."""

    at: datetime
    service_id: int
    incident_id: int


def held(
    policy: FixPolicy,
    environment: str,
    service_id: int,
    *,
    past: Sequence[Asked],
    is_stopped: bool,
    now: datetime,
) -> str | None:
    """Why it may not ask this service now; None where it may. `past` is of the last day at least.

    Times ahead of now, by a clock that was put back, count: rather too few fixes than too many.
    """
    return _is_off(policy, environment, is_stopped=is_stopped) or _has_spent(policy, service_id, past, now)


def has_turn(policy: FixPolicy | None, under_way: int) -> bool:
    """Whether one more may be sent while so many of this policy are under way; people's own have none."""
    return policy is None or under_way < policy.at_once


def _is_off(policy: FixPolicy, environment: str, *, is_stopped: bool) -> str | None:
    if is_stopped:
        return "all fixes are stopped"
    if not policy.enabled:
        return "the policy is switched off"
    if policy.paused_at is not None:
        return f"the policy is paused: {policy.paused_why}"
    if policy.environments and environment not in policy.environments:
        return f"it is not for {environment}"
    return None


def _has_spent(policy: FixPolicy, service_id: int, past: Sequence[Asked], now: datetime) -> str | None:
    cool = timedelta(seconds=policy.cool_down)
    if any(each.service_id == service_id and now - each.at < cool for each in past):
        return f"it was asked for within the last {_span(policy.cool_down)}"
    if sum(now - each.at < HOUR for each in past) >= policy.per_hour:
        return f"it was asked for {_times(policy.per_hour)} within the last hour"
    if sum(now - each.at < DAY for each in past) >= policy.per_day:
        return f"it was asked for {_times(policy.per_day)} within the last day"
    return None


def _times(many: int) -> str:
    return "once" if many == 1 else f"{many:,} times"


def _span(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
