"""A page of the store is damaged: it is said, what is whole is shown, and reports are kept until it is mended."""

import os
import re
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from shutil import copy
from urllib.error import HTTPError
from urllib.request import Request
from uuid import NAMESPACE_OID, uuid4, uuid5

import pytest
from aftermath import counted
from made import a_body, a_parcel
from platform_process import OPENER, Running, eventually, report
from seeds import Seeds
from tables import a_store

from aiops_platform import assembly
from aiops_platform.assembly import duties
from aiops_platform.intake.glance import intake_numbers
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.storage.database import open_database
from aiops_platform.storage.exporting import Damaged, Wanted, exported


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder whose store holds the events of ten incidents."""
    settings = Settings.load({"data": tmp_path / "data"}, {})
    with assembly.opened(settings):
        parcels = [a_parcel(number, a_body(error_type=f"E{number}"), received_at=utc_now()) for number in range(10)]
    with closing(SqliteIntake(settings.data / "intake.db")) as intake:
        intake.append(parcels).result(60)
    assert len(counted(settings.data)) == 10
    return settings.data


def damage(store: Path, table: str) -> tuple[int, bytes]:
    """Overwrites the first page of a table; where that is, and what was there."""
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (number,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    at = (number - 1) * size
    return at, overwritten(store, at, b"\xa5" * size)


def overwritten(file: Path, at: int, page: bytes) -> bytes:
    with file.open("r+b") as opened:
        opened.seek(at)
        before = opened.read(len(page))
        opened.seek(at)
        opened.write(page)
    return before


def test_a_damaged_page_is_said_and_costs_neither_the_rest_nor_what_comes(data):
    at, before = damage(data / "store.db", "events")
    with assembly.opened(Settings.load({"data": data}, {})) as platform:
        key = platform.access.create_key(platform.project_id, "shop", utc_now())
        token = {"Authorization": f"Bearer {platform.access.create_token(platform.project_id, 'me', utc_now())}"}

    with Running(data) as running:

        def answer(path: str) -> int:
            try:
                with OPENER.open(Request(running.url + path, headers=token), timeout=60) as answered:
                    return answered.status
            except HTTPError as refusal:
                with refusal:
                    return refusal.code

        event_id = uuid4()
        assert report(running.url, key, a_body(error_type="E1", event_id=str(event_id)))[0] == 202
        assert [answer(f"/api/v1/{path}") for path in ("incidents", "services", "incidents/1")] == [200] * 3
        assert answer("/api/v1/incidents/1/events/newest") == 503
        running.says(r"ERROR.*The store is damaged .*malformed.*`aiops doctor`")
        eventually(lambda: answer("/readyz") == 503, "that it is not ready to digest")
        assert intake_numbers(data / "intake.db")["intake_aside"] == 1
        running.end()

    overwritten(data / "store.db", at, before)
    assert event_id.hex in counted(data)


def leaf_of(store: Path, table: str, which: int = 0) -> int:
    """Where a page begins that holds some rows of a table or an index, and no others."""
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    content = store.read_bytes()
    # https://www.sqlite.org/fileformat2.html#b_tree_pages: a branch has its cells after 12 bytes, each begins with a page.
    page = content[(root - 1) * size : root * size]
    assert page[0] in (2, 5), "all rows are on one page"
    (cells,) = struct.unpack(">H", page[3:5])
    # The last child is named in the head, the others in cells.
    places = [*struct.unpack(f">{cells}H", page[12 : 12 + 2 * cells]), 8][1:]
    (child,) = struct.unpack(">I", page[places[which] : places[which] + 4])
    at = (child - 1) * size
    assert content[at] in (10, 13), "more than two levels"
    return at


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 600 events."""
    store = tmp_path_factory.mktemp("whole") / "store.db"
    with closing(a_store(f"sqlite:///{store}")) as database:
        seeds = Seeds(database)
        project = seeds.project()
        incident = seeds.incident(project, seeds.service(project))
        for _ in range(600):
            seeds.event(incident)
    return store


@pytest.fixture
def many(tmp_path: Path, whole: Path) -> Path:
    """The same, to be damaged."""
    return copy(whole, tmp_path / "many.db")


def export_of(store: Path) -> tuple[int, list[str]]:
    """How many events can be read, and what is said of the others."""
    with closing(open_database(f"sqlite:///{store}")) as database:
        found = list(exported(database, Wanted()))
    spoilt = [each.which for each in found if isinstance(each, Damaged)]
    return len(found) - len(spoilt), spoilt


@pytest.mark.parametrize("which", [0, -1], ids=["in the middle", "at the end"])
def test_an_export_leaves_out_what_lies_on_a_damaged_page_and_nothing_else(many, which):
    overwritten(many, leaf_of(many, "events", which), os.urandom(4096))
    readable, (said,) = export_of(many)
    first, last = map(int, re.findall(r"\d+", said))
    assert readable == 600 - (last - first + 1)
    assert readable > 500


@pytest.mark.parametrize("table", ["incidents", "services", "ix_events_incident_id_id"])
def test_damage_elsewhere_costs_an_export_no_event(many, table):
    damage(many, table)
    assert export_of(many) == (600, [])


@pytest.mark.parametrize("table", ["seen_events", "ix_events_event_id"])
def test_reports_that_need_what_is_damaged_wait_and_all_others_are_digested(data, table):
    store, intake_file = data / "store.db", data / "intake.db"

    def come(first: int, many: int) -> None:
        ids = [str(uuid5(NAMESPACE_OID, str(number))) for number in range(first, first + many)]
        bodies = [a_body(error_type="E1", event_id=each) for each in ids]
        with closing(SqliteIntake(intake_file)) as intake:
            intake.append([a_parcel(first + n, body, received_at=utc_now()) for n, body in enumerate(bodies)]).result(
                30
            )

    come(1_000, 1_200)
    assert len(counted(data)) == 1_210
    at = leaf_of(store, table)
    before = overwritten(store, at, os.urandom(4096))
    come(3_000, 400)
    with duties(Settings.load({"data": data}, {})) as all_duties:
        (digest,) = (each for each in all_duties if each.name == "digest")
        while digest.step(utc_now()):
            pass
    with closing(SqliteIntake(intake_file)) as intake:
        held_up = intake.aside()
        assert 0 < held_up == intake.waiting() < 200
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("SELECT sum(count) FROM incidents").fetchone() == (1_610 - held_up,)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    overwritten(store, at, before)
    if table == "seen_events":
        assert len(counted(data)) == 1_610
