"""The thread that sends."""

from __future__ import annotations

import time
from typing import Any, Dict

import pytest
from events import DEADLINE, HandMadeTransport, wait_until

from aiops_sdk.delivery import Accepted, Delivery, Outcome, Parcel, Refused, Retry, Voice
from aiops_sdk.delivery.worker import Bell, pause_before_next
from aiops_sdk.event import new_id


def a_parcel() -> Parcel:
    return Parcel({"event_id": new_id(), "signal_type": "exception"}, {})


def a_delivery(transport: Any) -> Delivery:
    return Delivery(transport, Voice("http://platform"), pauses=(0.0, 0.0))


def stats(captured: int, delivered: int, queued: int = 0, **dropped: int) -> Dict[str, object]:
    return {"captured": captured, "delivered": delivered, "dropped": dropped, "queued": queued}


def test_what_is_put_is_sent_in_order():
    transport = HandMadeTransport()
    delivery = a_delivery(transport)
    parcels = [a_parcel() for _ in range(10)]
    for parcel in parcels:
        delivery.put(parcel)
    assert delivery.flush(DEADLINE)
    assert [body["event_id"] for body in transport.bodies] == [parcel.event_id for parcel in parcels]
    assert delivery.stats() == stats(10, 10)


def test_there_are_three_attempts():
    transport = HandMadeTransport(*[Retry("HTTP 503")] * 3)
    delivery = a_delivery(transport)
    delivery.put(a_parcel())
    assert delivery.flush(DEADLINE)
    assert len(transport.bodies) == 3
    assert delivery.stats() == stats(1, 0, undelivered=1)


def test_an_attempt_that_succeeds_is_the_last():
    transport = HandMadeTransport(Retry("HTTP 503"), Retry("HTTP 503"), Accepted())
    delivery = a_delivery(transport)
    delivery.put(a_parcel())
    assert delivery.flush(DEADLINE)
    assert len(transport.bodies) == 3
    assert delivery.stats() == stats(1, 1)


def test_a_refused_event_is_not_tried_again():
    transport = HandMadeTransport(Refused("too_large", "HTTP 413"))
    delivery = a_delivery(transport)
    delivery.put(a_parcel())
    assert delivery.flush(DEADLINE)
    assert len(transport.bodies) == 1
    assert delivery.stats() == stats(1, 0, too_large=1)


def test_a_key_that_is_not_accepted_is_said_once(caplog: pytest.LogCaptureFixture):
    delivery = a_delivery(HandMadeTransport(*[Refused("unauthorized", "HTTP 401")] * 3))
    for _ in range(3):
        delivery.put(a_parcel())
    assert delivery.flush(DEADLINE)
    assert delivery.stats() == stats(3, 0, unauthorized=3)
    assert len(caplog.messages) == 1


def test_a_broken_transport_is_a_failed_attempt_and_the_thread_survives():
    class Broken(HandMadeTransport):
        def send(self, path: str, body: bytes) -> Outcome:
            super().send(path, body)
            if len(self.bodies) <= 3:
                raise SystemExit
            return Accepted()

    transport = Broken()
    delivery = a_delivery(transport)
    delivery.put(a_parcel())
    delivery.put(a_parcel())
    assert delivery.flush(DEADLINE)
    assert delivery.stats() == stats(2, 1, undelivered=1)


def test_what_was_hastened_is_sent_next():
    transport = HandMadeTransport()
    transport.open.clear()
    delivery = a_delivery(transport)
    parcels = [a_parcel() for _ in range(5)]
    for parcel in parcels:
        delivery.put(parcel)
    wait_until(lambda: len(transport.bodies) == 1, "the first to be on its way")
    assert delivery.hasten(parcels[4].event_id, 0.0) is False
    transport.open.set()
    assert delivery.hasten(parcels[4].event_id, DEADLINE)
    assert transport.bodies[1]["event_id"] == parcels[4].event_id


def test_an_event_in_its_pause_does_not_hold_up_a_hastened_one():
    transport = HandMadeTransport(Retry("HTTP 503", after=200.0))
    delivery = a_delivery(transport)
    delivery.put(a_parcel())
    wait_until(lambda: len(transport.bodies) == 1, "the first attempt")
    urgent = a_parcel()
    delivery.put(urgent)
    assert delivery.hasten(urgent.event_id, DEADLINE)
    assert delivery.stats() == stats(2, 1, queued=1)


def test_a_hastened_event_has_its_three_attempts_however_long_the_server_wants_to_be_left_alone():
    transport = HandMadeTransport(*[Retry("HTTP 503", after=200.0)] * 3)
    transport.open.clear()
    delivery = a_delivery(transport)
    urgent = a_parcel()
    delivery.put(urgent)
    wait_until(lambda: len(transport.bodies) == 1, "the first attempt")
    assert delivery.hasten(urgent.event_id, 0.0) is False
    transport.open.set()
    assert delivery.hasten(urgent.event_id, DEADLINE)
    assert len(transport.bodies) == 3


def test_flushing_in_vain_ends_at_its_time():
    transport = HandMadeTransport()
    transport.open.clear()
    delivery = a_delivery(transport)
    delivery.put(a_parcel())
    assert delivery.flush(0.01) is False
    transport.open.set()
    assert delivery.flush(DEADLINE) is True


def test_closing_tries_everything_at_once():
    transport = HandMadeTransport(Retry("HTTP 503", after=200.0))
    delivery = a_delivery(transport)
    delivery.put(a_parcel())
    wait_until(lambda: len(transport.bodies) == 1, "the first attempt")
    assert delivery.close(time.monotonic() + DEADLINE)
    assert delivery.stats() == stats(1, 1)
    assert transport.closed == 1


def test_closing_gives_up_what_it_cannot_send(caplog: pytest.LogCaptureFixture):
    transport = HandMadeTransport(*[Retry("HTTP 503")] * 2)
    delivery = a_delivery(transport)
    delivery._hurry = True
    delivery.put(a_parcel())
    delivery.put(a_parcel())
    delivery.close(time.monotonic() + DEADLINE)
    assert len(transport.bodies) == 2
    assert delivery.stats() == stats(2, 0, exit=2)


def test_closing_does_not_wait_for_ever():
    transport = HandMadeTransport()
    transport.open.clear()
    delivery = a_delivery(transport)
    delivery.put(a_parcel())
    assert delivery.close(time.monotonic() + 0.01) is False
    assert delivery.stats() == stats(1, 0, exit=1)
    transport.open.set()


def test_after_closing_everything_is_counted_as_lost():
    delivery = a_delivery(HandMadeTransport())
    delivery.close(time.monotonic() + DEADLINE)
    delivery.put(a_parcel())
    assert delivery.stats() == stats(1, 0, exit=1)


def test_a_client_that_never_sent_anything_closes_at_once():
    transport = HandMadeTransport()
    assert a_delivery(transport).close(time.monotonic())
    assert transport.bodies == []


def test_where_no_thread_can_be_had_the_caller_sends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("aiops_sdk._safety.start_thread", lambda *_: False)
    transport = HandMadeTransport(Retry("HTTP 503"))
    delivery = a_delivery(transport)
    delivery.put(a_parcel())
    delivery.put(a_parcel())
    assert transport.bodies == []
    assert delivery.close(time.monotonic() + DEADLINE)
    assert delivery.stats() == stats(2, 1, exit=1)


def test_a_forked_child_begins_with_nothing():
    transport = HandMadeTransport()
    transport.open.clear()
    delivery = a_delivery(transport)
    delivery.put(a_parcel())
    wait_until(lambda: len(transport.bodies) == 1, "the first to be on its way")
    delivery.become_child()
    transport.open.set()
    assert delivery.stats() == stats(0, 0)
    assert transport.abandoned == 1
    delivery.put(a_parcel())
    assert delivery.flush(DEADLINE)
    assert delivery.stats() == stats(1, 1)


def test_the_server_s_wish_counts_within_reason():
    assert pause_before_next(1.0, Retry("", after=None)) == 1.0
    assert pause_before_next(2.0, Retry("", after=0.5)) == 2.0
    assert pause_before_next(1.0, Retry("", after=30.0)) == 30.0
    assert pause_before_next(1.0, Retry("", after=86_400.0)) == 300.0


def test_a_bell_that_rang_before_is_heard():
    bell = Bell()
    bell.ring()
    bell.ring()
    assert bell.wait(DEADLINE) is True
    assert bell.wait(0.0) is False
