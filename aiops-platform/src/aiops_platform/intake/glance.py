"""A glance at the intake's numbers that nobody else feels: read-only, and made without what takes long to import."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from aiops_platform.core.errors import PlatformError

_BUSY_SECONDS: Final = 5
_MICROSECONDS: Final = 1_000_000
_ALWAYS: Final = (
    "accepted",
    "refused",
    "intake_depth",
    "intake_aside",
    "intake_oldest_seconds",
    "intake_bytes",
    "intake_held_bytes",
)
# As the intake says it, which takes longer to import.
_ASIDE: Final = 2**62


class NoIntakeError(PlatformError):
    """The intake cannot be read."""


def intake_numbers(intake: Path) -> dict[str, int | float]:
    """What was accepted and refused, what waits and for how long, and the bytes on disk and in use. Raises NoIntakeError.

    An intake that no door has made yet holds nothing.
    """
    if not intake.exists():
        return dict.fromkeys(_ALWAYS, 0)
    try:
        with closing(sqlite3.connect(f"{intake.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as connection:
            depth, oldest = connection.execute("SELECT count(*), min(received_at) FROM parcels").fetchone()
            aside = connection.execute("SELECT count(*) FROM leases WHERE until = ?", (_ASIDE,)).fetchone()[0]
            counted, held = _counted(connection), held_bytes(connection)
    except sqlite3.Error as cause:
        raise NoIntakeError(f"The intake {intake} cannot be read: {cause}") from cause
    waited = 0.0 if oldest is None else max(time.time() - oldest / _MICROSECONDS, 0.0)
    return counted | {
        "intake_depth": depth,
        "intake_aside": aside,
        "intake_oldest_seconds": round(waited, 3),
        "intake_bytes": _bytes_of(intake),
        "intake_held_bytes": held,
    }


def held_bytes(connection: sqlite3.Connection) -> int:
    """The bytes that are in use: those of pages that emptied are taken again before the file grows."""
    names = ("page_count", "freelist_count", "page_size")
    pages, free, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return int(pages - free) * int(size)


def _counted(connection: sqlite3.Connection) -> dict[str, int]:
    """What was accepted and, by reason, refused. Of an older intake only what the numbers of its rows tell."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "counters" in tables:
        counted = {"accepted": 0} | dict(connection.execute("SELECT name, number FROM counters"))
    else:
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'parcels'").fetchone()
        counted = {"accepted": row[0] if row else 0}
    return counted | {"refused": sum(number for name, number in counted.items() if name.startswith("refused_"))}


def _bytes_of(file: Path) -> int:
    return sum(each.stat().st_size for each in (file, file.with_name(f"{file.name}-wal")) if each.exists())
