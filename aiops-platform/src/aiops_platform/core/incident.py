"""An incident: events that are one problem, and what may happen to it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IncidentKind(StrEnum):
    """What an incident is made of."""

    EXCEPTION = "exception"
    HTTP_ERROR = "http_error"
    LOG_ERROR = "log_error"
    SILENCE = "silence"


class IncidentState(StrEnum):
    """Where an incident stands. A resolved one reopens when its error returns; a muted one only counts."""

    OPEN = "open"
    RESOLVED = "resolved"
    MUTED = "muted"


@dataclass(frozen=True, kw_only=True)
class Incident:
    """`id` is None until it is saved. What is shown (message, level, path, …) is that of the newest event."""

    id: int | None
    project_id: int
    service_id: int
    kind: IncidentKind
    state: IncidentState
    state_since: datetime
    reopened_at: datetime | None
    type: str
    message: str
    place: str
    level: str
    status_code: int | None
    path: str | None
    logger: str | None
    first_release: str | None
    last_release: str | None
    count: int
    first_seen_at: datetime
    last_seen_at: datetime
