import os
import signal
import socket
import sqlite3
import stat
from textwrap import indent

import pytest
from platform_process import DEADLINE, Running, aiops, eventually, free_port

from aiops_platform.core.snippet import steps
from aiops_platform.process.lock import holder_of


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def refused(code: int, said: str, *names: str) -> None:
    """One clear sentence that names the thing."""
    assert code == 1, said
    assert said.startswith("aiops: ")
    assert len(said.strip().splitlines()) == 1, said
    for name in names:
        assert str(name) in said


def test_the_first_start_says_all_that_is_needed(data):
    with Running(data) as platform:
        platform.says("init_flask")
        said = platform.said()

        assert f"{platform.url}/signin/" in said
        assert f"pip install {platform.url}/sdk/aiops_sdk-" in said
        for step in steps(url=platform.url, key=platform.key()):
            assert step.do in said
            assert indent(step.lines, "    ") in said
        assert str(data) in said
        assert platform.send()[0] == 202


def test_the_second_start_keeps_what_there_is_and_repeats_no_secret(data):
    with Running(data) as platform:
        key = platform.key()
    with Running(data) as platform:
        assert platform.send(key=key)[0] == 202
        assert "AIOPS_API_KEY" not in platform.said()
        assert "/signin/" not in platform.said()


def test_what_it_keeps_is_for_its_user_only(data):
    with Running(data) as platform:
        platform.key()
        open_to_others = [path for path in [data, *data.iterdir()] if path.stat().st_mode & 0o077]
        assert open_to_others == []
        assert stat.S_IMODE((data / "secret.key").stat().st_mode) == 0o600


def test_a_second_one_on_the_same_folder_is_refused(data):
    with Running(data) as platform:
        platform.key()

        done = aiops("serve", "--data", str(data), "--port", "0")

        refused(done.returncode, done.stderr, data, platform.url, platform.process.pid)
        assert platform.send()[0] == 202


def test_a_taken_port_is_named(data):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = aiops("serve", "--data", str(data), "--port", str(port))

    refused(done.returncode, done.stderr, port, "--port")


def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "in-the-way").write_text("a file")

    done = aiops("serve", "--data", str(tmp_path / "in-the-way" / "data"))

    refused(done.returncode, done.stderr, tmp_path / "in-the-way", "--data")


def test_a_folder_that_may_not_be_written_is_named():
    done = aiops("serve", "--data", "/proc/aiops")

    refused(done.returncode, done.stderr, "/proc/aiops", "--data")


@pytest.mark.parametrize("host", ["198.51.100.1", "no such host"])
def test_an_address_of_another_machine_is_named(data, host):
    done = aiops("serve", "--data", str(data), "--host", host)

    refused(done.returncode, done.stderr, host, "--host")


def test_a_database_from_the_future_is_left_alone(data):
    assert aiops("token", "create", "first", "--data", str(data)).returncode == 0
    with sqlite3.connect(data / "store.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    connection.close()

    done = aiops("serve", "--data", str(data), "--port", "0")

    refused(done.returncode, done.stderr, "newer")


def test_a_setting_that_makes_no_sense_is_named(data):
    done = aiops("serve", "--data", str(data), AIOPS_SERVER_PORT="web")

    refused(done.returncode, done.stderr, "AIOPS_SERVER_PORT", "web")


def test_settings_come_from_the_environment_too(data):
    port = free_port()
    with Running(data, "serve", AIOPS_SERVER_PUBLIC_URL="https://aiops.example.com", port=port) as platform:
        assert platform.url == "https://aiops.example.com"
        eventually(lambda: "pip install https://aiops.example.com/sdk/" in platform.said(), "the snippet")


@pytest.mark.parametrize(
    "end",
    [
        lambda platform: platform.end(signal.SIGINT),
        lambda platform: platform.end(signal.SIGTERM),
        lambda platform: platform.ctrl_c(),
        lambda platform: os.killpg(platform.process.pid, signal.SIGTERM) or platform.end(signal.SIGTERM),
    ],
    ids=["SIGINT", "SIGTERM", "Ctrl-C at a terminal", "SIGTERM to all, as systemd does"],
)
def test_it_ends_cleanly_and_leaves_nothing_behind(data, end):
    with Running(data) as platform:
        port = platform.port
        platform.key()
        assert len(platform.living()) == 3, "The supervisor, the door and the worker."

        assert end(platform) == 0

        assert platform.living() == []
        assert "Traceback" not in platform.said()
        assert "ended by itself" not in platform.said()
        assert [holder_of(data / f"{name}.lock") for name in ("serve", "door", "work")] == [None] * 3
        socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("processes", [1, 2], ids=["while it makes ready", "while its parts start"])
def test_it_can_be_ended_before_it_has_started(data, how, processes):
    with Running(data) as platform:
        eventually(lambda: (data / "serve.lock").exists(), "its first sign")
        eventually(lambda: len(platform.living()) >= processes, "its processes")

        os.killpg(platform.process.pid, how)

        assert platform.process.wait(DEADLINE) == 0
        assert platform.living() == []
        assert platform.said() == "aiops: stopped before it had started\n"


def test_when_it_is_killed_its_children_end_and_it_can_start_again_at_once(data):
    port = free_port()
    with Running(data, port=port) as killed:
        key = killed.key()
        assert killed.send()[0] == 202
        killed.end(signal.SIGKILL)

        with Running(data, port=port) as platform:
            assert platform.send(key=key)[0] == 202
            eventually(lambda: not killed.living(), "the end of the orphans")
            assert len(platform.living()) == 3


@pytest.mark.parametrize("name", ["door", "work"])
def test_a_part_that_dies_is_started_again_and_that_is_said(data, name):
    with Running(data) as platform:
        platform.key()
        before = platform.part(name)

        os.kill(before, signal.SIGKILL)

        platform.says("A part ended by itself, starting it again .*ended_by=SIGKILL")
        platform.says("A part works again")
        assert platform.part(name) != before
        assert platform.send()[0] == 202


def test_while_the_door_is_away_nobody_is_turned_away(data):
    with Running(data) as platform:
        key = platform.key()
        before = platform.part("door")
        os.kill(before, signal.SIGKILL)

        # The listening socket is the supervisor's: who comes now waits, and is answered by the next door.
        assert platform.send(key=key)[0] == 202
        assert platform.part("door") != before


def test_a_part_that_cannot_start_ends_it_with_a_reason(data):
    assert aiops("token", "create", "first", "--data", str(data)).returncode == 0
    (data / "intake.db").write_bytes(b"this is no database" * 500)

    done = aiops("serve", "--data", str(data), "--port", "0")

    assert done.returncode == 1
    assert "intake" in done.stderr
    assert "could not start" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_parts_run_alone_too(data):
    with Running(data, "api") as door, Running(data, "work") as worker:
        eventually(lambda: holder_of(data / "door.lock"), "the door")
        eventually(lambda: holder_of(data / "work.lock"), "the worker")
        link = aiops("signin", "--data", str(data)).stdout
        assert f":{holder_of(data / 'door.lock')['port']}/signin/" in link
        assert (door.end(), worker.end(signal.SIGTERM)) == (0, 0)
        assert "Traceback" not in door.said() + worker.said()


def test_a_part_that_runs_already_is_not_waited_for_and_named(data):
    with Running(data, "work") as worker:
        eventually(lambda: holder_of(data / "work.lock"), "the worker")
        for command in ("work", "serve"):
            done = aiops(command, "--data", str(data), *(() if command == "work" else ("--port", "0")))
            assert done.returncode == 1
            assert f"A worker runs on {data} already (process {worker.process.pid}): end that one" in done.stderr
            assert "Traceback" not in done.stderr
