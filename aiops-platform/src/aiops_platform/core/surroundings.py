"""What an incident's page shows beside the incident's own rows: one of its events, and what is around that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiops_platform.core.care import Assignee
from aiops_platform.core.event import Event
from aiops_platform.core.event_views import Companion, Origin
from aiops_platform.core.source_links import SourceLink
from aiops_platform.core.views import Neighbour, Similar


@dataclass(frozen=True, kw_only=True)
class PlacedEvent:
    """A kept event with its place among those of its incident (ids are of the table, not `event_id`).

    `event` is None of what an older version kept in another shape.
    """

    id: int
    event_id: str
    occurred_at: datetime
    received_at: datetime
    number: int
    of: int
    earlier_id: int | None
    later_id: int | None
    event: Event | None


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """All of it, of one moment. Without an event there are no neighbours and no companions of it."""

    event: PlacedEvent | None
    origin: Origin
    similar: Sequence[Similar]
    neighbours: Sequence[Neighbour]
    companions: Sequence[Companion]
    members: Sequence[Assignee]
    source: SourceLink | None
