"""One failure, one event."""

from __future__ import annotations

import copy
import pickle
import time
from typing import Optional

import pytest
from events import ExceptionGroup, raised

from aiops_sdk import seen


def an_error(*, cause: Optional[BaseException] = None, context: Optional[BaseException] = None) -> Exception:
    error = ValueError("it broke")
    error.__context__ = context
    if cause is not None:
        error.__cause__ = cause
    return error


def test_a_new_exception_is_not_known():
    assert seen.known_event(an_error()) is None


def test_a_captured_exception_is_known():
    error = an_error()
    seen.mark(error, "event-1")
    assert seen.known_event(error) == "event-1"


def test_what_was_raised_from_a_captured_exception_is_known():
    old = an_error()
    seen.mark(old, "event-1")
    new = an_error(cause=old)
    assert seen.known_event(new) == "event-1"
    assert seen.known_event(new) == "event-1"


def test_what_was_raised_while_handling_a_captured_exception_is_known():
    old = an_error()
    seen.mark(old, "event-1")
    assert seen.known_event(an_error(context=an_error(context=old))) == "event-1"


def test_the_second_failure_that_follows_from_one_is_new():
    """A loop within an except block: every round fails anew, always with the same context."""
    old = an_error()
    seen.mark(old, "event-1")
    assert seen.known_event(an_error(context=old)) == "event-1"
    assert seen.known_event(an_error(context=old)) is None


def test_the_cause_of_a_captured_exception_is_known():
    cause = an_error()
    seen.mark(an_error(cause=cause), "event-1")
    assert seen.known_event(cause) == "event-1"


def test_what_was_being_handled_is_still_to_be_reported():
    """The clean-up after a failure fails, too, and is logged first; the failure itself comes after it."""
    failure = an_error()
    seen.mark(an_error(context=failure), "event-of-the-clean-up")
    assert seen.known_event(failure) is None


def test_two_failures_with_one_known_cause_are_two():
    cause = an_error()
    seen.mark(an_error(cause=cause), "event-1")
    assert seen.known_event(an_error(cause=cause)) is None


def test_an_exception_captured_before_the_request_is_not_the_request_s_failure():
    error = an_error()
    seen.mark(error, "event-1")
    later = time.monotonic() + 1
    assert seen.known_event(error, since=later) is None
    assert seen.known_event(an_error(cause=error), since=later) is None


def test_a_group_is_known_once_each_member_is():
    first, second = an_error(), an_error()
    group = ExceptionGroup("both", [first, ExceptionGroup("one", [second])])
    seen.mark(first, "event-1")
    assert seen.known_event(group) is None
    seen.mark(second, "event-2")
    assert seen.known_event(group) in ("event-1", "event-2")


def test_the_members_of_a_captured_group_are_known():
    member = an_error()
    seen.mark(ExceptionGroup("one", [member]), "event-1")
    assert seen.known_event(member) == "event-1"


def test_a_marked_exception_can_be_pickled_and_copied_and_stays_known():
    error = raised(an_error())
    seen.mark(error, "event-1")
    assert seen.known_event(pickle.loads(pickle.dumps(error))) == "event-1"
    assert seen.known_event(copy.copy(error)) == "event-1"


def test_a_class_that_forbids_attributes_is_no_obstacle():
    class Closed(Exception):
        __slots__ = ()

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(name)

    error = Closed()
    seen.mark(error, "event-1")
    assert seen.known_event(error) == "event-1"


def test_the_mark_does_not_show():
    error = an_error()
    before = (str(error), repr(error), error.args)
    seen.mark(error, "event-1")
    assert (str(error), repr(error), error.args) == before


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("order 7 failed: no stock left", "no stock left"),
        ("no stock left", "no stock left"),
        ("(no stock left)", "no stock left"),
        ("Loading failed: 'id'", "'id'"),
        ("failed", "failed"),
        ("it failed (x)", "x"),
        ("it says " + "x" * 600, "x" * 600),
    ],
)
def test_a_line_that_says_a_message_quotes_it(line: str, message: str):
    assert seen.quotes(line, message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Rates are unavailable", "available"),
        ("Sending the mail failed twice", "failed"),
        ("order 1001 is late", "1"),
        ("no stock", "no stock left"),
        ("", "no stock left"),
    ],
)
def test_a_line_that_only_has_its_letters_does_not(line: str, message: str):
    assert not seen.quotes(line, message)


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("failed: ValueError()", "ValueError", ""),
        ("Traceback (most recent call last):\nValueError", "ValueError", ""),
        ("failed: ValueError('x')", "ValueError", "x"),
        ("Traceback (most recent call last):\nValueError: x\n", "ValueError", "x"),
        ("failed: KeyError('sku')", "KeyError", "'sku'"),
    ],
)
def test_a_line_that_shows_an_exception_quotes_it(line: str, kind: str, message: str):
    assert seen.quotes_exception(line, kind, message)


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [("a ValueError was raised", "ValueError", ""), ("it broke", "ValueError", ""), ("x is late", "ValueError", "x")],
)
def test_a_line_that_only_names_its_class_does_not(line: str, kind: str, message: str):
    assert not seen.quotes_exception(line, kind, message)
