"""What has come into a list of incidents since somebody began to read it, and how the rows are that it shows."""

from sqlalchemy import ColumnElement, Connection, func, or_, select

from aiops_platform.core.listing import Sort
from aiops_platform.core.reading import Reading
from aiops_platform.core.views import Found, IncidentPage
from aiops_platform.storage import finding, incident_lists
from aiops_platform.storage.incident_lists import Asked
from aiops_platform.storage.incident_rows import incident_rows
from aiops_platform.storage.schema import incidents


def highest_number(connection: Connection) -> int:
    """The highest number that an incident has, of whichever project."""
    return connection.execute(select(func.max(incidents.c.id))).scalar() or 0


def found_since(connection: Connection, asked: Asked, reading: Reading) -> Found:
    """See `ports.Reads`."""
    query, around = asked.query, asked.around
    conditions = finding.matching(asked.search, around)
    counts = incident_lists.counted(connection, conditions)
    wanted = incident_rows().where(incidents.c.project_id == around.project_id, incidents.c.id.in_(reading.shown))
    known = {row.id: row for row in connection.execute(wanted)}
    came = select(func.count()).where(
        finding.standing(query.state), *conditions, incidents.c.id.not_in(reading.shown), _came(asked, reading)
    )
    return Found(
        page=IncidentPage(
            rows=incident_lists.shown(connection, asked, [known[each] for each in reading.shown if each in known]),
            counts=counts,
            total=counts.of(query.state),
            page=query.page,
            per_page=query.per_page,
        ),
        facets=(),
        events=incident_lists.events_over_time(connection, asked),
        highest=reading.highest,
        new=connection.execute(came).scalar_one(),
    )


def _came(asked: Asked, reading: Reading) -> ColumnElement[bool]:
    came = or_(incidents.c.id > reading.highest, incidents.c.state_since > reading.since)
    if asked.query.sort is Sort.NEWEST and asked.query.page == 1:
        # It would stand on this page now.
        return or_(came, incidents.c.last_seen_at > reading.since)
    return came
