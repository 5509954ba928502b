"""Quotas: how much the door takes of one API key and of one service in time, each kind of report by itself.

Token buckets, refilled in time. What is new draws from another bucket than what was seen before, and beats from another
again: so a loud loop holds back its like, and nothing else.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_MOST_PROBLEMS: Final = 20_000
_MOST_SERVICES: Final = 10_000


class Category(StrEnum):
    """Kinds of reports of which none can use up what another is allowed."""

    FIRST_SEEN = "first_seen"
    REPEAT = "repeat"
    HEARTBEAT = "heartbeat"
    JOB = "job"


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """Reports a second of one category; 0 is no limit. What was not used is saved up, for at most so many seconds."""

    per_key: float = 5_000
    per_service: float = 2_500
    saved_seconds: float = 60


@dataclass(frozen=True)
class Sender:
    """Whose reports they are: a key by its id, and a service that reports with it."""

    key: int
    service: Hashable


@dataclass(frozen=True, kw_only=True)
class HeldBack:
    """Not taken now. `seconds` until one more of its kind will be, at the earliest."""

    category: Category
    why: str
    seconds: int


class Quotas:
    """Decides what is taken now. Remembers only so many problems and services: those not heard of for longest go first.

    Times are seconds of any clock; one that goes back only costs what would have been refilled. Not for several threads
    at once.
    """

    def __init__(self, allowance: Allowance, *, problems: int = _MOST_PROBLEMS, services: int = _MOST_SERVICES) -> None:
        self._keys = _Buckets(allowance.per_key, allowance.saved_seconds, math.inf)
        self._services = _Buckets(allowance.per_service, allowance.saved_seconds, services)
        # One problem may use half of what its service is allowed: the others' repeats are to have their turn, too.
        self._problems = _Buckets(allowance.per_service / 2, allowance.saved_seconds, problems)

    def ask_for_event(self, sender: Sender, problem: Hashable, now: float) -> HeldBack | None:
        """None when it is taken. Whether its problem was seen before is decided here, for each service by itself."""
        # 64 bits of it are enough: two problems taken for one cost the second its place in front, and nothing else.
        seen = hash((sender.service, problem))
        if not self._problems.knows(seen, Category.REPEAT):
            held_back = self.ask(sender, Category.FIRST_SEEN, now)
            if held_back is None:
                self._problems.of(seen, Category.REPEAT, now)
            return held_back
        own = self._problems.of(seen, Category.REPEAT, now)
        if own.level < 1:
            return _held_back(Category.REPEAT, "of one problem", self._problems.per_second, own)
        held_back = self.ask(sender, Category.REPEAT, now)
        if held_back is None:
            own.level -= 1
        return held_back

    def ask(self, sender: Sender, category: Category, now: float) -> HeldBack | None:
        """None when it is taken."""
        key, service = self._keys.of(sender.key, category, now), self._services.of(sender.service, category, now)
        if key.level < 1:
            return _held_back(category, "of this API key", self._keys.per_second, key)
        if service.level < 1:
            return _held_back(category, "of this service", self._services.per_second, service)
        key.level -= 1
        service.level -= 1
        return None


class _Bucket:
    __slots__ = ("at", "level")

    def __init__(self, level: float, at: float) -> None:
        self.level = level
        self.at = at


class _Buckets:
    """One for each owner and category, full when it is made."""

    def __init__(self, per_second: float, saved_seconds: float, most: float) -> None:
        self.per_second = per_second if per_second > 0 else math.inf
        self._full = max(self.per_second * saved_seconds, 1.0)
        self._most = most
        self._buckets: dict[tuple[Hashable, Category], _Bucket] = {}

    def knows(self, owner: Hashable, category: Category) -> bool:
        return (owner, category) in self._buckets

    def of(self, owner: Hashable, category: Category, now: float) -> _Bucket:
        name = owner, category
        bucket = self._buckets.pop(name, None)
        if bucket is None:
            bucket = _Bucket(self._full, now)
            if len(self._buckets) >= self._most:
                del self._buckets[next(iter(self._buckets))]
        elif now > bucket.at:
            bucket.level = min(self._full, bucket.level + (now - bucket.at) * self.per_second)
        bucket.at = now
        self._buckets[name] = bucket
        return bucket


_CALLED: Final = {
    Category.FIRST_SEEN: "new problems",
    Category.REPEAT: "repeated events",
    Category.HEARTBEAT: "heartbeats",
    Category.JOB: "words on jobs",
}


def _held_back(category: Category, whose: str, per_second: float, bucket: _Bucket) -> HeldBack:
    seconds = math.ceil((1 - bucket.level) / per_second)
    why = f"more than {per_second:g} {_CALLED[category]} a second {whose}: send it again later"
    return HeldBack(category=category, why=why, seconds=max(seconds, 1))
