"""What waits in an intake that is put aside: taken over into the one that comes in its place, as far as it can be read."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from aiops_platform.core import batch
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.intake.sqlite import SqliteIntake, parcel_of

_BUSY_SECONDS: Final = 5
_WRITE_SECONDS: Final = 60
_TOGETHER: Final = 50
_SOME: Final = """
SELECT seq, id, project_id, kind, received_at, body FROM parcels WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?
"""


@dataclass(frozen=True)
class TakenOver:
    """How many parcels, and whether there may have been more on pages that are damaged."""

    parcels: int
    is_damaged: bool


def take_over(old: Path, new: Path, *, budget: int) -> TakenOver:
    """Adds to an intake what waits in another, but for what is in it already. Nobody may use either of them.

    Raises IntakeUnavailableError when it cannot be written.
    """
    leftover = _Leftover(old)
    taken = 0
    with closing(SqliteIntake(new, budget=budget)) as intake:
        known = _ids(new)
        for some in leftover.parcels():
            missing = [replace(each, reports=_reports(each)) for each in some if each.id not in known]
            if missing:
                intake.append(missing).result(_WRITE_SECONDS)
            taken += len(missing)
    return TakenOver(taken, leftover.is_damaged)


def mend(file: Path, aside: Path, *, budget: int) -> TakenOver | None:
    """Where an intake is damaged, a new one takes its place, and it is kept in the folder `aside`; None where it is whole.

    Nobody may use it. Raises IntakeUnavailableError and OSError when the new one cannot be written.
    """
    if not file.exists() or _is_whole(file):
        return None
    new = file.with_name(f".mended-{file.name}")
    new.unlink(missing_ok=True)
    taken = take_over(file, new, budget=budget)
    _copy_counters(file, new)
    aside.mkdir(mode=0o700)
    os.link(file, aside / file.name)
    # Its log would be taken for that of the new one.
    for more in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            file.with_name(file.name + more).replace(aside / (file.name + more))
    new.replace(file)
    return taken


class _Leftover:
    def __init__(self, file: Path) -> None:
        self._file = file
        self.is_damaged = False

    def parcels(self) -> Iterator[list[Parcel]]:
        """What can be read, some at a time."""
        try:
            with closing(sqlite3.connect(f"{self._file.as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS)) as old:
                newest = old.execute("SELECT seq FROM sqlite_sequence WHERE name = 'parcels'").fetchone()
                if newest:
                    yield from self._between(old, 1, newest[0])
        except sqlite3.DatabaseError:
            self.is_damaged = True

    def _between(self, old: sqlite3.Connection, first: int, last: int) -> Iterator[list[Parcel]]:
        while first <= last:
            try:
                rows = old.execute(_SOME, (first, last, _TOGETHER)).fetchall()
            except sqlite3.DatabaseError:
                self.is_damaged = True
                if first < last:
                    # Narrower and narrower: in the end only what lies on the damaged page is left out.
                    middle = (first + last) // 2
                    yield from self._between(old, first, middle)
                    first = middle
                first += 1
                continue
            yield [parcel_of(*row[1:]) for row in rows]
            if len(rows) < _TOGETHER:
                return
            first = rows[-1][0] + 1


def _is_whole(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.OperationalError:
        return True  # Busy, or not ours to read: it is said elsewhere.
    except sqlite3.DatabaseError as error:
        # Without its first page nothing can be read of it: people are to see that, and not a platform that starts.
        return "not a database" in str(error)


def _copy_counters(old: Path, new: Path) -> None:
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(old, timeout=_BUSY_SECONDS)) as connection:
        counted = connection.execute("SELECT name, number FROM counters").fetchall()
        with closing(sqlite3.connect(new, timeout=_BUSY_SECONDS)) as copy, copy:
            copy.executemany("INSERT OR REPLACE INTO counters (name, number) VALUES (?, ?)", counted)


def _ids(intake: Path) -> set[bytes]:
    with closing(sqlite3.connect(intake, timeout=_BUSY_SECONDS)) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM parcels")}


def _reports(parcel: Parcel) -> int:
    if parcel.kind is not ParcelKind.BATCH:
        return 1
    try:
        return sum(1 for _ in batch.parcels(parcel))
    except Exception:  # noqa: BLE001 (whatever is in it: the digest will bury it)
        return 1
