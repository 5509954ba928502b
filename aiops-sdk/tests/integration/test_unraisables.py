"""Exceptions that Python can only print: in ``__del__``, in weak references' callbacks, in generators."""

from __future__ import annotations

import gc
import logging
import re
import sys
import weakref
from pathlib import Path
from typing import Any, List

import pytest
from children import run_program
from loopback import Platform

from aiops_sdk import scope
from aiops_sdk.scope import RequestScope
from aiops_sdk.testing import capture_events


class Fails:
    """Fails when it goes."""

    def __init__(self, exc: BaseException) -> None:
        self.exc = exc

    def __del__(self) -> None:
        raise self.exc


def listen(monkeypatch: pytest.MonkeyPatch) -> List[Any]:
    """Put a hook in place before us; the list is what it is given. Called in the test itself: pytest has a hook, too."""
    given: List[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: given.append(args.exc_type))
    return given


def test_an_exception_in_a_destructor_is_reported_once(monkeypatch: pytest.MonkeyPatch):
    printed = listen(monkeypatch)
    with capture_events() as events:
        Fails(ValueError("in __del__"))
        (event,) = events
    assert (event["signal_type"], event["source"], event["error_type"]) == ("exception", "process", "ValueError")
    assert (event["message"], event["contexts"]["capture"]) == ("in __del__", {"mechanism": "unraisable"})
    assert event["exceptions"][0]["frames"][-1]["function"] == "__del__"
    assert printed == [ValueError]


def test_a_weak_reference_s_callback_is_reported(monkeypatch: pytest.MonkeyPatch):
    listen(monkeypatch)

    def callback(_: object) -> None:
        raise LookupError("in a callback")

    with capture_events() as events:
        thing = type("Thing", (), {})()
        reference = weakref.ref(thing, callback)
        del thing
        assert [event["error_type"] for event in events] == ["LookupError"]
    assert reference() is None


def test_a_generator_that_fails_when_it_is_closed_is_reported(monkeypatch: pytest.MonkeyPatch):
    listen(monkeypatch)

    def numbers() -> Any:
        try:
            yield 1
        finally:
            raise ValueError("in a generator")

    with capture_events() as events:
        running = numbers()
        next(running)
        del running
        assert [event["message"] for event in events] == ["in a generator"]


@pytest.mark.parametrize(
    "exc",
    [KeyboardInterrupt(), SystemExit(1), GeneratorExit(), ResourceWarning("unclosed"), RuntimeWarning("never awaited")],
)
def test_what_is_no_incident_elsewhere_is_none_here(monkeypatch: pytest.MonkeyPatch, exc: BaseException):
    printed = listen(monkeypatch)
    with capture_events() as events:
        Fails(exc)
        assert list(events) == []
    assert printed == [type(exc)]


def test_what_was_captured_before_is_not_reported_again(monkeypatch: pytest.MonkeyPatch):
    listen(monkeypatch)

    class Logs:
        def __del__(self) -> None:
            try:
                raise ValueError("logged and raised")
            except ValueError:
                logging.getLogger("shop").exception("cannot clean up")
                raise

    with capture_events() as events:
        Logs()
        assert [event["message"] for event in events] == ["cannot clean up"]


def test_it_belongs_to_no_request(monkeypatch: pytest.MonkeyPatch):
    listen(monkeypatch)
    with capture_events() as events:
        token = scope.begin(RequestScope("GET", "/somebody/else"))
        Fails(ValueError())
        scope.end(token)
        assert events[0]["request_path"] is None


def test_what_goes_with_a_cycle_is_reported_when_it_is_collected(monkeypatch: pytest.MonkeyPatch):
    listen(monkeypatch)
    with capture_events() as events:
        thing: Any = Fails(ValueError("in a cycle"))
        thing.itself = thing
        del thing
        gc.collect()
        assert [event["message"] for event in events] == ["in a cycle"]


def test_afterwards_everything_is_as_before():
    before = sys.unraisablehook
    with capture_events():
        assert sys.unraisablehook is not before
    assert sys.unraisablehook is before


def test_what_python_prints_stays_the_same_also_at_the_very_end(platform: Platform, tmp_path: Path):
    program = """
        import aiops_sdk
        aiops_sdk.init()
        class Fails:
            __slots__ = ()
            def __del__(self):
                raise ValueError("in __del__")
            def __repr__(self):
                return "<Fails>"
        Fails()
        kept = Fails()
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    without = run_program(tmp_path, program.replace("aiops_sdk.init()", "pass"), platform_url=platform.url)
    assert nameless(ended.err) == nameless(without.err)
    assert [event["message"] for event in platform.events] == ["in __del__"]


def nameless(text: str) -> str:
    """The same without addresses in memory."""
    return re.sub(r"0x[0-9a-f]+", "0x", text)
