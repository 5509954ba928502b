"""What a rule about numbers would have told in the past, by the hours that are kept. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core import hours as hour_of
from aiops_platform.core import rising

#: So far back.
PAST: Final = timedelta(days=7)
_HOUR: Final = timedelta(hours=1)
_STEP: Final = 2 * _HOUR


def many(counts: Mapping[datetime, int], *, events: int, hours: int, since: datetime, now: datetime) -> list[datetime]:
    """When an incident had so many events within so many hours, each time that it began to."""
    return _beginnings(
        [
            (hour, sum(counts.get(hour - back * _HOUR, 0) for back in range(hours + 1)) >= events)
            for hour in _hours(since, now, _HOUR)
        ]
    )


def rises(counts: Mapping[datetime, int], *, first_seen_at: datetime, since: datetime, now: datetime) -> list[datetime]:
    """When an incident began to rise, as it would have looked at the end of every other hour."""
    return _beginnings(
        [
            (
                hour,
                rising.rise(
                    {each: count for each, count in counts.items() if each <= hour},
                    first_seen_at=first_seen_at,
                    now=hour + _HOUR - timedelta(seconds=1),
                )
                is not None,
            )
            for hour in _hours(since, now, _STEP)
        ]
    )


def worth(counts: Mapping[datetime, int], *, before: int, events: int, since: datetime) -> datetime | None:
    """When an incident that had had so many events before then reached so many; None where it did not, or earlier."""
    if before >= events:
        return None
    total = before
    for hour, count in sorted(counts.items()):
        if hour >= since:
            total += count
            if total >= events:
                return hour
    return None


def _hours(since: datetime, now: datetime, step: timedelta) -> Sequence[datetime]:
    first, last = hour_of.of(since), hour_of.of(now)
    return [first + number * step for number in range((last - first) // step + 1)]


def _beginnings(told: Sequence[tuple[datetime, bool]]) -> list[datetime]:
    before = [False, *(holds for _, holds in told)]
    return [at for (at, holds), held in zip(told, before, strict=False) if holds and not held]
