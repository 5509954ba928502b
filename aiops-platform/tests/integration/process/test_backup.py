"""A backup holds all that was acknowledged before it, and a folder that is in use is not overwritten."""

import itertools
import json
import os
import sqlite3
import stat
import tarfile
import threading
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from made import a_parcel
from platform_process import Running, aiops, eventually, report

from aiops_platform import cli
from aiops_platform.core.parcel import Parcel
from aiops_platform.intake.glance import intake_numbers
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.process.clock import utc_now
from aiops_platform.process.lock import holder_of


def test_a_backup_made_under_load_holds_what_was_acknowledged_and_counts_it_once(tmp_path: Path) -> None:
    sent: list[str] = []
    with Running(tmp_path / "data") as platform, Load(platform, sent):
        eventually(lambda: len(sent) > 20, "some that are acknowledged")
        before = list(sent)
        done = aiops("backup", str(tmp_path / "nightly.tar"), "--data", str(tmp_path / "data"))
        assert done.returncode == 0, done.stderr
        assert len(sent) > len(before)

    assert aiops("restore", str(tmp_path / "nightly.tar"), "--data", str(tmp_path / "other")).returncode == 0
    with Running(tmp_path / "other") as restored:
        restored.says("address")
        eventually(lambda: waiting(tmp_path / "other") == 0, "all digested")
        # The keys are those of before, too.
        key = platform.key()
        assert restored.send(key=key)[0] == 202

    with tarfile.open(tmp_path / "nightly.tar") as packed:
        assert packed.getnames() == ["about.json", "intake.db", "store.db", "secret.key"]
    with closing(sqlite3.connect(tmp_path / "other" / "store.db")) as store:
        kept = [str(uuid.UUID(bytes=row[0])) for row in store.execute("SELECT event_id FROM events")]
        counted = store.execute("SELECT sum(count) FROM incidents").fetchone()[0]
    assert set(before) <= set(kept)
    assert len(kept) == len(set(kept)) == counted


def test_a_backup_is_for_its_owner_alone_and_leaves_nothing_beside_it(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    place.mkdir()
    assert cli.main(["backup", str(place / "aiops.tar"), "--data", str(folder)]) == 0
    assert cli.main(["backup", str(place / "aiops.tar"), "--data", str(folder)]) == 0

    assert [each.name for each in place.iterdir()] == ["aiops.tar"]
    assert stat.S_IMODE((place / "aiops.tar").stat().st_mode) == 0o600
    with tarfile.open(place / "aiops.tar") as packed:
        assert packed.getnames() == ["about.json", "store.db", "secret.key"]


def test_a_damaged_store_is_not_taken_for_a_backup(folder: Path, tmp_path: Path, capsys) -> None:
    damage(folder / "store.db")
    (tmp_path / "aiops.tar").write_text("the one of yesterday")

    assert cli.main(["backup", str(tmp_path / "aiops.tar"), "--data", str(folder)]) == 1

    assert "store.db is damaged" in capsys.readouterr().err
    assert (tmp_path / "aiops.tar").read_text() == "the one of yesterday"


def test_nothing_is_restored_over_what_is_there_unless_forced(folder: Path, tmp_path: Path, capsys) -> None:
    made = str(tmp_path / "aiops.tar")
    assert cli.main(["backup", made, "--data", str(folder)]) == 0
    assert cli.main(["key", "create", "later", "--data", str(folder)]) == 0

    assert cli.main(["restore", made, "--data", str(folder)]) == 1
    assert "is in use" in capsys.readouterr().err
    assert "later" in listed(folder, capsys)
    assert cli.main(["restore", made, "--force", "--data", str(folder)]) == 0

    assert "later" not in listed(folder, capsys)
    (aside,) = folder.glob("before-restore-*")
    assert "later" in listed(aside, capsys)


def marks(data: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(data / "store.db")) as store:
        rows = store.execute("SELECT note FROM platform_notes WHERE name = 'marks'").fetchall()
    return [(after, text) for (note,) in rows for after, text in json.loads(note)["marks"]]


def test_each_restored_folder_has_a_mark_of_its_own_and_tells_nothing_under_ids_that_were_given(
    folder: Path, tmp_path: Path
) -> None:
    assert marks(folder) == []
    assert cli.main(["backup", str(tmp_path / "a.tar"), "--data", str(folder)]) == 0
    for name in ("one", "two"):
        assert cli.main(["restore", str(tmp_path / "a.tar"), "--data", str(tmp_path / name)]) == 0
    (first,), (second,) = marks(tmp_path / "one"), marks(tmp_path / "two")
    assert first[1] != second[1]
    assert cli.main(["backup", str(tmp_path / "b.tar"), "--data", str(tmp_path / "one")]) == 0
    assert cli.main(["restore", str(tmp_path / "b.tar"), "--data", str(tmp_path / "three")]) == 0
    assert marks(tmp_path / "three")[0] == first
    assert len({text for _, text in marks(tmp_path / "three")}) == 2


def test_nothing_is_restored_under_a_platform_that_runs(folder: Path, tmp_path: Path, capsys) -> None:
    assert cli.main(["backup", str(tmp_path / "aiops.tar"), "--data", str(folder)]) == 0
    with Running(folder, "work"):
        eventually(lambda: holder_of(folder / "work.lock"), "the worker")
        assert cli.main(["restore", str(tmp_path / "aiops.tar"), "--force", "--data", str(folder)]) == 1
    assert "A platform runs on" in capsys.readouterr().err


@pytest.mark.parametrize(("spoil", "said"), [(0, "no backup"), (100_000, "damaged")])
def test_what_is_no_whole_backup_is_not_restored(folder: Path, tmp_path: Path, capsys, spoil: int, said: str) -> None:
    made = tmp_path / "aiops.tar"
    assert cli.main(["backup", str(made), "--data", str(folder)]) == 0
    with made.open("r+b") as file:
        file.seek(spoil)
        file.write(b"\xff" * 600)

    assert cli.main(["restore", str(made), "--data", str(tmp_path / "other")]) == 1

    assert said in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_what_was_acknowledged_after_the_backup_and_waits_is_taken_over(folder: Path, tmp_path: Path, capsys) -> None:
    made = str(tmp_path / "aiops.tar")
    in_both = parcel(1)
    come(folder, in_both)
    assert cli.main(["backup", made, "--data", str(folder)]) == 0
    come(folder, parcel(2), parcel(3))

    assert cli.main(["restore", made, "--force", "--data", str(folder)]) == 0

    assert "2 reports and batches that waited there" in capsys.readouterr().out
    told = intake_numbers(folder / "intake.db")
    assert (told["intake_depth"], told["accepted"]) == (3, 3)


def test_of_a_damaged_intake_what_can_be_read_is_taken_over(folder: Path, tmp_path: Path, capsys) -> None:
    made = str(tmp_path / "aiops.tar")
    assert cli.main(["backup", made, "--data", str(folder)]) == 0
    come(folder, *(parcel(number, b"x" * 3_000 + b"%03d" % number) for number in range(100)))
    content = (folder / "intake.db").read_bytes()
    with (folder / "intake.db").open("r+b") as file:
        file.seek(content.index(b"x057") // 4096 * 4096)
        file.write(os.urandom(4096))

    assert cli.main(["restore", made, "--force", "--data", str(folder)]) == 0

    assert "on damaged pages was not" in capsys.readouterr().out
    assert 95 <= intake_numbers(folder / "intake.db")["intake_depth"] < 100


def test_what_waits_for_another_platform_is_not_taken_over(folder: Path, tmp_path: Path, capsys) -> None:
    assert cli.main(["backup", str(tmp_path / "aiops.tar"), "--data", str(folder)]) == 0
    other = tmp_path / "other"
    assert cli.main(["key", "create", "first", "--data", str(other)]) == 0
    come(other, parcel(1))

    assert cli.main(["restore", str(tmp_path / "aiops.tar"), "--force", "--data", str(other)]) == 0

    assert "that of another platform" in capsys.readouterr().out
    assert not (other / "intake.db").exists()


def parcel(number: int, body: bytes = b"{}") -> Parcel:
    return a_parcel(number, body, received_at=utc_now())


def come(data: Path, *parcels: Parcel) -> None:
    with closing(SqliteIntake(data / "intake.db")) as intake:
        intake.append(parcels).result(60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder on which nothing runs."""
    assert cli.main(["key", "create", "first", "--data", str(tmp_path / "data")]) == 0
    return tmp_path / "data"


def damage(file: Path) -> None:
    """Overwrites a page in the middle, as a failing disk does."""
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2 // 4096 * 4096)
        opened.write(os.urandom(4096))


def listed(data: Path, capsys) -> str:
    capsys.readouterr()
    assert cli.main(["key", "list", "--data", str(data)]) == 0
    return capsys.readouterr().out


def waiting(data: Path) -> int:
    with closing(sqlite3.connect(data / "intake.db", timeout=30)) as intake:
        return intake.execute("SELECT count(*) FROM parcels").fetchone()[0]


class Load:
    """Sends one event after the other until the end of the block; notes the ids of those that were acknowledged."""

    def __init__(self, platform: Running, sent: list[str]) -> None:
        self._platform, self._sent, self._ends = platform, sent, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._url, self._key = self._platform.url, self._platform.key()
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        for number in itertools.count():
            if self._ends.is_set():
                return
            event_id = str(uuid.uuid4())
            event = {"signal_type": "log_error", "message": f"Hello {number % 7}", "event_id": event_id}
            if report(self._url, self._key, event)[0] == 202:
                self._sent.append(event_id)
