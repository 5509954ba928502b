"""Local variables, without harm."""

from __future__ import annotations

import time
import weakref
from itertools import count
from typing import Any, Callable, Dict, List

import pytest
from events import an_event, an_origin

from aiops_sdk import locals as variables
from aiops_sdk import stacktrace
from aiops_sdk.locals import shown
from aiops_sdk.steps import Scrubber, Steps


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with much to do must not run out of the time that a failure may take."""
    monkeypatch.setattr(variables, "SECONDS", 5.0)


class Slow:
    """Its text takes five seconds, and nobody may ask for it."""

    def __repr__(self) -> str:
        time.sleep(5)
        raise AssertionError

    __str__ = __repr__
    __len__ = __iter__ = __bool__ = __repr__  # type: ignore[assignment]


def frames_of(exc: BaseException) -> List[Any]:
    return list(stacktrace.tell(stacktrace.take(exc, with_locals=True)).infos[0].frames)


def caught(fail: Callable[[], object]) -> BaseException:
    try:
        fail()
    except Exception as error:
        return error
    raise AssertionError


def test_they_are_told_of_the_programs_own_calls_only():
    def fail() -> None:
        import json

        order = 17  # noqa: F841

        json.loads("{")

    frames = frames_of(caught(fail))
    assert {frame.in_app: frame.locals is not None for frame in frames} == {True: True, False: False}
    own = [frame for frame in frames if frame.function == "fail"]
    assert own[0].locals["order"] == "17"


def test_without_the_option_nothing_is_told():
    def fail() -> None:
        raise ValueError

    infos = stacktrace.tell(stacktrace.take(caught(fail))).infos
    assert all(frame.locals is None for frame in infos[0].frames)


def test_the_stack_itself_stays_shared():
    def fail() -> None:
        raise ValueError

    first, second = (stacktrace.take(caught(fail), with_locals=on) for on in (True, False))
    assert first[0].stack.places[-1] is second[0].stack.places[-1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (17, "17"),
        (1.5, "1.5"),
        ("ä'", '"ä\'"'),
        (b"\xff", "b'\\xff'"),
        ("x" * 300, "'" + "x" * 200 + "'… 300 in all"),
        ([1, 2], "[1, 2]"),
        ((), "()"),
        (set(), "set()"),
        ({"a": {"b": [1]}}, "{'a': {'b': <list of 1>}}"),
        (list(range(1_000_000)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … 1000000 in all]"),
        (2**5000, "<a number of 5001 bits>"),
        ("\ud800", "'\\ud800'"),
    ],
)
def test_a_value_in_short(value: object, text: str):
    assert shown(value) == text


def test_an_object_shows_as_its_class():
    assert shown(Slow()) == f"<{__name__}.Slow>"
    assert shown([Slow()]) == f"[<{__name__}.Slow>]"


def test_what_was_large_once_is_not_walked_through():
    sparse = dict.fromkeys(range(200000), 0)
    for number in range(199_990):
        del sparse[number]
    assert shown(sparse) == "<dict of 10>"


def hostile() -> BaseException:
    def fail() -> None:
        huge, large, slow = [0] * 12_500_000, {str(n): n for n in range(20_000)}, Slow()
        nested: Any = [[[["x" * 1_000] * 1_000] * 1_000] * 1_000] * 1_000
        raise ValueError((len(huge), len(large), id(slow), len(nested)))

    return caught(fail)


def test_of_hostile_variables_only_a_few_parts_are_looked_at():
    exc = hostile()
    # How long that takes, a benchmark says. Here: that nothing in it grows with what is looked at.
    taken = variables.of(exc.__traceback__, stacktrace.take(exc)[0].stack)[-1]
    assert taken is not None
    assert taken["huge"] == "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, … 12500000 in all]"
    assert taken["large"].endswith("20000 in all}")
    assert taken["slow"] == f"<{__name__}.Slow>"
    assert taken["nested"].startswith("[[")
    assert max(map(len, taken.values())) < 5 * variables.LENGTH


def test_when_the_time_is_over_the_rest_is_left_out(monkeypatch: pytest.MonkeyPatch):
    exc = hostile()
    stack = stacktrace.take(exc)[0].stack
    ticks = count()
    monkeypatch.setattr(variables.time, "perf_counter", lambda: float(next(ticks)))
    # The clock is asked for the end, before the call, and before each variable: two of them are in time.
    monkeypatch.setattr(variables, "SECONDS", 3.5)
    taken = variables.of(exc.__traceback__, stack)
    assert list(taken[-1] or {}) == ["huge", "large", "…"]
    assert taken[:-1] == (None,) * (len(taken) - 1)


def test_metaclasses_and_namespaces_of_any_making_are_left_alone():
    class Lying(type):
        def __getattribute__(cls, name: str) -> Any:
            raise AssertionError

        def __prepare__(name: str, bases: Any) -> Any:  # type: ignore[override,misc]
            class Names(Dict[str, Any]):
                def items(self) -> Any:
                    raise AssertionError

            return Names()

    def fail() -> None:
        kind = Lying("Kind", (), {})  # noqa: F841

        class Broken(metaclass=Lying):
            secret = 1
            raise ValueError

    frames = frames_of(caught(fail))
    assert frames[-1].locals is None
    assert "Kind" in frames[-2].locals["kind"] or "Lying" in frames[-2].locals["kind"]


def test_names_that_the_compiler_made_are_left_out():
    def fail() -> None:
        list(1 / zero for zero in iter([0]))  # noqa: C400 - its frame is its own on each Python

    names = [name for frame in frames_of(caught(fail)) for name in frame.locals or ()]
    assert "zero" in names
    assert not [name for name in names if name.startswith(".")]


def test_names_that_tell_are_hidden_before_they_leave():
    def fail() -> None:
        password, settings, note = "hunter2", {"api_key": "abc123"}, "token=abc"  # noqa: F841
        raise ValueError

    infos = stacktrace.tell(stacktrace.take(caught(fail), with_locals=True)).infos
    own: Any = Steps(Scrubber()).run(an_event(exceptions=infos), an_origin())
    assert own["exceptions"][0]["frames"][-1].locals == {
        "password": "[hidden]",
        "settings": "{'api_key': '[hidden]'}",
        "note": "'token=[hidden]'",
    }


def test_deep_recursion_has_an_end():
    def fail(depth: int) -> None:
        if depth:
            fail(depth - 1)
        raise ValueError

    frames = frames_of(caught(lambda: fail(500)))
    assert 0 < sum(frame.locals is not None for frame in frames) <= variables.CALLS


class Large:
    """Something whose memory somebody waits for."""


def test_nothing_is_kept_of_a_function_that_runs_on():
    def fail() -> None:
        thing = Large()
        gone = weakref.ref(thing)
        try:
            raise ValueError
        except ValueError as error:
            told = frames_of(error)[-1].locals
        del thing
        assert told["thing"].endswith("Large>")
        assert gone() is None

    fail()


def test_what_the_program_keeps_of_its_locals_remains():
    def fail() -> Dict[str, Any]:
        order = 17
        kept = locals()
        kept["more"] = 18
        try:
            raise ValueError
        except ValueError as error:
            frames_of(error)
        return kept

    assert {name: fail().get(name) for name in ("order", "more")} == {"order": 17, "more": 18}


def test_what_the_program_adds_to_its_locals_remains():
    def fail() -> Any:
        order = 17
        exec("more = 18")
        before = locals().get("more")
        try:
            raise ValueError
        except ValueError as error:
            frames_of(error)
        return before == locals().get("more"), order

    assert fail() == (True, 17)
