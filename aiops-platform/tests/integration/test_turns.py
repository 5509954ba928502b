"""Where one process writes without rest, another one gets its turns: a click while a backlog is digested, a lease under load."""

import fcntl
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import monotonic, sleep

import pytest
from sqlalchemy import text

from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.process.turns import Turns
from aiops_platform.storage.database import open_database

NOW = datetime(2026, 11, 23, 3, 14, tzinfo=UTC)
# Holds its turn for a while and begins the next one at once, until it is ended, at the latest after a minute.
GREEDY = """
import sqlite3, sys, time
from pathlib import Path
from aiops_platform.process.turns import Turns
turns = Turns(Path(sys.argv[1]))
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA synchronous = OFF")
until = time.monotonic() + 60
while time.monotonic() < until:
    turns.begin(connection)
    connection.execute("UPDATE written SET times = times + 1")
    time.sleep(0.01)
    connection.execute("COMMIT")
"""
TRIES = 15
# One that has begun, one that stood in the turnstile, and what the scheduler adds. SQLite's own waiting needs hundreds.
FEW = 4


@contextmanager
def written_without_rest(path: Path) -> Iterator[Callable[[], int]]:
    """Another process writes to the file; gives how often it has."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE written (times INTEGER)")
    connection.execute("INSERT INTO written VALUES (0)")
    process = subprocess.Popen([sys.executable, "-c", GREEDY, str(path)])

    def times() -> int:
        return int(connection.execute("SELECT times FROM written").fetchone()[0])

    try:
        deadline = monotonic() + 30
        while times() < 3 and monotonic() < deadline:
            sleep(0.01)
        yield times
    finally:
        process.kill()
        process.wait()
        connection.close()


def waits(times: Callable[[], int], write: Callable[[], object]) -> list[int]:
    """How many of the other's turns pass until each of these writes is done."""
    passed = []
    for _ in range(TRIES):
        before = times()
        write()
        passed.append(times() - before)
    return passed


def test_a_change_of_the_store_comes_between_the_others(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}")

    def write() -> None:
        with database.begin() as connection:
            connection.execute(text("UPDATE written SET times = times"))

    with written_without_rest(tmp_path / "store.db") as times:
        assert median(waits(times, write)) <= FEW
    database.close()


def test_a_lease_comes_between_what_is_appended(tmp_path: Path) -> None:
    intake = SqliteIntake(tmp_path / "intake.db")
    parcel = Parcel(id=b"i" * 16, project_id=1, kind=ParcelKind.EXCEPTION, received_at=NOW, body=b"{}", reports=1)
    intake.append([parcel]).result(10)
    with written_without_rest(tmp_path / "intake.db") as times:
        assert median(waits(times, lambda: intake.lease(1, NOW))) <= FEW
    intake.close()


def two(path: Path, **options: float) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    one, other = (sqlite3.connect(path, isolation_level=None, **options) for _ in range(2))
    return one, other


def test_who_never_lets_go_is_waited_for_as_long_as_was_said(tmp_path: Path) -> None:
    holder, other = two(tmp_path / "any.db", timeout=0.05)
    Turns(tmp_path / "any.db").begin(holder)
    turns = Turns(tmp_path / "any.db")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        turns.begin(other)
    holder.execute("COMMIT")
    turns.begin(other)
    other.execute("COMMIT")
    # What was set is set again.
    assert [each.execute("PRAGMA busy_timeout").fetchone()[0] for each in (holder, other)] == [50, 50]


def test_who_was_stopped_in_the_turnstile_is_passed(tmp_path: Path) -> None:
    _, other = two(tmp_path / "any.db", timeout=0.05)
    with (tmp_path / "any.db.turn").open("w") as turnstile:
        fcntl.flock(turnstile, fcntl.LOCK_EX)
        Turns(tmp_path / "any.db").begin(other)
    other.execute("COMMIT")


def test_where_there_can_be_no_turnstile_all_is_as_sqlite_has_it(tmp_path: Path) -> None:
    one, other = two(tmp_path / "any.db", timeout=0.05)
    (tmp_path / "any.db.turn").mkdir()
    turns = Turns(tmp_path / "any.db")
    turns.begin(one)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        turns.begin(other)


def test_what_is_not_a_lock_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "any.db").write_bytes(b"no database at all " * 500)
    connection, _ = two(tmp_path / "any.db")
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        Turns(tmp_path / "any.db").begin(connection)
