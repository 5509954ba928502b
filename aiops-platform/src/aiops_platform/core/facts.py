"""Facts: what became true in the platform. A row of the outbox, and of an incident's timeline."""

from enum import StrEnum


class FactKind(StrEnum):
    """Every kind of fact there is."""

    INCIDENT_OPENED = "incident_opened"
    INCIDENT_REOPENED = "incident_reopened"
    INCIDENT_RESOLVED = "incident_resolved"
    INCIDENT_MUTED = "incident_muted"
    SERVICE_SEEN = "service_seen"
    SERVICE_SILENT = "service_silent"
    SERVICE_RECOVERED = "service_recovered"
    SERVICE_STOPPED = "service_stopped"
