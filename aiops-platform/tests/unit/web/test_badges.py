"""Badges are well-formed whatever they are asked for; what everybody may see is made once, and not too often."""

from contextlib import suppress
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_platform.core.monitor import MonitorState
from aiops_platform.web.badges import badge
from aiops_platform.web.shelf import Shelf, TooMuchError


@settings(max_examples=40)
@given(st.text(max_size=300), st.sampled_from(list(MonitorState)))
def test_a_badge_is_a_picture_whatever_it_is_called(label: str, state: MonitorState) -> None:
    drawn = badge(label, state)
    root = ElementTree.fromstring(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert int(root.attrib["width"]) < 500
    assert "style=" not in drawn
    assert len(drawn.encode()) < 4_000


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (MonitorState.ALIVE, "up"),
        (MonitorState.LATE, "late"),
        (MonitorState.SILENT, "down"),
        (MonitorState.PAUSED, "paused"),
    ],
)
def test_a_badge_says_how_it_is_in_words(state: MonitorState, said: str) -> None:
    assert f">{said}</text>" in badge("shop", state)
    assert f'aria-label="shop: {said}"' in badge("shop", state)


def test_a_badge_says_maintenance_whatever_is_heard_but_of_a_pause() -> None:
    for state in MonitorState:
        said = "paused" if state is MonitorState.PAUSED else "maintenance"
        assert f'aria-label="shop: {said}"' in badge("shop", state, is_held=True)


def test_what_is_kept_is_made_again_only_after_its_time() -> None:
    shelf, made = Shelf(), list[str]()

    def make() -> str:
        made.append("x")
        return str(len(made))

    assert [shelf.take(("a",), 30, now, make) for now in (0.0, 10.0, 30.0, 31.0, 40.0)] == ["1", "1", "1", "2", "2"]
    shelf.clear()
    assert shelf.take(("a",), 30, 41.0, make) == "3"
    # A clock that was put back.
    assert shelf.take(("a",), 30, -100.0, make) == "4"


def test_what_does_not_exist_is_kept_too() -> None:
    shelf = Shelf()
    assert shelf.take(("a",), 30, 0.0, lambda: None) is None
    assert shelf.take(("a",), 30, 1.0, lambda: "new") is None


def test_so_much_is_made_and_no_more() -> None:
    shelf = Shelf()
    for number in range(100):
        shelf.take((str(number),), 30, 0.0, lambda: "x")
    with pytest.raises(TooMuchError) as refused:
        shelf.take(("more",), 30, 0.0, lambda: "x")
    assert refused.value.seconds >= 1
    assert shelf.take(("7",), 30, 0.0, lambda: "never") == "x", "What is kept costs nothing."
    assert shelf.take(("more",), 30, 10.0, lambda: "x") == "x"


def test_who_guesses_names_keeps_nobody_from_what_is_there() -> None:
    shelf = Shelf()
    assert shelf.take(("status", "acme"), 30, 0.0, lambda: "fine") == "fine"
    for number in range(10_000):
        with suppress(TooMuchError):
            shelf.take(("status", f"guess {number}"), 30, number / 100, lambda: None)
    assert shelf.take(("status", "acme"), 30, 100.0, lambda: "down") == "down"
    shelf.clear()
    assert shelf.take(("status", "acme"), 30, 100.0, lambda: None) is None, "It was switched off."
