"""Copies of SQLite files as they were at one moment, made while others write; and whether a file is whole."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from aiops_platform.core.errors import PlatformError
from aiops_platform.storage.alert_settings import MARKS

_BUSY_SECONDS: Final = 30
_PAGES_AT_ONCE: Final = 2_000
_COMPLAINTS: Final = 5
# Of earlier ones no alert stands any more.
_MOST_MARKS: Final = 50

Progress = Callable[[str, int, int], None]


class CopyError(PlatformError):
    """A file could not be copied, or its copy is not whole."""


def copy_together(files: Mapping[Path, Path], *, progress: Progress | None = None) -> None:
    """Copies each file to its place as of one moment, the first ones a moment earlier. Raises CopyError.

    `progress` is told a file's name, how many of its pages are copied, and of how many. Each copy is looked through
    from end to end: what comes out of here is whole.
    """
    with ExitStack() as stack:
        seen = []
        for source, target in files.items():
            seen.append((source, target, stack.enter_context(closing(_held(source)))))
        for source, target, connection in seen:
            _copy(source, target, connection, progress)
    for source, target in files.items():
        if complaints := damage_of(target):
            raise CopyError(f"{source} is damaged: {complaints}. `aiops doctor` says what to do")


def damage_of(file: Path) -> str | None:
    """What SQLite complains of when it looks through the whole file; None when it is whole. Only reads.

    Raises CopyError when it cannot even look: somebody holds the file, or it may not be opened.
    """
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as connection:
            found = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_COMPLAINTS})")]
    except sqlite3.OperationalError as cause:
        raise CopyError(f"{file} cannot be read: {cause}") from cause
    except sqlite3.Error as error:
        return str(error)
    return None if found == ["ok"] else "; ".join(line for text in found for line in text.splitlines())


def has_tables(file: Path) -> bool:
    """Whether SQLite can tell what lies where in a file that is damaged: without that, nothing of it can be read."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as connection:
            return bool(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    except sqlite3.Error:
        return False


def remember_waiting(store: Path, intake: Path, now: int) -> None:
    """Dates the ids that a waiting report may have as of `now` (microseconds): it may have been digested already.

    They would be too old to be known for longer when what was copied is put back after weeks.
    """
    with closing(sqlite3.connect(intake, timeout=_BUSY_SECONDS)) as connection:
        (oldest,) = connection.execute("SELECT min(received_at) FROM parcels").fetchone()
    if oldest is None:
        return
    with closing(sqlite3.connect(store, timeout=_BUSY_SECONDS)) as connection, connection:
        connection.execute("UPDATE seen_events SET seen_at = ? WHERE seen_at BETWEEN ? AND ?", (now, oldest, now))


def mark_restored(store: Path, mark: str) -> None:
    """What is told from now on is told under this mark: its numbers were given before, after the backup was made.

    A store whose tables are older has told nobody anything under numbers.
    """
    with closing(sqlite3.connect(store, timeout=_BUSY_SECONDS)) as connection, connection:
        there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'platform_notes'").fetchone()
        if there is None:
            return
        (after,) = connection.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'alerts'"
        ).fetchone()
        row = connection.execute("SELECT note FROM platform_notes WHERE name = ?", (MARKS,)).fetchone()
        marks = [] if row is None else json.loads(row[0])["marks"]
        note = json.dumps({"marks": [*marks, [after, mark]][-_MOST_MARKS:]})
        connection.execute("INSERT OR REPLACE INTO platform_notes (name, note) VALUES (?, ?)", (MARKS, note))


def _held(source: Path) -> sqlite3.Connection:
    """A connection that sees this moment of the file, and goes on seeing it."""
    try:
        connection = sqlite3.connect(
            f"{source.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
        )
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as cause:
        raise CopyError(f"{source} cannot be read: {cause}. `aiops doctor` says what to do") from cause
    return connection


def _copy(source: Path, target: Path, connection: sqlite3.Connection, progress: Progress | None) -> None:
    def told(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(source.name, total - remaining, total)

    try:
        target.touch(mode=0o600)
        with closing(sqlite3.connect(target)) as copy:
            connection.backup(copy, pages=_PAGES_AT_ONCE, progress=told, sleep=0)
            # The copy is read by programs that may not write beside it: no log of its own.
            copy.execute("PRAGMA journal_mode = DELETE")
    except (sqlite3.Error, OSError) as cause:
        raise CopyError(f"{source} cannot be copied to {target.parent}: {cause}") from cause
