"""The tables that migrations make are those of the schema, what was in them stays, and a newer database is left alone."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from aiops_platform.core import access
from aiops_platform.core.people import Role
from aiops_platform.core.views import IncidentQuery
from aiops_platform.storage.access import SqlAccess
from aiops_platform.storage.database import Database, open_database
from aiops_platform.storage.migrations import StoreNewerError, migrate
from aiops_platform.storage.migrations import _config as config_of_migrations
from aiops_platform.storage.readiness import NEWEST, make_ready
from aiops_platform.storage.reads import SqlReads
from aiops_platform.storage.schema import metadata, micros, moment
from aiops_platform.storage.transactions import SqlStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    yield database
    database.close()


def test_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    migrate(database)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate(database)
    with database.begin() as connection:
        connection.execute(text("INSERT INTO projects (slug, name, created_at) VALUES ('default', 'Default', 0)"))
    migrate(database)
    with database.read() as connection:
        assert connection.execute(text("SELECT slug FROM projects")).scalars().all() == ["default"]


def test_a_database_that_is_made_ready_has_the_newest_version(database: Database) -> None:
    make_ready(database)
    make_ready(database)
    with database.read() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == NEWEST


@pytest.mark.parametrize("make", [migrate, make_ready])
def test_a_database_of_a_newer_program_is_left_alone(database: Database, make: Callable[[Database], None]) -> None:
    migrate(database)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    with pytest.raises(StoreNewerError, match="from_the_future"):
        make(database)


def test_a_database_in_memory_can_be_migrated() -> None:
    database = open_database("sqlite://")
    migrate(database)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM incidents")).scalar() == 0


# What earlier programs wrote, as SQL: a file for each version of the tables.
STORES = Path(__file__).with_name("stores")


def an_old_store(version: str, folder: Path) -> Path:
    file = folder / "old.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((STORES / f"{version}.sql").read_text())
    return file


def versions_since(first: str) -> list[str]:
    """Every version of the tables from this one on, but the newest."""
    scripts = ScriptDirectory(str(files("aiops_platform.storage.migrations")))
    return [script.revision for script in scripts.walk_revisions(first, "head")][:0:-1]


def brought_to(version: str, database: Database) -> None:
    """As the program of that version would have done."""
    with config_of_migrations() as config, database.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


@pytest.mark.parametrize("version", versions_since("jobs"))
def test_what_an_earlier_program_kept_is_there_after_the_migration(version: str, tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{an_old_store('jobs', tmp_path)}")
    brought_to(version, database)
    make_ready(database)
    reads, now = SqlReads(database), moment(1795325650_000000)
    rows = reads.incidents(1, IncidentQuery(), now).rows
    assert {(row.type, row.count, sum(row.trend)) for row in rows} == {("KeyError", 6, 6), ("ValueError", 1, 1)}
    newest = reads.event(1, 1, "newest")
    assert newest is not None
    assert (newest.of, newest.body["message"], newest.body["release"]) == (6, "no such price: '5'", "8")
    ((run,),) = (job.runs for job in reads.jobs(1).rows)
    assert run.incident_id == 1
    with database.read() as connection:
        assert set(connection.execute(text("SELECT release FROM releases")).scalars()) == {"7", "8"}
        assert sum(connection.execute(text("SELECT count FROM seen_hours")).scalars()) == 7
        assert sum(connection.execute(text("SELECT count FROM service_hours")).scalars()) == 7
        assert set(connection.execute(text("SELECT trait FROM likenesses")).scalars()) >= {"message", "place"}
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    database.close()


def test_incidents_that_were_there_are_counted_by_the_releases_that_were_seen_in_them(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{an_old_store('jobs', tmp_path)}")
    brought_to("telling", database)
    said = [(1, "release", "7"), (1, "release", "8"), (2, "release", "8"), (2, "release", ""), (2, "tag", "9")]
    rows = [{"id": number, "name": name, "value": value} for number, name, value in said]
    with database.begin() as connection:
        connection.execute(text("INSERT INTO incident_values VALUES (:id, :name, :value, 1)"), rows)
    make_ready(database)
    facets = SqlReads(database).facets(1, IncidentQuery(), moment(1795325650_000000))
    (releases,) = (each.values for each in facets if each.field == "release")
    assert {each.value: each.count for each in releases} == {"7": 1, "8": 2}
    database.close()


def test_who_is_signed_in_when_accounts_begin_is_the_first_admin(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{an_old_store('jobs', tmp_path)}")
    brought_to("scopes", database)
    now = datetime.now(UTC)
    times = {"at": micros(now), "until": micros(now + timedelta(days=1))}
    links = "INSERT INTO signins (hash, created_at, expires_at) VALUES (:hash, :at, :until)"
    cookies = (
        "INSERT INTO sessions (hash, project_id, created_at, seen_at, expires_at) VALUES (:hash, 1, :at, :at, :until)"
    )
    with database.begin() as connection:
        connection.execute(text(links), times | {"hash": access.hash_of("link")})
        connection.execute(text(cookies), times | {"hash": access.hash_of("cookie")})
    make_ready(database)
    ways_in = SqlAccess(database, server_secret=b"s" * 32)
    before, after = ways_in.session("cookie", now), ways_in.session(ways_in.sign_in("link", now) or "", now)
    assert before is not None
    assert after is not None
    assert (before.user, before.role, before.user.is_complete) == (after.user, Role.ADMIN, False)
    database.close()


def test_a_file_that_could_only_grow_becomes_smaller_after_the_migration(tmp_path: Path) -> None:
    file = an_old_store("jobs", tmp_path)
    database = open_database(f"sqlite:///{file}")
    make_ready(database)
    with database.begin() as connection:
        connection.execute(text("INSERT INTO dictionaries VALUES (1, 1, 0, 0, zeroblob(1000000))"))
    with database.begin() as connection:
        connection.execute(text("DELETE FROM dictionaries"))
        connection.execute(text("INSERT INTO dictionaries VALUES (2, 1, 0, 0, zeroblob(1000))"))
    store = SqlStore(database)
    used = store.used_bytes()
    store.shrink()
    with database.read() as connection:
        assert connection.execute(text("PRAGMA freelist_count")).scalar() == 0
        assert connection.execute(text("PRAGMA page_count")).scalar() * 4096 == used < 1_000_000  # type: ignore[operator]
    database.close()
