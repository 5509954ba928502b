"""Numbers as pages show them."""

import pytest

from aiops_platform.web import figures


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (figures.number(999), "999"),
        (figures.number(12_345), '<data value="12345">12,345</data>'),
        (figures.number(0), "0"),
        (figures.short(999), "999"),
        (figures.short(12_345), '<data value="12345" data-short>12.3k</data>'),
        (figures.many(1, "event"), "1 event"),
        (figures.many(2, "entry", "entries"), "2 entries"),
        (figures.many(1_000, "event"), '<data value="1000">1,000</data> events'),
        (figures.many(2, "<b>"), "2 &lt;b&gt;s"),
    ],
)
def test_a_number_says_itself(said, expected):
    assert str(said) == expected
