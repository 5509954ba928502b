"""Whether an incident comes much more often than it usually does; said of few, so that it is looked at.

It rises when, in the present hour and the one before, its events are

- at least `LEAST`, for small numbers tell nothing;
- at least `FACTOR` times as many as usual; what is usual is its mean of the last 7 days, or that of the same hours of
  those days where that is higher: a rush that comes each morning is none;
- beyond what chance makes of the usual: more than five standard deviations of a Poisson process above it;
- and so many an hour as it had in at most one of fifty hours of those days: who comes in bursts does not rise with each.

An incident that is known for less than a day has no usual rate: it is new.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Final

from aiops_platform.core import hours

LEAST: Final = 10
FACTOR: Final = 3.0
PAST: Final = timedelta(days=7)
_YOUNG: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_DEVIATIONS: Final = 5
_SELDOM: Final = 50
# Of what was never there a single event would be any number of times more.
_FEWEST: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Rise:
    """`factor` times as many as usual; `events` since `since`, where `usual` of them would have been."""

    factor: float
    events: int
    usual: float
    since: datetime


def since(now: datetime) -> datetime:
    """The beginning of what is compared with the past."""
    return hours.of(now) - _HOUR


def rise(counts: Mapping[datetime, int], *, first_seen_at: datetime, now: datetime) -> Rise | None:
    """What is to be said of an incident with so many events in each hour; None where it does not rise."""
    begin = since(now)
    events = sum(many for hour, many in counts.items() if begin <= hour <= now)
    first = max(hours.of(first_seen_at), begin - PAST)
    past = {hour: many for hour, many in counts.items() if first <= hour < begin}
    span = (begin - first) // _HOUR
    if events < LEAST or span < _YOUNG // _HOUR:
        return None
    lasts = (now - begin) / _HOUR
    usual = max(_an_hour(past, span), _an_hour_then(past, span, begin)) * lasts
    expected = max(usual, _FEWEST)
    if events < FACTOR * expected or events <= expected + _DEVIATIONS * sqrt(expected):
        return None
    as_busy = sum(1 for many in past.values() if many * lasts >= events)
    if as_busy * _SELDOM > span:
        return None
    return Rise(factor=events / expected, events=events, usual=usual, since=begin)


def _an_hour(past: Mapping[datetime, int], span: int) -> float:
    return sum(past.values()) / span


def _an_hour_then(past: Mapping[datetime, int], span: int, begin: datetime) -> float:
    """The mean of the same hours of the days before."""
    days = range(1, span // 24 + 1)
    same = [begin + each * _HOUR - day * timedelta(days=1) for day in days for each in (0, 1)]
    return sum(past.get(hour, 0) for hour in same) / len(same)
