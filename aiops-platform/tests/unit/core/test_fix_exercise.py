"""How often a place was answered well since a fix, as beats tell, and when that proves that a problem is gone."""

import json
import math
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, a_heartbeat, after, an_event

from aiops_platform.core.event import Heartbeat
from aiops_platform.core.fixing import exercise, proof
from aiops_platform.core.fixing.exercise import OF_UNKNOWN, Exercise
from aiops_platform.core.fixing.fix import Proof
from aiops_platform.core.fixing.proof import Watched

PAY = an_event(route="/pay", request={"method": "POST"})
OLD = NOW - timedelta(hours=1)


def used(*beats: tuple[str, int, datetime], began_at: datetime | None = OLD) -> Exercise:
    """After beats of these processes, which had answered so many by then."""
    known = exercise.begun(PAY, NOW)
    for instance, count, at in beats:
        known = exercise.heard(known, instance, a_beat(count, at, began_at), at)
    return known


def a_beat(count: int, at: datetime, began_at: datetime | None = OLD) -> Heartbeat:
    answered = [{"method": "GET", "route": "/pay", "count": 7}, {"method": "POST", "route": "/pay", "count": count}]
    stats = {} if began_at is None else {"uptime": (at - began_at).total_seconds()}
    return a_heartbeat(answered=answered if count else answered[:1], stats=stats)


def test_what_was_answered_before_the_first_beat_after_the_fix_does_not_count() -> None:
    known = used(("a", 100, after(seconds=-1)), ("a", 130, after(seconds=0)), ("a", 130, after(seconds=30)))
    assert known.good == 0
    assert exercise.heard(known, "a", a_beat(142, after(seconds=60)), after(seconds=60)).good == 12


def test_a_process_that_had_answered_nothing_counts_from_its_first_beat_on() -> None:
    assert used(("a", 0, after(seconds=1)), ("a", 40, after(seconds=31))).good == 40


def test_a_process_that_began_after_the_fix_counts_whole() -> None:
    assert used(("b", 9, after(seconds=60)), began_at=after(seconds=1)).good == 9


@pytest.mark.parametrize("began_at", [NOW - timedelta(seconds=1), None], ids=["before", "unknown"])
def test_one_that_began_before_or_does_not_say_when_counts_from_its_first_beat_on(began_at: datetime | None) -> None:
    assert used(("b", 9, after(seconds=60)), ("b", 11, after(seconds=90)), began_at=began_at).good == 2


def test_one_that_counts_anew_counts_whole_and_keeps_what_it_had() -> None:
    assert used(("a", 50, NOW), ("a", 60, after(seconds=30)), ("a", 4, after(seconds=60))).good == 14


def test_another_method_or_route_is_another_place_and_without_a_route_there_is_none() -> None:
    got = exercise.begun(an_event(route="/pay", request={"method": "PUT"}), NOW)
    assert exercise.heard(got, "a", a_beat(5, NOW), NOW).good == 0
    for event in (None, an_event(logger="shop"), an_event(request={"method": "POST"})):
        none = exercise.begun(event, NOW)
        assert (none.route, none.place) == ("", "")
        assert exercise.heard(none, "a", a_beat(5, NOW), NOW) is none


def test_it_stays_small_whoever_tells() -> None:
    known = used(*((f"i{number}", 1, after(seconds=number)) for number in range(600)))
    assert len(known.by) == 500


@given(
    answered=st.lists(st.tuples(st.integers(-300, 600), st.integers(1, 9)), max_size=12),
    beats=st.lists(st.integers(-300, 600), max_size=12),
    began=st.integers(-400, 100),
)
def test_nothing_counts_twice_and_nothing_of_before_and_it_comes_back_as_it_was_kept(
    answered: list[tuple[int, int]], beats: list[int], began: int
) -> None:
    def by(then: int) -> int:
        return sum(many for at, many in answered if began < at <= then)

    told = sorted(at for at in beats if at >= began)
    known = used(*(("a", by(at), after(seconds=at)) for at in told), began_at=after(seconds=began))
    since = [at for at in told if at >= 0]
    assert known.good == (by(since[-1]) - (0 if began >= 0 else by(since[0])) if since else 0)
    assert known.good <= sum(many for at, many in answered if at > 0 or began >= 0)
    assert exercise.from_data(json.loads(json.dumps(exercise.as_data(known)))) == known


# What is enough.


def judged(known: Exercise | None, came: int = 0, **fields: int) -> proof.Judged:
    seen = Watched(
        ended_at=NOW,
        watch=timedelta(minutes=10),
        again=fields.get("again", 0),
        before=fields.get("before", 1),
        ran_well=0,
        heard_at=after(minutes=11),
        interval=30,
        exercise=known,
        came=came,
    )
    return proof.judged(seen, after(minutes=12))


def test_twenty_good_answers_prove_what_came_so_seldom_that_its_share_is_not_known() -> None:
    enough = judged(used(("a", 0, NOW), ("a", 20, after(minutes=11))), came=1)
    assert (enough.proof, enough.why) == (Proof.MENDED, "POST /pay answered 20 requests since without it")
    less = judged(used(("a", 0, NOW), ("a", 19, after(minutes=11))), came=1)
    assert less.proof is Proof.UNPROVEN
    assert less.why.endswith("and POST /pay answered 19 of the 20 requests that would tell it, so that tells little")


def test_what_always_failed_is_proven_by_three_and_what_seldom_did_by_thrice_its_mean_distance() -> None:
    assert used(("a", 0, NOW)).needed(3) == 3
    assert used(("a", 9, NOW)).needed(3) == 12
    assert used(("a", 9_000, NOW)).needed(9) == 3_003
    assert judged(used(("a", 0, NOW), ("a", 3, after(minutes=11))), came=3, before=2).proof is Proof.MENDED
    assert judged(used(("a", 9_000, NOW), ("a", 10_000, after(minutes=11))), came=9).proof is Proof.UNPROVEN


def test_processes_that_are_gone_are_taken_to_have_been_like_those_that_are_there() -> None:
    known = exercise.heard(used(("old", 3_600, NOW)), "young", a_beat(60, NOW, after(minutes=-1)), NOW)
    assert known.began_at == OLD
    assert known.before() == 7_200


@given(
    before=st.integers(0, 10_000),
    good=st.integers(0, 10_000),
    came=st.integers(0, 50),
    again=st.integers(0, 1),
)
def test_use_proves_only_what_was_not_seen_again_and_where_chance_would_have_shown_it(
    before: int, good: int, came: int, again: int
) -> None:
    known = used(("a", before, NOW), ("a", before + good, after(minutes=11)))
    found = judged(known, came, again=again).proof
    assert (found is Proof.NOT_MENDED) is bool(again)
    if found is Proof.MENDED:
        assert good >= 3
        share = came / (before + came) if came >= 3 else 1 / 7
        # By chance it would have stayed away once in twenty times at most.
        assert share == 1 or good * math.log1p(-share) <= math.log(0.05)
    elif not again:
        assert good < max(OF_UNKNOWN, 3 * (before + came) / max(came, 1) + 1)


@given(good=st.integers(0, 100), more=st.integers(0, 100), came=st.integers(0, 9))
def test_more_good_answers_never_prove_less(good: int, more: int, came: int) -> None:
    first = used(("a", 50, NOW), ("a", 50 + good, after(minutes=11)))
    second = used(("a", 50, NOW), ("a", 50 + good + more, after(minutes=11)))
    assert judged(first, came).proof is not Proof.MENDED or judged(second, came).proof is Proof.MENDED
