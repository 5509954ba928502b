"""How much room the store takes, and how the file gives back what is no longer needed, a little at a time."""

from typing import Final

from sqlalchemy import Connection, func, select

from aiops_platform.storage.database import Database
from aiops_platform.storage.schema import counters, events

# 4 MB: some milliseconds in which nobody else writes.
_PAGES: Final = 1_000
_INCREMENTAL: Final = 2
# While others read, the log is hardly waited for.
_PATIENCE: Final = 0.06
# Of so many events, in so many places, it is told how long events are.
_PLACES: Final = 64
_IN_A_PLACE: Final = 16
# What an event takes beside its body, in the table and in its indexes; measured over 20,000.
_BESIDE_BODY: Final = 120


def used_bytes(connection: Connection) -> int:
    """What the tables and indexes take. Room that was given up, and that the file still has, does not count."""
    if connection.dialect.name != "sqlite":
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    pages, free, size = (
        connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def event_bytes(connection: Connection) -> int:
    """What stored events take, told by a sample of them that is spread over the order in which they came."""
    first, last = connection.execute(select(func.min(events.c.id), func.max(events.c.id))).one()
    if first is None:
        return 0
    lengths: list[int] = []
    for place in range(_PLACES):
        body = select(func.length(events.c.body)).where(events.c.id >= first + (last - first) * place // _PLACES)
        lengths += connection.execute(body.order_by(events.c.id).limit(_IN_A_PLACE)).scalars()
    stored = connection.execute(select(counters.c.number).where(counters.c.name == "stored_events")).scalar() or 0
    return int(stored * (sum(lengths) / len(lengths) + _BESIDE_BODY))


def shrink(database: Database) -> bool:
    """Gives some of the room back that nothing is stored in; says whether there is more. Raises StoreUnavailableError."""
    if database.engine.dialect.name != "sqlite":
        return False
    before = _free_pages(database)
    database.run_alone(f"PRAGMA incremental_vacuum({_PAGES})")
    # The file is cut, and its log with it, when all that is in the log has come into the file.
    database.empty_log(patience=_PATIENCE)
    # A file that was made by other means may be one that cannot become smaller.
    return before > _free_pages(database) >= _PAGES


def _free_pages(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())


def make_shrinkable(database: Database) -> None:
    """Once for each file of an earlier program, which could only grow: it is written anew. Raises StoreUnavailableError."""
    if not can_shrink(database):
        database.run_alone("PRAGMA auto_vacuum=INCREMENTAL", "VACUUM")


def can_shrink(database: Database) -> bool:
    """Whether room that was given up goes back to the disk. Not so in the file of an earlier program, nor in a copy by others."""
    if database.engine.dialect.name != "sqlite":
        return True
    with database.read() as connection:
        # In this order: the mode is that of the file only once something has been read of it.
        pages, mode = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "auto_vacuum")
        )
    return bool(mode == _INCREMENTAL or not pages)
