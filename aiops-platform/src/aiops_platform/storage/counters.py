"""Running numbers of the store, raised in the transaction of what they count: nobody has to count the rows."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import add_up
from aiops_platform.storage.schema import counters


def count(connection: Connection, numbers: Mapping[str, int]) -> None:
    """Adds to these numbers; what went away is counted with less than 0."""
    # Always in the same order: two writers of PostgreSQL would otherwise wait for each other.
    rows = [{"name": name, "number": number} for name, number in sorted(numbers.items()) if number]
    if not rows:
        return
    connection.execute(add_up(connection, counters, counters.c.number), rows)


def numbers_of(database: Database) -> dict[str, int]:
    """Every number, by name. Raises StoreUnavailableError."""
    with database.read() as connection:
        return {row.name: row.number for row in connection.execute(select(counters))}
