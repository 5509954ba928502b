"""How often the place of an incident was answered well since a fix, as heartbeats tell, and whether that is enough. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from aiops_platform.core.event import Event, Heartbeat

#: If the problem came so often, its share of the requests is known. And so often it would have to have come again by now.
ENOUGH: Final = 3
#: Where its share is not known: of a problem of one in seven requests, one in twenty times none of so many shows it.
OF_UNKNOWN: Final = 20
# Of more processes the rest is not counted: a service that starts ever new ones is not to make this large.
_MOST: Final = 500
_NAME_LIMIT: Final = 200
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class _Dated:
    before: int
    began_at: datetime


@dataclass(frozen=True)
class Counted:
    """What one process has answered well: by the first beat after the fix (`before`), by the newest, and `good` between.

    `began_at`: when the process began, where its beats tell that.
    """

    before: int
    newest: int
    good: int
    began_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """What the processes of a service have answered well by this method and route since a fix had ended, by instance."""

    method: str
    route: str
    since: datetime
    by: Mapping[str, Counted] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The place, for people."""
        return f"{self.method} {self.route}".strip()[:_NAME_LIMIT]

    @property
    def good(self) -> int:
        """How many requests were answered well since."""
        return sum(each.good for each in self.by.values())

    @property
    def began_at(self) -> datetime | None:
        """When the oldest of those processes began that were there when the fix ended; None where that is not known."""
        return min((each.began_at for each in self._there()), default=None)

    def before(self) -> float:
        """How many were answered well since then and up to the fix, if the processes of earlier were like these."""
        began_at = self.began_at
        if began_at is None:
            return 0.0
        pace = sum(each.before / _seconds(self.since - each.began_at) for each in self._there())
        return pace * _seconds(self.since - began_at)

    def needed(self, came: int) -> int:
        """How many good answers tell that a problem is gone that came so often since `began_at`."""
        if came < ENOUGH:
            return OF_UNKNOWN
        # By now it would have come three times: by chance it stays away once in twenty times.
        return math.ceil(ENOUGH * (self.before() + came) / came)

    def _there(self) -> list[_Dated]:
        return [
            _Dated(each.before, each.began_at)
            for each in self.by.values()
            if each.began_at is not None and each.began_at < self.since
        ]


def begun(event: Event | None, since: datetime) -> Exercise:
    """Nothing is known yet of the place where this, the newest event of the incident, was; without a route it has none."""
    route = (event and event.route) or ""
    method = (event and event.request and event.request.method) or ""
    return Exercise(method=method if route else "", route=route, since=since)


def heard(exercise: Exercise, instance: str, heartbeat: Heartbeat, at: datetime) -> Exercise:
    """It after a beat that was received at `at`; the same one where that is no news."""
    if not exercise.route or at < exercise.since:
        return exercise
    newest = next(
        (each.count for each in heartbeat.answered if (each.method, each.route) == (exercise.method, exercise.route)), 0
    )
    known = exercise.by.get(instance)
    if known is None:
        if len(exercise.by) >= _MOST:
            return exercise
        began_at = _began(heartbeat, at)
        is_new = began_at is not None and began_at >= exercise.since
        after = Counted(0 if is_new else newest, newest, newest if is_new else 0, began_at)
    elif newest == known.newest:
        return exercise
    else:
        # What has become less was counted anew.
        more = newest - known.newest if newest > known.newest else newest
        after = replace(known, newest=newest, good=known.good + more)
    return replace(exercise, by={**exercise.by, instance: after})


def as_data(exercise: Exercise) -> dict[str, Any]:
    """It as JSON."""
    by = {
        name: [each.before, each.newest, each.good, each.began_at and each.began_at.isoformat()]
        for name, each in exercise.by.items()
    }
    said = {"method": exercise.method, "route": exercise.route, "since": exercise.since.isoformat()}
    return {**said, "by": by} if by else said


def from_data(data: Mapping[str, Any]) -> Exercise:
    """It from that."""
    return Exercise(
        method=data["method"],
        route=data["route"],
        since=datetime.fromisoformat(data["since"]),
        by={
            name: Counted(before, newest, good, began and datetime.fromisoformat(began))
            for name, (before, newest, good, began) in data.get("by", {}).items()
        },
    )


def _began(heartbeat: Heartbeat, at: datetime) -> datetime | None:
    uptime = heartbeat.stats.get("uptime")
    if isinstance(uptime, bool) or not isinstance(uptime, int | float) or not 0 <= uptime < 1e9:
        return None
    return at - timedelta(seconds=uptime)


def _seconds(span: timedelta) -> float:
    return max(span, _SECOND).total_seconds()
