"""Monitors as pages and the API show them: frozen rows, shaped for showing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol

from aiops_platform.core import maintenance, uptime
from aiops_platform.core.maintenance import Window
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.uptime import Period, Stretch
from aiops_platform.core.views import MonitorSpan


class Lives(Protocol):
    """A service with its states over time."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def environment(self) -> str:
        """Where it runs."""
        ...

    @property
    def spans(self) -> tuple[MonitorSpan, ...]:
        """Its states, the oldest first."""
        ...


@dataclass(frozen=True, kw_only=True)
class MonitorQuery:
    """Which monitors: in this state, of this service and environment, with each of these words in a name."""

    state: MonitorState | None = None
    service: str | None = None
    environment: str | None = None
    words: tuple[str, ...] = ()
    page: int = 1
    per_page: int = 25


@dataclass(frozen=True, kw_only=True)
class MonitorRow:
    """A service that beats. `beating`: how many of its processes do; `expected`: how many have to, where people have said so.

    `short_since`: since when there are fewer. `spans` are its states in the time that was asked for.
    """

    service_id: int
    name: str
    environment: str
    state: MonitorState
    state_since: datetime
    last_beat_at: datetime
    interval: int
    beating: int
    expected: int | None
    short_since: datetime | None
    paused_until: datetime | None
    spans: tuple[MonitorSpan, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KnownTime:
    """When the platform listened, and when maintenance was planned, in a project between two times."""

    listened: tuple[Period, ...]
    windows: tuple[Window, ...]
    since: datetime
    until: datetime

    @cached_property
    def deaf(self) -> tuple[Period, ...]:
        """When nobody listened."""
        return uptime.deaf_between(self.listened, self.since, self.until)

    # Worked out once for all services: a weekly window comes thirteen times in three months.
    @cached_property
    def _spread(self) -> tuple[tuple[Window, tuple[Period, ...]], ...]:
        spread = ((window, window.spans(self.since, self.until)) for window in self.windows)
        return tuple((window, spans) for window, spans in spread if spans)

    @cached_property
    def _holding(self) -> tuple[Window, ...]:
        return tuple(window for window in self.windows if window.holds_until(self.until) is not None)

    def stretches(self, row: Lives) -> tuple[Stretch, ...]:
        """How a service stood in that time."""
        held = (spans for window, spans in self._spread if window.covers(row.name, row.environment))
        return uptime.stretches(
            row.spans,
            deaf=self.deaf,
            maintenance=maintenance.joined(span for spans in held for span in spans),
            since=self.since,
            until=self.until,
        )

    def held(self, row: Lives) -> Window | None:
        """The maintenance in which a service is at the end of that time."""
        return maintenance.held(self._holding, row.name, row.environment, self.until)


@dataclass(frozen=True, kw_only=True)
class Board:
    """A page of monitors, how many match in all, and how many are in each state whatever state was asked for."""

    rows: tuple[MonitorRow, ...]
    total: int
    counts: Mapping[MonitorState, int]
    page: int
    per_page: int
    known: KnownTime

    @cached_property
    def everything(self) -> int:
        """How many there are in any state."""
        return sum(self.counts.values())
