"""A store that has become smaller gives the disk back what it took: the file and its log."""

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
