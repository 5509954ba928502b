"""Escalation: who is told next while nobody has acknowledged an alert, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.rules import MOST_CHANNELS, To, checked_name

MOST_STEPS: Final = 5
MOST_POLICIES: Final = 20
LONGEST_WAIT: Final = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class Step:
    """Who is told so long after an alert was first told, while nobody has acknowledged it."""

    after: timedelta
    to: To


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Steps under a name; the first of them is at once. `id` is None until it is saved."""

    id: int | None = None
    name: str
    steps: tuple[Step, ...]


def checked(policy: Policy) -> Policy:
    """The policy as it is kept. Raises AlertingError."""
    name = checked_name(policy.name)
    if not 1 <= len(policy.steps) <= MOST_STEPS:
        raise AlertingError("steps", f"A policy has 1 to {MOST_STEPS} steps")
    waits = [step.after for step in policy.steps]
    if waits[0] or any(later <= earlier for earlier, later in pairwise(waits)):
        raise AlertingError("steps", "The first step is at once, and each further one later than the one before it")
    if waits[-1] > LONGEST_WAIT:
        raise AlertingError("steps", "The last step is within two days")
    for step in policy.steps:
        if step.to.policy is not None or len(step.to.channels) > MOST_CHANNELS:
            raise AlertingError("steps", f"A step tells up to {MOST_CHANNELS} channels, or who is on call")
    return Policy(id=policy.id, name=name, steps=policy.steps)


def as_data(policy: Policy) -> list[dict[str, Any]]:
    """The steps as JSON."""
    return [
        {"minutes": int(each.after.total_seconds()) // 60, "channels": list(each.to.channels), "rota": each.to.rota}
        for each in policy.steps
    ]


def from_data(data: Sequence[dict[str, Any]], *, id_: int | None, name: str) -> Policy:
    """What `as_data` gave."""
    steps = tuple(
        Step(after=timedelta(minutes=each["minutes"]), to=To(channels=tuple(each["channels"]), rota=each["rota"]))
        for each in data
    )
    return Policy(id=id_, name=name, steps=steps)
