"""What nobody caught: delivered before the process ends, and printed as always."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Dict

import pytest
from children import DEADLINE, environment, run_program
from loopback import EVENTS, Answer, Platform

from aiops_sdk import calls

CRASH = """
    import aiops_sdk
    aiops_sdk.init()
    1 / 0
"""


def test_a_crash_is_delivered_before_the_process_ends(platform: Platform, tmp_path: Path):
    ended = run_program(tmp_path, CRASH, platform_url=platform.url)
    (event,) = platform.events
    assert (event["signal_type"], event["source"], event["error_type"], event["level"]) == (
        "exception",
        "process",
        "ZeroDivisionError",
        "critical",
    )
    assert ended.code == 1


def test_the_traceback_is_printed_exactly_as_without_us(platform: Platform, tmp_path: Path):
    ended = run_program(tmp_path, CRASH, platform_url=platform.url)
    without = run_program(tmp_path, CRASH.replace("aiops_sdk.init()", "pass"), platform_url=platform.url)
    assert (ended.code, ended.out, ended.err) == (without.code, without.out, without.err)
    # Where Python's parser is not safe to use beside the host, no operator is marked.
    printed = ended.err if calls._MARKS_SAFELY else re.sub(r"^ *~*\^+~*\n", "", ended.err, flags=re.MULTILINE)
    assert platform.events[0]["stack_trace"] == printed


def test_the_earlier_hook_still_runs(platform: Platform, tmp_path: Path):
    program = """
        import sys
        sys.excepthook = lambda kind, error, tb: print("earlier hook:", kind.__name__, error, tb is error.__traceback__)
        import aiops_sdk
        aiops_sdk.init()
        1 / 0
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert (ended.out, ended.err) == ("earlier hook: ZeroDivisionError division by zero True\n", "")
    assert len(platform.events) == 1


def test_a_hook_set_later_that_calls_ours_changes_nothing(platform: Platform, tmp_path: Path):
    program = """
        import sys
        import aiops_sdk
        aiops_sdk.init()
        ours = sys.excepthook
        def later(*args):
            print("later hook")
            ours(*args)
        sys.excepthook = later
        1 / 0
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert (ended.out, ended.err.count("ZeroDivisionError: division by zero")) == ("later hook\n", 1)
    assert len(platform.events) == 1


def test_an_earlier_hook_that_raises_does_not_keep_the_event_back(platform: Platform, tmp_path: Path):
    program = """
        import sys
        def bad_hook(*args):
            raise RuntimeError("the hook itself")
        sys.excepthook = bad_hook
        import aiops_sdk
        aiops_sdk.init()
        1 / 0
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert "RuntimeError: the hook itself" in ended.err
    assert [event["error_type"] for event in platform.events] == ["ZeroDivisionError"]


@pytest.mark.parametrize("end", ["raise SystemExit(3)", "raise KeyboardInterrupt", "sys.exit('bye')", "pass"])
def test_an_end_that_is_meant_is_silent(platform: Platform, tmp_path: Path, end: str):
    run_program(tmp_path, "import sys, aiops_sdk\naiops_sdk.init()\n" + end, platform_url=platform.url)
    assert platform.events == []


def test_ctrl_c_is_silent(platform: Platform, tmp_path: Path):
    (tmp_path / "program.py").write_text(
        # Short sleeps: a signal that comes just before a long one would be noticed only after it.
        "import time, aiops_sdk\naiops_sdk.init()\nprint('ready', flush=True)\nwhile True: time.sleep(0.05)\n"
    )
    child = subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py")],
        env=environment(platform.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.readline()
    os.kill(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=DEADLINE)
    assert err.decode().rstrip().endswith("KeyboardInterrupt")
    assert platform.events == []


def test_a_slow_platform_is_waited_for(platform: Platform, tmp_path: Path):
    platform.answer(Answer(delay=3.0))
    run_program(tmp_path, CRASH + "\n", platform_url=platform.url)
    assert len(platform.events) == 1


@pytest.mark.parametrize(
    ("headers", "spool"),
    [({}, {}), ({"Retry-After": "30"}, {"AIOPS_SPOOL": "off"})],
    ids=["503", "503 for half a minute, and no spool"],
)
def test_there_are_three_attempts_one_and_two_seconds_apart(
    platform: Platform, tmp_path: Path, headers: Dict[str, str], spool: Dict[str, str]
):
    platform.always_answer(Answer(503, headers=headers), EVENTS)
    ended = run_program(tmp_path, CRASH, platform_url=platform.url, environ=spool)
    # Where nothing keeps it, the end of the process is a fourth chance.
    first, second, third, *_ = [received.at for received in platform.received if received.path == EVENTS]
    assert second - first >= 1.0
    assert third - second >= 2.0
    assert "1 event(s) could not be delivered" in ended.err
    assert ended.err.count("ZeroDivisionError: division by zero") == 1


def test_a_platform_that_asks_for_time_gets_it_where_that_costs_no_event(platform: Platform, tmp_path: Path):
    platform.answer(Answer(503, headers={"Retry-After": "30"}))
    ended = run_program(tmp_path, CRASH, platform_url=platform.url)
    assert len(platform.events) == 1
    assert "1 event(s) could not be delivered" in ended.err
    again = "import time, aiops_sdk\naiops_sdk.init()\n"
    again += "while not aiops_sdk.stats()['recovered']: time.sleep(0.05)"
    run_program(tmp_path, again, platform_url=platform.url)
    assert [event["error_type"] for event in platform.events] == ["ZeroDivisionError"] * 2


def test_a_platform_that_never_answers_is_waited_for_ten_seconds_and_no_longer(platform: Platform, tmp_path: Path):
    platform.never_answer()
    ended = run_program(tmp_path, CRASH, platform_url=platform.url)
    assert 9.5 < ended.seconds < 20
    assert ended.err.count("ZeroDivisionError: division by zero") == 1


def test_an_event_ahead_of_it_in_the_queue_does_not_hold_it_up(platform: Platform, tmp_path: Path):
    platform.answer(Answer(503), Answer(503))
    program = """
        import logging, time
        import aiops_sdk
        aiops_sdk.init()
        logging.getLogger("shop").error("before")
        while not aiops_sdk.stats()["last_error"]: time.sleep(0.01)
        1 / 0
    """
    run_program(tmp_path, program, platform_url=platform.url)
    assert [event["error_type"] for event in platform.events[:2]] == ["ERROR", "ZeroDivisionError"]


def test_an_exception_that_was_logged_before_it_ended_the_process_is_one_event(platform: Platform, tmp_path: Path):
    program = """
        import logging
        import aiops_sdk
        aiops_sdk.init()
        try:
            1 / 0
        except ZeroDivisionError as error:
            logging.getLogger("shop").exception("cannot go on")
            raise RuntimeError("giving up") from error
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    (event,) = platform.events
    assert (event["signal_type"], event["message"]) == ("log_error", "cannot go on")
    assert "RuntimeError: giving up" in ended.err


def test_without_a_platform_the_program_ends_as_it_would(platform: Platform, tmp_path: Path):
    platform.stop()
    ended = run_program(tmp_path, CRASH, platform_url=platform.url)
    assert (ended.code, ended.err.count("ZeroDivisionError: division by zero")) == (1, 1)


def test_an_interactive_session_reports_nothing(platform: Platform, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-i", "-q"],
        input=b"import aiops_sdk; _ = aiops_sdk.init()\n1/0\n",
        env=environment(platform.url),
        capture_output=True,
        timeout=DEADLINE,
    )
    assert b"ZeroDivisionError" in done.stderr
    assert platform.events == []


def test_a_crash_deep_down_is_delivered(platform: Platform, tmp_path: Path):
    program = """
        import aiops_sdk
        aiops_sdk.init()
        def again():
            again()
        again()
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    (event,) = platform.events
    assert event["error_type"] == "RecursionError"
    assert event["stack_trace"] == ended.err


def test_a_hostile_exception_is_delivered(platform: Platform, tmp_path: Path):
    program = """
        import aiops_sdk
        aiops_sdk.init()
        class Rude(Exception):
            def __str__(self):
                raise SystemExit(5)
            __repr__ = __str__
        error = Rude()
        error.__cause__ = ValueError("\\udcff")
        error.__cause__.__cause__ = error
        raise error
    """
    run_program(tmp_path, program, platform_url=platform.url)
    (event,) = platform.events
    assert (event["error_type"], event["message"]) == ("Rude", "<Rude without a usable text>")
    assert event["exceptions"][1]["value"] == "\\udcff"
