"""Which open incidents rise now, by their hours: few are looked at closely, for few had enough events just now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from aiops_platform.core import rising
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.rising import Rise
from aiops_platform.storage.dialects import portions
from aiops_platform.storage.schema import incident_hours, incidents

# So many that are loud at once, the loudest first: then all is on fire, and no list says what is new about it.
_MOST = 300


def rises_of(connection: Connection, project_id: int, now: datetime) -> dict[int, Rise]:
    """The open incidents of a project that rise, by their ids."""
    since = rising.since(now)
    loud = (
        select(incidents.c.id, incidents.c.first_seen_at)
        .select_from(incidents.join(incident_hours))
        .where(incidents.c.project_id == project_id, incidents.c.state == IncidentState.OPEN)
        .where(incidents.c.last_seen_at >= since, incident_hours.c.hour >= since)
        .group_by(incidents.c.id)
        .having(func.sum(incident_hours.c.count) >= rising.LEAST)
        .order_by(func.sum(incident_hours.c.count).desc(), incidents.c.id)
        .limit(_MOST)
    )
    return rises_among(connection, {row.id: row.first_seen_at for row in connection.execute(loud)}, now)


def rises_among(connection: Connection, first_seen: Mapping[int, datetime], now: datetime) -> dict[int, Rise]:
    """Those of these incidents that rise; each is named with the time when it was first seen."""
    counts = _counts_of(connection, list(first_seen), rising.since(now) - rising.PAST)
    found = {each: rising.rise(counts[each], first_seen_at=first_seen[each], now=now) for each in counts}
    return {each: rise for each, rise in found.items() if rise is not None}


def _counts_of(connection: Connection, ids: Sequence[int], since: datetime) -> dict[int, dict[datetime, int]]:
    table = incident_hours
    found: dict[int, dict[datetime, int]] = {}
    for some in portions(ids):
        query = select(table.c.incident_id, table.c.hour, func.sum(table.c.count).label("many"))
        wanted = query.where(table.c.incident_id.in_(some), table.c.hour >= since)
        for row in connection.execute(wanted.group_by(table.c.incident_id, table.c.hour)):
            found.setdefault(row.incident_id, {})[row.hour] = int(row.many)
    return found
