"""The database says plainly when it cannot be used, and is durable in the way that was promised."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from aiops_platform.ports import StoreUnavailableError
from aiops_platform.storage.database import Database, open_database
from aiops_platform.storage.migrations import migrate
from aiops_platform.storage.revisions import bump


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    yield database
    database.close()


def numbers(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {row.topic: row.number for row in connection.execute(text("SELECT topic, number FROM revisions"))}


def test_a_commit_is_on_the_disk(database):
    with database.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_reader_sees_one_moment(database):
    with database.read() as connection:
        count = text("SELECT count(*) FROM revisions")
        assert connection.execute(count).scalar() == 0
        with database.begin() as writer:
            bump(writer, 1, "incidents")
        assert connection.execute(count).scalar() == 0
    assert numbers(database) == {"incidents": 1}


def test_what_failed_is_undone(database):
    def failing() -> None:
        with database.begin() as connection:
            bump(connection, 1, "incidents")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert numbers(database) == {}


def test_revisions_only_grow(database):
    for _ in range(3):
        with database.begin() as connection:
            bump(connection, 1, "incidents", "services")
    with database.begin() as connection:
        bump(connection, 1, "incidents")
    assert numbers(database) == {"incidents": 4, "services": 3}


def test_a_full_disk_is_said(database):
    with database.begin() as connection:
        connection.execute(text("PRAGMA max_page_count = 1"))  # No fewer than there are: so no page more.
    with pytest.raises(StoreUnavailableError, match="full"):
        fill(database)
    assert numbers(database) == {}


def fill(database: Database) -> None:
    with database.begin() as connection:
        values = {"slug": "s", "name": "n" * 100_000}
        connection.execute(text("INSERT INTO projects (slug, name, created_at) VALUES (:slug, :name, 0)"), values)


def test_a_writer_that_holds_on_is_said(database, path):
    impatient = open_database(f"sqlite:///{path}", busy_seconds=0.01)
    with database.begin(), pytest.raises(StoreUnavailableError, match="locked"), impatient.begin():
        pass
    impatient.close()
    assert numbers(database) == {}


def test_a_mistake_of_ours_is_not_taken_for_a_broken_store(database):
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(text("INSERT INTO revisions (project_id, topic) VALUES (1, 'no number')"))


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "other.db").write_bytes(b"no database at all " * 500)
    with pytest.raises(StoreUnavailableError, match="not a database"):
        migrate(open_database(f"sqlite:///{tmp_path / 'other.db'}"))
