"""A pool of open connections to a SQLite database, as web services keep them; and what it must outlive."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from queue import LifoQueue
from threading import Lock

SIZE = 2
SCHEMA = "CREATE TABLE IF NOT EXISTS visits (id INTEGER PRIMARY KEY)"


class Pool:
    """So many connections, opened at the start and lent again and again. Each process has a pool of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._recycling = Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._free = self._filled()
        with self.lend() as connection:
            connection.execute(SCHEMA)

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """A connection, as one transaction. It is believed to be good: that is what makes a pool quick, and poisonable."""
        # Where it came from is where it belongs: meanwhile the pool may have been recycled.
        free = self._free
        connection = free.get(timeout=10)
        try:
            with connection:
                yield connection
        finally:
            free.put(connection)

    def recycle(self) -> int:
        """Open all connections anew and close those that there were; how many."""
        with self._recycling:
            old, self._free = self._free, self._filled()
            for _ in range(SIZE):
                old.get(timeout=10).close()
        return SIZE

    def poison(self) -> None:
        """Put the database's backup in its place: the connections of all processes lead to the file that is gone."""
        backup = self._path.with_suffix(".backup")
        with closing(sqlite3.connect(self._path, timeout=10)) as live, closing(sqlite3.connect(backup)) as copy:
            live.backup(copy)
        backup.replace(self._path)

    def _filled(self) -> LifoQueue[sqlite3.Connection]:
        connections: LifoQueue[sqlite3.Connection] = LifoQueue()
        for _ in range(SIZE):
            connections.put(sqlite3.connect(self._path, timeout=10, check_same_thread=False))
        return connections
