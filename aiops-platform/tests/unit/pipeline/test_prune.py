"""What has served its time is dropped, and nothing else."""

import os
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from made import NOW, a_body, a_parcel, after
from sqlalchemy import insert, update
from workshop import Workshop

from aiops_platform.core import hours
from aiops_platform.core.muting import Ends
from aiops_platform.core.people import Actor
from aiops_platform.core.retention import Retention
from aiops_platform.ports import StoreDamagedError
from aiops_platform.storage import schema
from aiops_platform.storage.transactions import SqlTransaction


@pytest.fixture
def shop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


def put(shop: Workshop, table, *rows) -> None:
    with shop.database.begin() as connection:
        connection.execute(insert(table), list(rows))


def test_ids_of_events_are_known_for_14_days(shop):
    shop.receive(a_parcel(1, a_body()), a_parcel(2, a_body(), received_at=after(minutes=1)))
    shop.digest_all()
    shop.drop_old(after(days=14, seconds=30))
    assert shop.rows(schema.seen_events, "event_id") == [(2).to_bytes(16, "big")]


def test_where_more_come_than_there_is_room_for_the_older_ids_go(caplog):
    shop = Workshop(keep=Retention(total_bytes=10 * 1024**2))
    some_events(shop, many=2)
    put(shop, schema.seen_hours, {"hour": hours.of(after(days=1)), "count": 999_998})
    shop.drop_old(after(days=2))
    assert shop.count(schema.seen_events) == 2
    assert not caplog.records
    some_events(shop, many=1, error="Last", at=after(days=2))
    shop.drop_old(after(days=3))
    shop.drop_old(after(days=3))
    assert shop.rows(schema.seen_events, "seen_at") == [after(days=2)]
    assert [(record.ids, record.hours) for record in caplog.records] == [(1_000_000, 70)]
    shop.close()


def test_of_hours_that_cannot_be_or_are_long_gone_nothing_is_counted(shop):
    for at in (after(days=-30), NOW, after(days=3_650)):
        put(shop, schema.seen_hours, {"hour": hours.of(at), "count": 2_000_000})
    some_events(shop, many=1, at=after(hours=3))
    shop.drop_old(after(hours=4))
    assert shop.rows(schema.seen_hours) == [(hours.of(NOW), 2_000_000), (hours.of(after(hours=3)), 1)]
    assert shop.count(schema.seen_events) == 1


def test_a_great_many_are_dropped_in_portions(shop):
    rows = [{"service_id": 1, "event_id": n.to_bytes(16, "big"), "seen_at": NOW} for n in range(5_001)]
    put(shop, schema.seen_events, *rows)
    assert shop.drop_old(after(days=15)) is True
    assert shop.prune.step(after(days=15)) is False
    assert shop.count(schema.seen_events) == 0


def test_sign_ins_and_sessions_that_expired_are_dropped(shop):
    put(
        shop,
        schema.signins,
        *({"hash": bytes([days]), "created_at": NOW, "expires_at": after(days=days)} for days in (1, 5)),
    )
    put(shop, schema.users, {"name": "Ana", "created_at": NOW})
    session = {"project_id": 1, "user_id": 1, "created_at": NOW, "seen_at": NOW}
    put(shop, schema.sessions, *({"hash": bytes([days]), "expires_at": after(days=days)} | session for days in (1, 5)))
    invitation = {"project_id": 1, "role": "member", "made_by": "Ana", "created_at": NOW}
    invitations = ({"hash": bytes([days]), "expires_at": after(days=days)} | invitation for days in (1, 5))
    put(shop, schema.invitations, *invitations)
    shop.drop_old(after(days=3))
    assert shop.rows(schema.invitations, "hash") == [bytes([5])]
    assert shop.rows(schema.signins, "hash") == [bytes([5])]
    assert shop.rows(schema.sessions, "hash") == [bytes([5])]


def test_the_state_that_holds_is_kept_however_old(shop):
    shop.receive(a_parcel(1, {"signal_type": "heartbeat"}))
    shop.digest_all()
    put(
        shop,
        schema.monitor_states,
        *({"monitor_id": 1, "state": "late", "since": after(days=days)} for days in (1, 2, 100)),
    )
    shop.drop_old(after(days=150))
    assert shop.rows(schema.monitor_states, "since") == [after(days=2), after(days=100)]


def test_buried_parcels_are_dropped_after_30_days(shop):
    shop.receive(a_parcel(1, b"nonsense"), a_parcel(2, b"nonsense", received_at=after(days=2)))
    shop.digest_all(after(days=2))
    shop.drop_old(after(days=31))
    assert shop.rows(schema.buried, "received_at") == [after(days=2)]
    assert dict(shop.rows(schema.counters))["buried"] == 1
    assert shop.revision("buried") == 3


def some_events(shop, *, many, error="Loop", seconds=1, at=NOW):
    numbers = range(many)
    shop.receive(
        *(
            a_parcel(
                hash((error, number)) % 2**60,
                a_body(error_type=error, message="no"),
                received_at=at + timedelta(seconds=number * seconds),
            )
            for number in numbers
        )
    )
    shop.digest_all(at + timedelta(seconds=many * seconds))


def kept_of_each(shop):
    return dict(shop.rows(schema.incidents, "type", "kept"))


def test_events_are_dropped_by_their_age_and_what_was_counted_stays():
    shop = Workshop(keep=Retention(age=timedelta(days=30)))
    some_events(shop, many=10, seconds=86_400)
    shop.drop_old(after(days=34, hours=12))
    assert shop.rows(schema.events, "received_at") == [after(days=day) for day in range(5, 10)]
    assert shop.rows(schema.incidents, "count", "kept", "first_seen_at") == [(10, 5, NOW)]
    assert ("stored_events", 5) in shop.rows(schema.counters)
    shop.drop_old(after(days=400))
    assert shop.rows(schema.incidents, "count", "kept", "last_seen_at") == [(10, 0, after(days=9))]
    some_events(shop, many=1, error="Loop")
    shop.close()


def test_what_people_decided_outlives_the_events_that_it_was_about():
    shop = Workshop(keep=Retention(age=timedelta(days=30)))
    some_events(shop, many=3)
    by = Actor("user", 1, "Ana")
    shop.triage.mute(1, 1, after(hours=1), ends=Ends(events=50), by=by)
    shop.triage.link(1, 1, "https://tracker.example/7", after(hours=1), by=by)
    shop.triage.comments.add(1, 1, "the pool", after(hours=1), by=by)
    shop.drop_old(after(days=40))
    assert shop.count(schema.events) == 0
    ((state, tracker, count),) = shop.rows(schema.incidents, "state", "tracker", "count")
    assert (state, tracker, count) == ("muted", "https://tracker.example/7", 3)
    assert shop.rows(schema.comments, "text") == ["the pool"]
    assert {"incident_muted", "incident_linked"} <= set(shop.rows(schema.facts, "kind"))
    # What comes then is of the same incident, and counts towards the end of its mute.
    some_events(shop, many=2, at=after(days=41))
    assert shop.rows(schema.incidents, "state", "count") == [("muted", 5)]
    shop.close()


def test_an_incident_that_has_more_events_than_it_may_is_thinned_out():
    shop = Workshop(keep=Retention(per_incident=10))
    some_events(shop, many=100)
    some_events(shop, many=5, error="Rare")
    assert shop.prune.step(after(hours=1)) is False
    assert kept_of_each(shop) == {"Loop": 10, "Rare": 5}
    kept = shop.rows(schema.events, "received_at")
    assert (min(kept), max(kept)) == (NOW, after(seconds=99))
    assert shop.count(schema.events) == 15
    shop.close()


def test_a_store_that_is_too_large_loses_what_tells_least():
    shop = Workshop(keep=Retention(total_bytes=1))
    some_events(shop, many=64)
    some_events(shop, many=3, error="Rare")
    shop.prune.step(after(hours=1))
    assert kept_of_each(shop) == {"Loop": 32, "Rare": 2}
    for _ in range(4):
        shop.prune.step(after(hours=1))
    assert kept_of_each(shop) == {"Loop": 2, "Rare": 2}
    assert (NOW, after(seconds=63)) <= tuple(shop.rows(schema.events, "received_at")[:2])
    while shop.prune.step(after(hours=1)):
        pass
    assert shop.count(schema.events) == 0
    assert dict(shop.rows(schema.incidents, "type", "count")) == {"Loop": 64, "Rare": 3}
    shop.close()


def test_an_event_that_was_kept_for_a_while_only_can_go_too():
    shop = Workshop(most=3, keep=Retention(age=timedelta(days=1)))
    some_events(shop, many=9, seconds=0.01)
    assert shop.rows(schema.incidents, "kept", "passing") == [(3, True)]
    shop.drop_old(after(days=2))
    assert shop.rows(schema.incidents, "kept", "passing") == [(0, False)]
    assert shop.count(schema.events) == 0
    shop.close()


def test_what_cannot_be_dropped_does_not_cost_all_events():
    shop = Workshop(keep=Retention(total_bytes=200_000))
    some_events(shop, many=100)
    ids = ({"service_id": 1, "event_id": uuid4().bytes, "seen_at": NOW} for _ in range(10_000))
    put(shop, schema.seen_events, *ids)
    assert shop.store.used_bytes() > 400_000
    assert shop.prune.step(after(hours=1)) is False
    assert shop.count(schema.events) == 100
    shop.close()


def test_events_take_half_of_the_room_and_no_more_where_the_rest_takes_all():
    shop = Workshop(keep=Retention(total_bytes=400_000))
    some_events(shop, many=1)
    before = shop.store.used_bytes()
    noise = [a_body(error_type=f"E{number % 10}", extra={"noise": os.urandom(750).hex()}) for number in range(400)]
    shop.receive(*(a_parcel(number, body) for number, body in enumerate(noise)))
    shop.digest_all()
    assert shop.store.event_bytes() == pytest.approx(shop.store.used_bytes() - before, rel=0.4)
    put(shop, schema.seen_events, *({"service_id": 1, "event_id": uuid4().bytes, "seen_at": NOW} for _ in range(5_000)))
    while shop.prune.step(after(hours=1)):
        pass
    assert 0 < shop.store.event_bytes() <= 200_000
    assert min(kept_of_each(shop).values()) > 0
    shop.close()


def test_nothing_is_dropped_by_a_clock_that_is_years_ahead_for_a_moment(shop):
    some_events(shop, many=10)
    shop.drop_old(after(hours=2))
    assert shop.prune.step(after(days=3_650)) is False
    shop.prune.step(after(hours=3))
    assert (shop.count(schema.events), shop.count(schema.seen_events)) == (10, 10)


@pytest.mark.parametrize("many", [3, 501])
def test_events_that_came_while_the_clock_was_ahead_hold_up_no_others(shop, many):
    some_events(shop, many=many, error="Ahead")
    some_events(shop, many=5, error="Then")
    some_events(shop, many=1, error="New", at=after(days=80))
    ahead_of_us = update(schema.events).where(schema.events.c.id <= many)
    with shop.database.begin() as connection:
        connection.execute(ahead_of_us.values(received_at=after(days=3_650)))
        connection.execute(update(schema.seen_events).values(seen_at=after(days=3_650)))
    shop.drop_old(after(days=80))
    shop.prune.step(after(days=80, minutes=1))
    assert shop.count(schema.events) == many + 6
    shop.drop_old(after(days=100))
    for _ in range(3):
        shop.prune.step(after(days=100, minutes=1))
    assert kept_of_each(shop) == {"Ahead": 0, "Then": 0, "New": 1}
    assert shop.count(schema.seen_events) == 0
    shop.close()


def test_where_ids_are_damaged_all_else_is_pruned(shop, monkeypatch):
    def damaged(*_: object, **__: object) -> tuple[int, None]:
        raise StoreDamagedError("a page of the ids cannot be read")

    shop.receive(a_parcel(1, a_body()), a_parcel(2, b"{not json"))
    shop.digest_all()
    monkeypatch.setattr(SqlTransaction, "forget_seen_events", damaged)
    with pytest.raises(StoreDamagedError):
        shop.drop_old(after(days=200))
    assert (shop.count(schema.events), shop.count(schema.buried)) == (0, 0)
