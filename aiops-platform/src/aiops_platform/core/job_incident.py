"""The incident of a job that does not do what is expected of it; a good run ends it. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from aiops_platform.core import ahead, facets, hours
from aiops_platform.core import incident as rules
from aiops_platform.core.event import Level
from aiops_platform.core.facts import Fact, FactKind
from aiops_platform.core.incident import Changed, Incident, IncidentKind, IncidentState
from aiops_platform.core.job_watch import Trouble, Verdict, WatchedJob
from aiops_platform.core.text import one_line

_TYPES: Final = {
    Trouble.MISSED: "JobMissed",
    Trouble.FAILED: "JobFailed",
    Trouble.DIED: "JobDied",
    Trouble.TOO_LONG: "JobTooLong",
    Trouble.TOO_SHORT: "JobTooShort",
    Trouble.TOO_OFTEN: "JobTooOften",
    Trouble.STARTED_LATE: "JobStartedLate",
}
_TOLD_LIMIT: Final = 300
_PLACE_LIMIT: Final = 200


def after(into: Incident | None, job: WatchedJob, verdicts: Sequence[Verdict], now: datetime) -> Changed | None:
    """The job's incident after these; None where nothing of it has changed.

    A failed run whose event is told has an incident already: it makes no second one.
    """
    incident, facts, has_changed = into, tuple[Fact, ...](), False
    for verdict in verdicts:
        changed = _after(incident, job, verdict, now)
        if changed is not None:
            incident, facts, has_changed = changed.incident, facts + changed.facts, True
    return Changed(incident, facts) if incident is not None and has_changed else None


def hours_of(verdicts: Sequence[Verdict]) -> dict[tuple[datetime, str], int]:
    """How often it was in trouble in which hours, for the incident's chart."""
    counted = Counter(hours.of(each.at) for each in verdicts if _opens(each))
    return {(hour, facets.REST): many for hour, many in counted.items()}


def _opens(verdict: Verdict) -> bool:
    return verdict.trouble is not None and verdict.event_id is None


def _after(into: Incident | None, job: WatchedJob, verdict: Verdict, now: datetime) -> Changed | None:
    if verdict.trouble is None:
        return None if into is None else rules.recovered(into, now, verdict.why)
    if not _opens(verdict):
        return None
    if into is None:
        return _opened(job, verdict, verdict.trouble, now)
    incident = replace(
        into,
        type=_TYPES[verdict.trouble],
        message=verdict.why,
        count=into.count + 1,
        last_seen_at=max(ahead.put_right(into.last_seen_at, now), verdict.at),
    )
    return rules.reopened(incident, now) if into.state is IncidentState.RESOLVED else Changed(incident)


def _opened(job: WatchedJob, verdict: Verdict, trouble: Trouble, now: datetime) -> Changed:
    incident = Incident(
        id=None,
        project_id=job.service.named.project_id,
        service_id=job.service.id,
        kind=IncidentKind.JOB,
        state=IncidentState.OPEN,
        state_since=now,
        reopened_at=None,
        type=_TYPES[trouble],
        message=verdict.why,
        place=one_line(job.name, _PLACE_LIMIT),
        level=Level.ERROR,
        status_code=None,
        path=None,
        logger=None,
        first_release=None,
        last_release=None,
        count=1,
        first_seen_at=verdict.at,
        last_seen_at=verdict.at,
    )
    data: dict[str, Any] = {"type": incident.type, "message": one_line(incident.message, _TOLD_LIMIT)}
    return Changed(incident, (Fact(kind=FactKind.INCIDENT_OPENED, at=now, data=data),))
