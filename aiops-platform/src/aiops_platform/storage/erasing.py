"""One person's data out of the store: events are written anew without it, numbers stay as they are."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import JSON, Column, Connection, Row, Text, and_, cast, delete, func, select, update

from aiops_platform.core import erasure
from aiops_platform.core.parcel import legible
from aiops_platform.storage.bodies import Bodies, DamagedBodyError
from aiops_platform.storage.burial import unbury
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import insert
from aiops_platform.storage.schema import (
    buried,
    dictionaries,
    events,
    facts,
    group_keys,
    incident_values,
    incidents,
    moment,
)

_TOGETHER = 100
_TEXTS = (incidents.c.message, incidents.c.path, incidents.c.place)
_SAID = (group_keys.c.parts, facts.c.data)
# Older than the one that comes with the program: nothing more is packed with it.
_RETIRED = moment(-1)


@dataclass(frozen=True, kw_only=True)
class Erased:
    """How many rows were about them. What was buried and names them is gone, as nobody can read it anyway."""

    events: int
    incidents: int
    buried: int


def erase(database: Database, identity: str, progress: Callable[[int], None]) -> Erased:
    """Takes them out of every event, incident and buried parcel that is stored now; harmless when done twice.

    In small steps, so that others can write. `progress` is told how many events were looked at. Raises
    StoreUnavailableError; then what was done already is done.
    """
    opener = Bodies()
    named = _retire_dictionaries(database, identity)
    changed = _events(database, opener, identity, named, progress)
    # Meanwhile another one may have been trained, on events that still named them.
    if more := _retire_dictionaries(database, identity) - named:
        named |= more
        changed += _events(database, opener, identity, named, progress)
    with database.begin() as connection:
        _overwrite(connection)
        _drop_dictionaries(connection, named)
        return Erased(events=changed, incidents=_incidents(connection, identity), buried=_buried(connection, identity))


def _overwrite(connection: Connection) -> None:
    """What is deleted is overwritten on disk, too."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def _retire_dictionaries(database: Database, identity: str) -> set[int]:
    """Those that hold pieces of events that name them: everything that was packed with these is packed anew."""
    with database.begin() as connection:
        trained = connection.execute(select(dictionaries).where(dictionaries.c.project_id.is_not(None)))
        named = {row.id for row in trained if identity.encode().lower() in row.content.lower()}
        if named:
            Bodies.add_first(connection)  # There must be one to pack with.
            connection.execute(update(dictionaries).where(dictionaries.c.id.in_(named)).values(made_at=_RETIRED))
    return named


def _drop_dictionaries(connection: Connection, named: Collection[int]) -> None:
    # One may be needed still, by an event that could not be unpacked.
    in_use = select(events.c.dictionary_id).where(events.c.dictionary_id.in_(named))
    connection.execute(delete(dictionaries).where(dictionaries.c.id.in_(named), dictionaries.c.id.not_in(in_use)))


def _events(
    database: Database, opener: Bodies, identity: str, named: Collection[int], progress: Callable[[int], None]
) -> int:
    wanted = select(events, incidents.c.project_id).select_from(events.join(incidents)).order_by(events.c.id)
    with database.read() as connection:
        last = connection.scalar(select(func.max(events.c.id))) or 0
    before = looked = changed = 0
    while before < last:
        with database.read() as connection:
            rows = connection.execute(wanted.where(events.c.id > before).limit(_TOGETHER)).all()
            anew = [(row, body) for row in rows if (body := _anew(connection, opener, row, identity, named))]
        if not rows:
            break
        if anew:
            with database.begin() as connection:
                _overwrite(connection)
                for row, body in anew:
                    _save(connection, opener, row, body)
        changed += len(anew)
        looked += len(rows)
        before = rows[-1].id
        progress(looked)
    return changed


def _anew(connection: Connection, opener: Bodies, row: Row[Any], identity: str, named: Collection[int]) -> bytes | None:
    """The body as it is to be kept from now on; None when it can stay."""
    try:
        body = opener.open(connection, row.dictionary_id, row.body)
    except DamagedBodyError:
        return None  # Nobody can read it.
    mention = erasure.mention(identity)
    said = None
    if mention is None or mention in body.lower():
        said = erasure.erased(msgspec.json.decode(body), identity)
    if said is not None:
        return msgspec.json.encode(said)
    return body if row.dictionary_id in named else None


def _save(connection: Connection, opener: Bodies, row: Row[Any], body: bytes) -> None:
    dictionary_id, (packed,) = opener.pack(connection, row.project_id, [body])
    connection.execute(update(events).where(events.c.id == row.id).values(body=packed, dictionary_id=dictionary_id))


def _incidents(connection: Connection, identity: str) -> int:
    """The texts of incidents that name them, of their timelines, and of what went into their keys."""
    changed = sum(_told_anew(connection, column, identity) for column in _TEXTS)
    for column in _SAID:
        _told_anew(connection, column, identity)
    _values(connection, identity)
    return changed


def _told_anew(connection: Connection, column: Column[Any], identity: str) -> int:
    """Says `[erased]` where they are named in this column; the number of rows."""
    table, text = column.table, cast(column, Text)
    rows = connection.execute(
        select(*table.primary_key.columns, text).where(func.lower(text).contains(identity.lower(), autoescape=True))
    ).all()
    changed = 0
    for *key, named in rows:
        told = erasure.without(named, identity)
        if told != named:
            this = and_(*(part == value for part, value in zip(table.primary_key.columns, key, strict=True)))
            value = msgspec.json.decode(told) if isinstance(column.type, JSON) else told
            connection.execute(update(table).where(this).values({column.name: value}))
            changed += 1
    return changed


def _values(connection: Connection, identity: str) -> None:
    """The values of tags that name them count on under a name that tells nothing."""
    table = incident_values
    naming = select(table).where(func.lower(table.c.value).contains(identity.lower(), autoescape=True))
    for row in connection.execute(naming).mappings().all():
        told = {**row, "value": erasure.without(row["value"], identity)}
        if told["value"] == row["value"]:
            continue
        this = and_(*(column == row[column.name] for column in table.primary_key.columns))
        connection.execute(delete(table).where(this))
        statement = insert(connection, table).values(told)
        more = {"count": table.c.count + statement.excluded.count}
        connection.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=more))


def _buried(connection: Connection, identity: str) -> int:
    ids, before = [], 0
    while rows := connection.execute(select(buried.c.id, buried.c.body).where(buried.c.id > before).limit(100)).all():
        ids += [row.id for row in rows if identity.lower() in legible(row.body).lower()]
        before = rows[-1].id
    for start in range(0, len(ids), _TOGETHER):
        unbury(connection, ids[start : start + _TOGETHER])
    return len(ids)
