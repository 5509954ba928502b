"""What the JSON API answers with. Rows are those of the pages; times are RFC 3339, in UTC."""

from dataclasses import dataclass
from datetime import datetime

from aiops_platform.core.views import FactRow, GroupReason, HourCount, IncidentDetail, IncidentRow, ServiceRow


@dataclass(frozen=True, kw_only=True)
class IncidentList:
    """A page of incidents, and how many match in all."""

    items: tuple[IncidentRow, ...]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class ServiceList:
    """A page of services, and how many there are in all."""

    items: tuple[ServiceRow, ...]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class IncidentResource(IncidentRow):
    """An incident with all that is known of it. `hours` are the last 14 days by the hour, oldest first."""

    state_since: datetime
    path: str | None
    logger: str | None
    first_release: str | None
    last_release: str | None
    grouping: tuple[GroupReason, ...]
    hours: tuple[HourCount, ...]
    facts: tuple[FactRow, ...]


def resource_of(incident: IncidentDetail) -> IncidentResource:
    """The incident in one piece."""
    return IncidentResource(
        **vars(incident.row),
        state_since=incident.state_since,
        path=incident.path,
        logger=incident.logger,
        first_release=incident.first_release,
        last_release=incident.last_release,
        grouping=incident.grouping,
        hours=incident.hours,
        facts=incident.facts,
    )
