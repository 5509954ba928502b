"""Whether a problem is back, wherever it was said to be mended."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from made import NOW, after

from aiops_platform.core.regression import LONGEST_WAIT, Resolution, Stays, judged

NUMBERS = st.integers(1, 30)
LATER = st.timedeltas(timedelta(seconds=1), timedelta(days=400))


def verdict(
    release: str, *, resolved_in: str | None, how: Resolution, later: timedelta = timedelta(hours=1), seen=None
):
    first_seen = seen if seen is not None else {f"1.{number}": after(days=-40 + number) for number in range(1, 31)}
    told = {"release": release, "resolved_at": NOW, "resolved_in": resolved_in, "first_seen": first_seen}
    return judged(at=NOW + later, now=NOW + later, how=how, **told)


@given(NUMBERS, NUMBERS)
def test_in_the_next_release_is_after_the_one_that_was_known(known, told):
    said = verdict(f"1.{told}", resolved_in=f"1.{known}", how=Resolution.NEXT)
    expected = None if told > known else Stays.AWAITED if told == known else Stays.OLDER
    assert said.stays == expected
    assert said.why


@given(NUMBERS, NUMBERS)
def test_in_a_release_by_its_name_is_from_that_one_on(named, told):
    said = verdict(f"1.{told}", resolved_in=f"1.{named}", how=Resolution.GIVEN)
    assert said.stays == (Stays.OLDER if told < named else None)


@given(NUMBERS, LATER)
def test_a_release_that_does_not_come_is_waited_for_no_longer_than_that(known, later):
    seen = {f"1.{known}": after(days=-1)}
    for how, awaited in ((Resolution.NEXT, f"1.{known}"), (Resolution.GIVEN, "9.9")):
        said = verdict(f"1.{known}", resolved_in=awaited, how=how, later=later, seen=seen)
        assert (said.stays is None) == (later > LONGEST_WAIT)


@given(LATER, st.sampled_from(Resolution))
def test_a_release_that_has_come_is_waited_for_as_long_as_old_workers_live(later, how):
    seen = {"1.1": after(days=-1), "1.2": after(minutes=5)}
    resolved_in = "1.1" if how is Resolution.NEXT else "1.2"
    assert verdict("1.1", resolved_in=resolved_in, how=how, later=later, seen=seen).stays is not None


@given(LATER, st.sampled_from(Resolution), st.sampled_from(["", "1.1"]))
def test_without_a_release_on_one_side_time_alone_tells(later, how, told):
    assert verdict(told, resolved_in=None if told else "1.1", how=how, later=later).stays is None
    late = judged(
        at=NOW - later, release=told, resolved_at=NOW, resolved_in="1.1", first_seen={}, now=NOW + later, how=how
    )
    assert late.stays is Stays.LATE
