"""What the SDK counts as repeats of one failure is one incident for the platform: it may split more, and never less."""

import re

from hypothesis import assume, example, given
from hypothesis import strategies as st

from aiops_platform.core import folding
from aiops_sdk.capture import folded

# What the platform's rule looks at, and what the SDK's does.
pieces = st.sampled_from(
    [
        *(
            "order ",
            "user",
            "id=",
            "(",
            ")",
            "[",
            "]",
            "#",
            "/",
            "'",
            '"',
            ",",
            ". ",
            ": ",
            ":",
            "-",
            "_",
            "@",
            "x",
            "e",
            "T",
        ),
        *(
            " ",
            "\n",
            "0x",
            "http://",
            "https://shop/",
            "v",
            "abcdef",
            "abcdefghijklmnop",
            ".",
            "+",
            "Z",
            "ä",
            "<",
            ">",
            "{",
        ),
        *("2026-11-22", "03:14:07", "10.0.0.1", "::1", "0x7f3a", "6f2f3a4d5e6f", "a@b.de", "1e5", "1.5", "HTTP 500"),
    ]
)
numbers = st.integers(min_value=0, max_value=10**40).map(str) | st.sampled_from(
    ["0", "7", "12", "007", "2026", "123456"]
)
hexes = st.integers(min_value=0, max_value=2**64).map(lambda number: f"{number:x}")
texts = st.lists(pieces | numbers | hexes, max_size=12).map("".join)
long_texts = st.tuples(st.sampled_from(["", "'", '"', "x" * 90, " " * 1_990]), texts, texts).map("".join)


@st.composite
def siblings(draw: st.DrawFn) -> tuple[str, str]:
    """Two texts that differ in their numbers and their hexadecimal digits at most."""
    first = draw(texts | long_texts)
    second = re.sub(r"\d+", lambda found: draw(numbers | st.just(found.group())), first)
    return first, re.sub(r"(?<=0x)[0-9a-f]+", lambda _: draw(hexes), second)


@given(siblings())
@example(("users1", "users2"))
@example(("http://10.0.0.1/", "http://10.0.0.2/"))
@example(("1x00", "0x12"))
@example(("at 2026-11-22", "at 2026-11-2"))
@example(("'" + "7 " * 200 + "'", "'" + "12 " * 200 + "'"))
def test_messages_that_are_repeats_are_one_for_the_platform(pair: tuple[str, str]) -> None:
    first, second = pair
    assume(folded(first) == folded(second))
    assert folding.folded(first) == folding.folded(second)
    assert folding.folded(first, with_names=True) == folding.folded(second, with_names=True)


@given(siblings())
def test_paths_that_are_repeats_are_one_for_the_platform(pair: tuple[str, str]) -> None:
    first, second = pair
    assume(folded(first) == folded(second))
    assert folding.folded_path(first) == folding.folded_path(second)


def test_what_differs_in_numbers_only_is_a_repeat() -> None:
    assert folded("order 7 of <Shop object at 0x7f01> failed") == folded("order 4711 of <Shop object at 0x7eff> failed")
    assert folded("/orders/7") == folded("/orders/12")
    assert folded("line 3, column 14.") == folded("line 12, column 7.")
    assert folded("10.0.0.1 timed out") == folded("20.0.0.2 timed out")
    assert folded("user1") != folded("user2")
    assert folded("http://shop:8001") != folded("http://shop:8002")
