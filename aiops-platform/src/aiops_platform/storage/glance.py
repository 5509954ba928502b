"""A glance at the store's running numbers that nobody else feels: read-only, and made without what takes long to import."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from aiops_platform.core.errors import PlatformError

_BUSY_SECONDS: Final = 5
# What nothing has been counted of yet is told as 0.
_ALWAYS: Final = (
    "digested", "duplicates", "buried", "stored_events",
    "fixes_asked", "fixes_succeeded", "fixes_failed", "fixes_mended", "fixes_not_mended", "fixes_unproven",
)  # fmt: skip


class NoNumbersError(PlatformError):
    """The store cannot be read, or is not of this version."""


def store_numbers(store: Path) -> dict[str, int]:
    """Every running number of this SQLite file, and how many bytes it takes on disk. Raises NoNumbersError."""
    try:
        with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as connection:
            counted = dict(connection.execute("SELECT name, number FROM counters"))
    except sqlite3.Error as cause:
        raise NoNumbersError(
            f"The store {store} cannot be read: {cause} (after an upgrade, `aiops migrate` makes it ready)"
        ) from cause
    return dict.fromkeys(_ALWAYS, 0) | counted | {"store_bytes": _bytes_of(store)}


def _bytes_of(file: Path) -> int:
    return sum(each.stat().st_size for each in (file, file.with_name(f"{file.name}-wal")) if each.exists())
