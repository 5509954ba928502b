"""An incident: events that are one problem, and what may happen to it."""

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
