"""What a data folder holds after something has happened to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from aiops_platform.assembly import duties
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings


def counted(data: Path) -> list[str]:
    """Digests what is left to be digested; the ids that were counted, of which each must make one event."""
    with duties(Settings.load({"data": data}, {})) as all_duties:
        digest = next(duty for duty in all_duties if duty.name == "digest")
        while digest.step(utc_now()):
            pass
    with closing(sqlite3.connect(data / "store.db")) as connection:
        ids = [row[0].hex() for row in connection.execute("SELECT event_id FROM seen_events")]
        (number,) = connection.execute("SELECT sum(count) FROM incidents").fetchone()
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
    assert sound == "ok"
    assert number == len(ids) == len(set(ids))
    return ids
