"""The text of objects that do what they like."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from events import wait_until
from hypothesis import given
from hypothesis import strategies as st

from aiops_sdk import hostile
from aiops_sdk.hostile import Asker


class Rude(Exception):
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __str__(self) -> str:
        answer = self.answer
        if isinstance(answer, BaseException):
            raise answer
        return answer() if callable(answer) else answer  # type: ignore[no-any-return]


NOTE = "<Rude without a usable text>"


@pytest.mark.parametrize(
    "error",
    [ValueError("it broke"), KeyError("name"), OSError(2, "No such file"), UnicodeDecodeError("a", b"\xff", 0, 1, "b")],
)
def test_an_ordinary_exception_says_what_str_says(error: Exception):
    assert hostile.message_of(error) == str(error)


def test_an_exception_with_a_text_of_its_own_making_is_heard():
    assert hostile.message_of(Rude("hello")) == "hello"


@pytest.mark.parametrize("answer", [ZeroDivisionError(), KeyboardInterrupt(), SystemExit(3), 42, None])
def test_whatever_str_raises_or_returns_becomes_a_note(answer: Any):
    assert hostile.message_of(Rude(answer)) == NOTE


def test_endless_recursion_becomes_a_note():
    error = Rude(None)
    error.answer = lambda: str(error)
    assert hostile.message_of(error) == NOTE


def test_a_slow_text_becomes_a_note():
    release = threading.Event()
    try:
        assert hostile.message_of(Rude(lambda: str(release.wait(20)))) == NOTE
    finally:
        release.set()


def test_an_argument_is_asked_aside_too():
    class Bad:
        def __repr__(self) -> str:
            raise ZeroDivisionError

        __str__ = __repr__

    assert hostile.message_of(ValueError(Bad())) == "<ValueError without a usable text>"
    assert hostile.message_of(ValueError("a", Bad())) == "<ValueError without a usable text>"
    assert hostile.message_of(ValueError("a", [1, 2])) == "('a', [1, 2])"


def test_a_number_too_large_to_print_is_no_obstacle():
    assert hostile.message_of(ValueError(10**5000)) == "<a number of 16610 bits>"


def test_a_subclass_of_str_becomes_a_plain_text():
    class Text(str):
        __slots__ = ()

        def __str__(self) -> str:
            raise ZeroDivisionError

    assert type(hostile.text_of(Text("a"))) is str
    assert type(hostile.clean(Text("a"))) is str


def test_classes_cannot_lie_about_their_names():
    class Meta(type):
        def __getattribute__(cls, name: str) -> Any:
            raise ZeroDivisionError

    kind = Meta("Kind", (), {})
    assert hostile.name_of(kind) == "Kind"
    assert hostile.qualified_name_of(kind) == "Kind"
    assert hostile.module_of(ValueError) == "builtins"


@given(st.text(alphabet=st.characters(), max_size=50))
def test_every_text_can_be_sent(text: str):
    hostile.clean(text).encode("utf-8")


def test_half_a_surrogate_pair_is_written_out():
    assert hostile.clean("a\ud800b") == "a\\ud800b"


def test_once_some_calls_are_stuck_no_more_are_made():
    asker = Asker(seconds=0.01, limit=2)
    release = threading.Event()
    asked = []

    def question() -> str:
        asked.append(1)
        return str(release.wait(20))

    try:
        assert [asker.ask(question) for _ in range(5)] == [None] * 5
        # A thread that was given up on may not even have begun.
        wait_until(lambda: len(asked) == 2, "the two calls to begin")
    finally:
        release.set()


def test_a_call_that_came_loose_frees_its_place():
    asker = Asker(seconds=0.01, limit=1)
    release = threading.Event()
    asker.ask(lambda: str(release.wait(20)))
    release.set()
    wait_until(lambda: asker.ask(lambda: "b") == "b", "the stuck call to come loose")
