"""Rows of incidents as lists show them, each with its trend of the last 24 hours."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, select

from aiops_platform.core.incident import STANDING, IncidentKind, IncidentState, title_of
from aiops_platform.core.views import IncidentRow
from aiops_platform.storage.schema import incident_hours, incidents, services

TREND_HOURS: Final = 24
_HOUR: Final = timedelta(hours=1)


def incident_rows() -> Select[Any]:
    """Every incident with its service; for `incident_row`."""
    return select(incidents, services.c.name.label("service"), services.c.environment.label("environment")).select_from(
        incidents.join(services)
    )


def standing_rows(connection: Connection, project_id: int, ids: Iterable[int]) -> dict[int, Row[Any]]:
    """Those of these incidents that are there by themselves in this project, as `incident_rows` has them, by their ids."""
    rows = connection.execute(_STANDING_ROWS, {"project": project_id, "some": sorted(ids)})
    return {row.id: row for row in rows}


def incident_row(row: Row[Any], hours: dict[datetime, int], now: datetime) -> IncidentRow:
    """The row; `hours` are its events by the hour."""
    kind = IncidentKind(row.kind)
    return IncidentRow(
        id=row.id,
        kind=kind,
        state=IncidentState(row.state),
        title=title_of(kind, row.type, row.message),
        type=row.type,
        message=row.message,
        place=row.place,
        service=row.service,
        environment=row.environment,
        level=row.level,
        status_code=row.status_code,
        path=row.path,
        count=row._mapping["count"],  # `row.count` would be the method that tuples have
        kept=row.kept + row.passing,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        reopened_at=row.reopened_at,
        people=row.people,
        trend=tuple(hours.get(hour, 0) for hour in hours_from(first_hour(now, TREND_HOURS), TREND_HOURS)),
    )


_STANDING_ROWS: Final = incident_rows().where(
    incidents.c.id.in_(bindparam("some", expanding=True)),
    incidents.c.project_id == bindparam("project"),
    incidents.c.state.in_(STANDING),
)


def first_hour(now: datetime, many: int) -> datetime:
    """The oldest of so many hours, of which the last one holds `now`."""
    return now.replace(minute=0, second=0, microsecond=0) - (many - 1) * _HOUR


def hours_from(first: datetime, many: int) -> Iterable[datetime]:
    """So many hours from this one on."""
    return (first + index * _HOUR for index in range(many))


def hours_of(connection: Connection, ids: Sequence[int], *, since: datetime) -> dict[int, dict[datetime, int]]:
    """The events of each of these incidents by the hour, where there were any."""
    query = select(incident_hours).where(incident_hours.c.incident_id.in_(ids), incident_hours.c.hour >= since)
    found: dict[int, dict[datetime, int]] = {}
    for row in connection.execute(query):
        hours = found.setdefault(row.incident_id, {})
        hours[row.hour] = hours.get(row.hour, 0) + row._mapping["count"]
    return found
