"""Crowds: the incidents of which much came within a time. By the minute while minutes are kept, and else by the hour."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, case, delete, func, or_, select

from aiops_platform.core import ahead, hours, lately
from aiops_platform.core.incident import IncidentState
from aiops_platform.ports import IncidentChange
from aiops_platform.storage.dialects import add_up
from aiops_platform.storage.schema import incident_hours, incident_minutes, incident_people, incidents

#: So many at once of those that are asked for by what they are like.
MOST: Final = 300
# Of longer times the hours say first of which incidents the minutes are worth adding up.
_FEW_MINUTES: Final = timedelta(minutes=15)
# More than passes between two looks: what came together must not be parted by them.
_BETWEEN_LOOKS: Final = lately.MINUTE


def lively(project_id: int, since: datetime) -> list[Any]:
    """The open incidents of which there was something since then."""
    return [
        and_(
            incidents.c.project_id == project_id,
            incidents.c.state == IncidentState.OPEN,
            incidents.c.last_seen_at >= since,
        )
    ]


def note(connection: Connection, told: Sequence[tuple[int, IncidentChange]]) -> None:
    """Adds the minutes of these changes of incidents (by id) to what is counted."""
    minutes = {(minute, incident): count for incident, change in told for minute, count in change.minutes.items()}
    if minutes:
        rows = [
            {"minute": place[0], "incident_id": place[1], "count": count} for place, count in sorted(minutes.items())
        ]
        connection.execute(add_up(connection, incident_minutes, incident_minutes.c.count), rows)


def busy(connection: Connection, project_id: int, within: timedelta, least: int, now: datetime) -> dict[int, int]:
    """See `ports.Alerting`."""
    if within <= _FEW_MINUTES:
        return _found(connection, _by_the_minute(project_id, within, least, now), least)
    found = _found(connection, _by_the_hour(project_id, within, now), least)
    if within > lately.LONGEST or not found:
        return found
    return _found(connection, _by_the_minute(project_id, within, least, now, among=found), least)


def crowded(connection: Connection, project_id: int, within: timedelta, least: int, now: datetime) -> dict[int, int]:
    """See `ports.Alerting`."""
    table, since = incident_people, lately.step(now - within - _BETWEEN_LOOKS)
    wanted = (
        select(incidents.c.id, func.count().label("many"))
        .select_from(incidents.join(table))
        .where(*lively(project_id, since), incidents.c.people >= least)
        .where(table.c.name == table.c.person, table.c.seen_at.between(since, ahead.horizon(now)))
        .group_by(incidents.c.id)
    )
    return _found(connection, wanted, least)


def forget_minutes(connection: Connection, now: datetime) -> None:
    """See `ports.Alerting`."""
    at = incident_minutes.c.minute
    connection.execute(delete(incident_minutes).where(or_(at < now - lately.KEPT, at > ahead.horizon(now))))


def _by_the_hour(project_id: int, within: timedelta, now: datetime) -> Select[Any]:
    since = hours.of(now - within - _BETWEEN_LOOKS)
    return (
        select(incidents.c.id, func.sum(incident_hours.c.count).label("many"))
        .select_from(incidents.join(incident_hours))
        .where(*lively(project_id, since), incident_hours.c.hour >= since)
        .group_by(incidents.c.id)
    )


def _by_the_minute(
    project_id: int, within: timedelta, least: int, now: datetime, *, among: Collection[int] | None = None
) -> Select[Any]:
    """As many as came in so many minutes and the one that goes on, or in those that ended with the last one.

    By one of the two each look finds what came since the last look. Minutes are added up before anything is asked of their
    incidents: the other way round, each incident would go through all minutes.
    """
    table, last = incident_minutes, lately.minute(now)
    first = last - within - lately.MINUTE
    ends = [func.sum(case((table.c.minute == end, table.c.count), else_=0)) for end in (first, last)]
    many = func.sum(table.c.count) - case((ends[0] < ends[1], ends[0]), else_=ends[1])
    asked = [table.c.minute.between(first, last)]
    if among is not None:
        asked.append(table.c.incident_id.in_(among))
    added = (
        select(table.c.incident_id, many.label("many"))
        .where(*asked)
        .group_by(table.c.incident_id)
        .having(many >= least)
        .subquery()
    )
    return (
        select(incidents.c.id, added.c.many)
        .select_from(added.join(incidents, incidents.c.id == added.c.incident_id))
        .where(*lively(project_id, first))
    )


def _found(connection: Connection, wanted: Select[Any], least: int) -> dict[int, int]:
    counted = wanted.subquery()
    most = select(counted).where(counted.c.many >= least).order_by(counted.c.many.desc(), counted.c.id).limit(MOST)
    return {row.id: int(row.many) for row in connection.execute(most)}
