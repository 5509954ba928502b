"""What a transaction writes in one piece."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiops_platform.core.affected import Person
from aiops_platform.core.facts import Fact
from aiops_platform.core.grouping import GroupKey
from aiops_platform.core.incident import Incident
from aiops_platform.core.job import Run
from aiops_platform.core.monitor import Monitor, MonitorState


@dataclass(frozen=True, kw_only=True)
class KeptEvent:
    """An event as the store keeps it: `body` is its JSON. `event_id` is 16 bytes. `passing`: until the next one comes."""

    event_id: bytes
    occurred_at: datetime
    received_at: datetime
    repeat_count: int
    body: bytes
    passing: bool = False


@dataclass(frozen=True, kw_only=True)
class IncidentChange:
    """An incident after one or many events, and all that is to be written with it.

    `hours` (by hour and release), `minutes` (of the last hours, see `lately`) and `values` (by a tag's name and value, see
    `facets`) are additions; `people` are those it affected, by their names, with when that was last.

    `key` and `also` are keys that are to lead to it from now on; one that leads elsewhere already stays as it is.
    `dropped` are stored events (by the ids of their rows) that are kept no longer; also the passing one goes, if
    `ends_passing`.
    """

    incident: Incident
    key: GroupKey | None = None
    also: tuple[GroupKey, ...] = ()
    facts: tuple[Fact, ...] = ()
    events: tuple[KeptEvent, ...] = ()
    dropped: tuple[int, ...] = ()
    ends_passing: bool = False
    hours: Mapping[tuple[datetime, str], int] | None = None
    minutes: Mapping[datetime, int] = field(default_factory=dict)
    values: Mapping[tuple[str, str], int] = field(default_factory=dict)
    people: Mapping[Person, datetime] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MonitorChange:
    """A monitor after one or many beats or looks; `states` are the changes of its state, oldest first."""

    monitor: Monitor
    project_id: int
    states: tuple[tuple[datetime, MonitorState], ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class JobChange:
    """Runs of a job after one or many words on them; `schedule` as it was said at `said_at`, None where nothing was."""

    job_id: int
    project_id: int
    runs: tuple[Run, ...] = ()
    schedule: Mapping[str, Any] | None = None
    said_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Undoing:
    """Something that was done to many incidents at once, of which `many` can be put back; `undone_at`: when that was done."""

    many: int
    act: str
    by: str
    at: datetime
    undone_at: datetime | None
