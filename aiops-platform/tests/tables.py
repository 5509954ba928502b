"""The tables of a store in memory, made once for a process: hundreds of tests begin with them."""

from functools import cache

from aiops_platform.storage import schema
from aiops_platform.storage.database import Database, open_database


def made_in(database: Database) -> Database:
    """The same database with its tables. One in a file is small beside what else such a test does, and makes its own."""
    if str(database.engine.url) == "sqlite://":
        connection = database.engine.raw_connection()
        connection.driver_connection.deserialize(_empty())
        connection.close()
    else:
        schema.metadata.create_all(database.engine)
    return database


@cache
def _empty() -> bytes:
    database = open_database("sqlite://")
    schema.metadata.create_all(database.engine)
    connection = database.engine.raw_connection()
    content = bytes(connection.driver_connection.serialize())
    connection.close()
    database.close()
    return content
