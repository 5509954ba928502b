"""What else happened at the time of an event: rows beside it, for ids follow each other as events come in."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from aiops_platform.core.incident import IncidentKind, IncidentState, title_of
from aiops_platform.core.views import Neighbour
from aiops_platform.storage.schema import events, incidents, services

SPAN: Final = timedelta(minutes=5)
# So many ids to both sides are looked at: a loud loop leaves room for others, and no page waits.
_REACH: Final = 2_000
_MOST: Final = 6


def neighbours(connection: Connection, project_id: int, incident_id: int, event_id: int) -> tuple[Neighbour, ...]:
    """The other incidents that had events within five minutes of this one, or were opened then: those nearest to it."""
    at: datetime | None = connection.scalar(
        select(events.c.received_at).where(events.c.id == event_id, events.c.incident_id == incident_id)
    )
    if at is None:
        return ()
    beside = (
        select(events.c.incident_id, events.c.received_at)
        .where(events.c.id.between(event_id - _REACH, event_id + _REACH), events.c.incident_id != incident_id)
        .where(events.c.received_at.between(at - SPAN, at + SPAN))
    )
    nearest: dict[int, datetime] = {}
    for row in connection.execute(beside):
        known = nearest.get(row.incident_id)
        if known is None or abs(row.received_at - at) < abs(known - at):
            nearest[row.incident_id] = row.received_at
    opened = incidents.c.first_seen_at.between(at - SPAN, at + SPAN)
    # A silence has no events.
    silences = select(incidents.c.id, incidents.c.first_seen_at).where(
        incidents.c.project_id == project_id, incidents.c.kind == IncidentKind.SILENCE.value, opened
    )
    nearest |= {row.id: row.first_seen_at for row in connection.execute(silences) if row.id != incident_id}
    first = sorted(nearest, key=lambda each: abs(nearest[each] - at))[: _MOST * 2]
    wanted = (
        select(incidents, services.c.name.label("service"), services.c.environment.label("environment"))
        .select_from(incidents.join(services))
        .where(incidents.c.id.in_(first), incidents.c.project_id == project_id)
    )
    found = [
        Neighbour(
            id=row.id,
            title=title_of(IncidentKind(row.kind), row.type, row.message),
            kind=IncidentKind(row.kind),
            state=IncidentState(row.state),
            level=row.level,
            service=row.service,
            environment=row.environment,
            later=nearest[row.id] - at,
        )
        for row in connection.execute(wanted)
    ]
    return tuple(sorted(found, key=lambda each: abs(each.later))[:_MOST])
