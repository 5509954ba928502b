"""What has served its time is dropped, and nothing else."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from made import NOW, a_body, a_parcel, after
from sqlalchemy import insert
from workshop import Workshop

from aiops_platform.core.retention import Retention
from aiops_platform.storage import schema


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
    shop.prune.step(after(days=14, seconds=30))
    assert shop.rows(schema.seen_events, "event_id") == [(2).to_bytes(16, "big")]


def test_a_great_many_are_dropped_in_portions(shop):
    rows = [{"service_id": 1, "event_id": n.to_bytes(16, "big"), "seen_at": NOW} for n in range(5_001)]
    put(shop, schema.seen_events, *rows)
    assert shop.prune.step(after(days=15)) is True
    assert shop.prune.step(after(days=15)) is False
    assert shop.count(schema.seen_events) == 0


def test_sign_ins_and_sessions_that_expired_are_dropped(shop):
    put(
        shop,
        schema.signins,
        *({"hash": bytes([days]), "created_at": NOW, "expires_at": after(days=days)} for days in (1, 5)),
    )
    put(
        shop,
        schema.sessions,
        *(
            {"hash": bytes([days]), "project_id": 1, "created_at": NOW, "seen_at": NOW, "expires_at": after(days=days)}
            for days in (1, 5)
        ),
    )
    shop.prune.step(after(days=3))
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
    shop.prune.step(after(days=150))
    assert shop.rows(schema.monitor_states, "since") == [after(days=2), after(days=100)]


def test_buried_parcels_are_dropped_after_30_days(shop):
    shop.receive(a_parcel(1, b"nonsense"), a_parcel(2, b"nonsense", received_at=after(days=2)))
    shop.digest_all(after(days=2))
    shop.prune.step(after(days=31))
    assert shop.rows(schema.buried, "received_at") == [after(days=2)]


def some_events(shop, *, many, error="Loop", seconds=1):
    numbers = range(many)
    shop.receive(
        *(
            a_parcel(
                hash((error, number)) % 2**60,
                a_body(error_type=error, message="no"),
                received_at=after(seconds=number * seconds),
            )
            for number in numbers
        )
    )
    shop.digest_all(after(seconds=many * seconds))


def kept_of_each(shop):
    return dict(shop.rows(schema.incidents, "type", "kept"))


def test_events_are_dropped_by_their_age_and_what_was_counted_stays():
    shop = Workshop(keep=Retention(age=timedelta(days=30)))
    some_events(shop, many=10, seconds=86_400)
    shop.prune.step(after(days=34, hours=12))
    assert shop.rows(schema.events, "received_at") == [after(days=day) for day in range(5, 10)]
    assert shop.rows(schema.incidents, "count", "kept", "first_seen_at") == [(10, 5, NOW)]
    assert ("stored_events", 5) in shop.rows(schema.counters)
    shop.prune.step(after(days=400))
    assert shop.rows(schema.incidents, "count", "kept", "last_seen_at") == [(10, 0, after(days=9))]
    some_events(shop, many=1, error="Loop")
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
    shop.prune.step(after(days=2))
    assert shop.rows(schema.incidents, "kept", "passing") == [(0, False)]
    assert shop.count(schema.events) == 0
    shop.close()
