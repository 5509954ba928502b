"""What tables of events tell: frozen rows, shaped for showing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from aiops_platform.core.event import Event
from aiops_platform.core.incident import IncidentKind, IncidentState


@dataclass(frozen=True, kw_only=True)
class EventLine:
    """One kept event. `event` is None where what is kept of it cannot be read any more."""

    id: int
    event_id: str
    occurred_at: datetime
    received_at: datetime
    repeat_count: int
    event: Event | None


@dataclass(frozen=True, kw_only=True)
class EventTable:
    """Events of an incident, the newest first. So many were `looked` at for it; `next_before` leads on, None at the end.

    Of the `count` events of the incident so many are `kept`.
    """

    rows: tuple[EventLine, ...]
    looked: int
    next_before: int | None
    kept: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Companion:
    """Another event of the same request or trace; `later` is how much, below zero if it was earlier."""

    incident_id: int
    event_id: int
    title: str
    kind: IncidentKind
    state: IncidentState
    level: str
    service: str
    environment: str
    later: timedelta


@dataclass(frozen=True, kw_only=True)
class Origin:
    """How an incident began: on which host, in which release, and what had been new then; `same` compares it with now.

    `release` is that of its service that was newest then, heard of since `release_since`; so with the last deploy.
    """

    host: str | None
    release: str | None
    release_since: datetime | None
    deploy: str | None
    deployed_at: datetime | None
    same: tuple[str, ...]
