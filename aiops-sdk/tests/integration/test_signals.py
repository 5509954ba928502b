"""What a signal raises while the SDK is at work is the program's, and arrives."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from children import run_program
from loopback import Platform

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no timers")

PROGRAM = """
    import random, signal, sys
    import aiops_sdk

    class Ended(BaseException):
        pass

    KINDS = (Ended, KeyboardInterrupt, SystemExit, GeneratorExit)
    given = []

    def end(number, frame):
        kind = KINDS[len(given) % len(KINDS)]
        given.append(kind)
        raise kind("by a signal")

    def work():
        aiops_sdk.set_user({"id": 7, "email": "ann@example.com"}, name="Ann")
        aiops_sdk.set_tag("order", 7)
        aiops_sdk.add_breadcrumb("paid", data={"order": [1, 2, 3]})
        aiops_sdk.context(order_id=7, cart={"items": [1, 2, 3]})
        aiops_sdk.capture_exception(ValueError(3))
        aiops_sdk.stats()

    signal.signal(signal.SIGALRM, end)
    aiops_sdk.init(spool=False)
    work()
    arrived = []
    for _ in range(200):
        try:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00005, 0.002))
            for _ in range(2_000):
                work()
        except KINDS as exc:
            arrived.append(type(exc))
    print(arrived == given, len(given))
"""


def test_it_arrives_whatever_was_called(tmp_path: Path, platform: Platform):
    done = run_program(tmp_path, PROGRAM, platform_url=platform.url)
    assert (done.out.split(), done.code) == (["True", "200"], 0), done.err
