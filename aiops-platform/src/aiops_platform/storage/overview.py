"""What the first page tells, read from counts that are kept by the hour: no event is looked at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, select

from aiops_platform.core.briefing import Briefing, Loud, Quiet, Risen, Some, Traffic
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.rising import Rise
from aiops_platform.storage.incident_rows import (
    TREND_HOURS,
    first_hour,
    hours_from,
    hours_of,
    incident_row,
    incident_rows,
)
from aiops_platform.storage.risings import rises_of
from aiops_platform.storage.schema import incident_hours, incidents, monitors, service_hours, services

_FEW: Final = 5
_SERVICES: Final = 8
_OPEN: Final = incidents.c.state == IncidentState.OPEN.value


def briefing(connection: Connection, project_id: int, since: datetime, now: datetime) -> Briefing:
    """How the project is, and what is new since then."""
    mine = incidents.c.project_id == project_id
    # Also by when it was last seen, which the index knows.
    new = (mine, _OPEN, incidents.c.last_seen_at >= since, incidents.c.first_seen_at >= since)
    back = (mine, _OPEN, incidents.c.reopened_at.is_not(None))
    loud = _loud(connection, mine, since=first_hour(now, TREND_HOURS), limit=_FEW)
    risen = _rising(connection, project_id, now)
    newest = _first(connection, new, incidents.c.first_seen_at)
    returned = _first(connection, back, incidents.c.reopened_at)
    shown = _shown(connection, [*newest, *returned, *(number for number, _ in loud), *risen], now)
    hours = _of_services(connection, project_id, now)
    return Briefing(
        since=since,
        new=Some(total=_count(connection, new), rows=tuple(shown[each] for each in newest)),
        back=Some(total=_count(connection, back), rows=tuple(shown[each] for each in returned)),
        rising=tuple(Risen(row=shown[each], rise=rise) for each, rise in risen.items() if each in shown),
        silent=_silent(connection, project_id),
        loud=tuple(Loud(row=shown[number], events=many) for number, many in loud if number in shown),
        traffic=_traffic(connection, project_id, hours),
        hours=tuple(map(sum, zip(*hours.values(), strict=True))) if hours else (0,) * TREND_HOURS,
    )


def _count(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    return connection.execute(select(func.count()).select_from(incidents).where(*conditions)).scalar_one()


def _first(connection: Connection, conditions: Sequence[ColumnElement[bool]], newest: Any) -> list[int]:
    query = select(incidents.c.id).where(*conditions).order_by(newest.desc(), incidents.c.id.desc())
    return list(connection.scalars(query.limit(_FEW)))


def _loud(connection: Connection, mine: ColumnElement[bool], *, since: datetime, limit: int) -> list[tuple[int, int]]:
    """The open incidents with most events since then, and how many those are."""
    many = func.sum(incident_hours.c.count)
    query = (
        select(incident_hours.c.incident_id, many.label("many"))
        .select_from(incidents.join(incident_hours, incident_hours.c.incident_id == incidents.c.id))
        .where(mine, _OPEN, incidents.c.last_seen_at >= since, incident_hours.c.hour >= since)
        .group_by(incident_hours.c.incident_id)
        .order_by(many.desc(), incident_hours.c.incident_id)
    )
    return [(row.incident_id, int(row.many)) for row in connection.execute(query.limit(limit))]


def _rising(connection: Connection, project_id: int, now: datetime) -> dict[int, Rise]:
    """Those that rise now, the steepest first."""
    found = rises_of(connection, project_id, now)
    steepest = sorted(found, key=lambda each: found[each].factor, reverse=True)[:_FEW]
    return {each: found[each] for each in steepest}


def _shown(connection: Connection, ids: Sequence[int], now: datetime) -> dict[int, Any]:
    rows: Sequence[Row[Any]] = connection.execute(incident_rows().where(incidents.c.id.in_(set(ids)))).all()
    hours = hours_of(connection, [row.id for row in rows], since=first_hour(now, TREND_HOURS))
    return {row.id: incident_row(row, hours.get(row.id, {}), now) for row in rows}


def _silent(connection: Connection, project_id: int) -> tuple[Quiet, ...]:
    query = (
        select(services.c.id, services.c.name, services.c.environment, monitors.c.last_beat_at)
        .select_from(services.join(monitors, monitors.c.service_id == services.c.id))
        .where(services.c.project_id == project_id, monitors.c.state == MonitorState.SILENT.value)
        .order_by(monitors.c.last_beat_at.desc(), services.c.id)
    )
    return tuple(
        Quiet(id=row.id, name=row.name, environment=row.environment, since=row.last_beat_at)
        for row in connection.execute(query.limit(_FEW))
    )


def _of_services(connection: Connection, project_id: int, now: datetime) -> dict[int, tuple[int, ...]]:
    """The events of the last 24 hours of each service that had any, the oldest hour first."""
    since = first_hour(now, TREND_HOURS)
    query = (
        select(service_hours)
        .select_from(service_hours.join(services))
        .where(services.c.project_id == project_id, service_hours.c.hour >= since)
    )
    found: dict[int, dict[datetime, int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.service_id, {})[row.hour] = row._mapping["count"]
    hours = tuple(hours_from(since, TREND_HOURS))
    return {service: tuple(counts.get(hour, 0) for hour in hours) for service, counts in found.items()}


def _traffic(connection: Connection, project_id: int, hours: Mapping[int, tuple[int, ...]]) -> tuple[Traffic, ...]:
    loudest = sorted(hours, key=lambda each: (-sum(hours[each]), each))[:_SERVICES]
    still_open = (
        select(func.count())
        .select_from(incidents)
        .where(incidents.c.service_id == services.c.id, _OPEN)
        .scalar_subquery()
    )
    query = (
        select(services.c.id, services.c.name, services.c.environment, monitors.c.state, still_open.label("open"))
        .select_from(services.outerjoin(monitors, monitors.c.service_id == services.c.id))
        .where(services.c.project_id == project_id, services.c.id.in_(loudest))
    )
    found = {
        row.id: Traffic(
            id=row.id,
            name=row.name,
            environment=row.environment,
            state=None if row.state is None else MonitorState(row.state),
            open_incidents=row.open,
            hours=hours[row.id],
        )
        for row in connection.execute(query)
    }
    return tuple(found[each] for each in loudest if each in found)
