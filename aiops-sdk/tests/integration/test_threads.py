"""Exceptions that end a thread."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any, List

import pytest
from children import run_program
from events import wait_until
from loopback import Platform

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk.integrations import threading as threads
from aiops_sdk.testing import capture_events


def run_in_thread(target: Any, name: str = "worker") -> None:
    thread = threading.Thread(target=target, name=name)
    thread.start()
    thread.join(20)


def fail() -> None:
    raise ValueError("in a thread")


def listen(monkeypatch: pytest.MonkeyPatch) -> List[Any]:
    """Put a hook in place before us; the list is what it is given. Called in the test itself: pytest has a hook, too."""
    given: List[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: given.append(args.exc_value))
    return given


def test_an_exception_that_ends_a_thread_is_reported(monkeypatch: pytest.MonkeyPatch):
    listen(monkeypatch)
    with capture_events() as events:
        run_in_thread(fail)
        (event,) = events
    assert (event["source"], event["error_type"], event["message"]) == ("process", "ValueError", "in a thread")
    assert event["contexts"]["process"]["thread"] == "worker"
    assert event["contexts"]["capture"] == {"mechanism": "threading"}


def test_the_earlier_hook_still_runs(monkeypatch: pytest.MonkeyPatch):
    printed = listen(monkeypatch)
    with capture_events():
        run_in_thread(fail)
    assert [str(exc) for exc in printed] == ["in a thread"]


def test_a_thread_that_exits_is_silent(monkeypatch: pytest.MonkeyPatch):
    listen(monkeypatch)
    with capture_events() as events:
        run_in_thread(sys.exit)
        assert list(events) == []


def test_afterwards_everything_is_as_before(monkeypatch: pytest.MonkeyPatch):
    listen(monkeypatch)
    before = threading.excepthook
    with capture_events():
        assert threading.excepthook is not before
    assert threading.excepthook is before


def test_a_hook_that_was_set_over_ours_stays(monkeypatch: pytest.MonkeyPatch):
    printed = listen(monkeypatch)
    with capture_events() as events:
        ours = threading.excepthook
        theirs = lambda args: ours(args)  # noqa: E731
        threading.excepthook = theirs
        undo = threads.install(clients.current())  # type: ignore[arg-type]
        undo()
        assert threading.excepthook is theirs
        run_in_thread(fail)
        assert len(events) == 1
    assert threading.excepthook is theirs
    run_in_thread(fail)
    assert len(printed) == 2


def test_the_traceback_is_printed_as_without_us(platform: Platform, tmp_path: Path):
    program = """
        import threading
        import aiops_sdk
        aiops_sdk.init()
        def fail():
            raise ValueError("in a thread")
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    without = run_program(tmp_path, program.replace("aiops_sdk.init()", "pass"), platform_url=platform.url)
    assert ended.err == without.err
    assert [event["error_type"] for event in platform.events] == ["ValueError"]


def test_the_host_s_threads_are_called_as_without_us(platform: Platform, tmp_path: Path):
    program = """
        import logging, threading, time
        import aiops_sdk
        aiops_sdk.init()
        logging.getLogger("shop").error("so that both of ours run")
        ours = {"aiops-heartbeats", "aiops-delivery"}
        while not ours <= {thread.name for thread in threading.enumerate()}:
            time.sleep(0.01)
        print(threading.Thread(target=print).name.split()[0])
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert ended.out == "Thread-1\n"


def test_after_the_end_no_thread_of_ours_is_known_to_threading(platform: Platform):
    known = set(threading.enumerate())
    for number in range(3):
        aiops_sdk.init("key", platform_url=platform.url)
        aiops_sdk.capture_exception(ValueError(number))
        assert aiops_sdk.close(20)
    wait_until(lambda: set(threading.enumerate()) <= known, "threading to know the same threads as before")
