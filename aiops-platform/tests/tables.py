"""Stores in memory with their tables. Hundreds of tests begin with one, and what one has learned the next one knows."""

from collections import deque
from functools import cache
from threading import Lock

from aiops_platform.storage import schema
from aiops_platform.storage.database import Database, open_database

_IN_MEMORY = "sqlite://"


class _Lent(Database):
    """Closed, it is empty, and lent again. SQLAlchemy keeps what it made of each statement with the engine."""

    def close(self) -> None:
        """Closes every connection: with the last one goes all that was in memory."""
        super().close()
        if self not in _free():
            _free().append(self)


def a_store(url: str = _IN_MEMORY) -> Database:
    """An empty database with its tables. Close it at the end."""
    if url == _IN_MEMORY:
        return _filled(_free().popleft() if _free() else _new())
    # Beside what else a test does with a file, to make its tables is little.
    database = open_database(url)
    schema.metadata.create_all(database.engine)
    return database


def _new() -> Database:
    return _Lent(open_database(_IN_MEMORY).engine, guard=Lock())


def _filled(database: Database) -> Database:
    connection = database.engine.raw_connection()
    connection.driver_connection.deserialize(_empty())
    connection.close()
    return database


@cache
def _free() -> deque[Database]:
    return deque()


@cache
def _empty() -> bytes:
    database = open_database(_IN_MEMORY)
    schema.metadata.create_all(database.engine)
    connection = database.engine.raw_connection()
    content = bytes(connection.driver_connection.serialize())
    connection.close()
    database.close()
    return content
