"""A worker that is killed in the midst of its work loses nothing and counts nothing twice."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest
from made import NOW, a_body, a_parcel
from sqlalchemy import func, insert, select

from aiops_platform.core import gzipped
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.digest import Digest
from aiops_platform.storage import schema
from aiops_platform.storage.database import Database, open_database
from aiops_platform.storage.migrations import migrate
from aiops_platform.storage.transactions import SqlStore

SECONDS = 60
EVENTS = 3_000

# Works in small batches, and says after each that it is done; ends when nothing is left.
WORKER = """
import sys
from pathlib import Path
from made import NOW
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.digest import Digest
from aiops_platform.storage.database import open_database
from aiops_platform.storage.transactions import SqlStore

folder = Path(sys.argv[1])
intake = SqliteIntake(folder / "intake.db")
intake.release()
digest = Digest(SqlStore(open_database(f"sqlite:///{folder / 'store.db'}")), intake, together=20)
while digest.step(NOW):
    print("done", flush=True)
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(database)
    with database.begin() as connection:
        connection.execute(insert(schema.projects).values(slug="one", name="One", created_at=NOW))
    yield database
    database.close()


def work_until_killed(folder: Path, *, after_batches: int) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder)],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    deadline = Timer(SECONDS, worker.kill)
    deadline.start()
    assert worker.stdout is not None
    for number, _ in enumerate(worker.stdout, start=1):
        if number == after_batches:
            worker.kill()
    worker.wait(SECONDS)
    deadline.cancel()


def one_by_one() -> list[Parcel]:
    return [a_parcel(number, a_body(error_type=f"E{number % 7}")) for number in range(EVENTS)]


def in_batches(size: int = 100) -> list[Parcel]:
    """None of the events has an id of its own."""
    lines = [json.dumps(a_body(error_type=f"E{number % 7}")).encode() for number in range(EVENTS)]
    texts = [b"\n".join([b"{}", *lines[start : start + size]]) for start in range(0, EVENTS, size)]
    return [replace(a_parcel(n, gzipped.pack(text)), kind=ParcelKind.BATCH) for n, text in enumerate(texts)]


@pytest.mark.parametrize("parcels", [one_by_one, in_batches])
def test_every_event_is_counted_once_however_often_the_worker_is_killed(tmp_path, database, parcels):
    intake = SqliteIntake(tmp_path / "intake.db")
    intake.append(parcels()).result(SECONDS)
    for batches in (1, 7, 2, 5, 3):
        work_until_killed(tmp_path, after_batches=batches)
    assert 0 < intake.waiting() < len(parcels())
    intake.release()
    digest = Digest(SqlStore(database), intake)
    while digest.step(NOW):
        pass
    intake.close()
    with database.read() as connection:
        counts = connection.execute(select(schema.incidents.c.type, schema.incidents.c.count)).all()
        assert sum(count for _, count in counts) == EVENTS
        assert len(counts) == 7
        for table in (schema.events, schema.seen_events):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == EVENTS
        assert connection.execute(select(func.sum(schema.incident_hours.c.count))).scalar_one() == EVENTS
        assert connection.execute(select(func.count()).select_from(schema.buried)).scalar_one() == 0
