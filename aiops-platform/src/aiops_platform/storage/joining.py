"""What lies under an incident, moved to another one and back: keys, events, and what is counted by the hour and by values."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, select, update

from aiops_platform.core import facets
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.merging import taken_from
from aiops_platform.storage import release_incidents
from aiops_platform.storage.dialects import add_missing, add_up
from aiops_platform.storage.people_affected import see_again
from aiops_platform.storage.schema import (
    events,
    group_keys,
    incident_hours,
    incident_people,
    incident_values,
    incidents,
)

_HOUR = timedelta(hours=1)
_COUNTED = (incident_hours, incident_values)


def join(connection: Connection, part: int, into: int) -> None:
    """All that lies under the part is the other one's from now on; what the part has counted stays with it, too."""
    for table in (group_keys, events):
        home = func.coalesce(table.c.home_id, part)
        connection.execute(update(table).where(table.c.incident_id == part).values(incident_id=into, home_id=home))
    for table in _COUNTED:
        counted = _counted(connection, table, part)
        if table is incident_values:
            counted = _where_there_is_room(counted, _counted(connection, table, into))
            release_incidents.add_values(connection, into, counted)
        _write(connection, add_up(connection, table, table.c.count), table, into, counted)
    people = select(incident_people).where(incident_people.c.incident_id == part)
    rows = [{**row, "incident_id": into} for row in connection.execute(people).mappings()]
    if rows:
        connection.execute(add_missing(connection, incident_people), rows)
        see_again(connection, {(into, row["name"]): row["seen_at"] for row in rows if row["seen_at"] is not None})
    persons = func.count(incident_people.c.person.distinct())
    of_both = select(persons).where(incident_people.c.incident_id == into).scalar_subquery()
    _set(connection, into, people=of_both)
    _set(connection, part, merged_into=into)
    _recount(connection, part, into)


def part_from(connection: Connection, part: int, ancestors: Iterable[int]) -> None:
    """What came to the part before it was merged is its own again; of each of its ancestors that is taken away."""
    above = list(ancestors)
    family = [part, *_descendants(connection, part)]
    for table in (group_keys, events):
        # What was the part's own has nowhere else to go back to.
        home = func.nullif(table.c.home_id, part)
        mine = table.c.home_id.in_(family) & table.c.incident_id.in_(above)
        connection.execute(update(table).where(mine).values(incident_id=part, home_id=home))
    for table in _COUNTED:
        counted = _counted(connection, table, part)
        for ancestor in above:
            _take(connection, table, ancestor, counted)
    _set(connection, part, merged_into=None)
    release_incidents.set_apart(connection, above)
    _recount(connection, part, *above)


def ancestors_of(connection: Connection, incident: int) -> list[int]:
    """The incidents of which this one is a part, the nearest first; the last one is there by itself."""
    found: list[int] = []
    above: int | None = incident
    while above is not None:
        above = connection.execute(select(incidents.c.merged_into).where(incidents.c.id == above)).scalar_one_or_none()
        if above is not None:
            found.append(above)
    return found


def span_left(connection: Connection, incident: int) -> tuple[datetime, datetime] | None:
    """When the first and the last happened of what is counted: by the events that are kept, else by the hour."""
    hour, at = incident_hours.c.hour, events.c.occurred_at
    counted = select(func.min(hour), func.max(hour)).where(incident_hours.c.incident_id == incident)
    first, last = connection.execute(counted).one()
    if first is None:
        return None
    kept = select(func.min(at), func.max(at)).where(events.c.incident_id == incident)
    earliest, latest = connection.execute(kept).one()
    if earliest is None or not first <= earliest < first + _HOUR:
        earliest = first
    if latest is None or latest < last:
        latest = last + _HOUR
    return earliest, latest


def _descendants(connection: Connection, incident: int) -> list[int]:
    found: list[int] = []
    wave = [incident]
    while wave:
        below = select(incidents.c.id).where(
            incidents.c.merged_into.in_(wave), incidents.c.state == IncidentState.MERGED
        )
        wave = list(connection.execute(below).scalars())
        found += wave
    return found


def _counted(connection: Connection, table: Table, incident: int) -> dict[tuple[Any, ...], int]:
    """What is counted, by the columns of the key that follow the incident."""
    places = list(table.primary_key)[1:]
    query: Select[Any] = select(*places, table.c.count).where(table.c.incident_id == incident)
    return {tuple(row[:-1]): row[-1] for row in connection.execute(query)}


def _where_there_is_room(
    counted: Mapping[tuple[Any, ...], int], known: Collection[tuple[Any, ...]]
) -> dict[tuple[Any, ...], int]:
    """The values as they are counted in an incident that knows those already."""
    places = facets.places(
        frozenset((name, value) for name, value in known), {(n, v): m for (n, v), m in counted.items()}
    )
    found: dict[tuple[Any, ...], int] = {}
    for (name, value), many in counted.items():
        place = places[name, value]
        found[place] = found.get(place, 0) + many
    return found


def _write(
    connection: Connection, statement: Any, table: Table, incident: int, counted: Mapping[tuple[Any, ...], int]
) -> None:
    names = [column.name for column in table.primary_key]
    rows = [
        {**dict(zip(names, (incident, *place), strict=True)), "count": many} for place, many in sorted(counted.items())
    ]
    if rows:
        connection.execute(statement, rows)


def _take(connection: Connection, table: Table, incident: int, counted: Mapping[tuple[Any, ...], int]) -> None:
    whole = _counted(connection, table, incident)
    if table is incident_values:
        counted = _where_there_is_room(counted, whole)
    left = {place: many for place, many in taken_from(whole, counted).items() if many}
    connection.execute(delete(table).where(table.c.incident_id == incident))
    _write(connection, table.insert(), table, incident, left)


def _recount(connection: Connection, *touched: int) -> None:
    """None of them ends with an event that passes: the newest may be the other one's now."""
    connection.execute(update(events).where(events.c.incident_id.in_(touched), events.c.passing).values(passing=False))
    for incident in touched:
        mine = events.c.incident_id == incident
        many, newest = connection.execute(select(func.count(), func.max(events.c.received_at)).where(mine)).one()
        _set(connection, incident, kept=many, kept_at=newest, passing=False)


def _set(connection: Connection, incident: int, **values: Any) -> None:
    connection.execute(update(incidents).where(incidents.c.id == incident).values(**values))
