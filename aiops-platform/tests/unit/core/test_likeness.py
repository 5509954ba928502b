"""What incidents are alike by: places, routes and words, not the numbers in them."""

import pytest

from aiops_platform.core import likeness
from aiops_platform.core.likeness import Trait


def shared(one, other):
    """The traits that two incidents have in common, each told by (project, type, place, message, parts)."""
    hashes = {each.hash for each in likeness.of(*other)}
    return {each.trait for each in likeness.of(*one) if each.hash in hashes}


A = (
    1,
    "ValueError",
    "reserve (stock.py)",
    "order 7 is too large to ship",
    {"frames": ["web.py:view", "stock.py:reserve"]},
)


@pytest.mark.parametrize(
    ("other", "common"),
    [
        (A, {Trait.FRAME, Trait.PLACE, Trait.MESSAGE}),
        ((1, "KeyError", "x (y.py)", "order 8 is too large to ship", {}), {Trait.MESSAGE}),
        ((1, "KeyError", "reserve (stock.py)", "", {"frames": ["cli.py:main", "stock.py:reserve"]}), {Trait.FRAME}),
        ((1, "ValueError", "reserve (stock.py)", "something else", {}), {Trait.PLACE}),
        ((1, "KeyError", "x (y.py)", "nothing in common at all", {"frames": ["y.py:x"]}), set()),
        ((2, *A[1:]), set()),
    ],
)
def test_incidents_are_alike_by_what_they_share(other, common):
    assert shared(A, other) == common


@pytest.mark.parametrize("message", ["", "7", "KeyError: 7", "<number>", "0x7f3a"])
def test_a_message_that_says_next_to_nothing_makes_nothing_alike(message):
    assert likeness.of(1, "", "", message, {}) == ()


def test_answers_of_the_same_route_are_alike():
    one, other = (
        (1, "HTTPError", place, "", {"path": "/orders/<id>"}) for place in ("GET /orders/<id>", "POST /orders/<id>")
    )
    assert shared(one, other) == {Trait.ROUTE}


def test_whatever_the_parts_hold_is_no_error():
    for parts in ({"frames": None, "path": 7}, {"frames": [None]}, {"frames": "x", "path": ["y"]}):
        assert all(len(each.hash) == 8 for each in likeness.of(1, "T", "p", "\ud800 half a character", parts))
