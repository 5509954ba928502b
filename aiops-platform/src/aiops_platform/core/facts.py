"""Facts: what became true in the platform. A row of the outbox, and of an incident's timeline."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class FactKind(StrEnum):
    """Every kind of fact there is."""

    INCIDENT_OPENED = "incident_opened"
    INCIDENT_REOPENED = "incident_reopened"
    INCIDENT_RESOLVED = "incident_resolved"
    INCIDENT_STAYED = "incident_stayed"
    INCIDENT_MUTED = "incident_muted"
    SERVICE_SEEN = "service_seen"
    SERVICE_SILENT = "service_silent"
    SERVICE_RECOVERED = "service_recovered"
    SERVICE_STOPPED = "service_stopped"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """`data` is JSON; the incident or service that it is about is the one it is saved with."""

    kind: FactKind
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)
