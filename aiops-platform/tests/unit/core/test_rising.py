"""When an incident comes much more often than it usually does."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from made import NOW

from aiops_platform.core import hours
from aiops_platform.core.rising import LEAST, rise

HOUR = timedelta(hours=1)
WEEK = 168
STEADY = dict.fromkeys(range(WEEK + 2), 4)


def risen(counts, *, known=timedelta(days=30), now=NOW):
    """`counts` are by hours ago."""
    this = hours.of(now)
    return rise({this - ago * HOUR: many for ago, many in counts.items()}, first_seen_at=now - known, now=now)


def test_a_jump_above_the_usual_rate_is_a_rise_and_its_factor_is_said():
    found = risen(STEADY | {0: 20, 1: 60})
    assert found is not None
    # 14 minutes into the hour: five of them are usual.
    assert (found.events, round(found.usual, 1), round(found.factor)) == (80, 4.9, 16)
    assert found.since == hours.of(NOW) - HOUR


def test_what_goes_on_as_ever_is_no_rise():
    assert risen(STEADY) is None
    assert risen(STEADY | {1: 12}) is None


def test_small_numbers_tell_nothing():
    assert risen({0: LEAST - 1, 100: 1}) is None


def test_what_was_quiet_for_a_week_rises_from_nothing():
    found = risen({0: LEAST})
    assert found is not None
    assert (found.usual, found.factor) == (0, LEAST)


def test_what_is_known_for_less_than_a_day_is_new_and_does_not_rise():
    assert risen({0: 500}, known=23 * HOUR) is None
    assert risen({0: 500}, known=26 * HOUR) is not None


def test_a_rush_that_comes_at_the_same_time_each_day_is_none():
    every_day = dict.fromkeys(range(0, WEEK + 2, 24), 100)
    assert risen(every_day) is None
    assert risen(every_day | {0: 900}) is not None
    assert risen(every_day | {0: 0, 5: 100, 1: 90}) is None


def test_what_comes_in_bursts_does_not_rise_with_each():
    bursts = {7: 300, 31: 250, 60: 310, 100: 280, 130: 290}
    assert risen(bursts | {0: 300}) is None
    assert risen(bursts | {0: 3_000}) is not None


def test_the_hours_before_it_was_first_seen_are_no_quiet_ones():
    young = {0: 60} | dict.fromkeys(range(2, 48), 30)
    assert risen(young, known=48 * HOUR) is None


@given(st.dictionaries(st.integers(0, 200), st.integers(0, 10_000), max_size=60), st.integers(0, 3_000_000))
def test_a_rise_is_always_far_above_what_is_usual(counts, seconds):
    found = risen(counts, known=timedelta(seconds=seconds), now=NOW + timedelta(seconds=seconds % 7_200))
    if found is not None:
        assert found.events >= LEAST
        assert found.factor >= 3
        assert found.events >= 3 * found.usual
