"""Built-in values of any size."""

from __future__ import annotations

import ast
import json
import time
from typing import Any, List

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aiops_sdk.values import FOREIGN, HUGE, PLAIN, as_json, look_at, shown

HUNDRED_MEGABYTES = "x" * 100_000_000


class Meta(type):
    """Lies, and fails, wherever a class can be asked something."""

    def __hash__(cls) -> int:
        raise ZeroDivisionError

    def __eq__(cls, other: object) -> bool:
        raise ZeroDivisionError

    def __instancecheck__(cls, other: object) -> bool:
        raise ZeroDivisionError


class Foreign(metaclass=Meta):
    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError


class Words(List[str]):
    """A list of somebody's own making."""


@pytest.mark.parametrize(
    ("thing", "look"),
    [
        ("text", PLAIN),
        (10**100, PLAIN),
        (None, PLAIN),
        (("a", 1, None, 2.5, b"x", [1, {"a": {2}}]), PLAIN),
        (Foreign(), FOREIGN),
        ([1, Foreign()], FOREIGN),
        ({"a": Foreign()}, FOREIGN),
        (Words(["a"]), FOREIGN),
        ("x" * 5_000, HUGE),
        (bytearray(5_000), HUGE),
        (10**5_000, HUGE),
        (list(range(1_000)), HUGE),
        (["x" * 1_000] * 5, HUGE),
        ([Foreign(), "x" * 5_000], HUGE),
        ([[[[[[1]]]]]], HUGE),
    ],
    ids=lambda thing: "",
)
def test_it_is_known_what_a_text_would_take(thing: object, look: int):
    assert look_at(thing) == look


def test_what_contains_itself_is_huge():
    endless: List[object] = []
    endless.append(endless)
    assert look_at(endless) == HUGE
    assert shown(endless) == "[[[[<list>]]]]"


def test_of_a_huge_value_the_beginning_is_shown():
    assert shown(HUNDRED_MEGABYTES) == "'" + "x" * 1_000 + "'…"
    assert shown({"a": Foreign(), "b": [Foreign()] * 20}) == "{'a': <Foreign>, 'b': [" + "<Foreign>, " * 10 + "…]}"
    assert shown((1,)) == "(1)"


@pytest.mark.parametrize(
    "thing",
    [HUNDRED_MEGABYTES, HUNDRED_MEGABYTES.encode(), [HUNDRED_MEGABYTES], list(range(1_000_000)), {*range(1_000_000)}],
    ids=lambda thing: type(thing).__name__,
)
def test_a_huge_value_is_not_walked_through(thing: object):
    begun = time.process_time()
    for _ in range(100):
        look_at(thing)
        shown(thing)
    # A hundred times as long as it may take; walking through would be a thousand times as long.
    assert time.process_time() - begun < 10.0


def test_a_text_of_somebody_s_own_making_is_not_asked_for_its_length():
    class Text(str):
        __slots__ = ()

        def __len__(self) -> int:
            raise ZeroDivisionError

        __str__ = __repr__ = __getitem__ = __len__  # type: ignore[assignment]

    assert look_at(Text("a")) == FOREIGN
    assert look_at(Text("x" * 5_000)) == HUGE
    assert shown(Text("a")) == "'a'"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)


@given(values)
def test_a_small_value_is_shown_as_it_is(value: object):
    assume(look_at(value) == PLAIN)
    assert ast.literal_eval(shown(value, depth=10)) == value


class TestAsJson:
    def test_what_json_has_stays(self):
        given = {"a": [1, 2.5, None, True, "x"], "b": {"c": "ü"}, "d": (1,)}
        assert as_json(given) == {"a": [1, 2.5, None, True, "x"], "b": {"c": "ü"}, "d": [1]}

    def test_what_json_has_not_becomes_text(self):
        class Foreign:
            def __repr__(self):
                raise AssertionError("nobody asks it")

        told = as_json(
            {"inf": float("inf"), "nan": float("nan"), "big": 2**64, "bytes": b"x", 7: Foreign(), "s": "\ud800"}
        )
        assert told == {
            "inf": "inf",
            "nan": "nan",
            "big": str(2**64),
            "bytes": "b'x'",
            "7": "<Foreign>",
            "s": "\\ud800",
        }
        json.dumps(told, allow_nan=False).encode("utf-8")

    def test_it_has_limits(self):
        deep = []
        deep.append(deep)
        told = as_json({"deep": deep, "long": list(range(10_000)), "text": "x" * 100_000})
        assert len(json.dumps(told)) < 20_000
