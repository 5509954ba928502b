"""What is kept of many events is spread over their time, ends at the newest, and is never more than it may be."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from made import NOW, after

from aiops_platform.core import sampling

SPANS = st.lists(st.integers(0, 100_000), min_size=1, max_size=150)


def moments_after(spans):
    moments = [NOW]
    for span in spans:
        moments.append(moments[-1] + timedelta(seconds=span))
    return moments


def kept_of(moments, most):
    """The moments that are kept for good, when events come at these."""
    kept = []
    for at in moments:
        last = kept[-1] if kept else None
        if sampling.is_for_good(at, kept=len(kept), kept_at=last, first_seen_at=moments[0], most=most):
            kept.append(at)
            dropped = sampling.surplus(kept, most)
            kept = [each for place, each in enumerate(kept) if place not in dropped]
    return kept


@given(SPANS, st.integers(2, 40))
def test_it_is_never_more_than_it_may_be_and_begins_with_the_first(spans, most):
    moments = moments_after(spans)
    kept = kept_of(moments, most)
    assert len(kept) <= most
    assert kept[0] == moments[0]


@given(SPANS, st.integers(0, 40))
def test_what_is_thinned_out_keeps_its_ends_and_as_many_as_was_said(spans, to):
    moments = moments_after(spans)
    dropped = sampling.thinned(moments, to)
    assert not dropped & {0, len(moments) - 1}
    assert len(moments) - len(dropped) == min(len(moments), max(to, 2))


def test_a_loop_of_a_day_is_kept_spread_over_the_day():
    kept = kept_of([after(seconds=second) for second in range(0, 86_400, 2)], most=100)
    assert 80 <= len(kept) <= 100
    assert kept[-1] > after(hours=23)
    assert max(later - earlier for earlier, later in pairwise(kept)) < timedelta(hours=1)


def test_what_is_kept_of_a_burst_makes_room_for_what_comes_later():
    burst = [after(milliseconds=number) for number in range(1_000)]
    kept = kept_of([*burst, *(after(hours=hour) for hour in range(1, 25))], most=100)
    assert kept[-1] == after(hours=24)
    assert sum(at > after(minutes=1) for at in kept) == 24


def test_few_of_a_loop_are_added_however_many_come():
    added, kept_at = 0, NOW
    for second in range(1, 20_000):
        at = after(seconds=second)
        if sampling.is_for_good(at, kept=100, kept_at=kept_at, first_seen_at=NOW, most=100):
            added, kept_at = added + 1, at
    assert added < 700


def test_a_clock_that_was_ahead_keeps_nothing_out():
    ahead = after(days=365)
    assert sampling.is_for_good(NOW, kept=100, kept_at=ahead, first_seen_at=after(days=-1), most=100)
