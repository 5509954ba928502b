"""What the first page tells: frozen rows, shaped for who comes back and asks what has happened meanwhile."""

from dataclasses import dataclass
from datetime import datetime

from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.rising import Rise
from aiops_platform.core.views import IncidentRow


@dataclass(frozen=True, kw_only=True)
class Some:
    """The first few of some incidents, and how many there are in all."""

    total: int
    rows: tuple[IncidentRow, ...]


@dataclass(frozen=True, kw_only=True)
class Loud:
    """An incident with what it said in the last 24 hours."""

    row: IncidentRow
    events: int


@dataclass(frozen=True, kw_only=True)
class Risen:
    """An incident that comes much more often than it usually does."""

    row: IncidentRow
    rise: Rise


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A service and its events of the last 24 hours, the oldest hour first."""

    id: int
    name: str
    environment: str
    state: MonitorState | None
    open_incidents: int
    hours: tuple[int, ...]

    @property
    def events(self) -> int:
        """All of them together."""
        return sum(self.hours)


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """A service of which no heartbeat came in time, and since when."""

    id: int
    name: str
    environment: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Briefing:
    """How a project is: `new` are open incidents first seen since `since`, `back` open ones that had been resolved before.

    `loud`, `traffic` and `hours` (all services together, the oldest hour first) are of the last 24 hours; `rising` of now.
    Of each there are the first few only, but `new` and `back` say how many there are.
    """

    since: datetime
    new: Some
    back: Some
    rising: tuple[Risen, ...]
    silent: tuple[Quiet, ...]
    loud: tuple[Loud, ...]
    traffic: tuple[Traffic, ...]
    hours: tuple[int, ...]
