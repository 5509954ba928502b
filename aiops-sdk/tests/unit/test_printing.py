"""The text of a traceback is what Python itself would print."""

from __future__ import annotations

import sys
import traceback
from typing import Callable

import pytest

from aiops_sdk import calls, stacktrace


def fail() -> None:
    raise ValueError("it broke")


def recurse(depth: int) -> None:
    if depth:
        recurse(depth - 1)
    raise ValueError("deep")


class Custom(Exception):
    class Inner(Exception):
        def __str__(self) -> str:
            return "two\nlines"


def plain() -> None:
    fail()


def without_text() -> None:
    raise KeyError


def with_cause() -> None:
    try:
        fail()
    except ValueError as error:
        raise Custom("worse") from error


def while_handling() -> None:
    try:
        fail()
    except ValueError:
        {}["missing"]


def hidden_context() -> None:
    try:
        fail()
    except ValueError:
        raise Custom.Inner from None


def long_chain() -> None:
    try:
        with_cause()
    except Custom:
        while_handling()


def deep_recursion() -> None:
    recurse(40)


def endless_recursion() -> None:
    def again() -> None:
        again()

    limit = sys.getrecursionlimit()
    # Python's own default: other tests may have left theirs, and beyond 2,000 calls we leave some out.
    sys.setrecursionlimit(1000)
    try:
        again()
    finally:
        sys.setrecursionlimit(limit)


def bad_syntax() -> None:
    compile("a = (1,\nb c", "recipe.py", "exec")


def with_notes() -> None:
    error = ValueError("noted")
    error.__notes__ = ["first", "second\nwith two lines"]  # type: ignore[attr-defined]
    raise error


FAILURES = [
    plain,
    without_text,
    with_cause,
    while_handling,
    hidden_context,
    long_chain,
    deep_recursion,
    endless_recursion,
    bad_syntax,
    with_notes,
]


def in_two_lines() -> None:
    str(0).join(
        None  # type: ignore[arg-type]
    )


def beside_letters_of_two_bytes() -> None:
    str.join("größer", "ü" + fail(), "…")  # type: ignore[call-arg, func-returns-value]


@pytest.fixture
def _python_does_not_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where we do not let Python choose the marks of an operator, it is not to choose them here either."""
    if not calls._MARKS_SAFELY:
        monkeypatch.setattr(traceback, "_extract_caret_anchors_from_line_segment", lambda segment: None)


@pytest.mark.usefixtures("_python_does_not_parse")
@pytest.mark.parametrize(
    "failure", [*FAILURES, in_two_lines, beside_letters_of_two_bytes], ids=lambda failure: failure.__name__
)
def test_the_text_is_what_python_prints(failure: Callable[[], None]) -> None:
    error = caught(failure)
    text = stacktrace.describe(error).text
    assert str(text) == "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert isinstance(text, str) or len(str(text)) <= text.size


@pytest.mark.skipif(calls._MARKS_SAFELY, reason="this Python may parse in two threads at once")
def test_no_line_is_parsed_where_two_that_parse_at_once_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    error = caught(lambda: {}["missing"])
    parsed: list[object] = []
    monkeypatch.setattr("ast.parse", lambda *said: parsed.append(said))
    assert "KeyError: 'missing'" in str(stacktrace.describe(error).text)
    assert parsed == []


if sys.version_info >= (3, 11):
    from builtins import ExceptionGroup

    def a_group() -> None:
        raise ExceptionGroup("several", [caught(fail), KeyError("never raised")])

    def a_group_in_a_group() -> None:
        inner = ExceptionGroup("inner", [caught(with_cause), caught(with_notes)])
        raise ExceptionGroup("outer", [TypeError("first"), caught(lambda: raise_it(inner)), OSError("last")])

    def a_group_that_ends_with_a_group() -> None:
        inner = ExceptionGroup("inner", [ValueError("a"), caught(fail)])
        raise ExceptionGroup("outer", [TypeError("first"), inner])

    def a_group_as_cause() -> None:
        try:
            a_group()
        except ExceptionGroup as group:
            raise Custom("because of many") from group

    def a_group_with_a_cause() -> None:
        try:
            fail()
        except ValueError as error:
            raise ExceptionGroup("several", [KeyError("x")]) from error

    def a_large_group() -> None:
        raise ExceptionGroup("large", [ValueError(number) for number in range(20)])

    def raise_it(error: BaseException) -> None:
        raise error

    GROUPS = [
        a_group,
        a_group_in_a_group,
        a_group_that_ends_with_a_group,
        a_group_as_cause,
        a_group_with_a_cause,
        a_large_group,
    ]

    @pytest.mark.parametrize("failure", GROUPS, ids=lambda failure: failure.__name__)
    def test_the_text_of_a_group_is_what_python_prints(failure: Callable[[], None]) -> None:
        error = caught(failure)
        assert str(stacktrace.describe(error).text) == "".join(traceback.format_exception(error))


def test_of_a_very_deep_traceback_the_middle_is_left_out() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        # Two functions in turn: Python would not fold these.
        error = caught(lambda: ping(1500))
    finally:
        sys.setrecursionlimit(limit)
    text = str(stacktrace.describe(error).text)
    assert "calls are left out here" in text
    assert text.endswith("ValueError: deep\n")


def ping(depth: int) -> None:
    pong(depth)


def pong(depth: int) -> None:
    if not depth:
        raise ValueError("deep")
    ping(depth - 1)


def caught(failure: Callable[[], None]) -> Exception:
    try:
        failure()
    except Exception as error:
        return error
    raise AssertionError("it did not fail")
