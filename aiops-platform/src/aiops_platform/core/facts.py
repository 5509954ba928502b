"""Facts: what became true in the platform. A row of the outbox, and of an incident's timeline."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from aiops_platform.core.people import Actor


class FactKind(StrEnum):
    """Every kind of fact there is."""

    INCIDENT_OPENED = "incident_opened"
    INCIDENT_REOPENED = "incident_reopened"
    INCIDENT_RESOLVED = "incident_resolved"
    INCIDENT_STAYED = "incident_stayed"
    INCIDENT_MUTED = "incident_muted"
    INCIDENT_ASSIGNED = "incident_assigned"
    INCIDENT_LINKED = "incident_linked"
    INCIDENT_MERGED = "incident_merged"
    INCIDENT_UNMERGED = "incident_unmerged"
    INCIDENT_DELETED = "incident_deleted"
    INCIDENT_UNDONE = "incident_undone"
    SERVICE_SEEN = "service_seen"
    SERVICE_SILENT = "service_silent"
    SERVICE_RECOVERED = "service_recovered"
    SERVICE_STOPPED = "service_stopped"
    SERVICE_SHORT = "service_short"
    SERVICE_FULL = "service_full"
    SERVICE_PAUSED = "service_paused"
    SERVICE_RESUMED = "service_resumed"
    SERVICE_RELEASED = "service_released"
    SERVICE_DEPLOYED = "service_deployed"
    JOB_FAILED = "job_failed"
    JOB_MISSED = "job_missed"
    JOB_LATE_START = "job_late_start"
    JOB_TOO_LONG = "job_too_long"
    JOB_TOO_SHORT = "job_too_short"
    JOB_TOO_OFTEN = "job_too_often"
    JOB_RECOVERED = "job_recovered"
    CHANNEL_DISABLED = "channel_disabled"
    ALERT_TOLD = "alert_told"
    ALERT_ACKNOWLEDGED = "alert_acknowledged"
    FIX_SUGGESTED = "fix_suggested"
    FIX_ASKED = "fix_asked"
    FIX_QUEUED = "fix_queued"
    FIX_APPROVED = "fix_approved"
    FIX_DECLINED = "fix_declined"
    FIX_CANCELLED = "fix_cancelled"
    FIX_SENT = "fix_sent"
    FIX_BEGAN = "fix_began"
    FIX_ENDED = "fix_ended"
    FIX_MENDED = "fix_mended"
    FIX_NOT_MENDED = "fix_not_mended"
    FIX_UNPROVEN = "fix_unproven"
    FIX_POLICY_PAUSED = "fix_policy_paused"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """`data` is JSON; the incident or service that it is about is the one it is saved with.

    Who did it stands there as `by`, where somebody did.
    """

    kind: FactKind
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)

    def done_by(self, actor: Actor | None) -> "Fact":
        """The same, with who did it."""
        return self if actor is None else replace(self, data=self.data | {"by": actor.as_data()})
