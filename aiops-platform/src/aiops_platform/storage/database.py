"""One way to open the database: SQLite with the settings that durability needs, or any other SQLAlchemy engine."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, NotSupportedError, ProgrammingError

from aiops_platform.ports import StoreDamagedError, StoreUnavailableError
from aiops_platform.process.turns import Turns

_BUSY_SECONDS = 5
_TRIES = 3
_TO_WRITE = "BEGIN IMMEDIATE"
_CACHE_BYTES = 2 * 1024 * 1024
# These say that a statement was wrong, and would be again.
_OUR_FAULT = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
# What SQLite, and Python of its texts, say of a file that somebody, or a failing disk, has written into.
_SIGNS_OF_DAMAGE = ("malformed", "not a database", "Could not decode to UTF-8")


class Database:
    """Hands out connections: `read` for looking, `begin` for changing. Safe to share between threads.

    Do not open one inside another on the same thread: in memory there is a single connection, and a writer would
    wait for itself.
    """

    def __init__(
        self, engine: Engine, *, guard: AbstractContextManager[Any] | None = None, turns: Turns | None = None
    ) -> None:
        self.engine = engine
        self._turns = turns
        self._reader = engine.execution_options(begin="BEGIN")
        # A writer takes its lock at once: a reader that turns writer could be told "busy" without any waiting.
        self._writer = engine.execution_options(begin=_TO_WRITE)
        self._guard: AbstractContextManager[Any] = guard or nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database. Raises StoreUnavailableError."""
        with _said_plainly(), self._guard, self._reader.connect() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: committed at the end of the block, rolled back by any exception.

        Raises StoreUnavailableError, for a full disk or another writer that holds on for more than 5 s.
        """
        with _said_plainly(), self._guard, self._writer.begin() as connection:
            yield connection

    def run_alone(self, *statements: str) -> None:
        """Runs statements of SQLite that stand outside of transactions, to their end. Raises StoreUnavailableError."""
        alone = self.engine.execution_options(begin="SELECT 1")
        with _said_plainly(), self._guard, alone.connect() as connection:
            driver = connection.connection.driver_connection
            # Not `execute`, which takes one step only: of some pragmas each step is a small part of the work.
            if isinstance(driver, sqlite3.Connection):
                for statement in statements:
                    driver.executescript(statement)

    def empty_log(self, *, patience: float = _BUSY_SECONDS * _TRIES) -> bool:
        """Moves all that is in SQLite's log into the file; False where others read for so long that it could not be.

        It waits so many seconds; others can hardly write meanwhile. Raises StoreUnavailableError.
        """
        alone = self.engine.execution_options(begin="SELECT 1")
        with _said_plainly(), self._guard, alone.connect() as connection:
            driver = connection.connection.driver_connection
            if not isinstance(driver, sqlite3.Connection):
                return True
            (before,) = driver.execute("PRAGMA busy_timeout").fetchone()
            driver.execute(f"PRAGMA busy_timeout = {int(1_000 * patience / _TRIES)}").fetchall()
            try:
                # The first that is not told to be busy is the last.
                return not all(driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] for _ in range(_TRIES))
            finally:
                driver.execute(f"PRAGMA busy_timeout = {before}").fetchall()

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()
        if self._turns is not None:
            self._turns.close()


def open_database(
    url: str, *, busy_seconds: float = _BUSY_SECONDS, cache_bytes: int = _CACHE_BYTES, may_write: bool = True
) -> Database:
    """Opens `sqlite:////path/store.db`, `sqlite://` (in memory, for tests), or another database that SQLAlchemy knows.

    The tables are not created: see `migrate`. SQLite waits `busy_seconds` for another writer before it gives up, and
    keeps so many bytes of the file at hand for each connection. Where nobody `may_write`, SQLite refuses to.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return Database(create_engine(parsed, pool_pre_ping=True))
    in_memory = parsed.database in (None, "", ":memory:")
    options: dict[str, Any] = {"connect_args": {"timeout": busy_seconds, "check_same_thread": False}}
    if in_memory:
        options["poolclass"] = StaticPool
    engine = create_engine(parsed, **options)
    event.listen(engine, "connect", partial(_prepare_sqlite, cache_bytes=cache_bytes, may_write=may_write))
    turns = Turns(None if in_memory else Path(str(parsed.database)))
    event.listen(engine, "begin", partial(_begin_sqlite, turns=turns))
    return Database(engine, guard=Lock() if in_memory else None, turns=turns)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object, *, cache_bytes: int, may_write: bool) -> None:
    # The driver's own transaction handling starts them late and without a lock; `_begin_sqlite` does it instead.
    connection.isolation_level = None
    if not may_write:
        connection.execute("PRAGMA query_only=ON")
        return
    # Before the first table: later, the whole file would have to be written anew.
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA cache_size=-{cache_bytes // 1024}")


def _begin_sqlite(connection: Connection, *, turns: Turns) -> None:
    begin = connection.get_execution_options().get("begin", _TO_WRITE)
    driver = connection.connection.driver_connection
    if begin == _TO_WRITE and isinstance(driver, sqlite3.Connection):
        turns.begin(driver)
    else:
        connection.exec_driver_sql(begin)


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as cause:
        raise _in_our_words(str(cause)) from cause
    except DatabaseError as cause:
        if isinstance(cause, _OUR_FAULT):
            raise
        raise _in_our_words(str(cause.orig)) from cause


def _in_our_words(complaint: str) -> StoreUnavailableError:
    if any(sign in complaint for sign in _SIGNS_OF_DAMAGE):
        return StoreDamagedError(f"The store is damaged ({complaint}): `aiops doctor` says what to do")
    return StoreUnavailableError(f"The store cannot be used now: {complaint}")
