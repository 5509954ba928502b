"""Parcels become incidents: each event is counted once, in whatever order and however often it comes."""

import json
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import NOW, a_body, a_heartbeat_body, a_parcel, a_sample, after
from workshop import Workshop, in_memory

from aiops_platform.core import grouping, gzipped
from aiops_platform.core.event import Event
from aiops_platform.core.grouping import GroupKey
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.digest import Digest
from aiops_platform.ports import IntakeUnavailableError, StoreUnavailableError
from aiops_platform.storage import schema

FIRST_ID = "0b0e7f0a-52a4-4f3e-8f57-6f5d2f2a1c01"


@pytest.fixture
def shop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


class Killed(BaseException):
    """The worker's end, wherever it stands."""


def told(name: str, number: int, **fields):
    return a_body(error_type=name, message=f"order {number} failed", **fields)


def a_batch(number: int, *lines: object, **fields: Any) -> Parcel:
    text = b"\n".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in lines)
    return replace(a_parcel(number, gzipped.pack(text), **fields), kind=ParcelKind.BATCH)


def test_a_report_that_lies_packed_in_the_intake_is_read_and_a_broken_one_buried(shop):
    packed = gzipped.pack(json.dumps(told("E", 1)).encode())
    shop.receive(a_parcel(1, packed), a_parcel(2, packed[:-5]), a_parcel(3, told("E", 2)))
    shop.digest_all()
    assert shop.rows(schema.incidents, "type", "count") == [("E", 2)]
    assert shop.count(schema.buried) == 1


def test_an_event_becomes_an_incident_of_its_service(shop):
    shop.receive(a_parcel(1, a_sample("exception-chain")))
    shop.digest_all()
    assert shop.rows(schema.services, "project_id", "name", "environment") == [(1, "shop", "production")]
    assert shop.rows(schema.incidents, "type", "message", "kind", "state", "count", "place") == [
        ("OrderFailed", "order 7 was not taken", "exception", "open", 1, "take_order (orders.py)")
    ]
    assert shop.facts() == ["service_seen", "incident_opened"]
    assert shop.intake.waiting() == 0


def test_the_whole_event_is_kept(shop):
    body = a_sample("event-everything")
    shop.receive(a_parcel(1, body))
    shop.digest_all()
    ((event_id, occurred_at),) = shop.rows(schema.events, "event_id", "occurred_at")
    (kept,) = shop.bodies()
    assert (kept["request"], kept["breadcrumbs"], kept["user"]) == (body["request"], body["breadcrumbs"], body["user"])
    assert event_id.hex() == body["event_id"].replace("-", "")
    assert occurred_at == NOW.replace(second=7, microsecond=123456)


def test_events_of_one_problem_are_one_incident(shop):
    shop.receive(
        *(a_parcel(number, told("OrderFailed", number)) for number in range(7)), a_parcel(9, told("KeyError", 1))
    )
    shop.digest_all()
    assert shop.rows(schema.incidents, "type", "count") == [("OrderFailed", 7), ("KeyError", 1)]
    assert shop.count(schema.events) == 8


def test_an_incident_belongs_to_one_service_in_one_environment(shop):
    shop.receive(
        a_parcel(1, told("E", 1)),
        a_parcel(2, told("E", 1, environment="staging")),
        a_parcel(3, told("E", 1, service="till")),
        a_parcel(4, told("E", 1), project_id=2),
    )
    shop.digest_all()
    assert shop.rows(schema.incidents, "count") == [1, 1, 1, 1]
    assert shop.count(schema.services) == 4


def test_an_event_delivered_twice_counts_once(shop):
    twice = [a_parcel(number, told("E", 1, event_id=FIRST_ID)) for number in (1, 2)]
    shop.receive(*twice)
    shop.digest_all()
    shop.receive(a_parcel(3, told("E", 1, event_id=FIRST_ID)))
    shop.digest_all()
    assert shop.rows(schema.incidents, "count") == [1]
    assert shop.count(schema.events) == 1


def test_the_same_id_in_another_project_is_another_event(shop):
    shop.receive(*(a_parcel(each, told("E", 1, event_id=FIRST_ID), project_id=each) for each in (1, 2)))
    shop.digest_all()
    assert shop.rows(schema.incidents, "project_id", "count") == [(1, 1), (2, 1)]


def test_the_same_id_of_another_service_or_environment_is_another_event(shop):
    elsewhere: list[dict[str, str]] = [{}, {"service": "till"}, {"environment": "staging"}]
    bodies = [told("E", 1, event_id=FIRST_ID, **place) for place in elsewhere]
    shop.receive(*(a_parcel(number, body) for number, body in enumerate(bodies + bodies)))
    shop.digest_all()
    assert shop.rows(schema.incidents, "count") == [1, 1, 1]


def test_a_parcel_digested_twice_counts_once(shop):
    # As after a crash between the store's commit and the intake's.
    for _ in range(2):
        shop.receive(a_parcel(1, told("E", 1)))
        shop.digest_all()
    assert shop.rows(schema.incidents, "count") == [1]


def test_an_event_can_stand_for_many(shop):
    shop.receive(a_parcel(1, told("E", 1, repeat_count=12)), a_parcel(2, told("E", 2)))
    shop.digest_all()
    assert shop.rows(schema.incidents, "count") == [13]
    assert shop.rows(schema.incident_hours, "hour", "count") == [(NOW.replace(minute=0, second=0), 13)]


def test_a_summary_counts_for_all_it_stands_for_in_the_hour_of_the_last(shop):
    span = {"first_at": "2026-11-22T01:50:00Z", "last_at": "2026-11-22T02:10:00Z"}
    shop.receive(a_batch(1, {}, told("E", 1, repeat_count=2_000_000, occurred_at="2026-11-22T02:00:00Z", **span)))
    shop.digest_all()
    hour = NOW.replace(hour=2, minute=0, second=0)
    assert shop.rows(schema.incidents, "count", "first_seen_at", "last_seen_at") == [
        (2_000_000, hour - timedelta(minutes=10), hour + timedelta(minutes=10))
    ]
    assert shop.rows(schema.incident_hours, "hour", "count") == [(hour, 2_000_000)]
    assert shop.rows(schema.events, "repeat_count", "occurred_at") == [(2_000_000, hour + timedelta(minutes=10))]
    assert shop.rows(schema.services, "last_event_at") == [hour + timedelta(minutes=10)]


def test_what_a_client_with_a_slow_clock_says_is_kept_as_it_was_said_and_counted_at_its_true_time(shop):
    shop.receive(a_batch(1, {"sent_at": "2026-11-22T02:14:10Z"}, told("E", 1, occurred_at="2026-11-22T01:14:10Z")))
    shop.digest_all()
    assert shop.rows(schema.events, "occurred_at") == [after(hours=-1)]
    assert shop.bodies()[0]["occurred_at"] == "2026-11-22T01:14:10Z"


def test_what_happened_after_a_resolution_by_a_slow_clock_reopens_it(shop):
    shop.receive(a_parcel(1, told("E", 1)))
    shop.digest_all()
    shop.triage.resolve(1, 1, after(minutes=1))
    slow = {"sent_at": "2026-11-22T02:16:10Z", "occurred_at": "2026-11-22T02:16:05Z"}
    shop.receive(a_parcel(2, told("E", 2, **slow), received_at=after(minutes=2)))
    shop.digest_all(after(minutes=2))
    assert shop.rows(schema.incidents, "state", "last_seen_at") == [("open", after(minutes=2, seconds=-5))]


def test_a_crash_in_a_flask_view_that_an_old_client_reports_twice_is_one_incident(shop):
    # The old client's hook into logging sees Flask log the exception that the client has reported already.
    crash, logged = a_sample("old-exception-flask"), a_sample("old-log-error-flask")
    shop.receive(*(a_parcel(number, body) for number, body in enumerate([crash, logged, crash, logged])))
    shop.digest_all()
    assert shop.rows(schema.incidents, "kind", "type", "count") == [("exception", "ZeroDivisionError", 4)]


def test_the_events_of_a_batch_are_counted_once_each_however_often_it_is_digested(shop):
    head = {"service": "till", "release": "7"}
    lines = [told("E", each, service="shop") for each in range(3)] + [{"signal_type": "log_error", "message": "no"}]
    for _ in range(2):
        shop.receive(a_batch(1, head, *lines), a_parcel(2, told("E", 1)))
        shop.digest_all()
    assert shop.rows(schema.incidents, "type", "count", "last_release") == [("E", 4, "7"), ("ERROR", 1, "7")]
    assert sorted(shop.rows(schema.services, "name")) == ["shop", "till"]
    assert (shop.count(schema.events), shop.intake.waiting()) == (5, 0)


def test_an_event_that_comes_alone_and_in_batches_counts_once(shop):
    twice = told("E", 1, event_id=FIRST_ID)
    shop.receive(a_batch(1, {}, twice, twice), a_parcel(2, twice), a_batch(3, {}, twice))
    shop.digest_all()
    assert shop.rows(schema.incidents, "count") == [1]


def test_what_cannot_be_read_of_a_batch_is_buried_with_its_line(shop):
    shop.receive(a_batch(1, {}, told("A", 1), b"{ this is not json", told("B", 1)))
    shop.digest_all()
    ((kind, reason, body),) = shop.rows(schema.buried, "kind", "reason", "body")
    assert (kind, body) == ("exception", b"{ this is not json")
    assert reason.startswith("line 3 of a batch: ")
    assert shop.rows(schema.incidents, "type") == ["A", "B"]


def test_what_breaks_the_digest_is_buried_alone_though_it_came_in_a_batch(shop, monkeypatch):
    whole = grouping.key_for

    def broken(event: Event) -> GroupKey:
        if event.error_type == "Poison":
            raise ZeroDivisionError("a mistake of ours")
        return whole(event)

    monkeypatch.setattr(grouping, "key_for", broken)
    shop.receive(a_batch(1, {"service": "shop"}, told("A", 1), told("Poison", 1), told("B", 1)))
    shop.digest_all()
    ((reason, body),) = shop.rows(schema.buried, "reason", "body")
    assert reason == "line 3 of a batch: it could not be digested: ZeroDivisionError: a mistake of ours"
    assert json.loads(body)["service"] == "shop"
    assert shop.rows(schema.incidents, "type") == ["A", "B"]


def test_what_is_no_batch_is_buried_and_the_others_are_not_held_up(shop):
    broken = replace(a_parcel(1, b"no gzip"), kind=ParcelKind.BATCH)
    shop.receive(broken, a_parcel(2, told("A", 1)))
    shop.digest_all()
    assert "it could not be taken apart" in shop.rows(schema.buried, "reason")[0]
    assert shop.rows(schema.incidents, "type") == ["A"]


def test_a_large_batch_is_many_transactions_and_a_worker_that_dies_between_them_loses_nothing(shop):
    class Dying:
        """A store that can be written so often."""

        def __init__(self, often: int) -> None:
            self._left = often

        def begin(self):
            self._left -= 1
            if self._left < 0:
                raise Killed
            return shop.store.begin()

        def group_rules(self):
            return {}

        def scrub_rules(self):
            return {}

    shop.receive(a_batch(1, {}, *(told("E", each) for each in range(1_000))))
    with pytest.raises(Killed):
        Digest(Dying(3), shop.intake).step(NOW)
    assert shop.rows(schema.incidents, "count") == [600]
    shop.intake.release()
    shop.digest_all()
    assert shop.rows(schema.incidents, "count") == [1_000]
    assert (shop.count(schema.events), shop.count(schema.buried)) == (1_000, 0)


def test_of_a_batch_over_which_the_worker_dies_what_stands_before_is_counted(shop, monkeypatch):
    whole = grouping.key_for

    def deadly(event: Event) -> GroupKey:
        if event.error_type == "Poison":
            raise Killed
        return whole(event)

    monkeypatch.setattr(grouping, "key_for", deadly)
    shop.receive(a_batch(1, {}, told("A", 1), told("Poison", 1), told("B", 1)), a_parcel(2, told("C", 1)))
    for _ in range(3):
        with pytest.raises(Killed):
            shop.digest.step(NOW)
        shop.intake.release()
    shop.digest_all()
    assert shop.rows(schema.buried, "kind", "reason") == [("batch", "the worker died over it 3 times")]
    assert shop.rows(schema.incidents, "type") == ["A", "C"]


def test_an_error_that_returns_reopens_its_incident_in_the_same_transaction_as_the_fact(shop):
    shop.receive(a_parcel(1, told("E", 1)))
    shop.digest_all()
    shop.triage.resolve(1, 1, after(minutes=1))
    shop.receive(a_parcel(2, told("E", 2), received_at=after(minutes=2)))
    shop.digest_all(after(minutes=2))
    assert shop.rows(schema.incidents, "state", "count", "reopened_at") == [("open", 2, after(minutes=2))]
    assert shop.facts()[-2:] == ["incident_resolved", "incident_reopened"]


def test_what_pages_show_raises_the_revisions(shop):
    shop.receive(a_parcel(1, told("E", 1)))
    shop.digest_all()
    incidents, services = shop.revision("incidents"), shop.revision("services")
    assert incidents > 0
    assert services > 0
    shop.receive(a_parcel(2, a_heartbeat_body()))
    shop.digest_all()
    assert (shop.revision("incidents"), shop.revision("services") > services) == (incidents, True)
    assert shop.revision("incidents", 2) == 0


@pytest.mark.parametrize("sample", ["old-exception-flask", "old-http-error", "old-log-error-trace", "old-log-critical"])
def test_old_clients_are_digested(shop, sample):
    body = a_sample(sample)
    shop.receive(a_parcel(1, body))
    shop.digest_all()
    assert shop.rows(schema.incidents, "type", "message") == [(body["error_type"], body["message"])]
    assert shop.count(schema.buried) == 0


def test_what_cannot_be_read_is_buried_with_the_reason_and_the_others_are_not_held_up(shop):
    shop.receive(a_parcel(1, told("A", 1)), a_parcel(2, b"{ this is not json"), a_parcel(3, told("B", 1)))
    shop.digest_all()
    ((reason, body),) = shop.rows(schema.buried, "reason", "body")
    assert "not JSON" in reason
    assert body == b"{ this is not json"
    assert shop.rows(schema.incidents, "type") == ["A", "B"]
    assert shop.intake.waiting() == 0


def test_what_breaks_the_digest_is_buried_and_the_others_are_not_held_up(shop, monkeypatch):
    whole = grouping.key_for

    def broken(event: Event) -> GroupKey:
        if event.error_type == "Poison":
            raise ZeroDivisionError("a mistake of ours")
        return whole(event)

    monkeypatch.setattr(grouping, "key_for", broken)
    shop.receive(*(a_parcel(number, told(name, 1)) for number, name in enumerate(["A", "Poison", "B"])))
    shop.digest_all()
    assert shop.rows(schema.buried, "reason") == ["it could not be digested: ZeroDivisionError: a mistake of ours"]
    assert shop.rows(schema.incidents, "type") == ["A", "B"]


def test_a_parcel_over_which_the_worker_dies_is_found_and_buried(shop):
    shop.receive(*(a_parcel(number, told(str(number), 1)) for number in range(5)))
    for _ in range(4):
        # A worker that dies has leased, and comes back.
        alone = shop.digest._lease(NOW)
        shop.intake.release()
    assert [each.ticket for each in alone] == [1]
    shop.digest_all()
    assert shop.rows(schema.buried, "reason") == ["the worker died over it 3 times"]
    assert shop.rows(schema.incidents, "type") == ["1", "2", "3", "4"]


class FullStore:
    """A store whose disk is full."""

    @contextmanager
    def begin(self):
        raise StoreUnavailableError("the disk is full")
        yield

    def group_rules(self):
        return {}

    def scrub_rules(self):
        return {}


def test_while_the_store_is_full_parcels_wait(shop):
    shop.receive(a_parcel(1, told("E", 1)))
    for _ in range(10):
        with pytest.raises(StoreUnavailableError):
            Digest(FullStore(), shop.intake).step(NOW)
    shop.digest_all()
    assert shop.rows(schema.incidents, "count") == [1]


class FullIntake:
    """An intake that can hand out parcels but, while it is full, note nothing."""

    def __init__(self, whole: SqliteIntake) -> None:
        self._whole = whole
        self.is_full = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def done(self, tickets: Collection[int]) -> None:
        self._note(self._whole.done, tickets)

    def give_back(self, tickets: Collection[int]) -> None:
        self._note(self._whole.give_back, tickets)

    def _note(self, note: Callable[[Collection[int]], None], tickets: Collection[int]) -> None:
        if self.is_full:
            raise IntakeUnavailableError("the disk is full")
        note(tickets)


def test_what_a_full_disk_held_up_is_digested_at_once_when_there_is_room_and_never_buried(shop):
    shop.receive(*(a_parcel(number, told(str(number), 1)) for number in range(3)))
    intake = FullIntake(shop.intake)
    digest = Digest(FullStore(), intake)
    for _ in range(10):
        intake.is_full = True
        with pytest.raises(IntakeUnavailableError):
            digest.step(NOW)
        with pytest.raises(IntakeUnavailableError):
            digest.step(NOW)
        intake.is_full = False
        with pytest.raises(StoreUnavailableError):
            digest.step(NOW)
    shop.digest_all()
    assert shop.rows(schema.incidents, "type", "count") == [("0", 1), ("1", 1), ("2", 1)]
    assert shop.rows(schema.buried, "reason") == []


def test_what_was_digested_but_could_not_be_noted_is_done_when_there_is_room(shop):
    shop.receive(*(a_parcel(number, told(str(number), 1)) for number in range(3)))
    intake = FullIntake(shop.intake)
    digest = Digest(shop.store, intake)
    intake.is_full = True
    for minutes in range(10):
        with pytest.raises(IntakeUnavailableError):
            digest.step(after(minutes=2 * minutes))
    intake.is_full = False
    assert shop.intake.waiting() == 3
    assert digest.step(NOW) is False
    assert shop.intake.waiting() == 0
    assert shop.rows(schema.incidents, "count") == [1, 1, 1]


def test_a_full_disk_does_not_count_as_a_death_even_after_one(shop):
    shop.receive(*(a_parcel(number, told(str(number), 1)) for number in range(3)))
    shop.intake.lease(3, NOW)
    shop.intake.release()
    intake = FullIntake(shop.intake)
    digest = Digest(shop.store, intake)
    intake.is_full = True
    for minutes in range(10):
        with pytest.raises(IntakeUnavailableError):
            digest.step(after(minutes=2 * minutes))
    intake.is_full = False
    while digest.step(NOW):
        pass
    assert shop.rows(schema.incidents, "type", "count") == [("0", 1), ("1", 1), ("2", 1)]
    assert shop.rows(schema.buried, "reason") == []


def test_a_reason_that_no_encoding_takes_does_not_keep_a_parcel_from_being_buried(shop, monkeypatch):
    def broken(event: Event) -> GroupKey:
        raise ValueError("half a character: \ud800")

    monkeypatch.setattr(grouping, "key_for", broken)
    # Tests that run in several processes hand each other what was logged, and no encoding takes that.
    monkeypatch.setattr(logging.getLogger("aiops_platform.pipeline.digest.station"), "disabled", True)
    shop.receive(a_parcel(1, told("E", 1)))
    shop.digest_all()
    assert shop.rows(schema.buried, "reason") == ["it could not be digested: ValueError: half a character: ?"]


def test_the_first_beat_makes_a_monitor_and_the_service_is_seen(shop):
    body = a_sample("heartbeat-everything")
    shop.receive(a_parcel(1, body))
    shop.digest_all()
    ((state, last_beat_at, due_at, base_url, last_beat),) = shop.rows(
        schema.monitors, "state", "last_beat_at", "due_at", "base_url", "last_beat"
    )
    assert (state, last_beat_at, due_at) == ("alive", NOW, NOW + timedelta(seconds=60))
    assert (base_url, last_beat["stats"], last_beat["fixers"]) == (body["base_url"], body["stats"], body["fixers"])
    assert shop.rows(schema.monitor_states, "state", "since") == [("alive", NOW)]
    assert shop.facts() == ["service_seen"]


def test_many_beats_in_a_batch_are_one_row(shop):
    shop.receive(*(a_parcel(each, a_heartbeat_body(), received_at=after(seconds=each)) for each in range(50)))
    shop.digest_all()
    assert shop.rows(schema.monitors, "last_beat_at") == [after(seconds=49)]
    assert shop.count(schema.monitor_states) == 1


def test_what_was_received_while_the_clock_was_ahead_counts_as_received_now(shop):
    year = after(days=365)
    shop.receive(a_parcel(1, a_heartbeat_body(), received_at=year))
    shop.receive(a_parcel(2, told("E", 1, occurred_at="2026-11-22T03:00:00Z"), received_at=year))
    shop.digest_all(NOW)
    assert shop.rows(schema.monitors, "last_beat_at") == [NOW]
    assert shop.rows(schema.events, "received_at", "occurred_at") == [(NOW, NOW.replace(minute=0, second=0))]


def test_beats_are_taken_and_silence_is_found_after_the_clock_was_put_back(shop):
    year = after(days=365)
    shop.receive(a_parcel(1, a_heartbeat_body(), received_at=year), a_parcel(2, told("E", 1), received_at=year))
    shop.digest_all(year)
    shop.listen(*(after(seconds=second) for second in range(0, 301, 5)))
    shop.receive(a_parcel(3, a_heartbeat_body()), a_parcel(4, told("E", 2)))
    shop.digest_all(NOW)
    assert shop.rows(schema.monitors, "last_beat_at", "state") == [(NOW, "alive")]
    assert shop.rows(schema.services, "last_event_at") == [NOW]
    assert shop.rows(schema.incidents, "last_seen_at", "message") == [(NOW, "order 2 failed")]
    shop.watch.step(after(seconds=90))
    assert shop.rows(schema.monitors, "state") == ["silent"]


def test_silence_is_found_though_the_last_beat_lies_in_the_future(shop):
    year = after(days=365)
    shop.receive(a_parcel(1, a_heartbeat_body(), received_at=year))
    shop.digest_all(year)
    shop.listen(*(after(seconds=second) for second in range(0, 301, 5)))
    for seconds in (0, 60, 90):
        shop.watch.step(after(seconds=seconds))
    assert shop.rows(schema.monitors, "state") == ["silent"]


def test_a_closing_beat_is_a_fact(shop):
    shop.receive(a_parcel(1, a_heartbeat_body()), a_parcel(2, a_heartbeat_body(closing=True)))
    shop.digest_all()
    assert shop.facts() == ["service_seen", "service_stopped"]
    assert shop.rows(schema.monitor_states, "state") == ["alive", "stopped"]


def test_a_foreign_field_of_any_kind_is_no_obstacle(shop):
    shop.receive(
        a_parcel(1, told("E", 1, zebra={"stripes": [1, None, {"a": "b"}]})),
        a_parcel(2, a_sample("event-from-the-future")),
    )
    shop.digest_all()
    assert shop.count(schema.incidents) == 2


TROUBLE = [
    {"signal_type": "exception", "service": "\x00", "message": "\x00" * 10, "error_type": "\ud800"},
    {"signal_type": "exception", "fingerprint": ["\x00\ud800"] * 50, "release": "\ud800" * 300, "logger": "\x00"},
    {"signal_type": "exception", "repeat_count": 10**300, "timestamp": 1e308, "status_code": -(10**20)},
    {"signal_type": "http_error", "request_path": "/" * 500_000, "status_code": 10**9, "route": "<" * 10_000},
    {"signal_type": "log_error", "template": "%" * 1_000_000, "logger": "l" * 1_000_000},
    {"signal_type": "exception", "first_at": "0001-01-01T00:00:00+00:00", "last_at": "9999-12-31T23:59:59Z"},
    {"signal_type": "exception", "stack_trace": "Traceback (most recent call last):\n" * 10_000},
    {
        "signal_type": "heartbeat",
        "interval": 1e308,
        "instance": {"id": "\x00" * 1000},
        "stats": {"\ud800": float("inf")},
    },
    {"signal_type": "heartbeat", "interval": -1, "base_url": "http://" + "x" * 10_000, "timestamp": float("inf")},
]


def test_trouble_is_digested_and_never_stops_the_others(shop):
    for number, body in enumerate(TROUBLE):
        shop.receive(a_parcel(number, body))
    shop.receive(a_parcel(100, told("Last", 1)))
    shop.digest_all()
    assert shop.intake.waiting() == 0
    assert "Last" in shop.rows(schema.incidents, "type")
    assert shop.rows(schema.buried, "reason") == []


events = st.builds(
    lambda name, number, service, repeats: told(
        name, number, service=service, event_id=f"00000000-0000-0000-0000-{number:012d}", repeat_count=repeats
    ),
    st.sampled_from(["KeyError", "ValueError"]),
    st.integers(0, 50),
    st.sampled_from(["shop", "till"]),
    st.integers(1, 3),
)


def the_tally(workshop: Workshop) -> dict[tuple[str, str], int]:
    names = dict(workshop.rows(schema.services, "id", "name"))
    found = workshop.rows(schema.incidents, "service_id", "type", "count")
    return {(names[service], kind): count for service, kind, count in found}


@settings(max_examples=40, deadline=None)
@given(st.lists(events, max_size=25, unique_by=lambda body: body["event_id"]), st.data())
def test_counts_do_not_depend_on_order_duplicates_or_batches(bodies, data):
    parcels = [a_parcel(number, body) for number, body in enumerate(bodies)]
    again = data.draw(st.lists(st.sampled_from(parcels), max_size=15)) if parcels else []
    shuffled = data.draw(st.permutations(parcels + again))
    plain = in_memory(parcels)
    other = in_memory(shuffled, together=data.draw(st.sampled_from([1, 3, 200])))
    expected: dict[tuple[str, str], int] = {}
    for body in bodies:
        place = (body["service"], body["error_type"])
        expected[place] = expected.get(place, 0) + body["repeat_count"]
    for workshop in (plain, other):
        assert the_tally(workshop) == expected
        assert sum(workshop.rows(schema.incident_hours, "count")) == sum(expected.values())
        assert sum(workshop.rows(schema.events, "repeat_count")) == sum(expected.values())
        assert workshop.count(schema.seen_events) == len(bodies)
        workshop.close()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
hostile = st.dictionaries(st.sampled_from(Event.__struct_fields__) | st.text(max_size=5), anything, max_size=8)
signals = st.sampled_from(["exception", "http_error", "log_error", "heartbeat", "nonsense"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(hostile, signals), max_size=5), st.lists(st.binary(max_size=40), max_size=2))
def test_any_object_is_digested_or_buried_and_never_stops_the_others(bodies, raw):
    parcels = [a_parcel(number, {**body, "signal_type": signal}) for number, (body, signal) in enumerate(bodies)]
    parcels += [a_parcel(number, each) for number, each in enumerate(raw, start=50)]
    workshop = in_memory([*parcels, a_parcel(99, told("Last", 1))])
    assert workshop.intake.waiting() == 0
    assert "Last" in workshop.rows(schema.incidents, "type")
    unreadable = len(raw) + sum(signal == "nonsense" for _, signal in bodies)
    assert workshop.count(schema.buried) == unreadable
    workshop.close()


def a_loop(*numbers: int, seconds: float = 0.001):
    return [a_parcel(number, told("Loop", number), received_at=after(seconds=number * seconds)) for number in numbers]


def numbers_kept(shop):
    return [int(body["message"].split()[1]) for body in shop.bodies()]


def test_a_loop_is_counted_to_the_last_one_and_kept_in_part():
    shop = Workshop(most=20)
    for start in range(0, 1_000, 200):
        shop.receive(*a_loop(*range(start, start + 200)))
        shop.digest_all()
    assert shop.rows(schema.incidents, "count", "kept", "passing") == [(1_000, 20, True)]
    assert numbers_kept(shop) == [*range(20), 999]
    assert ("stored_events", 21) in shop.rows(schema.counters)
    shop.close()


def test_the_newest_event_makes_way_for_the_next_one():
    shop = Workshop(most=3)
    for number in range(6):
        shop.receive(*a_loop(number))
        shop.digest_all()
    assert numbers_kept(shop) == [0, 1, 2, 5]
    shop.receive(*a_loop(60_000))
    shop.digest_all()
    assert numbers_kept(shop)[-1] == 60_000
    assert shop.rows(schema.incidents, "count", "passing") == [(7, False)]
    shop.close()


def test_what_is_kept_of_a_loop_is_spread_over_its_time():
    shop = Workshop(most=20)
    for hour in range(48):
        shop.receive(*a_loop(*range(hour * 60, hour * 60 + 60), seconds=60))
        shop.digest_all(after(hours=hour + 1))
    kept = numbers_kept(shop)
    assert len(kept) <= 21
    assert {number // 720 for number in kept} == {0, 1, 2, 3}
    assert (kept[0], kept[-1]) == (0, 48 * 60 - 1)
    assert shop.rows(schema.incidents, "count") == [48 * 60]
    shop.close()


def test_events_are_counted_by_hour_release_and_value(shop):
    said = [
        (1, after(minutes=-20), {"release": "7", "tags": {"region": "eu"}}),
        (2, NOW, {"release": "7", "tags": {"region": "us"}, "repeat_count": 10, "last_at": NOW.isoformat()}),
        (3, NOW, {"release": "8", "tags": {"region": "eu"}}),
        (4, NOW, {}),
    ]
    for number, at, fields in said * 2:
        shop.receive(a_parcel(number, told("E", number, **fields), received_at=at))
        shop.digest_all()
    hour, earlier = NOW.replace(minute=0, second=0), after(hours=-1).replace(minute=0, second=0)
    assert sorted(shop.rows(schema.incident_hours, "hour", "release", "count")) == [
        (earlier, "7", 1),
        (hour, "", 1),
        (hour, "7", 10),
        (hour, "8", 1),
    ]
    assert sorted(shop.rows(schema.incident_values, "name", "value", "count")) == [
        ("region", "eu", 2),
        ("region", "us", 10),
        ("release", "7", 11),
        ("release", "8", 1),
    ]


def test_a_tag_with_ever_new_values_is_counted_and_takes_no_more_room(shop):
    shop.receive(*(a_parcel(number, told("E", number, tags={"order": f"{number}"})) for number in range(300)))
    shop.digest_all()
    rows = dict(shop.rows(schema.incident_values, "value", "count"))
    assert (len(rows), rows[""], sum(rows.values())) == (51, 250, 300)
