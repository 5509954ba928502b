"""Children of ``multiprocessing``, however they are started: what ends one is reported once, and printed as always."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import List

import pytest
from children import PATIENT, run_program
from loopback import Platform

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Only spawn there, which is tested elsewhere, too")

METHODS = ["fork", "spawn", "forkserver"]
# Where the program calls init(): for everybody who imports it, only if it is the main program, or in the child alone.
EVERYWHERE, MAIN, CHILD = "everywhere", "main", "child"

PROGRAM = """
import multiprocessing, sys
import aiops_sdk

if WHERE == "everywhere":
    aiops_sdk.init()

def job():
    if WHERE == "child":
        aiops_sdk.init()
    END

if __name__ == "__main__":
    if WHERE == "main":
        aiops_sdk.init()
    child = multiprocessing.get_context(METHOD).Process(target=job)
    child.start()
    child.join(60)
    print(child.exitcode)
"""


def program(method: str, where: str, end: str = "raise ValueError('in a child')") -> str:
    return PROGRAM.replace("METHOD", repr(method)).replace("WHERE", repr(where)).replace("END", end)


@pytest.mark.parametrize("where", [EVERYWHERE, MAIN, CHILD])
@pytest.mark.parametrize("method", METHODS)
def test_what_ends_a_child_is_one_event(platform: Platform, tmp_path: Path, method: str, where: str):
    ended = run_program(tmp_path, program(method, where), platform_url=platform.url)
    (event,) = platform.events
    assert (event["signal_type"], event["source"], event["error_type"]) == ("exception", "process", "ValueError")
    assert event["contexts"]["capture"] == {"mechanism": "multiprocessing"}
    assert event["exceptions"][0]["frames"][-1]["function"] == "job"
    assert (ended.out, ended.err.count("ValueError: in a child")) == ("1\n", 1)


@pytest.mark.parametrize("method", METHODS)
def test_it_is_printed_exactly_as_without_us(platform: Platform, tmp_path: Path, method: str):
    code = program(method, MAIN)
    ended = run_program(tmp_path, code, platform_url=platform.url)
    without = run_program(tmp_path, code.replace("aiops_sdk.init()", "pass"), platform_url=platform.url)
    assert nameless(ended.err) == nameless(without.err)


def nameless(text: str) -> List[str]:
    return re.sub(r"Process-[\d:]+", "Process", text).splitlines()


@pytest.mark.parametrize("end", ["sys.exit(3)", "raise SystemExit('bye')", "raise KeyboardInterrupt", "pass"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_an_end_that_is_meant_is_silent(platform: Platform, tmp_path: Path, method: str, end: str):
    run_program(tmp_path, program(method, EVERYWHERE, end), platform_url=platform.url, environ=PATIENT)
    assert platform.events == []


@pytest.mark.parametrize("where", [EVERYWHERE, MAIN])
def test_what_the_parent_was_handling_is_not_the_child_s(platform: Platform, tmp_path: Path, where: str):
    code = program("fork", where, "pass").replace(
        "    child.start()", "    try:\n        1 / 0\n    except ZeroDivisionError:\n        child.start()"
    )
    run_program(tmp_path, code, platform_url=platform.url)
    assert platform.events == []


def test_a_failure_that_was_logged_before_it_ended_the_child_is_one_event(platform: Platform, tmp_path: Path):
    end = """
    import logging
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("shop").exception("cannot go on")
        raise
    """
    run_program(tmp_path, program("fork", EVERYWHERE, end), platform_url=platform.url)
    assert [event["signal_type"] for event in platform.events] == ["log_error"]


def test_a_grandchild_is_heard_too(platform: Platform, tmp_path: Path):
    end = """
    if multiprocessing.parent_process().name == "MainProcess":
        child = multiprocessing.get_context("spawn").Process(target=job)
        child.start()
        child.join(60)
        raise ValueError("child")
    raise ValueError("grandchild")
    """
    run_program(tmp_path, program("spawn", MAIN, end), platform_url=platform.url)
    assert sorted(event["message"] for event in platform.events) == ["child", "grandchild"]


@pytest.mark.parametrize("method", METHODS)
def test_a_child_whose_parent_has_closed_says_nothing(platform: Platform, tmp_path: Path, method: str):
    code = program(method, MAIN).replace("    child = ", "    aiops_sdk.close()\n    child = ")
    run_program(tmp_path, code, platform_url=platform.url)
    assert platform.events == []


@pytest.mark.parametrize("where", [EVERYWHERE, MAIN])
@pytest.mark.parametrize("method", METHODS)
def test_a_child_that_has_closed_says_nothing(platform: Platform, tmp_path: Path, method: str, where: str):
    end = "aiops_sdk.init(); aiops_sdk.close(); raise ValueError('in a child')"
    ended = run_program(tmp_path, program(method, where, end), platform_url=platform.url)
    assert (ended.out, platform.events) == ("1\n", [])


def test_a_pool_s_jobs_belong_to_whoever_asks_for_them(platform: Platform, tmp_path: Path):
    code = """
        import multiprocessing
        import aiops_sdk
        aiops_sdk.init()

        def fail(number):
            raise ValueError(number)

        if __name__ == "__main__":
            with multiprocessing.Pool(2) as pool:
                try:
                    pool.map(fail, range(4))
                except ValueError:
                    print("caught")
    """
    ended = run_program(tmp_path, code, platform_url=platform.url)
    assert (ended.out, platform.events) == ("caught\n", [])


@pytest.mark.parametrize("method", METHODS)
def test_a_hundred_captures_right_before_the_end_all_arrive(platform: Platform, tmp_path: Path, method: str):
    end = """
    import logging
    for number in range(100):
        logging.getLogger("shop").error("number %d", number)
    """
    run_program(tmp_path, program(method, EVERYWHERE, end), platform_url=platform.url, environ=PATIENT)
    assert told(platform) == {f"number {number}" for number in range(100)}


def told(platform: Platform) -> set:
    return {event["message"] for event in platform.events}
