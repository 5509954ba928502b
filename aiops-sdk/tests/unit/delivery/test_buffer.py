"""Bounded, and nothing goes uncounted."""

from __future__ import annotations

from typing import List, Optional

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aiops_sdk.delivery.buffer import Attempt, Buffer
from aiops_sdk.delivery.parcel import Parcel
from aiops_sdk.event import new_id

NOW = 1000.0


def a_parcel(signal_type: str = "exception", size: int = 10) -> Parcel:
    return Parcel({"event_id": new_id(), "signal_type": signal_type}, {}, body=b"x" * size)


def taken(buffer: Buffer) -> List[Parcel]:
    found: List[Parcel] = []
    attempt = buffer.take(NOW)
    while attempt is not None:
        found.append(attempt.parcel)
        attempt = buffer.take(NOW)
    return found


def filled(*parcels: Parcel, max_events: int = 3, max_bytes: int = 1000) -> Buffer:
    buffer = Buffer(max_events=max_events, max_bytes=max_bytes)
    for parcel in parcels:
        buffer.put(parcel)
    return buffer


def test_first_in_first_out():
    parcels = [a_parcel() for _ in range(3)]
    assert taken(filled(*parcels)) == parcels


def test_when_there_is_no_room_the_oldest_goes():
    parcels = [a_parcel() for _ in range(5)]
    buffer = filled(*parcels)
    assert buffer.stats() == {"captured": 5, "delivered": 0, "dropped": {"queue_full": 2}, "queued": 3}
    assert taken(buffer) == parcels[2:]


def test_when_there_is_no_room_the_least_telling_goes_first():
    crash, log, http, newest = a_parcel(), a_parcel("log_error"), a_parcel("http_error"), a_parcel()
    buffer = filled(crash, log, http, newest)
    assert taken(buffer) == [crash, http, newest]


def test_a_log_line_does_not_push_out_an_exception():
    crashes = [a_parcel() for _ in range(3)]
    assert taken(filled(*crashes, a_parcel("log_error"))) == crashes


def test_bytes_are_bounded_too():
    parcels = [a_parcel(size=400) for _ in range(3)]
    assert taken(filled(*parcels)) == parcels[1:]


def test_what_is_in_flight_still_counts_as_queued():
    buffer = filled(a_parcel())
    attempt = buffer.take(NOW)
    assert attempt is not None
    assert buffer.stats()["queued"] == 1
    buffer.settle(attempt.parcel)
    assert buffer.stats() == {"captured": 1, "delivered": 1, "dropped": {}, "queued": 0}


def test_what_was_put_back_comes_first_but_not_before_its_time():
    first, second = a_parcel(), a_parcel()
    buffer = filled(first, second)
    attempt = buffer.take(NOW)
    assert attempt is not None
    buffer.put_back(attempt, due=NOW + 2)
    assert buffer.take(NOW) is None
    assert buffer.seconds_until_due(NOW) == 2
    again = buffer.take(NOW + 2)
    assert again is not None
    assert (again.parcel, again.tried) == (first, 1)


def test_in_a_hurry_nothing_waits_for_its_time():
    buffer = filled(a_parcel())
    attempt = buffer.take(NOW)
    assert attempt is not None
    buffer.put_back(attempt, due=NOW + 60)
    assert buffer.take(NOW, hurry=True) is attempt


def test_an_empty_buffer_has_nothing_due():
    assert Buffer().seconds_until_due(NOW) is None


def test_what_was_hastened_goes_first():
    first, second, third = a_parcel(), a_parcel(), a_parcel()
    buffer = filled(first, second, third)
    buffer.hasten(third.event_id, NOW)
    assert taken(buffer) == [third, first, second]


def test_what_was_in_flight_does_not_come_before_what_was_hastened_meanwhile():
    first, second, third = a_parcel(), a_parcel(), a_parcel()
    buffer = filled(first, second, third)
    in_flight = buffer.take(NOW)
    assert in_flight is not None
    buffer.hasten(third.event_id, NOW)
    buffer.put_back(in_flight, due=NOW)
    assert taken(buffer) == [third, first, second]


def test_what_is_hastened_waits_no_longer_than_it_may():
    parcel = a_parcel()
    buffer = filled(parcel)
    attempt = buffer.take(NOW)
    assert attempt is not None
    buffer.put_back(attempt, due=NOW + 120)
    buffer.hasten(parcel.event_id, NOW + 1)
    assert buffer.seconds_until_due(NOW) == 1


def test_only_the_first_word_on_a_fate_counts():
    parcel = a_parcel()
    buffer = filled(parcel)
    buffer.settle(parcel, "undelivered")
    buffer.settle(parcel)
    assert buffer.stats() == {"captured": 1, "delivered": 0, "dropped": {"undelivered": 1}, "queued": 0}


def test_giving_up_drops_also_what_is_in_flight():
    buffer = filled(a_parcel(), a_parcel())
    attempt = buffer.take(NOW)
    assert attempt is not None
    assert buffer.give_up("exit") == 2
    buffer.put_back(attempt, due=NOW)
    assert taken(buffer) == []
    assert buffer.stats() == {"captured": 2, "delivered": 0, "dropped": {"exit": 2}, "queued": 0}


def test_after_clearing_it_is_as_new():
    buffer = filled(a_parcel())
    buffer.clear()
    assert buffer.stats() == {"captured": 0, "delivered": 0, "dropped": {}, "queued": 0}


def test_waiting_ends_at_its_deadline():
    buffer = filled(a_parcel())
    assert buffer.wait_until_settled(None, deadline=0.0) is False
    assert buffer.wait_until_settled("unknown", deadline=0.0) is True


class AnythingHappens(RuleBasedStateMachine):
    """Whatever happens in whatever order, captured is delivered plus dropped plus queued, and the bounds hold."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = Buffer(max_events=5, max_bytes=300)
        self.in_flight: List[Attempt] = []

    @rule(kind=st.sampled_from(["exception", "http_error", "log_error"]), size=st.integers(0, 200))
    def put(self, kind: str, size: int) -> None:
        self.buffer.put(a_parcel(kind, size))

    @rule(hurry=st.booleans())
    def take(self, hurry: bool) -> None:
        attempt = self.buffer.take(NOW, hurry=hurry)
        if attempt is not None:
            self.in_flight.append(attempt)

    @rule(reason=st.sampled_from([None, "undelivered", "refused"]))
    def settle(self, reason: Optional[str]) -> None:
        if self.in_flight:
            self.buffer.settle(self.in_flight.pop().parcel, reason)

    @rule(pause=st.integers(0, 5))
    def put_back(self, pause: int) -> None:
        if self.in_flight:
            self.buffer.put_back(self.in_flight.pop(), NOW + pause)

    @rule()
    def drop(self) -> None:
        self.buffer.drop("step")

    @rule()
    def give_up(self) -> None:
        self.buffer.give_up("exit")

    @invariant()
    def nothing_is_uncounted(self) -> None:
        stats = self.buffer.stats()
        assert stats["captured"] == stats["delivered"] + sum(stats["dropped"].values()) + stats["queued"]  # type: ignore[operator,attr-defined]

    @invariant()
    def the_bounds_hold(self) -> None:
        queued = self.buffer.stats()["queued"]
        assert isinstance(queued, int)
        assert queued <= 5 + len(self.in_flight)


TestAnythingHappens = AnythingHappens.TestCase


@given(st.lists(st.sampled_from(["exception", "http_error", "log_error"]), max_size=20))
def test_an_exception_goes_only_when_there_are_only_exceptions(kinds: List[str]):
    kept = [parcel.signal_type for parcel in taken(filled(*[a_parcel(kind) for kind in kinds]))]
    assert kept.count("exception") == min(3, kinds.count("exception"))
