"""When it pays to learn what events have in common, and from which."""

from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core import packing


def test_it_is_learned_at_200_events_and_again_whenever_there_are_ten_times_as_many():
    assert not packing.is_due(199, 0)
    assert packing.is_due(200, 0)
    assert not packing.is_due(1_999, 200)
    assert packing.is_due(2_000, 200)


def test_few_of_each_incident_come_before_many_of_one():
    incidents = [1] * 500 + [2, 3]
    chosen = [incidents[place] for place in packing.samples(incidents)]
    assert len(chosen) == packing.MOST
    assert {2, 3} <= set(chosen)


@given(st.lists(st.integers(0, 5), max_size=50))
def test_no_event_is_taken_twice(incidents):
    chosen = packing.samples(incidents)
    assert len(set(chosen)) == len(chosen) == len(incidents)
