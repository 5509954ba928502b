"""Who wants to write to a SQLite file beside another process is the next one, however much that one writes.

SQLite has no queue. Who waits looks again after 1, 2, 5 and at last every 100 ms, and where the other one begins its next
transaction at once, hits the moment in between after seconds, or never (ADR 53).
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Final

# Shorter than most transactions are. A look takes a fiftieth of that.
_LOOK_EVERY: Final = 0.000_5


class Turns:
    """The queue before one file: a turnstile, in which whoever writes next stands until the one before has ended.

    `file` is the database; the turnstile is a file beside it, whose lock the kernel lets go when its holder dies. Without
    one (in memory), or where it cannot be made, all is as SQLite has it. May be used from any thread.
    """

    def __init__(self, file: Path | None) -> None:
        self._path = None if file is None else file.with_name(f"{file.name}.turn")
        self._in_this_process = Lock()
        self._opened: tuple[int, int] | None = None

    def begin(self, connection: sqlite3.Connection) -> None:
        """Begins a transaction that may write, and waits for others as long as the connection's own time limit says.

        Raises sqlite3.OperationalError, "database is locked", when that is over.
        """
        (milliseconds,) = connection.execute("PRAGMA busy_timeout").fetchone()
        until = monotonic() + milliseconds / 1_000
        connection.execute("PRAGMA busy_timeout = 0").fetchall()
        try:
            with self._next(until):
                while not _has_begun(connection, last=monotonic() >= until):
                    sleep(_LOOK_EVERY)
        finally:
            connection.execute(f"PRAGMA busy_timeout = {milliseconds}").fetchall()

    def close(self) -> None:
        """Lets go of the file."""
        opened, self._opened = self._opened, None
        if opened is not None and opened[0] == os.getpid():
            os.close(opened[1])

    @contextmanager
    def _next(self, until: float) -> Iterator[None]:
        """In the turnstile; at the end of the time also past it: whoever stands in it may have been stopped there."""
        is_next = self._in_this_process.acquire(timeout=max(until - monotonic(), 0))
        turnstile = None
        try:
            turnstile = self._turnstile() if is_next else None
            while turnstile is not None and not _locked(turnstile):
                if monotonic() >= until:
                    turnstile = None
                else:
                    sleep(_LOOK_EVERY)
            yield
        finally:
            if turnstile is not None:
                fcntl.flock(turnstile, fcntl.LOCK_UN)
            if is_next:
                self._in_this_process.release()

    def _turnstile(self) -> int | None:
        if self._path is None:
            return None
        # What was opened before a fork is one lock for both.
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = None
            with suppress(OSError):
                self._opened = (os.getpid(), os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return None if self._opened is None else self._opened[1]


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _has_begun(connection: sqlite3.Connection, *, last: bool) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        # The low byte; what stands above says more precisely why.
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
