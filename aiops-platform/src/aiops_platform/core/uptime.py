"""What is known of a service's life over time: its states, cut by when nobody listened and by maintenance; and its uptime.

Pure. Uptime is the share of time in which a service was alive or late, of the time in which it was that or silent. What was
not known, in maintenance, paused, or after a goodbye counts neither way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.views import MonitorSpan

Period: TypeAlias = tuple[datetime, datetime]

# The end of a stretch of listening is written down once a minute: it may have gone on for so long.
_UNSURE: Final = timedelta(minutes=1)
# Of a period of which so much is known nothing more is to be said.
_MOST: Final = 0.9


class Standing(StrEnum):
    """How a service stood for a while."""

    ALIVE = "alive"
    LATE = "late"
    SILENT = "silent"
    STOPPED = "stopped"
    PAUSED = "paused"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


_STANDINGS: Final[Mapping[MonitorState, Standing]] = {
    MonitorState.NEW: Standing.STOPPED,
    MonitorState.ALIVE: Standing.ALIVE,
    MonitorState.LATE: Standing.LATE,
    MonitorState.SILENT: Standing.SILENT,
    MonitorState.STOPPED: Standing.STOPPED,
    MonitorState.PAUSED: Standing.PAUSED,
}


@dataclass(frozen=True)
class Stretch:
    """Some time in which nothing changed."""

    standing: Standing
    since: datetime
    until: datetime

    @property
    def lasted(self) -> timedelta:
        """How long that was."""
        return self.until - self.since


@dataclass(frozen=True, kw_only=True)
class Uptime:
    """`share` is of 1; None where nothing is known. `down` is for how long it was silent, in so many `silences`.

    `known` is of how long that is the share, `period` how long was asked for.
    """

    share: float | None
    down: timedelta
    silences: int
    known: timedelta
    period: timedelta

    @property
    def is_of_little(self) -> bool:
        """Whether so little of the period is known that the share alone would say more than it means."""
        return timedelta(0) < self.known < _MOST * self.period


def stretches(
    spans: Sequence[MonitorSpan],
    *,
    deaf: Sequence[Period],
    maintenance: Sequence[Period],
    since: datetime,
    until: datetime,
) -> tuple[Stretch, ...]:
    """The time between the two without gaps from the first span on, oldest first; neighbours differ.

    `deaf` is when nobody listened; it hides all else. Maintenance hides all but pauses.
    """
    states = [
        Stretch(_STANDINGS[span.state], max(span.since, since), min(span.until or until, until))
        for span in spans
        if span.since < until and (span.until is None or span.until > since)
    ]
    cut = _laid_over(states, [each for each in maintenance if each[0] < each[1]], Standing.MAINTENANCE)
    return _joined(_laid_over(cut, [each for each in deaf if each[0] < each[1]], Standing.UNKNOWN))


def deaf_between(listened: Iterable[Period], since: datetime, until: datetime) -> tuple[Period, ...]:
    """When nobody listened between these times, oldest first; before the first stretch nothing is known of that."""
    found: list[Period] = []
    heard: datetime | None = None
    for begin, end in sorted(listened):
        if heard is not None and begin > heard + _UNSURE:
            found.append((heard + _UNSURE, begin))
        heard = end if heard is None else max(heard, end)
    if heard is not None and until > heard + 2 * _UNSURE:
        found.append((heard + _UNSURE, until))
    return tuple((max(begin, since), min(end, until)) for begin, end in found if begin < until and end > since)


def uptime_of(found: Iterable[Stretch], *, since: datetime, until: datetime) -> Uptime:
    """The uptime from then on; the stretches end by `until`."""
    up, down, silences = timedelta(), timedelta(), 0
    for each in found:
        if each.until <= since:
            continue
        lasted = each.until - max(each.since, since)
        if each.standing is Standing.SILENT:
            down += lasted
            silences += 1
        elif each.standing in (Standing.ALIVE, Standing.LATE):
            up += lasted
    known = up + down
    share = up / known if known else None
    return Uptime(share=share, down=down, silences=silences, known=known, period=until - since)


def _laid_over(below: Sequence[Stretch], periods: Sequence[Period], standing: Standing) -> list[Stretch]:
    """The stretches with these periods, sorted and apart, in front of them."""
    found: list[Stretch] = []
    for each in below:
        if standing is Standing.MAINTENANCE and each.standing is Standing.PAUSED:
            found.append(each)
            continue
        at = each.since
        for period_begin, period_end in periods:
            if period_begin >= each.until:
                break
            begin, end = max(period_begin, at), min(period_end, each.until)
            if begin < end:
                if begin > at:
                    found.append(Stretch(each.standing, at, begin))
                found.append(Stretch(standing, begin, end))
                at = end
        if at < each.until or each.since == each.until:
            found.append(Stretch(each.standing, at, each.until))
    return found


def _joined(found: Sequence[Stretch]) -> tuple[Stretch, ...]:
    joined: list[Stretch] = []
    for each in found:
        if joined and joined[-1].standing is each.standing and joined[-1].until == each.since:
            joined[-1] = Stretch(each.standing, joined[-1].since, each.until)
        elif each.since < each.until:
            joined.append(each)
    return tuple(joined)
