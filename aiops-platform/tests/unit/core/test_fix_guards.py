"""The guard rails of policies, as laws over whatever comes: never more, never sooner, never elsewhere."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import NOW

from aiops_platform.core.fixing import guards, rehearsal
from aiops_platform.core.fixing.guards import Asked
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.fixing.rehearsal import Came

SECONDS = st.integers(min_value=0, max_value=3 * 24 * 3600)
SERVICES = st.integers(min_value=1, max_value=3)
CAME = st.lists(st.tuples(SECONDS, SERVICES), max_size=60)
POLICIES = st.builds(
    FixPolicy,
    name=st.just("Recycle"),
    match=st.just("is:open"),
    fixer=st.just("recycle"),
    cool_down=st.integers(min_value=0, max_value=7200),
    per_hour=st.integers(min_value=1, max_value=5),
    per_day=st.integers(min_value=1, max_value=12),
    at_once=st.integers(min_value=1, max_value=4),
)
A_POLICY = FixPolicy(name="Recycle", match="is:open", fixer="recycle", cool_down=0, per_hour=1_000, per_day=1_000)


def asked_by(policy: FixPolicy, came: list[tuple[int, int]], *, leap: timedelta = timedelta()) -> list[Asked]:
    """What the policy asks for when incidents come at these times, by its guard rails alone; the clock may leap."""
    asked: list[Asked] = []
    for seconds, service in sorted(came):
        now = NOW + timedelta(seconds=seconds) + (leap if len(asked) % 2 else timedelta())
        if guards.held(policy, "production", service, past=asked, is_stopped=False, now=now) is None:
            asked.append(Asked(now, service, 1))
    return asked


def within(asked: list[Asked], end: datetime, span: timedelta) -> int:
    """How many of these were within a span that ends then."""
    return sum(end - span < each.at <= end for each in asked)


@settings(max_examples=200, deadline=None)
@given(POLICIES, CAME)
def test_no_hour_and_no_day_has_more_than_its_budget(policy: FixPolicy, came: list[tuple[int, int]]) -> None:
    asked = asked_by(policy, came)
    assert all(within(asked, each.at, guards.HOUR) <= policy.per_hour for each in asked)
    assert all(within(asked, each.at, guards.DAY) <= policy.per_day for each in asked)


@settings(max_examples=200, deadline=None)
@given(POLICIES, CAME)
def test_a_service_is_not_asked_again_before_it_has_cooled_down(policy: FixPolicy, came: list[tuple[int, int]]) -> None:
    last: dict[int, datetime] = {}
    for each in asked_by(policy, came):
        if each.service_id in last:
            assert each.at - last[each.service_id] >= timedelta(seconds=policy.cool_down)
        last[each.service_id] = each.at


@settings(max_examples=200, deadline=None)
@given(POLICIES, CAME, st.timedeltas(min_value=timedelta(days=-2), max_value=timedelta(0)))
def test_a_clock_that_is_put_back_lets_no_more_through(
    policy: FixPolicy, came: list[tuple[int, int]], leap: timedelta
) -> None:
    asked = asked_by(policy, came, leap=leap)
    # However the clock leapt, in the order of asking no budget of a day was exceeded while all of it was within a day.
    if asked and max(each.at for each in asked) - min(each.at for each in asked) < guards.HOUR:
        assert len(asked) <= min(policy.per_hour, policy.per_day)


@settings(max_examples=200, deadline=None)
@given(POLICIES, st.lists(st.tuples(SECONDS, SERVICES), max_size=30), SECONDS, SERVICES)
def test_what_was_asked_for_never_lets_more_through(
    policy: FixPolicy, before: list[tuple[int, int]], seconds: int, service: int
) -> None:
    now = NOW + timedelta(seconds=seconds)
    past = [Asked(NOW + timedelta(seconds=at), where, 1) for at, where in before]
    free = guards.held(policy, "production", service, past=[], is_stopped=False, now=now)
    assert free is None
    for number in range(len(past)):
        less = guards.held(policy, "production", service, past=past[:number], is_stopped=False, now=now)
        more = guards.held(policy, "production", service, past=past, is_stopped=False, now=now)
        assert not (more is None and less is not None)


@settings(max_examples=100, deadline=None)
@given(POLICIES, CAME, st.booleans(), st.booleans())
def test_nothing_goes_out_while_it_is_stopped_paused_switched_off_or_elsewhere(
    policy: FixPolicy, came: list[tuple[int, int]], is_stopped: bool, is_off: bool
) -> None:
    past = [Asked(NOW + timedelta(seconds=at), where, 1) for at, where in came]
    now = NOW + timedelta(days=30)
    if is_stopped or is_off:
        off = replace(policy, enabled=not is_off)
        assert guards.held(off, "production", 1, past=past, is_stopped=is_stopped, now=now) is not None
    paused = replace(policy, paused_at=NOW, paused_why="fix 1 failed")
    assert guards.held(paused, "production", 1, past=past, is_stopped=False, now=now) == (
        "the policy is paused: fix 1 failed"
    )
    elsewhere = replace(policy, environments=("staging",))
    assert guards.held(elsewhere, "production", 1, past=past, is_stopped=False, now=now) == "it is not for production"
    assert guards.held(elsewhere, "staging", 1, past=[], is_stopped=False, now=now) is None


@given(st.integers(min_value=1, max_value=100), st.integers(min_value=0, max_value=200))
def test_no_more_than_so_many_are_under_way_at_once(at_once: int, under_way: int) -> None:
    assert guards.has_turn(replace(A_POLICY, at_once=at_once), under_way) is (under_way < at_once)
    assert guards.has_turn(None, under_way)


@settings(max_examples=100, deadline=None)
@given(POLICIES, CAME)
def test_a_rehearsal_lets_through_what_the_guard_rails_would_have(
    policy: FixPolicy, came: list[tuple[int, int]]
) -> None:
    times = [Came(NOW + timedelta(seconds=at), service, number) for number, (at, service) in enumerate(sorted(came))]
    told = rehearsal.over(policy, times, {1: "production", 2: "production", 3: "production"})
    let_through = [(each.came.at, each.came.service_id) for each in told if each.held is None]
    assert let_through == [(each.at, each.service_id) for each in asked_by(policy, came)]


@pytest.mark.parametrize(("many", "word"), [(1, "once"), (2, "2 times")])
def test_what_is_spent_is_said_as_people_say_it(many: int, word: str) -> None:
    past = [Asked(NOW, 1, 1)] * many
    for policy, span in ((replace(A_POLICY, per_hour=many), "hour"), (replace(A_POLICY, per_day=many), "day")):
        why = guards.held(policy, "production", 1, past=past, is_stopped=False, now=NOW)
        assert why == f"it was asked for {word} within the last {span}"
