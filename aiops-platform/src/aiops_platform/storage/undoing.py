"""What people did to many incidents at once, to be undone; and what is wiped of one that stays deleted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, update

from aiops_platform.core.people import Actor, actor_from
from aiops_platform.ports import Undoing
from aiops_platform.storage.dialects import add_missing, portions
from aiops_platform.storage.schema import (
    events,
    facts,
    group_keys,
    incident_people,
    incidents,
    likenesses,
    metadata,
    undoing_rows,
    undoings,
)

# Of a deleted incident its number is left, what it was is not.
_NOTHING: dict[str, Any] = {
    "type": "",
    "message": "",
    "place": "",
    "path": None,
    "logger": None,
    "status_code": None,
    "first_release": None,
    "last_release": None,
    "count": 0,
    "kept": 0,
    "passing": False,
    "mute": None,
    "due_at": None,
    "assigned_to": None,
    "tracker": None,
    "people": 0,
}


def begin(connection: Connection, id_: bytes, project_id: int, *, act: str, by: Actor, at: datetime) -> None:
    """Notes that something is done to many incidents."""
    rows = {"id": id_, "project_id": project_id, "act": act, "by": by.as_data(), "at": at}
    connection.execute(undoings.insert(), rows)


def note(connection: Connection, id_: bytes, before: Mapping[int, Mapping[str, Any]], since: datetime) -> None:
    """Notes how incidents stood before."""
    rows = [
        {"undoing_id": id_, "incident_id": each, "before": dict(told), "since": since} for each, told in before.items()
    ]
    if rows:
        connection.execute(add_missing(connection, undoing_rows), rows)


def find(connection: Connection, project_id: int, id_: bytes) -> Undoing | None:
    """What can be undone by this id."""
    query = select(undoings).where(undoings.c.id == id_, undoings.c.project_id == project_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    by = actor_from(row.by)
    left = select(func.count()).select_from(undoing_rows).where(undoing_rows.c.undoing_id == id_)
    many = connection.execute(left).scalar_one()
    return Undoing(many=many, act=row.act, by="" if by is None else by.name, at=row.at, undone_at=row.undone_at)


def rows_of(connection: Connection, id_: bytes, limit: int) -> list[tuple[int, dict[str, Any], datetime]]:
    """Some incidents that are still to be put back, with how each stood before, and since when it stands as it was put."""
    query = select(undoing_rows).where(undoing_rows.c.undoing_id == id_).order_by(undoing_rows.c.incident_id)
    return [(row.incident_id, row.before, row.since) for row in connection.execute(query.limit(limit))]


def drop_rows(connection: Connection, id_: bytes, incident_ids: Collection[int]) -> None:
    """These are put back."""
    for some in portions(incident_ids):
        mine = undoing_rows.c.undoing_id == id_, undoing_rows.c.incident_id.in_(some)
        connection.execute(delete(undoing_rows).where(*mine))


def finish(connection: Connection, id_: bytes, at: datetime) -> None:
    """All are put back."""
    connection.execute(update(undoings).where(undoings.c.id == id_).values(undone_at=at))


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Drops what can be undone no longer, at most so many incidents' standings; returns how many."""
    old = select(undoings.c.id).where(undoings.c.at < before)
    places = select(undoing_rows.c.undoing_id, undoing_rows.c.incident_id).where(undoing_rows.c.undoing_id.in_(old))
    rows = connection.execute(places.limit(limit)).all()
    for id_ in {row.undoing_id for row in rows}:
        drop_rows(connection, id_, [row.incident_id for row in rows if row.undoing_id == id_])
    if len(rows) < limit:
        connection.execute(delete(undoings).where(undoings.c.at < before))
    return len(rows)


def take_keys(connection: Connection, incident_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """No key leads to these any longer; returns what led there, as JSON."""
    taken: dict[int, list[dict[str, Any]]] = {}
    for some in portions(incident_ids):
        mine = group_keys.c.incident_id.in_(some)
        for row in connection.execute(select(group_keys).where(mine)).mappings():
            told = {name: value for name, value in row.items() if name != "incident_id"}
            taken.setdefault(row["incident_id"], []).append({**told, "hash": row["hash"].hex()})
        connection.execute(delete(group_keys).where(mine))
    return taken


def give_keys(connection: Connection, keys: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
    """They lead there again; one that leads elsewhere by now stays as it is."""
    rows = [
        {**key, "hash": bytes.fromhex(key["hash"]), "incident_id": incident_id}
        for incident_id, mine in keys.items()
        for key in mine
    ]
    if rows:
        connection.execute(add_missing(connection, group_keys), rows)


def wipe(connection: Connection, incident_id: int) -> None:
    """All that is left of it but its events goes, also of what was merged into it."""
    parts = connection.execute(select(incidents.c.id).where(incidents.c.merged_into == incident_id)).scalars().all()
    for part in parts:
        wipe(connection, part)
    # The newest of all facts stays, without what it says: no later one may have its number.
    newest = select(func.max(facts.c.id)).scalar_subquery()
    connection.execute(
        update(facts).where(facts.c.incident_id == incident_id, facts.c.id == newest).values(incident_id=None, data={})
    )
    for table, column in (*_belonging(), (likenesses, "incident_id"), (incident_people, "incident_id")):
        connection.execute(delete(table).where(table.c[column] == incident_id))
    connection.execute(update(incidents).where(incidents.c.id == incident_id).values(**_NOTHING))


def _belonging() -> list[tuple[Table, str]]:
    """The tables that say something of an incident, with the column that says of which."""
    return [
        (table, key.parent.name)
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column is incidents.c.id and table is not events
    ]
