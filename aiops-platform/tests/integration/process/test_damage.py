"""A page of the store that a disk has spoiled: it is said, what is whole is served, and a backup puts it right."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import urllib.request
import uuid
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from made import a_parcel
from platform_process import OPENER, Running, aiops, eventually

from aiops_platform import cli
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.process.clock import utc_now

EVENTS = 12
GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "operating.md"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store has lost the body of one event, with the backup of the day before beside it."""
    folder = tmp_path_factory.mktemp("damage") / "data"
    with Running(folder) as platform:
        for number in range(EVENTS):
            text = os.urandom(10_000).hex()
            event = {"signal_type": "log_error", "message": f"number {number}", "tags": {"noise": text}}
            assert platform.send(event | {"event_id": str(uuid.UUID(int=number))})[0] == 202
        eventually(lambda: numbers(folder)["digested"] == EVENTS, "all digested")
    assert cli.main(["backup", str(folder.parent / "aiops.tar"), "--data", str(folder)]) == 0
    spoil(folder / "store.db")
    return folder


def test_the_doctor_says_what_is_damaged_and_how_to_restore(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--data", str(damaged)]) == 1
    said = capsys.readouterr().out
    assert "store.db is damaged" in said
    assert "aiops restore FILE --force" in said


def test_the_doctor_says_when_nothing_of_a_store_can_be_read(tmp_path: Path, capsys) -> None:
    assert cli.main(["key", "create", "first", "--data", str(tmp_path)]) == 0
    with (tmp_path / "store.db").open("r+b") as file:
        file.seek(100)
        file.write(os.urandom(3_000))
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "nothing of the file can be read" in said
    assert "aiops restore FILE --force" in said
    assert "is still shown" not in said


def test_the_doctor_does_not_restore_a_backup_for_an_intake_of_which_nothing_can_be_read(
    tmp_path: Path, capsys
) -> None:
    assert cli.main(["key", "create", "first", "--data", str(tmp_path)]) == 0
    with closing(SqliteIntake(tmp_path / "intake.db")) as intake:
        intake.append([a_parcel(1, os.urandom(200_000))]).result(60)
    with (tmp_path / "intake.db").open("r+b") as file:
        file.seek(100)
        file.write(os.urandom(3_000))
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "intake.db is damaged" in said
    assert "move the file away" in said
    assert "restore" not in said


def test_the_doctor_says_that_the_intake_is_full_and_that_what_waits_is_no_trouble_while_nothing_runs(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["key", "create", "first", "--data", str(tmp_path)]) == 0
    with closing(SqliteIntake(tmp_path / "intake.db")) as intake:
        long_ago = utc_now() - timedelta(hours=1)
        intake.append(
            [a_parcel(1, os.urandom(200_000)), a_parcel(2, os.urandom(1_000_000), received_at=long_ago)]
        ).result(60)
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 0
    assert re.search(r"note +intake +2 reports wait until the platform runs", capsys.readouterr().out)
    monkeypatch.setenv("AIOPS_SERVER_MAX_INTAKE", str(1024 * 1024))
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 1
    assert re.search(r"TO DO +intake +it is full \(1 MB, AIOPS_SERVER_MAX_INTAKE\)", capsys.readouterr().out)


def test_the_doctor_changes_nothing(damaged: Path, tmp_path: Path) -> None:
    assert cli.main(["restore", str(damaged.parent / "aiops.tar"), "--data", str(tmp_path)]) == 0
    (tmp_path / "intake.db").unlink()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 0
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_the_doctor_says_what_waits_for_the_store_to_be_put_right(tmp_path: Path, capsys) -> None:
    assert cli.main(["key", "create", "first", "--data", str(tmp_path)]) == 0
    with closing(SqliteIntake(tmp_path / "intake.db")) as intake:
        intake.append([a_parcel(1, b"{}"), a_parcel(2, b"{}")]).result(60)
        intake.set_aside([intake.lease(1, utc_now())[0].ticket])
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 1
    assert "1 of 2 reports that wait need what is damaged" in capsys.readouterr().out


def test_a_damaged_intake_is_mended_by_a_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert cli.main(["key", "create", "first", "--data", str(data)]) == 0
    with closing(SqliteIntake(data / "intake.db")) as intake:
        bodies = [json.dumps({"signal_type": "log_error", "message": f"n{n:03}" * 700}).encode() for n in range(100)]
        intake.append([a_parcel(n, body, received_at=utc_now()) for n, body in enumerate(bodies)]).result(60)
    with (data / "intake.db").open("r+b") as file:
        file.seek((data / "intake.db").read_bytes().index(b"n057") // 4096 * 4096)
        file.write(os.urandom(4096))
    assert cli.main(["doctor", "--data", str(data)]) == 1

    with Running(data) as platform:
        eventually(lambda: numbers(data)["digested"] >= 95, "what could be read, digested")
        assert platform.send(key=aiops("key", "create", "second", "--data", str(data)).stdout.strip())[0] == 202
        platform.says("The intake was damaged")
        eventually(lambda: numbers(data)["intake_depth"] == 0, "all digested")
    assert numbers(data)["accepted"] == 101
    assert cli.main(["doctor", "--data", str(data)]) == 0
    assert len(list(data.glob("damaged-*/intake.db"))) == 1


def test_what_is_whole_is_served_and_new_reports_are_taken(damaged: Path) -> None:
    token = aiops("token", "create", "reader", "--data", str(damaged)).stdout.strip()
    key = aiops("key", "create", "writer", "--data", str(damaged)).stdout.strip()
    with Running(damaged) as platform:
        assert platform.send(key=key)[0] == 202
        eventually(lambda: numbers(damaged)["digested"] == EVENTS + 1, "a new one, digested")
        found = get(platform, "/api/v1/incidents", token)["items"]
        assert sum(each["count"] for each in found) == EVENTS + 1


def test_an_export_leaves_out_only_what_is_damaged(damaged: Path) -> None:
    done = aiops("export", "events", "--data", str(damaged))
    ids = {json.loads(line)["event_id"] for line in done.stdout.splitlines()}
    ours = {str(uuid.UUID(int=number)) for number in range(EVENTS)}
    assert done.returncode == 1
    assert len(ours & ids) == EVENTS - 1
    assert done.stderr.count("cannot be read") == 1


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="there is no sqlite3")
def test_without_a_backup_the_guides_command_saves_what_is_whole(damaged: Path, tmp_path: Path, capsys) -> None:
    data = tmp_path / "data"
    shutil.copytree(damaged, data)
    command = next(line for line in GUIDE.read_text().splitlines() if line.startswith("(") and ".dump" in line)
    subprocess.run(["bash", "-c", command], cwd=data, check=True, timeout=60)
    for name in ("store.db-wal", "store.db-shm"):
        (data / name).unlink(missing_ok=True)
    (data / "mended.db").replace(data / "store.db")

    assert cli.main(["doctor", "--data", str(data)]) == 0
    assert "can only grow" not in capsys.readouterr().out
    done = aiops("export", "events", "--data", str(data))
    ids = {json.loads(line)["event_id"] for line in done.stdout.splitlines()}
    assert done.returncode == 0
    assert len({str(uuid.UUID(int=number)) for number in range(EVENTS)} & ids) == EVENTS - 1


def test_the_doctor_notices_a_store_that_can_only_grow(tmp_path: Path, capsys) -> None:
    assert cli.main(["key", "create", "first", "--data", str(tmp_path)]) == 0
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        connection.executescript("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM")
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "can only grow" in told
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        connection.executescript(re.search(r"'(PRAGMA [^']+)'", told)[1])
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 0
    assert "can only grow" not in capsys.readouterr().out


def test_a_backup_puts_it_right(damaged: Path, tmp_path: Path) -> None:
    assert cli.main(["restore", str(damaged.parent / "aiops.tar"), "--data", str(tmp_path)]) == 0
    assert len(aiops("export", "events", "--data", str(tmp_path)).stdout.splitlines()) == EVENTS


def spoil(store: Path) -> None:
    """Overwrites the page on which the end of an event's body lies."""
    with closing(sqlite3.connect(store)) as connection:
        (body,) = connection.execute("SELECT body FROM events ORDER BY id LIMIT 1 OFFSET 5").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    at = store.read_bytes().index(body[6_000:6_100])
    with store.open("r+b") as file:
        file.seek(at // 4096 * 4096)
        file.write(b"\xff" * 4096)


def numbers(folder: Path) -> dict[str, int]:
    return json.loads(aiops("stats", "--json", "--data", str(folder)).stdout or '{"digested": 0}')


def get(platform: Running, path: str, token: str) -> dict[str, list[dict[str, int]]]:
    request = urllib.request.Request(platform.url + path, headers={"Authorization": f"Bearer {token}"})
    with OPENER.open(request, timeout=60) as answer:
        return json.loads(answer.read())
