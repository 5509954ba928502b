"""A store that has become smaller gives the disk back what it took: the file and its log."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from aiops_platform.storage.database import open_database
from aiops_platform.storage.readiness import make_ready
from aiops_platform.storage.transactions import SqlStore


def test_what_was_dropped_is_given_back_to_the_disk_while_others_read(tmp_path: Path) -> None:
    file, url = tmp_path / "store.db", f"sqlite:///{tmp_path / 'store.db'}"
    with closing(open_database(url)) as database, closing(open_database(url)) as other:
        make_ready(database)
        store = SqlStore(database)
        with other.read() as reader:
            reader.execute(text("SELECT count(*) FROM events")).scalar()
        with database.begin() as connection:
            connection.execute(text("INSERT INTO dictionaries VALUES (1, NULL, 0, 0, zeroblob(9000000))"))
        with database.begin() as connection:
            connection.execute(text("DELETE FROM dictionaries"))
        assert store.shrink() is True
        while store.shrink():
            pass
        # Less than a portion stays for what comes next.
        assert file.stat().st_size <= store.used_bytes() + 4 * 1024 * 1024
        assert file.with_name("store.db-wal").stat().st_size == 0


def test_a_file_that_was_mended_by_other_means_does_not_keep_anybody_busy(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("CREATE TABLE much AS SELECT zeroblob(9000000)")
        connection.execute("DROP TABLE much")
    with closing(open_database(f"sqlite:///{file}")) as database:
        assert SqlStore(database).shrink() is False
