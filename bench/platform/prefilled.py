"""A store with as many events as are wanted, made from one with some thousand by copying its rows with new ids.

It knows no table by name but the few that hold what is one for each incident: a table with an ``incident_id`` is copied,
and so is the memory of ids. Ids of events and hashes of keys become random, as real ones are.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_NOT_COPIED = {"facts"}
_RANDOM = {"event_id", "hash"}
_NAMES_ITS_INCIDENT = {"subject": "'incident:' || (incident_id + :shift)"}


def fill(store: Path, many: int) -> int:
    """Copy until there are so many events; how many there are. The platform does not run."""
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -1000000")
        there = _number(connection, "SELECT count(*) FROM events")
        step = _number(connection, "SELECT max(id) FROM incidents")
        tables = _tables(connection)
        for table in tables:
            connection.execute(f"CREATE TEMP TABLE first_{table} AS SELECT * FROM {table}")  # noqa: S608
        statements = [_copy(connection, table) for table in tables]
        for generation in range(1, -(-many // there)):
            connection.execute("BEGIN")
            for statement in statements:
                connection.execute(statement, {"shift": generation * step})
            connection.execute("COMMIT")
        stored = _number(connection, "SELECT count(*) FROM events")
        if "counters" in _names(connection):
            connection.execute("UPDATE counters SET number = ? WHERE name = 'stored_events'", (stored,))
        connection.execute("PRAGMA journal_mode = WAL")
    return stored


def _tables(connection: sqlite3.Connection) -> list[str]:
    """The incidents first, for what refers to them."""
    told = [name for name in _names(connection) if "incident_id" in _columns(connection, name)]
    return ["incidents", *(name for name in told if name not in _NOT_COPIED), "seen_events"]


def _copy(connection: sqlite3.Connection, table: str) -> str:
    """The statement that adds the first generation once more."""
    columns = [name for name in _columns(connection, table) if table == "incidents" or name != "id"]
    values = ", ".join(_value(name) for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM first_{table}"  # noqa: S608


def _value(column: str) -> str:
    if column in _RANDOM:
        return "randomblob(16)"
    if column in _NAMES_ITS_INCIDENT:
        return _NAMES_ITS_INCIDENT[column]
    return f"{column} + :shift" if column in ("id", "incident_id") else column


def _names(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _number(connection: sqlite3.Connection, question: str) -> int:
    return int(connection.execute(question).fetchone()[0])
