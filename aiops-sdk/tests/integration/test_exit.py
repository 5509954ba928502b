"""The normal end of a program: what is queued is sent, and nobody waits long."""

from __future__ import annotations

from pathlib import Path

import pytest
from children import run_program
from loopback import HEARTBEATS, Answer, Platform

LOG_AND_END = """
    import logging
    import aiops_sdk
    aiops_sdk.init()
    for number in range(20):
        logging.getLogger("shop").error("number %d", number)
"""


def test_what_is_queued_at_a_normal_exit_is_sent(platform: Platform, tmp_path: Path):
    ended = run_program(tmp_path, LOG_AND_END, platform_url=platform.url)
    assert [event["message"] for event in platform.events] == [f"number {number}" for number in range(20)]
    assert ended.code == 0


def test_a_platform_that_never_answers_holds_the_exit_up_for_two_seconds_at_most(platform: Platform, tmp_path: Path):
    platform.never_answer()
    ended = run_program(tmp_path, LOG_AND_END, platform_url=platform.url)
    without = run_program(tmp_path, LOG_AND_END.replace("aiops_sdk.init()", "pass"), platform_url=platform.url)
    # One second more for a slow machine: two would be a second wait.
    assert ended.seconds - without.seconds < 3.5
    assert ended.code == 0


def test_a_platform_that_is_not_there_holds_nothing_up(platform: Platform, tmp_path: Path):
    platform.stop()
    ended = run_program(tmp_path, LOG_AND_END, platform_url=platform.url)
    assert ended.code == 0
    assert ended.err.count("could not be delivered") == 1


@pytest.mark.parametrize(("spool", "requests"), [("off", 2), ("on", 1)])
def test_at_the_end_an_event_that_waits_is_kept_or_else_tried_once_more(
    platform: Platform, tmp_path: Path, spool: str, requests: int
):
    """A platform that asked for time gets it, where that costs no event."""
    platform.answer(Answer(503, headers={"Retry-After": "200"}))
    program = """
        import logging, time
        import aiops_sdk
        aiops_sdk.init()
        logging.getLogger("shop").error("once more")
        time.sleep(1)
    """
    environ = {"AIOPS_SPOOL": "off"} if spool == "off" else {}
    run_program(tmp_path, program, platform_url=platform.url, environ=environ)
    assert len(platform.events) == requests
    if spool == "on":
        program = """
            import time
            import aiops_sdk
            aiops_sdk.init()
            deadline = time.monotonic() + 60
            while not aiops_sdk.stats()["recovered"] and time.monotonic() < deadline:
                time.sleep(0.01)
        """
        run_program(tmp_path, program, platform_url=platform.url)
        assert [event["message"] for event in platform.events] == ["once more"] * 2


def test_what_other_exit_functions_capture_is_sent(platform: Platform, tmp_path: Path):
    program = """
        import atexit, logging
        import aiops_sdk
        aiops_sdk.init()
        atexit.register(lambda: logging.getLogger("shop").error("while ending"))
    """
    run_program(tmp_path, program, platform_url=platform.url)
    assert [event["message"] for event in platform.events] == ["while ending"]


def test_threads_that_outlive_the_main_thread_are_heard(platform: Platform, tmp_path: Path):
    program = """
        import logging, threading, time
        import aiops_sdk
        aiops_sdk.init()
        def work():
            time.sleep(0.5)
            logging.getLogger("shop").error("after the main thread")
        threading.Thread(target=work).start()
    """
    run_program(tmp_path, program, platform_url=platform.url)
    assert [event["message"] for event in platform.events] == ["after the main thread"]


def test_the_last_heartbeat_says_that_it_is_the_last(platform: Platform, tmp_path: Path):
    program = """
        import time
        import aiops_sdk
        from aiops_sdk import client, heartbeats
        aiops_sdk.init()
        (beats,) = [words for words in client.current()._last_words if isinstance(words, heartbeats.Heartbeats)]
        # Only a platform that took one is told of the last; that it did shows nowhere else.
        while not beats._arrived:
            time.sleep(0.01)
    """
    run_program(tmp_path, program, platform_url=platform.url)
    assert [beat["closing"] for beat in platform.heartbeats] == [False, True]


def test_a_platform_that_took_no_heartbeat_is_not_waited_for(platform: Platform, tmp_path: Path):
    platform.always_answer(Answer(delay=600.0), HEARTBEATS)
    ended = run_program(tmp_path, LOG_AND_END, platform_url=platform.url)
    assert len(platform.events) == 20
    assert ended.seconds < 20


@pytest.mark.parametrize("end", ["import sys; sys.exit(3)", "raise SystemExit(3)"])
def test_the_exit_code_stays(platform: Platform, tmp_path: Path, end: str):
    ended = run_program(tmp_path, LOG_AND_END + "    " + end, platform_url=platform.url)
    assert ended.code == 3


def test_nothing_is_said_at_an_exit_where_nothing_was_lost(platform: Platform, tmp_path: Path):
    platform.answer(Answer(delay=0.5))
    ended = run_program(tmp_path, LOG_AND_END, platform_url=platform.url, options=["-X", "dev"])
    assert "aiops" not in ended.err
    assert len(platform.events) == 20
