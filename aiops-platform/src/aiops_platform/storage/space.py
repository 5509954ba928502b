"""How much room the store takes, and how the file gives back what is no longer needed, a little at a time."""

from typing import Final

from sqlalchemy import Connection

from aiops_platform.storage.database import Database

# 4 MB: some milliseconds in which nobody else writes.
_PAGES: Final = 1_000
_INCREMENTAL: Final = 2


def used_bytes(connection: Connection) -> int:
    """What the tables and indexes take. Room that was given up, and that the file still has, does not count."""
    if connection.dialect.name != "sqlite":
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    pages, free, size = (
        connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def shrink(database: Database) -> None:
    """Gives some of the room back that nothing is stored in. Raises StoreUnavailableError."""
    if database.engine.dialect.name == "sqlite":
        database.run_alone(f"PRAGMA incremental_vacuum({_PAGES})")


def make_shrinkable(database: Database) -> None:
    """Once for each file of an earlier program, which could only grow: it is written anew. Raises StoreUnavailableError."""
    if database.engine.dialect.name != "sqlite":
        return
    with database.read() as connection:
        # In this order: the mode is that of the file only once something has been read of it.
        pages, mode = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "auto_vacuum")
        )
    if mode != _INCREMENTAL and pages:
        database.run_alone("PRAGMA auto_vacuum=INCREMENTAL", "VACUUM")
