"""One person's data out of the store: events are written anew without it, numbers stay as they are."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, func, select, tuple_, update

from aiops_platform.core import erasure, facets
from aiops_platform.core.parcel import legible
from aiops_platform.storage import people_affected, release_incidents
from aiops_platform.storage.alert_tables import alert_rules, alerts
from aiops_platform.storage.bodies import Bodies, DamagedBodyError
from aiops_platform.storage.burial import unbury
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import insert
from aiops_platform.storage.fix_tables import fix_policies, fix_steps, fixes
from aiops_platform.storage.schema import (
    answers,
    buried,
    comments,
    deliveries,
    dictionaries,
    events,
    facts,
    group_keys,
    incident_values,
    incidents,
    instances,
    job_runs,
    moment,
    monitors,
    saved_views,
)

_TOGETHER = 100
_ROWS = 1_000
_Key: TypeAlias = tuple[Any, ...]
# What is said beside events: of incidents, of what went into their keys, in the newest beats and in timelines.
_TEXTS: Mapping[Table, Collection[str]] = {
    incidents: ("message", "path", "place"),
    group_keys: ("parts",),
    facts: ("data",),
    comments: ("text",),
    saved_views: ("name", "query"),
    monitors: ("last_beat",),
    instances: ("stats",),
    job_runs: ("output",),
    alerts: ("title", "text"),
    alert_rules: ("name", "rule"),
    deliveries: ("message", "answer"),
    fixes: ("params", "body", "result", "why"),
    fix_steps: ("data",),
    fix_policies: ("name", "policy"),
}
# Older than the one that comes with the program: nothing more is packed with it.
_RETIRED = moment(-1)


@dataclass(frozen=True, kw_only=True)
class Erased:
    """How many rows were about them. What was buried and names them is gone, as nobody can read it anyway.

    `is_log_empty`: whether nothing of what was there before is left in the log that is written ahead of the file.
    """

    events: int
    incidents: int
    buried: int
    is_log_empty: bool


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
        people_affected.forget(connection, identity)
        release_incidents.forget(connection, lambda release: erasure.is_in(release, identity))
        # What was answered may name them; whoever asks again is answered anew.
        connection.execute(delete(answers))
    _values(database, identity)
    texts = {table: _texts(database, table, names, identity) for table, names in _TEXTS.items()}
    return Erased(
        events=changed,
        incidents=texts[incidents],
        buried=_buried(database, identity),
        is_log_empty=database.empty_log(),
    )


def _overwrite(connection: Connection) -> None:
    """What is deleted is overwritten on disk, too."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def _retire_dictionaries(database: Database, identity: str) -> set[int]:
    """Those that hold pieces of events that name them: everything that was packed with these is packed anew."""
    with database.begin() as connection:
        trained = connection.execute(select(dictionaries).where(dictionaries.c.project_id.is_not(None)))
        named = {row.id for row in trained if erasure.is_in(row.content.decode("utf-8", "ignore"), identity)}
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


def _texts(database: Database, table: Table, names: Collection[str], identity: str) -> int:
    """Says `[erased]` where they are named in these columns; the number of rows."""
    changed = 0
    for keys in _naming(database, table, names, identity):
        with database.begin() as connection:
            _overwrite(connection)
            for key in keys:
                # Once more: meanwhile it may have become another.
                row = connection.execute(select(table).where(_is(table, key))).mappings().one_or_none()
                told = {} if row is None else _told(row, names, identity)
                if told:
                    connection.execute(update(table).where(_is(table, key)).values(told))
                    changed += 1
    return changed


def _values(database: Database, identity: str) -> None:
    """The tags that name them count on under a name, or with a value, that tells nothing."""
    table = incident_values
    for keys in _naming(database, table, ("name", "value"), identity):
        with database.begin() as connection:
            _overwrite(connection)
            for key in keys:
                row = connection.execute(select(table).where(_is(table, key))).mappings().one_or_none()
                if row is None:
                    continue
                connection.execute(delete(table).where(_is(table, key)))
                if row["name"] == facets.RELEASE:
                    release_incidents.set_apart(connection, [row["incident_id"]])
                statement = insert(connection, table).values({**row, **_told(row, ("name", "value"), identity)})
                more = {"count": table.c.count + statement.excluded.count}
                connection.execute(
                    statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=more)
                )


def _naming(database: Database, table: Table, names: Collection[str], identity: str) -> Iterator[list[_Key]]:
    """The keys of the rows that name them, some at a time. Each row is looked at here: SQL has other small letters."""
    key = tuple_(*table.primary_key.columns)
    columns = [*table.primary_key.columns, *(table.c[name] for name in names)]
    wanted = select(*dict.fromkeys(columns)).order_by(*table.primary_key.columns).limit(_ROWS)
    before: _Key | None = None
    while True:
        some = wanted if before is None else wanted.where(key > tuple_(*before))
        with database.read() as connection:
            rows = connection.execute(some).all()
        found = [_key(table, row) for row in rows if _told(row._mapping, names, identity)]
        for start in range(0, len(found), _TOGETHER):
            yield found[start : start + _TOGETHER]
        if len(rows) < _ROWS:
            return
        before = _key(table, rows[-1])


def _key(table: Table, row: Row[Any]) -> _Key:
    return tuple(row._mapping[column.name] for column in table.primary_key.columns)


def _is(table: Table, key: _Key) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(table.primary_key.columns, key, strict=True)))


def _told(row: Mapping[Any, Any], names: Collection[str], identity: str) -> dict[str, Any]:
    """What is to be said instead, of what names them."""
    told = {name: erasure.anywhere(row[name], identity) for name in names}
    return {name: value for name, value in told.items() if value != row[name]}


def _buried(database: Database, identity: str) -> int:
    many, before = 0, 0
    while True:
        with database.read() as connection:
            rows = connection.execute(
                select(buried.c.id, buried.c.reason, buried.c.body)
                .where(buried.c.id > before)
                .order_by(buried.c.id)
                .limit(_TOGETHER)
            ).all()
        ids = [row.id for row in rows if erasure.is_in(f"{row.reason}\n{legible(row.body)}", identity)]
        if ids:
            with database.begin() as connection:
                _overwrite(connection)
                unbury(connection, ids)
        many += len(ids)
        if len(rows) < _TOGETHER:
            return many
        before = rows[-1].id
