"""The mark of a list that somebody reads."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_platform.core.reading import Reading

NUMBERS = st.integers(min_value=0, max_value=2**63 - 1)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))


@settings(max_examples=30)
@given(since=TIMES, highest=NUMBERS, shown=st.lists(NUMBERS, min_size=1, max_size=25))
def test_what_a_mark_says_is_read_again(since, highest, shown):
    reading = Reading(since=since, highest=highest, shown=tuple(shown))
    assert Reading.read(reading.mark) == reading


@pytest.mark.parametrize("mark", ["", "1.2", "a.b.c", "1.2.-3", "1.2.³", f"1.2.{2**63}", f"{10**18}.1.1", "1." * 200])
def test_what_is_no_mark_is_none(mark):
    assert Reading.read(mark) is None
