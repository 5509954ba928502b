"""Under gevent, whose monkey-patching turns threads into greenlets, before ``init()`` or after it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from children import DEADLINE, Ended, run_program, started_program
from loopback import Platform

pytest.importorskip("gevent")

INIT = "import aiops_sdk; aiops_sdk.init()"
PATCH = "from gevent import monkey; monkey.patch_all()"
FIRST = "import logging, time; logging.getLogger('shop').error('first'); time.sleep(0.5)"
WORK = """
import logging, time
import gevent

log = logging.getLogger("shop")
ticks = []

def tick():
    for _ in range(20):
        ticks.append(time.monotonic())
        gevent.sleep(0.01)

def work(number):
    log.error("greenlet %d", number)
    gevent.sleep(0.01)

gevent.joinall([gevent.spawn(tick)] + [gevent.spawn(work, number) for number in range(20)])
print("flushed:", aiops_sdk.flush(10))
print("the hub was never blocked:", max(b - a for a, b in zip(ticks, ticks[1:])) < 1.0)
"""
# On a busy machine this may come after everything else.
UNTIL_ITS_BEAT_IS_HEARD = """
import os
while not os.path.exists("heard"):
    gevent.sleep(0.01)
"""


def run_until_heard(folder: Path, program: str, platform: Platform, *, processes: int) -> Ended:
    """Run a program that ends with ``UNTIL_ITS_BEAT_IS_HEARD``: so many processes of it must beat."""
    begun = time.monotonic()
    running = started_program(folder, program, platform_url=platform.url)
    try:
        platform.wait_until(
            lambda: len({beat["instance"]["pid"] for beat in platform.heartbeats}) == processes, "beats"
        )
    finally:
        (folder / "heard").touch()
        out, err = running.communicate(timeout=DEADLINE)
    return Ended(running.returncode, out.decode(), err.decode(), time.monotonic() - begun)


@pytest.mark.parametrize("order", [[PATCH, INIT], [INIT, PATCH], [INIT, FIRST, PATCH]])
def test_events_and_beats_arrive_and_the_hub_is_not_blocked(platform: Platform, tmp_path: Path, order: list):
    program = "\n".join(order) + WORK + UNTIL_ITS_BEAT_IS_HEARD
    ended = run_until_heard(tmp_path, program, platform, processes=1)
    assert ended.out.splitlines() == ["flushed: True", "the hub was never blocked: True"], ended.err
    messages = [event["message"] for event in platform.events if event["message"] != "first"]
    assert sorted(messages) == sorted(f"greenlet {n}" for n in range(20))
    assert ended.code == 0


@pytest.mark.parametrize("order", [[PATCH, INIT], [INIT, PATCH]])
def test_a_crash_is_delivered(platform: Platform, tmp_path: Path, order: list):
    ended = run_program(tmp_path, "\n".join(order) + "\n1 / 0", platform_url=platform.url)
    assert [event["error_type"] for event in platform.events] == ["ZeroDivisionError"]
    assert ended.err.count("ZeroDivisionError: division by zero") == 1


@pytest.mark.parametrize("order", [[PATCH, INIT], [INIT, PATCH]])
def test_a_forked_worker_sends_its_own(platform: Platform, tmp_path: Path, order: list):
    program = (
        "\n".join(order)
        + """
import logging, os, time
import gevent
logging.getLogger("shop").error("parent")
aiops_sdk.flush(10)
child = os.fork()
if not child:
    logging.getLogger("shop").error("child")
"""
        + UNTIL_ITS_BEAT_IS_HEARD
        + """
if child:
    os.waitpid(child, 0)
"""
    )
    run_until_heard(tmp_path, program, platform, processes=2)
    # gevent's own hook fails in a child under Python 3.13.0, which Python prints and we report.
    messages = [event["message"] for event in platform.events if event["signal_type"] == "log_error"]
    assert sorted(messages) == ["child", "parent"]


def test_a_platform_that_never_answers_does_not_hold_the_exit_up(platform: Platform, tmp_path: Path):
    platform.never_answer()
    program = PATCH + "\n" + INIT + "\nimport logging; logging.getLogger('shop').error('lost')"
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert ended.code == 0
    assert ended.seconds < 10


DYING = """
import gevent

def fail(text):
    gevent.sleep(0)
    raise KeyError(text)

def leave():
    raise gevent.GreenletExit()

gevent.joinall([gevent.spawn(fail, "nobody asks"), gevent.spawn(leave)])
try:
    gevent.spawn(fail, "somebody asks").get()
except KeyError as error:
    aiops_sdk.capture_exception(error)
print("flushed:", aiops_sdk.flush(10))
"""


@pytest.mark.parametrize("before", [[INIT], [PATCH, INIT], [INIT, PATCH], ["import gevent", INIT]])
def test_a_greenlet_that_dies_is_one_event_and_is_printed_as_before(platform: Platform, tmp_path: Path, before: list):
    done = run_program(tmp_path, "\n".join([*before, DYING]), platform_url=platform.url)
    assert (done.out, done.code) == ("flushed: True\n", 0), done.err
    assert sorted(event["message"] for event in platform.events) == ["'nobody asks'", "'somebody asks'"]
    assert {event["contexts"]["capture"]["mechanism"] for event in platform.events} == {"gevent"}
    assert done.err.count("Traceback") == 2
    assert "aiops_sdk" not in done.err
