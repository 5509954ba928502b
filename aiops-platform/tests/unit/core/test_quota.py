"""What is too much is held back, and nothing else is."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core.quota import Allowance, Category, HeldBack, Quotas, Sender

SHOP, TILL = Sender(1, "shop"), Sender(1, "till")


def quotas(*, saved_seconds: float = 10, **allowance: float) -> Quotas:
    return Quotas(Allowance(saved_seconds=saved_seconds, **{"per_key": 0, "per_service": 0, **allowance}))


def taken(quotas: Quotas, times: int, *, sender: Sender = SHOP, problem: str = "loop", now: float = 0) -> int:
    """How many of so many events at one moment."""
    return [quotas.ask_for_event(sender, problem, now) for _ in range(times)].count(None)


def test_without_limits_everything_is_taken():
    assert taken(quotas(), 10_000) == 10_000


def test_what_was_saved_up_may_come_at_once_and_then_as_much_as_is_refilled():
    asked = quotas(per_key=3)
    first_and_repeats = 1 + 30
    assert taken(asked, 100) == first_and_repeats
    assert taken(asked, 100, now=1) == 3
    assert taken(asked, 100, now=1.5) == 1
    assert taken(asked, 100, now=1_000) == 30


def test_a_problem_may_use_half_of_what_its_service_is_allowed():
    asked = quotas(per_service=4)
    taken(asked, 1, problem="quiet")
    assert taken(asked, 100) == 1 + 20
    assert taken(asked, 100, problem="quiet") == 20


def test_a_service_uses_up_nothing_of_another():
    asked = quotas(per_service=4)
    taken(asked, 100)
    assert taken(asked, 100, sender=TILL) == 1 + 20


def test_a_key_is_one_however_many_services_it_names():
    asked = quotas(per_key=5, saved_seconds=1)
    assert sum(taken(asked, 1, sender=Sender(1, number)) for number in range(100)) == 5
    assert taken(asked, 1, sender=Sender(2, 0)) == 1


@pytest.mark.parametrize("category", [Category.FIRST_SEEN, Category.HEARTBEAT, Category.JOB])
def test_a_loop_uses_up_nothing_of_another_kind(category):
    asked = quotas(per_key=2, per_service=2)
    taken(asked, 1_000)
    assert asked.ask(SHOP, category, 0) is None


def test_what_is_held_back_is_told_when_one_more_will_be_taken():
    asked = quotas(per_service=0.1)
    assert asked.ask(SHOP, Category.HEARTBEAT, 0) is None
    held_back = asked.ask(SHOP, Category.HEARTBEAT, 0)
    assert isinstance(held_back, HeldBack)
    assert (held_back.category, held_back.seconds) == (Category.HEARTBEAT, 10)
    assert held_back.why == "more than 0.1 heartbeats a second of this service: send it again later"
    assert asked.ask(SHOP, Category.HEARTBEAT, 9) is not None
    assert asked.ask(SHOP, Category.HEARTBEAT, 10) is None


def test_a_problem_that_was_held_back_when_it_was_new_is_new_still():
    asked = quotas(per_key=1, saved_seconds=1)
    taken(asked, 1, problem="one")
    held_back = asked.ask_for_event(SHOP, "two", 0)
    assert held_back is not None
    assert held_back.category is Category.FIRST_SEEN
    assert asked.ask_for_event(SHOP, "one", 0) is None
    assert asked.ask_for_event(SHOP, "two", 1) is None


def test_a_clock_that_goes_back_or_leaps_costs_nobody_anything():
    asked = quotas(per_key=1)
    taken(asked, 100, now=1_000_000)
    assert taken(asked, 100, now=0) == 0
    assert taken(asked, 100, now=5) == 5


def test_only_so_many_problems_and_services_are_remembered():
    asked = Quotas(Allowance(per_key=0, per_service=1, saved_seconds=1), problems=2, services=8)
    for problem in ("one", "two", "three"):
        assert taken(asked, 1, sender=Sender(1, problem), problem=problem) == 1
    again = asked.ask_for_event(Sender(1, "one"), "one", 0)
    assert again is not None
    assert again.category is Category.FIRST_SEEN


@given(st.lists(st.floats(0, 100), max_size=200), st.floats(0.1, 10), st.floats(1, 10))
def test_never_is_more_taken_than_was_saved_up_and_refilled(moments, per_second, saved):
    asked = quotas(per_key=per_second, saved_seconds=saved)
    moments = sorted(moments)
    passed = [asked.ask(SHOP, Category.JOB, now) for now in moments].count(None)
    span = moments[-1] - moments[0] if moments else 0
    assert passed <= math.floor(max(per_second * saved, 1) + per_second * span + 1e-6)
