from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core.attempts import Attempts


def test_so_many_at_once_and_then_one_by_one():
    attempts = Attempts(most=3, seconds=30)
    assert [attempts.ask("ana", 0) for _ in range(5)] == [None, None, None, 10, 10]
    assert attempts.ask("ana", 4) == 6
    assert attempts.ask("ana", 10) is None
    assert attempts.ask("ana", 10) == 10


def test_each_name_has_its_own():
    attempts = Attempts(most=1, seconds=60)
    assert [attempts.ask(name, 0) for name in ("ana", "bo", "ana", "bo")] == [None, None, 60, 60]


def test_who_succeeds_has_lost_nothing():
    attempts = Attempts(most=2, seconds=60)
    for _ in range(20):
        assert attempts.ask("ana", 0) is None
        attempts.give_back("ana")
    attempts.give_back("nobody")


def test_what_is_remembered_is_bounded_and_the_latest_stay():
    attempts = Attempts(most=1, seconds=60, remembered=100)
    for number in range(1_000):
        attempts.ask(str(number), 0)
    assert attempts.ask("999", 0) == 60
    assert attempts.ask("0", 0) is None


@given(st.lists(st.floats(0, 100), max_size=60))
def test_never_more_than_there_are_in_any_stretch_of_time(gaps):
    attempts, now, taken = Attempts(most=5, seconds=50), 0.0, []
    for gap in gaps:
        now += gap
        if attempts.ask("ana", now) is None:
            taken.append(now)
    for first, at in enumerate(taken):
        within = [later for later in taken[first:] if later - at <= 50]
        assert len(within) <= 11
