"""Many events, or people, within a time: never too few are counted, and no more than those of a little longer ago."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made import NOW, a_body, a_parcel, after
from sqlalchemy import delete, insert
from workshop import Workshop, in_memory

from aiops_platform.core import lately
from aiops_platform.storage import crowds, schema

NUMBERS = itertools.count(1)
TABLES = (schema.incident_minutes, schema.incident_people, schema.incident_hours)


@pytest.fixture(scope="module")
def workshop():
    made = in_memory([a_parcel(next(NUMBERS), a_body())])
    yield made
    made.close()


def busy(workshop, within, least, now):
    with workshop.database.read() as connection:
        return crowds.busy(connection, 1, within, least, now).get(1, 0)


def crowded(workshop, within, least, now):
    with workshop.database.read() as connection:
        return crowds.crowded(connection, 1, within, least, now).get(1, 0)


def write(workshop: Workshop, *, seconds: list[int]) -> None:
    """An event, of a person of its own, at each of these seconds after NOW."""
    with workshop.database.begin() as connection:
        for table in TABLES:
            connection.execute(delete(table))
        minutes: dict[object, int] = {}
        for number, second in enumerate(seconds):
            at = after(seconds=second)
            minutes[lately.minute(at)] = minutes.get(lately.minute(at), 0) + 1
            name = number.to_bytes(8, "big")
            row = {"incident_id": 1, "name": name, "person": name, "seen_at": lately.step(at)}
            connection.execute(insert(schema.incident_people), row)
        for minute, count in minutes.items():
            connection.execute(insert(schema.incident_minutes), {"incident_id": 1, "minute": minute, "count": count})
        hours: dict[object, int] = {}
        for second in seconds:
            hour = after(seconds=second).replace(minute=0, second=0, microsecond=0)
            hours[hour] = hours.get(hour, 0) + 1
        for hour, count in hours.items():
            connection.execute(insert(schema.incident_hours), {"incident_id": 1, "hour": hour, "count": count})
        latest = after(seconds=max(seconds))
        connection.execute(schema.incidents.update().values(last_seen_at=latest, people=len(seconds)))


@given(
    seconds=st.lists(st.integers(0, 1800), min_size=1, max_size=40).map(sorted),
    within=st.integers(1, 30),
    first_look=st.integers(0, 49),
)
@settings(max_examples=60, deadline=None)
def test_what_came_within_so_many_minutes_is_found_by_some_look_and_never_more_than_a_minute_longer(
    workshop, seconds, within, first_look
):
    write(workshop, seconds=seconds)
    span = within * 60
    most = max(sum(at - span <= each <= at for each in seconds) for at in seconds)
    looks = range(first_look, 1800 + 120, 50)
    found = [
        busy(workshop, timedelta(minutes=within), 1, after(seconds=look))
        for look in looks
        # What lies ahead has not come yet.
        if look >= seconds[-1]
    ]
    last = seconds[-1]
    assert max(found) >= sum(last - span <= each <= last for each in seconds), "The burst that ends with the last one."
    longer = max(sum(at - span - 60 < each <= at for each in seconds) for at in range(1800 + 60))
    assert max(found) <= max(longer, most)


@given(
    seconds=st.lists(st.integers(0, 3600), min_size=1, max_size=30).map(sorted),
    within=st.integers(5, 30),
    late=st.integers(0, 50),
)
@example(seconds=[49, 349], within=5, late=50)
@settings(max_examples=60, deadline=None)
def test_people_are_never_too_few_and_at_most_those_of_six_minutes_more(workshop, seconds, within, late):
    write(workshop, seconds=seconds)
    last = seconds[-1]
    found = crowded(workshop, timedelta(minutes=within), 1, after(seconds=last + late))
    assert found >= sum(each >= last - within * 60 for each in seconds)
    assert found <= sum(each > last + late - within * 60 - 360 for each in seconds)


def test_longer_times_are_counted_by_the_hour(workshop):
    with workshop.database.begin() as connection:
        for table in TABLES:
            connection.execute(delete(table))
        rows = [
            {"incident_id": 1, "hour": after(hours=-hours).replace(minute=0, second=0, microsecond=0), "count": 10}
            for hours in (0, 4, 5, 9)
        ]
        connection.execute(insert(schema.incident_hours), rows)
        connection.execute(schema.incidents.update().values(last_seen_at=NOW))
    assert busy(workshop, timedelta(hours=4), 1, NOW) == 20
    assert busy(workshop, timedelta(hours=4), 21, NOW) == 0
    assert busy(workshop, timedelta(hours=9), 1, NOW) == 40


def test_a_loud_store_is_looked_at_without_going_through_all_minutes_for_each_incident():
    """By its plan: the minutes are added up once, before their incidents are looked up."""
    workshop = in_memory([])
    with workshop.database.read() as connection:
        asked = crowds._by_the_minute(1, timedelta(minutes=5), 10, NOW).compile(
            dialect=connection.dialect, compile_kwargs={"literal_binds": True}
        )
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    workshop.close()
    assert plan[0].startswith("MATERIALIZE"), plan
    assert plan[1] == "SEARCH incident_minutes USING PRIMARY KEY (minute>? AND minute<?)", plan


def test_minutes_are_dropped_when_nobody_asks_for_them_any_more_and_when_a_clock_was_ahead(workshop):
    write(workshop, seconds=[0, 60, 5 * 3600, 30 * 86_400])
    with workshop.database.begin() as connection:
        crowds.forget_minutes(connection, after(hours=5))
    assert workshop.rows(schema.incident_minutes, "minute") == [lately.minute(after(hours=5))]


def test_the_digest_notes_minutes_of_what_is_young_and_when_people_came_last():
    def told(user, minutes):
        body = a_body(user={"id": user}, repeat_count=3, occurred_at=after(minutes=minutes).isoformat())
        return a_parcel(next(NUMBERS), body, received_at=after(minutes=max(0, minutes)))

    workshop = in_memory([told("7", -600), told("7", 1), told("8", 2)])
    workshop.digest_all()
    assert workshop.rows(schema.incident_minutes, "count") == [3, 3]
    workshop.receive(told("7", 9), told("7", 3))
    workshop.digest_all(after(minutes=9))
    seen = dict(workshop.rows(schema.incident_people, "person", "seen_at"))
    assert sorted(seen.values()) == [lately.step(after(minutes=2)), lately.step(after(minutes=9))]
    workshop.store._memory.affected.forget_all()
    workshop.receive(told("8", 20))
    workshop.digest_all(after(minutes=20))
    assert max(workshop.rows(schema.incident_people, "seen_at")) == lately.step(after(minutes=20))
    assert workshop.rows(schema.incidents, "people") == [2]
    workshop.close()
