"""`aiops serve --one-process`: all that the two processes do, in one."""

import json
import signal

from platform_process import Running, aiops, eventually

from aiops_platform.cli.one_process import _Beside
from aiops_platform.settings import Settings

ONE = ("serve", "--one-process")


def test_all_is_done_in_one_process_and_a_clean_end_finishes_it(tmp_path):
    with Running(tmp_path / "data", *ONE) as platform:
        assert [platform.send()[0] for _ in range(3)] == [202, 202, 202]
        eventually(lambda: numbers(platform)["digested"] == 3, "all digested")
        assert platform.living() == [platform.process.pid]
        found = aiops("doctor", "--data", str(platform.data)).stdout
        assert "TO DO" not in found
        assert platform.end(signal.SIGTERM) == 0
    assert "Traceback" not in platform.said()


def test_to_be_asked_twice_ends_it_as_cleanly(tmp_path):
    with Running(tmp_path / "data", *ONE) as platform:
        key = platform.key()
        for _ in range(20):
            assert platform.send(key=key)[0] == 202
        platform.process.send_signal(signal.SIGINT)
        platform.process.send_signal(signal.SIGINT)
        assert platform.end(signal.SIGTERM) == 0
    assert "Traceback" not in platform.said()
    assert "before it had started" not in platform.said()


def test_what_was_acknowledged_is_there_after_a_kill_whichever_way_it_runs_then(tmp_path):
    with Running(tmp_path / "data", *ONE) as platform:
        key = platform.key()
        for _ in range(20):
            assert platform.send(key=key)[0] == 202
        platform.end(signal.SIGKILL)
    with Running(tmp_path / "data") as platform:
        assert platform.url
        eventually(lambda: numbers(platform)["intake_depth"] == 0, "all digested")
        assert numbers(platform)["digested"] - numbers(platform)["duplicates"] == 20


def test_no_part_of_another_platform_runs_beside_it(tmp_path):
    with Running(tmp_path / "data", *ONE) as platform:
        assert platform.url
        for command in ("serve", "api", "work"):
            second = aiops(command, "--data", str(platform.data), AIOPS_SERVER_PORT="0")
            assert second.returncode == 1
            assert "already" in second.stderr


def test_a_worker_that_ends_by_itself_ends_the_platform(tmp_path, caplog):
    ends = []
    before = signal.signal(signal.SIGTERM, lambda *_: ends.append("asked to end"))
    try:
        beside = _Beside(Settings.load({"data": str(tmp_path / "not" / "there")}, {}), lambda failing: None)
        beside.start()
        beside.end()
        eventually(lambda: ends == ["asked to end"], "the door to be asked to end")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert beside.has_failed
    assert "The worker ended by itself, and so does the platform" in caplog.text


def numbers(platform):
    return json.loads(aiops("stats", "--json", "--data", str(platform.data)).stdout)
