"""In which order incidents are listed, over which time, and what matters now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final

from aiops_platform.core import hours
from aiops_platform.core.incident import IncidentState

LATELY: Final = timedelta(hours=24)


class Sort(StrEnum):
    """What comes first: what was seen last or first, has most events, affects most people; or what matters now."""

    NEWEST = "newest"
    FIRST_SEEN = "first-seen"
    COUNT = "count"
    PEOPLE = "people"
    MATTERS = "matters"


class Rank(IntEnum):
    """How much an incident matters now: of the open ones first those that rise, then what is new, then what is back."""

    RISING = 0
    NEW = 1
    REGRESSED = 2
    OPEN = 3
    SETTLED = 4


def rank(
    state: IncidentState, *, is_rising: bool, first_seen_at: datetime, reopened_at: datetime | None, now: datetime
) -> Rank:
    """The rank of an incident. New is what was first seen, back what was reopened, in the last 24 hours."""
    if state is not IncidentState.OPEN:
        return Rank.SETTLED
    if is_rising:
        return Rank.RISING
    if first_seen_at > now - LATELY:
        return Rank.NEW
    return Rank.REGRESSED if reopened_at is not None and reopened_at > now - LATELY else Rank.OPEN


@dataclass(frozen=True)
class Period:
    """A stretch of time in whole hours, `until` not within it: that is how exactly events are counted over time."""

    since: datetime
    until: datetime

    @classmethod
    def lasting(cls, span: timedelta, now: datetime) -> "Period":
        """The last so many hours or days; the present hour is the last of them."""
        until = hours.of(now) + timedelta(hours=1)
        return cls(until - span, until)

    @classmethod
    def between(cls, since: datetime | None, until: datetime | None, now: datetime) -> "Period":
        """The hours that hold these times; without an end up to now. A year or so at most."""
        end = hours.of(min(until or now, now))
        end = end if until is not None and end == until else end + timedelta(hours=1)
        begin = hours.of(since) if since is not None else end - _LONGEST
        return cls(max(min(begin, end - timedelta(hours=1)), end - _LONGEST), end)

    @property
    def span(self) -> timedelta:
        """How long it lasts."""
        return self.until - self.since


_LONGEST: Final = timedelta(days=400)
