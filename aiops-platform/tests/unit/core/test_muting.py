"""Mutes that end, by whatever comes first."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, after

from aiops_platform.core import muting
from aiops_platform.core.muting import NEXT, Ends, Mute, MuteError, after_event, begun, from_data, sentence

HOUR = timedelta(hours=1)


def a_mute(*, count: int = 10, newest: str | None = "1.0", **ends) -> Mute:
    mute = begun(Ends(**ends), count=count, newest=newest, now=NOW)
    assert mute is not None
    return mute


def heard(mute: Mute, *, count: int = 11, repeats: int = 1, at=NOW, first_seen=None, now=NOW):
    told = {"count": count, "repeats": repeats, "at": at, "since": NOW, "first_seen": first_seen or {}, "now": now}
    return after_event(mute, **told)


def test_a_mute_of_which_nothing_is_said_is_none_and_lasts():
    assert begun(Ends(), count=1, newest="1.0", now=NOW) is None
    assert (sentence(None), muting.ended_by_time(None, after(days=1000))) == ("", None)


def test_it_ends_at_its_time_and_with_the_first_event_after_it():
    mute = a_mute(until=after(hours=2))
    assert muting.ended_by_time(mute, after(minutes=119)) is None
    assert muting.ended_by_time(mute, after(hours=2)) == "it was muted until 2026-11-22 05:14 UTC"
    assert heard(mute, now=after(hours=1))[1] is None
    assert heard(mute, now=after(hours=3))[1] == "it was muted until 2026-11-22 05:14 UTC"


def test_it_ends_after_so_many_more_events():
    mute = a_mute(count=10, events=5)
    assert heard(mute, count=14)[1] is None
    assert heard(mute, count=15)[1] == "5 more events came while it was muted"


@given(st.permutations(list(range(0, 3600, 300))))
def test_it_ends_when_so_many_come_within_a_time_in_whatever_order_they_come(seconds):
    mute, over = a_mute(events=12, within=HOUR), None
    for second in seconds:
        assert over is None
        mute, over = heard(mute, at=NOW.replace(minute=0, second=0) + timedelta(seconds=second))
    assert over == "12 events came within 1 h while it was muted"


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_what_is_further_apart_never_ends_it(steps):
    mute, at = a_mute(events=2, within=HOUR), NOW
    for step in steps:
        at += step * HOUR
        mute, over = heard(mute, at=at)
        assert over is None
        assert len(mute.lately) <= 12, "What it counts with stays small."


def test_it_ends_with_a_newer_release_and_not_with_an_older_one():
    mute = a_mute(release=NEXT, newest="1.9")
    assert heard(mute, first_seen={"1.9": after(hours=-1)})[1] is None
    assert heard(mute, first_seen={"1.9": after(hours=-1), "1.8": after(hours=1)})[1] is None
    over = heard(mute, first_seen={"1.9": after(hours=-1), "1.10": after(hours=1)})[1]
    assert over == "it was muted until 1.10 was seen, and happened again"


def test_a_newer_release_that_is_told_late_ends_it_too():
    mute = a_mute(release=NEXT, newest="shop-b")
    known = {"shop-a": after(days=-9), "shop-b": after(days=-3)}
    assert heard(mute, first_seen=known)[1] is None
    assert heard(mute, first_seen=known | {"shop-0": after(days=-4)})[1] is None
    # It was deployed before the mute began, and heard of after it.
    over = heard(mute, first_seen=known | {"shop-c": after(minutes=-3)})[1]
    assert over == "it was muted until shop-c was seen, and happened again"


@pytest.mark.parametrize(("appears", "ends"), [("2.0", True), ("2.1", True), ("1.9", False), ("nightly", False)])
def test_it_ends_with_a_release_by_name_or_one_with_a_higher_number(appears, ends):
    mute = a_mute(release="2.0", newest="1.0")
    first_seen = {"1.0": after(hours=-1), appears: after(hours=1)}
    assert (heard(mute, first_seen=first_seen)[1] is not None) is ends


def test_the_first_of_several_ends_counts():
    mute = a_mute(until=after(days=1), events=100, release="2.0")
    assert sentence(mute) == "until 2026-11-23 03:14 UTC or 100 more events came or 2.0 appears"
    assert heard(mute, first_seen={"2.0": after(hours=1)})[1] is not None


@given(
    until=st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=3000)),
    events=st.none() | st.integers(1, 10**9),
    within=st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=30)),
    release=st.none() | st.sampled_from([NEXT, "2.0"]),
)
def test_what_is_kept_of_a_mute_is_all_of_it(until, events, within, release):
    ends = Ends(until=until and NOW + until, events=events, within=within if events else None, release=release)
    mute = begun(ends, count=7, newest="1.0", now=NOW)
    if mute is not None:
        mute, _ = heard(mute)
    assert from_data(muting.as_data(mute)) == mute


@pytest.mark.parametrize(
    "ends",
    [
        Ends(until=NOW),
        Ends(until=after(days=4000)),
        Ends(events=0),
        Ends(within=HOUR),
        Ends(events=5, within=timedelta(seconds=5)),
        Ends(release=""),
        Ends(release="a\nb"),
        Ends(release="x" * 201),
    ],
)
def test_an_end_that_makes_no_sense_is_refused(ends):
    with pytest.raises(MuteError):
        begun(ends, count=1, newest="1.0", now=NOW)


def test_where_no_release_was_ever_named_there_is_none_to_wait_for():
    with pytest.raises(MuteError, match="No release"):
        begun(Ends(release=NEXT), count=1, newest=None, now=NOW)
    mute = begun(Ends(release=NEXT, events=5), count=1, newest=None, now=NOW)
    assert mute is not None
    assert sentence(mute) == "until 5 more events came"
