"""``before_send`` and the disk: what it drops does not come back, and what it never saw is shown to it by the next start."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from children import run_program
from loopback import Platform

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Nothing is kept on disk on this system")

BEGIN = """
    import json, os, signal, time
    import aiops_sdk

    def mine(event):
        return None if "drop" in event["message"] else {**event, "tags": {"asked": "yes"}}

    aiops_sdk.init(before_send=mine)
"""
DIE = "os.kill(os.getpid(), signal.SIGKILL)\n"
RESTART = """
    until = time.monotonic() + 20
    while aiops_sdk.stats()["recovered"] < EXPECTED and time.monotonic() < until:
        time.sleep(0.05)
    aiops_sdk.flush(10)
    print(json.dumps(aiops_sdk.stats()))
"""


def test_a_dropped_event_does_not_come_back_from_the_journal(tmp_path: Path, platform: Platform):
    captures = """
    aiops_sdk.capture_message("drop this")
    aiops_sdk.flush(20)
    assert aiops_sdk.stats()["dropped"] == {"before_send": 1}, aiops_sdk.stats()
    """
    died = run_program(tmp_path, BEGIN + captures + DIE, platform_url=platform.url)
    assert (died.code, died.err) == (-signal.SIGKILL, "")
    again = run_program(tmp_path, BEGIN + RESTART.replace("EXPECTED", "0"), platform_url=platform.url)
    assert json.loads(again.out)["recovered"] == 0
    assert "drop this" not in str(platform.received)


def test_what_died_before_it_was_asked_is_asked_by_the_next_start(tmp_path: Path, platform: Platform):
    platform.stop()
    captures = """
    for number in range(5):
        aiops_sdk.capture_message("drop %d: password=hunter2" % number)
        aiops_sdk.capture_message("keep %d: password=hunter2" % number)
    """
    died = run_program(tmp_path, BEGIN + captures + DIE, platform_url=platform.url)
    assert died.code == -signal.SIGKILL
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").rglob("*") if path.is_file())
    assert b"keep" in written
    assert b"hunter2" not in written
    platform.start_again()
    again = run_program(tmp_path, BEGIN + RESTART.replace("EXPECTED", "10"), platform_url=platform.url)
    stats = json.loads(again.out)
    told = [event for event in platform.events if "message" in event]
    assert sum(event.get("repeat_count", 1) for event in told) + stats["dropped"]["before_send"] == stats["recovered"]
    assert stats["dropped"]["before_send"] >= 1
    assert not [event for event in told if "drop" in event["message"]]
    assert told
    assert all(event["tags"] == {"asked": "yes"} for event in told)


def test_what_it_raises_is_said_once_in_the_log(tmp_path: Path, platform: Platform):
    code = """
    import logging
    logging.basicConfig()
    import aiops_sdk

    aiops_sdk.init(before_send=lambda event: event["nothing"], aggregate_repeats=False)
    for _ in range(3):
        aiops_sdk.capture_message("x")
    aiops_sdk.flush(20)
    assert aiops_sdk.stats()["before_send_failed"] == 3
    """
    ended = run_program(tmp_path, code, platform_url=platform.url)
    assert (ended.code, ended.err.count("before_send"), "KeyError" in ended.err) == (0, 1, True)
    assert len(platform.events) == 3


def test_one_that_hangs_holds_up_no_end_and_its_event_is_for_the_next_start(tmp_path: Path, platform: Platform):
    hanging = """
        import time
        import aiops_sdk
        aiops_sdk.init(before_send=lambda event: time.sleep(60), spool={spool!r})
        aiops_sdk.capture_message("left behind")
        assert not aiops_sdk.flush(0.2)
    """
    spool = str(tmp_path / "spool")
    # The time limit of a program is far below what that function sleeps.
    assert run_program(tmp_path, hanging.format(spool=spool), platform_url=platform.url).code == 0
    assert platform.events == []
    next_one = """
        import time
        import aiops_sdk
        client = aiops_sdk.init(before_send=lambda event: dict(event, logger="asked"), spool={spool!r})
        until = time.monotonic() + 20
        while not aiops_sdk.stats()["recovered"] and time.monotonic() < until:
            time.sleep(0.05)
        aiops_sdk.flush(10)
    """
    assert run_program(tmp_path, next_one.format(spool=spool), platform_url=platform.url).code == 0
    platform.wait_for_events(1)
    assert [(event["message"], event["logger"]) for event in platform.events] == [("left behind", "asked")]
