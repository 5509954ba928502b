"""The intake as a SQLite file of its own: appended to by the door, emptied by the worker, both at the same time."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import Final

from aiops_platform.core.monitor import Listening
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.intake.appender import Appender, Limits
from aiops_platform.intake.glance import held_bytes
from aiops_platform.ports import IntakeUnavailableError, Leased
from aiops_platform.process.turns import Turns

_VERSION: Final = 2
_PAGE: Final = 4096
_BUSY_SECONDS: Final = 5
_TIDY_WAITS_MILLISECONDS: Final = 50
_LEASE: Final = timedelta(seconds=60)
_LEASE_BYTES: Final = 4 * 1024 * 1024
_STRETCHES_KEPT: Final = 100
_VACUUM_PAGES: Final = 10_000
_ROOM_TO_EMPTY: Final = 256 * 1024**2
_EVENTS: Final = (ParcelKind.EXCEPTION, ParcelKind.BATCH)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

# Later than any time: so long nobody takes what is set aside.
_ASIDE: Final = 2**62

# Times are whole microseconds since 1970, as in the store. A lease that has ended has an `until` of 0;
# its row stays for the `deaths`.
_TABLES: Final = """
CREATE TABLE parcels (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL,
    project_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX parcels_kind ON parcels (kind, seq, received_at);
CREATE TABLE leases (seq INTEGER PRIMARY KEY, until INTEGER NOT NULL, deaths INTEGER NOT NULL);
CREATE TABLE listening (id INTEGER PRIMARY KEY AUTOINCREMENT, since INTEGER NOT NULL, until INTEGER NOT NULL)
"""
# Since version 2. What came in before was numbered, if not counted.
_COUNTERS: Final = """
CREATE TABLE counters (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters SELECT 'accepted', coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'parcels'), 0)
"""
_COUNT: Final = """
INSERT INTO counters (name, number) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET number = number + excluded.number
"""
_INSERT: Final = "INSERT INTO parcels (id, project_id, kind, received_at, body) VALUES (?, ?, ?, ?, ?)"
_FREE: Final = """
SELECT parcels.seq, id, project_id, kind, received_at, body, coalesce(leases.deaths, 0)
FROM parcels LEFT JOIN leases ON leases.seq = parcels.seq
WHERE leases.until IS NULL OR leases.until <= ? ORDER BY parcels.seq LIMIT ?
"""
_LEASED: Final = """
INSERT INTO leases (seq, until, deaths) VALUES (?, ?, 0)
ON CONFLICT (seq) DO UPDATE SET until = excluded.until
"""


class SqliteIntake:
    """See `ports.Intake`. `path` None keeps it in memory, for tests.

    `budget` is how many bytes may wait in the file before there is no room. The file itself may grow larger, to
    `disk_limit`: whoever empties it has to write, too.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        limits: Limits | None = None,
        budget: int = 2 * 1024**3,
        disk_limit: int | None = None,
    ) -> None:
        disk_limit = budget + budget // 4 + _ROOM_TO_EMPTY if disk_limit is None else disk_limit
        self._turns = turns = Turns(path)
        self._log = _Link(path, turns, synchronous="FULL", disk_limit=disk_limit)
        # What the worker notes may be lost by a power cut: then it does the same once more.
        self._notes = _Link(path, turns, synchronous="NORMAL", disk_limit=disk_limit) if path else self._log
        self._appender = Appender(self._write, limits or Limits())
        self._version: int | None = None
        self._stretch: Listening | None = None
        self._budget = budget
        self._held = 0
        self.measure()

    def append(self, parcels: Sequence[Parcel]) -> Future[None]:
        """See `ports.Intake`."""
        return self._appender.append(parcels)

    def has_room(self, kind: ParcelKind) -> bool:
        """See `ports.Intake`. What is not an event may take an eighth more."""
        most = self._budget if kind in _EVENTS else self._budget + self._budget // 8
        return self._held + self._appender.waiting_bytes < most

    def measure(self) -> None:
        """See `ports.Intake`."""
        with self._notes.use() as connection:
            self._held = held_bytes(connection)

    def lease(self, limit: int, now: datetime) -> Sequence[Leased]:
        """See `ports.Intake`. Fewer than `limit` when they are long: 4 MiB at once, but always one."""
        leased: list[Leased] = []
        size = 0
        with self._notes.change() as connection:
            for seq, *parcel, deaths in connection.execute(_FREE, (_micros(now), limit)):
                leased.append(Leased(ticket=seq, parcel=parcel_of(*parcel), deaths=deaths))
                size += len(leased[-1].parcel.body)
                if size > _LEASE_BYTES or leased[-1].parcel.kind is ParcelKind.BATCH:
                    break
            until = _micros(now + _LEASE)
            connection.executemany(_LEASED, [(each.ticket, until) for each in leased])
        return leased

    def give_back(self, tickets: Collection[int]) -> None:
        """See `ports.Intake`."""
        with self._notes.change() as connection:
            connection.executemany("UPDATE leases SET until = 0 WHERE seq = ?", [(each,) for each in tickets])

    def done(self, tickets: Collection[int]) -> None:
        """See `ports.Intake`."""
        with self._notes.change() as connection:
            connection.executemany("DELETE FROM parcels WHERE seq = ?", [(each,) for each in tickets])
            connection.executemany("DELETE FROM leases WHERE seq = ?", [(each,) for each in tickets])

    def set_aside(self, tickets: Collection[int]) -> None:
        """See `ports.Intake`."""
        with self._notes.change() as connection:
            connection.executemany("UPDATE leases SET until = ? WHERE seq = ?", [(_ASIDE, each) for each in tickets])

    def aside(self) -> int:
        """See `ports.Intake`."""
        with self._notes.use() as connection:
            return int(connection.execute("SELECT count(*) FROM leases WHERE until = ?", (_ASIDE,)).fetchone()[0])

    def release(self) -> None:
        """See `ports.Intake`."""
        with self._notes.change() as connection:
            connection.execute("UPDATE leases SET until = 0, deaths = deaths + (until < ?) WHERE until > 0", (_ASIDE,))

    def waiting(self) -> int:
        """See `ports.Intake`."""
        with self._notes.use() as connection:
            return int(connection.execute("SELECT count(*) FROM parcels").fetchone()[0])

    def oldest_waiting(self, kind: ParcelKind) -> datetime | None:
        """See `ports.Intake`."""
        with self._notes.use() as connection:
            row = connection.execute(
                "SELECT received_at FROM parcels WHERE kind = ? ORDER BY seq LIMIT 1", (kind,)
            ).fetchone()
        return _moment(row[0]) if row else None

    def changed(self) -> bool:
        """See `ports.Intake`."""
        with self._notes.use() as connection:
            version = connection.execute("PRAGMA data_version").fetchone()[0]
        before, self._version = self._version, version
        return bool(before != version)

    def count(self, numbers: Mapping[str, int]) -> None:
        """See `ports.Intake`."""
        with self._notes.change() as connection:
            connection.executemany(_COUNT, numbers.items())

    def tick(self, now: datetime) -> None:
        """See `ports.Intake`."""
        before = self._stretch
        stretch = before.heard_at(now) if before else Listening(now, now)
        with self._notes.change() as connection:
            if before is None or stretch.since != before.since:
                connection.execute(
                    "INSERT INTO listening (since, until) VALUES (?, ?)",
                    (_micros(stretch.since), _micros(stretch.until)),
                )
                connection.execute(
                    "DELETE FROM listening WHERE id <= (SELECT max(id) FROM listening) - ?", (_STRETCHES_KEPT,)
                )
            else:
                connection.execute(
                    "UPDATE listening SET until = ? WHERE id = (SELECT max(id) FROM listening)",
                    (_micros(stretch.until),),
                )
        self._stretch = stretch

    def listening(self) -> Listening | None:
        """See `ports.Intake`."""
        with self._notes.use() as connection:
            row = connection.execute("SELECT since, until FROM listening ORDER BY id DESC LIMIT 1").fetchone()
        return Listening(_moment(row[0]), _moment(row[1])) if row else None

    def tidy(self) -> None:
        """See `ports.Intake`."""
        with self._notes.use() as connection:
            # `execute` would free a single page: each page is a step, and this statement has no rows to step through.
            connection.executescript(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})")
            # What is done is in the log, too, as it came. While others read, it is not waited for: the door wants to write.
            connection.execute(f"PRAGMA busy_timeout = {_TIDY_WAITS_MILLISECONDS}").fetchall()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}").fetchall()

    def close(self) -> None:
        """See `ports.Intake`."""
        self._appender.close()
        self._log.close()
        self._notes.close()
        self._turns.close()

    def _write(self, parcels: Sequence[Parcel]) -> None:
        rows = [(each.id, each.project_id, each.kind, _micros(each.received_at), each.body) for each in parcels]
        with self._log.change() as connection:
            connection.executemany(_INSERT, rows)
            connection.execute(_COUNT, ("accepted", sum(each.reports for each in parcels)))
            self._held = held_bytes(connection)


class _Link:
    """One connection, used by one thread at a time, opened when needed and again after a failure."""

    def __init__(self, path: Path | None, turns: Turns, *, synchronous: str, disk_limit: int) -> None:
        self._path = path
        self._turns = turns
        self._synchronous = synchronous
        self._disk_limit = disk_limit
        self._connection: sqlite3.Connection | None = None
        self._lock = RLock()

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """The connection. Raises IntakeUnavailableError for whatever the file or its disk refuses."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._open()
                yield self._connection
            except sqlite3.Error as cause:
                # The next one begins afresh: after an input or output error a connection may stay broken.
                self._drop()
                raise IntakeUnavailableError(f"The intake{self._named()} cannot be used now: {cause}.") from cause

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Like `use`, in a transaction that is durable when the block has ended without an exception."""
        with self.use() as connection:
            self._turns.begin(connection)
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._drop(keep_memory=False)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # Before the first table: later it would need the whole file to be written anew.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # What is deleted is overwritten as far as no page is written for that alone: it may hold secrets. ADR 38.
        connection.execute("PRAGMA secure_delete = FAST").fetchall()
        _write_ahead(connection)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute(f"PRAGMA max_page_count = {max(self._disk_limit // _PAGE, 1)}")
        self._turns.begin(connection)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise IntakeUnavailableError(
                f"The intake{self._named()} was written by a newer aiops-platform: install that one again."
            )
        for statement in (_TABLES.split(";") if version < 1 else []) + (_COUNTERS.split(";") if version < 2 else []):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")

    def _drop(self, *, keep_memory: bool = True) -> None:
        if self._connection is not None and not (keep_memory and self._path is None):
            self._connection.close()
            self._connection = None

    def _named(self) -> str:
        return f" {self._path}" if self._path else ""


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Once for each file; while another process does it too, SQLite answers "locked" at once instead of waiting."""
    deadline = monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if monotonic() > deadline:
                raise
            sleep(0.01)
        else:
            return


def parcel_of(identity: bytes, project_id: int, kind: str, received_at: int, body: bytes) -> Parcel:
    """The parcel of a row."""
    return Parcel(
        id=identity, project_id=project_id, kind=ParcelKind(kind), received_at=_moment(received_at), body=body
    )


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND
