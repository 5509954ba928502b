"""Processes that have children: each sends its own, nothing twice, and no lock or connection is shared."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from children import DEADLINE, PATIENT, run_program, started_program
from loopback import EVENTS, Answer, Platform

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork on this system")


def test_what_is_queued_at_a_fork_is_sent_once(platform: Platform, tmp_path: Path):
    platform.answer(Answer(delay=1.0))
    program = """
        import logging, os, sys
        import aiops_sdk
        aiops_sdk.init()
        log = logging.getLogger("shop")
        for number in range(5):
            log.error("before the fork %d", number)
        child = os.fork()
        log.error("in the %s", "parent" if child else "child")
        if child:
            os.waitpid(child, 0)
    """
    run_program(tmp_path, program, platform_url=platform.url)
    expected = [f"before the fork {number}" for number in range(5)] + ["in the parent", "in the child"]
    assert Counter(event["message"] for event in platform.events) == Counter(expected)


def test_a_child_says_that_it_is_another_process(platform: Platform, tmp_path: Path):
    program = """
        import logging, os
        import aiops_sdk
        aiops_sdk.init()
        logging.getLogger("shop").error("parent")
        aiops_sdk.flush(10)
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        else:
            logging.getLogger("shop").error("child")
            print(aiops_sdk.flush(10), aiops_sdk.stats(), os.getpid())
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    parent, child = platform.events
    assert parent["instance"]["id"] != child["instance"]["id"]
    assert (child["message"], child["instance"]["pid"]) == ("child", int(ended.out.split()[-1]))
    assert "'captured': 1, 'delivered': 1, 'dropped': {}, 'queued': 0" in ended.out


def test_the_connection_of_the_parent_stays_the_parent_s(platform: Platform, tmp_path: Path):
    program = """
        import logging, os
        import aiops_sdk
        aiops_sdk.init()
        log = logging.getLogger("shop")
        log.error("parent before")
        aiops_sdk.flush(10)
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            log.error("parent after")
        else:
            log.error("child")
        aiops_sdk.flush(10)
    """
    run_program(tmp_path, program, platform_url=platform.url)
    on = {one.body["message"]: one.connection for one in platform.received if one.path == EVENTS}
    assert on["parent before"] == on["parent after"] != on["child"]


def test_a_child_of_a_parent_that_is_just_sending_is_not_stuck(platform: Platform, tmp_path: Path):
    platform.always_answer(Answer(delay=0.05))
    program = """
        import logging, os, sys, threading
        import aiops_sdk
        aiops_sdk.init()
        log = logging.getLogger("shop")
        # Python gets stuck by itself where one thread forks while another one prints.
        log.addHandler(logging.NullHandler())
        stop = threading.Event()
        def noise():
            while not stop.wait(0.001):
                log.error("parent")
        threads = [threading.Thread(target=noise, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(10):
            child = os.fork()
            if not child:
                log.error("child")
                code = 0 if aiops_sdk.flush(10) and aiops_sdk.stats()["delivered"] == 1 else 1
                os._exit(code)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        print("all went well")
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert "all went well" in ended.out, ended.err
    assert sum(event["message"] == "child" for event in platform.events) == 10


def test_a_child_beats(platform: Platform, tmp_path: Path):
    program = """
        import os, time
        import aiops_sdk
        aiops_sdk.init()
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        else:
            while not os.path.exists("heard"):
                time.sleep(0.01)
    """
    running = started_program(tmp_path, program, platform_url=platform.url)
    try:
        platform.wait_until(lambda: len({beat["instance"]["pid"] for beat in platform.heartbeats}) == 2, "both beats")
    finally:
        (tmp_path / "heard").touch()
        running.communicate(timeout=DEADLINE)
    beating = {beat["instance"]["pid"]: beat["instance"]["id"] for beat in platform.heartbeats}
    assert len(beating) == len(set(beating.values())) == 2


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("imported_first", [True, False])
def test_a_multiprocessing_child_sends_what_it_has(
    platform: Platform, tmp_path: Path, method: str, imported_first: bool
):
    order = ["import multiprocessing", "import aiops_sdk; aiops_sdk.init()"]
    program = "\n".join(order if imported_first else reversed(order))
    program += """
import logging

def job():
    logging.getLogger("shop").error("in a job")

if __name__ == "__main__":
    context = multiprocessing.get_context(METHOD)
    for _ in range(3):
        child = context.Process(target=job)
        child.start()
        child.join()
""".replace("METHOD", repr(method))
    run_program(tmp_path, program, platform_url=platform.url)
    assert [event["message"] for event in platform.events] == ["in a job"] * 3


def test_a_crash_in_a_child_is_delivered(platform: Platform, tmp_path: Path):
    program = """
        import os
        import aiops_sdk
        aiops_sdk.init()
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        else:
            raise ValueError("in the child")
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert [event["message"] for event in platform.events] == ["in the child"]
    assert ended.err.count("ValueError: in the child") == 1


def test_a_child_that_becomes_another_program_leaves_no_trace(platform: Platform, tmp_path: Path):
    program = """
        import subprocess, sys, time
        import aiops_sdk
        aiops_sdk.init()
        for _ in range(3):
            subprocess.run([sys.executable, "-c", "pass"], preexec_fn=lambda: None)
        time.sleep(2)
    """
    run_program(tmp_path, program, platform_url=platform.url)
    assert len({beat["instance"]["id"] for beat in platform.heartbeats}) == 1


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "aiops_sdk.close(); os._exit(3)"], ids=["", "exit", "close, _exit"])
def test_what_parent_and_child_say_right_before_their_ends_arrives(platform: Platform, tmp_path: Path, end: str):
    program = """
        import logging, os, sys
        import aiops_sdk
        aiops_sdk.init()
        child = os.fork()
        who = "parent" if child else "child"
        for number in range(100):
            logging.getLogger("shop").error("%s says %d", who, number)
        if child:
            os.waitpid(child, 0)
        else:
            END
    """.replace("END", end.replace("()", "(30)", 1) if "close" in end else end or "pass")
    run_program(tmp_path, program, platform_url=platform.url, environ=PATIENT)
    expected = Counter(f"{who} says {number}" for who in ("parent", "child") for number in range(100))
    assert Counter(event["message"] for event in platform.events) == expected
