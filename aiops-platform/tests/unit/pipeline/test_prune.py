"""What has served its time is dropped, and nothing else."""

from collections.abc import Iterator

import pytest
from made import NOW, a_body, a_parcel, after
from sqlalchemy import insert
from workshop import Workshop

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
