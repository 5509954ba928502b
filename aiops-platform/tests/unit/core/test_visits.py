"""Since when things are new to somebody."""

from datetime import UTC, datetime, timedelta

from aiops_platform.core.visits import PAUSE, Visit, looked

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_at_the_first_look_nothing_is_known_to_be_old():
    assert looked(None, NOON) == Visit(since=None, seen_at=NOON)


def test_who_looks_again_and_again_sees_the_same_as_new():
    visit = looked(Visit(since=NOON, seen_at=NOON + 5 * MINUTE), NOON + 20 * MINUTE)
    assert visit == Visit(since=NOON, seen_at=NOON + 20 * MINUTE)


def test_who_was_away_sees_as_new_what_came_since_they_left():
    left = NOON + 5 * MINUTE
    assert looked(Visit(since=NOON, seen_at=left), left + PAUSE) == Visit(since=left, seen_at=left + PAUSE)


def test_a_look_right_after_another_is_not_worth_noting():
    visit = Visit(since=None, seen_at=NOON)
    assert looked(visit, NOON + timedelta(seconds=30)) is visit


def test_a_clock_that_was_put_back_changes_nothing():
    visit = Visit(since=None, seen_at=NOON)
    assert looked(visit, NOON - timedelta(days=3)) is visit
