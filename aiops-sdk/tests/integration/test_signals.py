"""A signal while the SDK is at work: what it raises is the program's, and arrives; what it calls of ours raises nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Optional

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


LOADING = """
    import signal, sys
    import aiops_sdk
    from aiops_sdk import _safety

    class Captured(Exception):
        pass

    where, raised, given = WHERE, [], [0]

    def handler(number, frame):
        given[0] += 1
        try:
            aiops_sdk.capture_exception(Captured(given[0]))
            aiops_sdk.capture_message("in the handler")
            aiops_sdk.set_tag("number", given[0])
            aiops_sdk.add_breadcrumb("in the handler")
            aiops_sdk.stats()["captured"]
        except BaseException as error:
            raised.append((frame.f_code.co_filename, frame.f_lineno, repr(error)))

    def look(frame, event, _):
        code = frame.f_code
        if code.co_name != "<module>" or "aiops_sdk" not in code.co_filename:
            return None
        if event == "line" and (where is None or (code.co_filename.endswith(where) and not given[0])):
            signal.raise_signal(signal.SIGALRM)
        return look

    # All is loaded where it is needed first: here.
    _safety.start_thread = lambda *_: False
    signal.signal(signal.SIGALRM, handler)
    aiops_sdk.init(spool=False)
    sys.settrace(look)
    aiops_sdk.capture_exception(ValueError("the program's"))
    sys.settrace(None)
    counts = aiops_sdk.stats()
    print(given[0] > 0, raised, counts["captured"] == 1 + 2 * given[0], counts["queued"] + sum(counts["dropped"].values()) == counts["captured"], flush=True)
    import os
    os._exit(0)
"""


@pytest.mark.parametrize("where", [None, "voice.py"])
def test_what_interrupts_our_own_loading_is_counted_and_gets_no_error_of_ours(
    tmp_path: Path, platform: Platform, where: Optional[str]
):
    done = run_program(tmp_path, LOADING.replace("WHERE", repr(where)), platform_url=platform.url)
    assert (done.out, done.code) == ("True [] True True\n", 0), done.err
