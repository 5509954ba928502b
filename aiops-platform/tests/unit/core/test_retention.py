"""For how long ids of events are known: 14 days, or as long as there is room for them."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from made import NOW

from aiops_platform.core import hours
from aiops_platform.core.retention import IDS_KNOWN, Retention

SMALL = Retention(total_bytes=10 * 1024**2)
MANY = SMALL.ids


def ago(**span: float) -> datetime:
    return hours.of(NOW - timedelta(**span))


def test_a_quarter_of_the_store_is_for_ids_and_a_million_are_known_in_any_case():
    assert Retention().ids == 10 * 1024**3 // 4 // 36
    assert MANY == 1_000_000


def test_ids_are_known_for_14_days_where_there_is_room():
    assert SMALL.ids_before(NOW, {}) == NOW - IDS_KNOWN
    assert SMALL.ids_before(NOW, {ago(days=13): MANY // 2, ago(days=1): MANY // 2}) == NOW - IDS_KNOWN


def test_where_there_is_no_room_the_hours_go_first_that_are_older():
    noted = {ago(days=13): 5, ago(days=6): MANY, ago(days=5): MANY // 2, ago(days=1): MANY // 2}
    assert SMALL.ids_before(NOW, noted) == ago(days=6) + timedelta(hours=1)


def test_what_has_just_come_is_known_for_an_hour_however_much_it_is():
    assert SMALL.ids_before(NOW, {ago(hours=0): 10 * MANY}) == ago(hours=1)
    assert SMALL.ids_before(NOW, {ago(hours=1): 10 * MANY}) == ago(hours=1)
    assert SMALL.ids_before(NOW, {ago(hours=2): 10 * MANY}) == ago(hours=1)


@given(st.dictionaries(st.integers(0, 400), st.integers(1, MANY), max_size=30), st.integers(0, 500))
def test_what_was_forgotten_stays_forgotten_and_what_is_known_has_room(noted: dict[int, int], later: int):
    by_hour = {ago(hours=each): many for each, many in noted.items()}
    before = SMALL.ids_before(NOW, by_hour)
    assert SMALL.ids_before(NOW + timedelta(hours=later), by_hour) >= before
    if before > NOW - IDS_KNOWN:
        known = sum(many for hour, many in by_hour.items() if hour >= max(before, ago(hours=0)))
        assert known <= max(MANY, by_hour.get(ago(hours=0), 0))
