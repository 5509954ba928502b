"""The way from any released version's tables to these: `migrate` walks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from aiops_platform.core.errors import PlatformError
from aiops_platform.storage.database import Database


class StoreNewerError(PlatformError):
    """The database was written by a newer program: it is left alone."""


def migrate(database: Database) -> None:
    """Brings the tables to this program's version, in one transaction; harmless when they are there already.

    Raises StoreNewerError, and StoreUnavailableError while another program writes.
    """
    with _config() as config, database.begin() as connection:
        _refuse_newer(MigrationContext.configure(connection).get_current_revision(), config)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def refuse_newer(version: str | None) -> None:
    """Raises StoreNewerError for tables of a version that this program does not know."""
    with _config() as config:
        _refuse_newer(version, config)


@contextmanager
def _config() -> Iterator[Config]:
    with as_file(files(__package__)) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        yield config


def _refuse_newer(version: str | None, config: Config) -> None:
    scripts = ScriptDirectory.from_config(config)
    try:
        scripts.get_revision(version or "base")
    except CommandError as cause:
        raise StoreNewerError(
            f"The database has version {version!r}, which this program does not know: it was written by a newer "
            "aiops-platform. Install that one again, or choose another data folder."
        ) from cause
