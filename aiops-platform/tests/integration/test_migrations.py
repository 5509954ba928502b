"""The tables that migrations make are those of the schema, and a newer database is left alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from aiops_platform.storage.database import Database, open_database
from aiops_platform.storage.migrations import StoreNewerError, migrate
from aiops_platform.storage.readiness import NEWEST, make_ready
from aiops_platform.storage.schema import metadata


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
