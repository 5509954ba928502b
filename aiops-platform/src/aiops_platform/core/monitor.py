"""A monitor expects beats; its state follows from the time since the last one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class MonitorState(StrEnum):
    """What is known of a service's life. `STOPPED`: it said goodbye with a closing beat."""

    NEW = "new"
    ALIVE = "alive"
    LATE = "late"
    SILENT = "silent"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Listening:
    """A stretch of time in which the door listened: only within it can a service be found silent."""

    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """`id` is None until it is saved. `due_at`: when to look again; None when only a beat can change the state.

    `last_beat` is the newest heartbeat as JSON; `instances` the processes that beat, each with its last time.
    """

    id: int | None
    service_id: int
    state: MonitorState
    state_since: datetime
    last_beat_at: datetime
    due_at: datetime | None
    interval: int
    base_url: str | None
    last_beat: Mapping[str, Any]
    instances: Mapping[str, datetime]
