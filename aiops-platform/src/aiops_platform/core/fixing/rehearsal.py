"""What a policy would have done in the past: its guard rails, over the times at which its incidents came. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core.fixing import guards
from aiops_platform.core.fixing.guards import Asked
from aiops_platform.core.fixing.policy import FixPolicy

#: So far back.
PAST: Final = timedelta(days=7)


@dataclass(frozen=True)
class Came:
    """An incident that the policy is about came: at this time, in this service."""

    at: datetime
    service_id: int
    incident_id: int


@dataclass(frozen=True)
class Would:
    """What would have been done then; `held` says why nothing, where a guard rail would have held it."""

    came: Came
    held: str | None


def over(policy: FixPolicy, came: Sequence[Came], environments: Mapping[int, str]) -> list[Would]:
    """What would have been done, in the order of time, as if each fix had worked and the incident had come back as it did.

    `environments` are those of services. One that is held is told once, until something is asked for again.
    """
    asked: list[Asked] = []
    found: list[Would] = []
    told: set[tuple[int, str]] = set()
    for each in sorted(came, key=lambda each: (each.at, each.incident_id)):
        past = [one for one in asked if each.at - one.at < guards.DAY]
        held = guards.held(
            policy, environments[each.service_id], each.service_id, past=past, is_stopped=False, now=each.at
        )
        if held is None:
            asked.append(Asked(each.at, each.service_id, each.incident_id))
            told.clear()
        elif (each.incident_id, held) in told:
            continue
        else:
            told.add((each.incident_id, held))
        found.append(Would(each, held))
    return found
