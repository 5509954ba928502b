"""Whether the tables are those of this program, and if not, the way there; nearly always there is nothing to do."""

from typing import Final

from sqlalchemy import inspect, text

from aiops_platform.storage.database import Database

# The newest of the migrations; a test compares the two.
NEWEST: Final = "compact"


def make_ready(database: Database) -> None:
    """Brings the tables to this program's version. Raises StoreNewerError and StoreUnavailableError."""
    if _version_of(database) == NEWEST:
        return
    # Late: alembic takes longer to import than all that a short command does.
    from aiops_platform.storage.migrations import migrate

    migrate(database)


def _version_of(database: Database) -> str | None:
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version
