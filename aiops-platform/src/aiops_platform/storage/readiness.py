"""Whether the tables are those of this program, and if not, the way there; nearly always there is nothing to do."""

import logging
from collections.abc import Callable
from pathlib import Path
from shutil import disk_usage
from typing import Final

from sqlalchemy import inspect, text

from aiops_platform.core.errors import PlatformError
from aiops_platform.ports import StoreDamagedError
from aiops_platform.storage.backup import CopyError, copy_together
from aiops_platform.storage.database import Database
from aiops_platform.storage.space import make_shrinkable

# The newest of the migrations; a test compares the two.
NEWEST: Final = "exercise"
_COPY: Final = "store.before-{version}.db"

log = logging.getLogger(__name__)


class StoreOlderError(PlatformError):
    """The tables are those of an earlier version."""


def make_ready(database: Database, *, before: Callable[[], None] = lambda: None) -> None:
    """Brings the tables to this program's version; what was there is copied first, into a file beside the store.

    `before` is called before what another version has written is changed; what it raises prevents that. Raises
    StoreNewerError, CopyError and StoreUnavailableError.
    """
    version = _version_of(database)
    if version == NEWEST:
        return
    # Late: alembic takes longer to import than all that a short command does.
    from aiops_platform.storage.migrations import migrate, refuse_newer

    refuse_newer(version)
    if version is not None:
        before()
    copy = None if version is None else _keep_a_copy(database)
    migrate(database)
    make_shrinkable(database)
    if copy is not None:
        for earlier in set(copy.parent.glob(_COPY.format(version="*"))) - {copy}:
            earlier.unlink()


def check_ready(database: Database) -> None:
    """For who only looks. Raises StoreOlderError, StoreNewerError and StoreUnavailableError."""
    try:
        version = _version_of(database)
    except StoreDamagedError:
        # What is whole can perhaps be looked at.
        return
    if version == NEWEST:
        return
    from aiops_platform.storage.migrations import refuse_newer

    refuse_newer(version)
    raise StoreOlderError(
        "The store was written by an earlier version: `aiops serve` brings it to this one, and so does `aiops migrate`"
    )


def _keep_a_copy(database: Database) -> Path | None:
    """The copy of the store as it was; None where people keep their own, which is everywhere but in a file."""
    file = database.engine.url.database
    if database.engine.dialect.name != "sqlite" or not file or file == ":memory:":
        return None
    store = Path(file)
    copy = store.with_name(_COPY.format(version=NEWEST))
    needed, free = store.stat().st_size, disk_usage(store.parent).free
    if free < needed:
        raise CopyError(
            f"{store} is of an earlier version, and is copied before it is brought to this one: make room for "
            f"{needed / 1e6:.0f} MB in {store.parent} ({free / 1e6:.0f} MB are free)"
        )
    log.info("The store is of an earlier version: it is copied, then brought to this one", extra={"copy": copy})
    draft = copy.with_name(f".{copy.name}")
    draft.unlink(missing_ok=True)
    copy_together({store: draft})
    return draft.replace(copy)


def _version_of(database: Database) -> str | None:
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version
