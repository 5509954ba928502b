"""A folder of an earlier version is brought to this one at the start, and what was there is kept beside it."""

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from platform_process import Running, aiops

from aiops_platform import __version__, cli
from aiops_platform.process.lock import FolderLock
from aiops_platform.storage.readiness import NEWEST

STORES = sorted((Path(__file__).parents[1] / "stores").glob("*.sql"))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The data folder of the first version that we have one of."""
    return of_version(STORES[0], tmp_path / "data")


def test_the_start_upgrades_an_old_folder_and_everything_is_still_there(old: Path) -> None:
    with closing(sqlite3.connect(old / "store.db")) as store:
        before = store.execute("SELECT count(*) FROM events").fetchone()[0]

    with Running(old, AIOPS_SERVER_LOG_FORMAT="json") as platform:
        platform.says("address")
        (told,) = (json.loads(line) for line in platform.said().splitlines() if line.startswith("{"))
        assert (told["process"], told["level"]) == ("serve", "info")
        assert "it is copied, then brought to this one" in told["message"]

    exported = aiops("export", "events", "--data", str(old)).stdout.splitlines()
    assert len(exported) == before > 0
    assert all(json.loads(line)["event_id"] for line in exported)
    assert json.loads(aiops("stats", "--json", "--data", str(old)).stdout)["stored_events"] == before


@pytest.mark.parametrize("dump", STORES, ids=lambda dump: dump.stem)
def test_what_was_there_before_an_upgrade_can_be_had_back(tmp_path: Path, dump: Path) -> None:
    folder = of_version(dump, tmp_path / "data")
    assert cli.main(["migrate", "--data", str(folder)]) == 0
    assert cli.main(["migrate", "--data", str(folder)]) == 0

    (copy,) = folder.glob("store.before-*")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert (version_of(copy), version_of(folder / "store.db")) == (dump.stem, NEWEST)


def test_only_the_copy_of_the_last_upgrade_is_kept(old: Path) -> None:
    (old / "store.before-long-ago.db").touch()
    assert cli.main(["migrate", "--data", str(old)]) == 0
    assert [copy.name for copy in old.glob("*before*")] == [f"store.before-{NEWEST}.db"]


def test_a_damaged_store_is_not_upgraded(old: Path, capsys) -> None:
    with (old / "store.db").open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 4096)

    assert cli.main(["migrate", "--data", str(old)]) == 1

    assert "store.db is damaged" in capsys.readouterr().err
    assert version_of(old / "store.db") == STORES[0].stem


def test_nothing_is_upgraded_under_a_platform_of_another_version_that_runs(old: Path, capsys) -> None:
    with FolderLock.take(old / "work.lock") as worker:
        worker.note(pid=1, supervised=True)
        for words in (["key", "list"], ["migrate"]):
            assert cli.main([*words, "--data", str(old)]) == 1
            assert "end that one first" in capsys.readouterr().err
        assert version_of(old / "store.db") == STORES[0].stem
        # Of this version: the part that waits for us to be done, or that does it.
        worker.note(pid=1, supervised=False, version=__version__)
        assert cli.main(["key", "list", "--data", str(old)]) == 0
    assert version_of(old / "store.db") == NEWEST


def test_who_only_looks_says_that_the_store_is_of_an_earlier_version(old: Path, capsys) -> None:
    (old / "secret.key").write_bytes(bytes(32))
    for words in (["export", "events"], ["doctor"]):
        assert cli.main([*words, "--data", str(old)]) == 1
        said = capsys.readouterr()
        assert "written by an earlier version" in said.out + said.err
        assert "`aiops migrate`" in said.out + said.err
    assert version_of(old / "store.db") == STORES[0].stem


def test_a_new_folder_has_nothing_to_be_copied(tmp_path: Path) -> None:
    assert cli.main(["token", "create", "first", "--data", str(tmp_path)]) == 0
    assert list(tmp_path.glob("*before*")) == []


def of_version(dump: Path, folder: Path) -> Path:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "store.db")) as store:
        store.executescript(dump.read_text())
    return folder


def version_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as store:
        return str(store.execute("SELECT version_num FROM alembic_version").fetchone()[0])
