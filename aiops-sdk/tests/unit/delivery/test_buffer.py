"""Bounded, repeats folded, and nothing goes uncounted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from events import a_draft
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aiops_sdk.delivery.buffer import HOLD, Buffer, Item

if TYPE_CHECKING:
    from aiops_sdk.delivery.buffer import Draft


class Notebook:
    """A keeper in memory."""

    def __init__(self) -> None:
        self.kept: Dict[int, List[Any]] = {}
        self.number = 0

    def write(self, draft: Draft) -> Optional[int]:
        self.number += 1
        self.kept[self.number] = [draft.event_id, 1]
        return self.number

    def recount(self, place: Optional[int], count: int, last_at: float) -> None:
        assert place is not None
        self.kept[place][1] = count

    def erase(self, place: Optional[int]) -> None:
        assert place is not None
        del self.kept[place]


def filled(*drafts: Draft, **options: Any) -> Buffer:
    buffer = Buffer(**{"max_events": 3, "max_bytes": 1000, **options})
    for draft in drafts:
        buffer.put(draft)
    return buffer


def taken(buffer: Buffer) -> List[Draft]:
    return [item.draft for item in buffer.take(1000)]


def stats(
    captured: int = 0, delivered: int = 0, queued: int = 0, spooled: int = 0, recovered: int = 0, **dropped: int
) -> Any:
    return {
        "captured": captured,
        "delivered": delivered,
        "dropped": dropped,
        "queued": queued,
        "recovered": recovered,
        "spooled": spooled,
    }


def test_first_in_first_out_whatever_the_kind():
    drafts = [a_draft(), a_draft("log_error"), a_draft("http_error")]
    assert taken(filled(*drafts)) == drafts


def test_no_more_are_taken_than_asked_for():
    buffer = filled(*[a_draft() for _ in range(3)])
    assert [len(buffer.take(2)), len(buffer.take(2)), len(buffer.take(2))] == [2, 1, 0]


def test_when_there_is_no_room_the_oldest_goes():
    drafts = [a_draft() for _ in range(5)]
    buffer = filled(*drafts)
    assert buffer.stats() == stats(5, queued=3, queue_full=2)
    assert taken(buffer) == drafts[2:]


def test_when_there_is_no_room_the_least_telling_goes_first():
    crash, log, http, newest = a_draft(), a_draft("log_error"), a_draft("http_error"), a_draft()
    assert taken(filled(crash, log, http, newest)) == [crash, http, newest]


def test_a_summary_of_repeats_tells_less_than_anything_else():
    summary = a_draft(repeat_count=7)
    log = [a_draft("log_error") for _ in range(3)]
    buffer = filled(summary, *log)
    assert taken(buffer) == log
    assert buffer.stats()["dropped"] == {"queue_full": 7}


def test_a_log_line_does_not_push_out_an_exception():
    crashes = [a_draft() for _ in range(3)]
    assert taken(filled(*crashes, a_draft("log_error"))) == crashes


def test_bytes_are_bounded_too():
    drafts = [a_draft(size=400) for _ in range(3)]
    assert taken(filled(*drafts)) == drafts[1:]


def test_what_is_in_flight_still_counts_as_queued():
    buffer = filled(a_draft())
    items = buffer.take(1)
    assert buffer.stats() == stats(1, queued=1)
    buffer.settle(items)
    assert buffer.stats() == stats(1, delivered=1)


def test_what_was_put_back_comes_first():
    drafts = [a_draft() for _ in range(3)]
    buffer = filled(*drafts)
    buffer.put_back(buffer.take(2))
    assert taken(buffer) == drafts


def test_what_is_parked_is_the_spool_s():
    buffer = filled(a_draft())
    buffer.park(buffer.take(1))
    assert buffer.stats() == stats(1, spooled=1)
    buffer.recovered(1)
    assert buffer.stats() == stats(1, spooled=1, recovered=1, delivered=1)
    buffer.recovered(1, "spool_full")
    assert buffer.stats() == stats(1, spooled=1, recovered=2, delivered=1, spool_full=1)


def test_only_the_first_word_on_a_fate_counts():
    buffer = filled(a_draft())
    items = buffer.take(1)
    buffer.settle(items, "refused")
    buffer.settle(items)
    buffer.park(items)
    buffer.put_back(items)
    assert buffer.stats() == stats(1, refused=1)
    assert taken(buffer) == []


def test_what_was_put_back_and_parked_then_is_not_taken_again():
    buffer = filled(a_draft())
    items = buffer.take(1)
    buffer.put_back(items)
    buffer.park(items)
    assert taken(buffer) == []


def test_everything_is_also_what_is_in_flight():
    first, second = a_draft(), a_draft()
    buffer = filled(first, second)
    in_flight = buffer.take(1)
    assert [item.draft for item in buffer.everything()] == [first, second]
    assert buffer.take(1) == []
    buffer.put_back(in_flight)
    assert taken(buffer) == [first]


def test_after_clearing_it_is_as_new():
    buffer = filled(a_draft(key="k"), a_draft(key="k"))
    buffer.clear()
    assert buffer.stats() == stats()
    assert buffer.due() is None


class TestWhatSomebodyWaitsFor:
    def test_it_goes_first(self):
        first, second = a_draft(), a_draft()
        buffer = filled(first, second)
        assert buffer.take_hastened(time.monotonic()) is None
        buffer.hasten(second.event_id, 0.0)
        item = buffer.take_hastened(time.monotonic())
        assert item is not None
        assert item.draft is second
        assert taken(buffer) == [first]

    def test_it_is_not_tried_before_its_time(self):
        draft = a_draft()
        buffer = filled(draft)
        buffer.hasten(draft.event_id, 0.0)
        item = buffer.take_hastened(10.0)
        assert item is not None
        item.tried, item.due = 1, 12.0
        buffer.put_back([item])
        assert buffer.due() == 12.0
        assert buffer.take_hastened(11.0) is None
        assert buffer.take_hastened(12.0) is item

    def test_it_waits_no_longer_than_it_may(self):
        draft = a_draft()
        buffer = filled(draft)
        (item,) = buffer.take(1)
        item.tried, item.due = 1, 500.0
        buffer.put_back([item])
        buffer.hasten(draft.event_id, 101.0)
        assert buffer.take_hastened(101.0) is item

    def test_waiting_ends_when_it_is_decided_or_when_it_may_take_long(self):
        draft = a_draft()
        buffer = filled(draft)
        buffer.hasten(draft.event_id, 0.0)
        assert buffer.wait_until_settled(draft.event_id, deadline=0.0) is False
        buffer.nobody_waits(buffer.take(1))
        assert buffer.wait_until_settled(draft.event_id, deadline=0.0) is True
        assert buffer.wait_until_settled(None, deadline=0.0) is False

    def test_what_is_not_there_is_not_waited_for(self):
        assert filled(a_draft()).wait_until_settled("unknown", deadline=0.0) is True

    def test_repeats_that_somebody_waits_for_are_told_at_once(self):
        buffer = filled(a_draft(key="k"), window=1000.0)
        told_by = [buffer.put(a_draft(key="k")) for _ in range(3)]
        buffer.hasten(told_by[-1], 0.0)
        item = buffer.take_hastened(time.monotonic())
        assert item is not None
        assert (item.event_id, item.count) == (told_by[0], 3)


class TestRepeats:
    def test_the_first_goes_at_once_and_the_others_together(self):
        first, *others = [a_draft(key="k", at=float(at)) for at in range(1, 6)]
        ids = [draft.event_id for draft in others]
        buffer = filled(first, window=1000.0)
        assert [buffer.put(draft) for draft in others] == [ids[0]] * 4
        assert taken(buffer) == [first]
        assert buffer.stats() == stats(5, queued=5)
        buffer.close_windows(None)
        (summary,) = taken(buffer)
        assert (summary.event_id, summary.repeat_count) == (ids[0], 4)
        assert (summary.first_at, summary.last_at, summary.at) == (2.0, 5.0, 5.0)

    def test_what_says_something_else_goes_by_itself_up_to_a_number(self):
        drafts = [a_draft(key="k", message=f"order {number} failed") for number in range(5)]
        buffer = filled(*drafts, window=1000.0, max_texts=3, max_events=9)
        buffer.put(a_draft(key="k", message="order 1 failed"))
        buffer.close_windows(None)
        told = taken(buffer)
        assert told[:3] == drafts[:3]
        assert [draft.repeat_count for draft in told] == [1, 1, 1, 3]

    def test_a_single_repeat_is_an_event_like_any_other(self):
        buffer = filled(a_draft(key="k"), window=1000.0)
        buffer.take(1)
        buffer.put(a_draft(key="k"))
        buffer.close_windows(None)
        (event,) = taken(buffer)
        assert (event.repeat_count, event.first_at, event.last_at) == (1, None, None)

    def test_a_window_closes_by_itself_and_the_next_one_begins(self):
        buffer = filled(a_draft(key="k"), a_draft(key="k"), window=10.0)
        due = buffer.due()
        assert due is not None
        buffer.close_windows(due - 1)
        assert len(taken(buffer)) == 1
        buffer.close_windows(due)
        assert len(taken(buffer)) == 1
        assert buffer.due() is None
        buffer.put(a_draft(key="k"))
        assert taken(buffer) == []
        assert buffer.due() == due + 10.0

    def test_what_happens_again_after_its_window_goes_at_once(self):
        buffer = filled(a_draft(key="k"), window=0.0)
        buffer.put(a_draft(key="k"))
        assert len(taken(buffer)) == 2

    def test_other_keys_and_no_key_are_no_repeats(self):
        assert len(taken(filled(a_draft(key="k"), a_draft(key="l"), a_draft()))) == 3

    def test_nothing_is_folded_where_that_is_not_wanted(self):
        assert len(taken(filled(*[a_draft(key="k") for _ in range(3)], fold=False))) == 3

    def test_only_so_many_keys_are_remembered_and_no_count_is_lost(self):
        buffer = filled(a_draft(key="oldest"), a_draft(key="oldest"), a_draft(key="oldest"), max_keys=2, max_events=9)
        buffer.put(a_draft(key="b"))
        assert len(taken(buffer)) == 2
        buffer.put(a_draft(key="c"))
        assert sorted(draft.repeat_count for draft in taken(buffer)) == [1, 2]

    def test_repeats_that_nobody_delivers_are_counted_one_by_one(self):
        buffer = filled(a_draft(key="k"), *[a_draft(key="k") for _ in range(4)])
        buffer.settle(buffer.everything(), "exit")
        assert buffer.stats() == stats(5, exit=5)


class TestWhatHappenedInAPieceOfWork:
    """It waits a little, so that others who see the same failure can be added."""

    def held(self, *drafts: Any, work: object = "work", **options: Any) -> Buffer:
        buffer = Buffer(**options)
        for draft in drafts:
            buffer.put(draft, work)
        return buffer

    def test_it_is_not_taken_before_its_time_and_what_is_not_held_is(self):
        buffer = self.held(a_draft())
        at_once = a_draft()
        buffer.put(at_once)
        assert taken(buffer) == [at_once]
        due = buffer.due()
        assert due is not None
        assert 0 < due - time.monotonic() <= HOLD
        buffer.close_windows(due)
        assert len(taken(buffer)) == 1
        assert buffer.due() is None

    def test_it_waits_for_nobody_who_waits_for_it(self):
        draft = a_draft()
        buffer = self.held(draft)
        buffer.hasten(draft.event_id, 0.0)
        item = buffer.take_hastened(time.monotonic())
        assert item is not None
        assert item.draft is draft

    def test_at_a_flush_and_at_the_end_everything_may_go(self):
        buffer = self.held(a_draft())
        buffer.close_windows(None)
        assert len(taken(buffer)) == 1
        assert len(self.held(a_draft()).everything()) == 1

    def test_it_is_counted_and_bounded_like_everything(self):
        buffer = self.held(a_draft(), a_draft(), a_draft(), max_events=2)
        assert buffer.stats() == stats(captured=3, queued=2, queue_full=1)
        assert buffer.waiting() == 2
        assert buffer.waits_since() is not None

    def test_who_sees_the_same_failure_is_added_once_and_who_reported_it_is_not(self):
        draft = a_draft(seen_by="flask")
        buffer = self.held(draft)
        assert all(buffer.see_again(draft.event_id, by) for by in ("logging", "http", "logging", "flask"))
        assert draft.also_seen_by == ("logging", "http")

    def test_what_has_left_does_not_change(self):
        draft = a_draft()
        buffer = self.held(draft)
        buffer.close_windows(None)
        (item,) = buffer.take(1)
        assert buffer.see_again(draft.event_id, "logging")
        item.parcel = object()  # type: ignore[assignment]  # it was rendered
        assert not buffer.see_again(draft.event_id, "http")
        buffer.settle([item])
        assert not buffer.see_again(draft.event_id, "http")
        assert draft.also_seen_by == ("logging",)

    def test_the_event_that_will_tell_of_repeats_is_told_too(self):
        buffer = self.held(a_draft(key="a"), work=None)
        repeat = a_draft(key="a")
        assert buffer.see_again(buffer.put(repeat), "logging")
        assert repeat.also_seen_by == ("logging",)

    def test_what_was_tried_again_in_the_same_work_is_counted_where_it_began(self):
        first = a_draft(key="a", message="try 1", at=1.0)
        notebook = Notebook()
        buffer = Buffer(notebook)
        buffer.put(first, "work")
        again = [buffer.put(a_draft(key="a", message=f"try {number}", at=float(number)), "work") for number in (2, 3)]
        assert again == [first.event_id] * 2
        assert (first.repeat_count, first.first_at, first.last_at) == (3, 1.0, 3.0)
        assert notebook.kept == {1: [first.event_id, 3]}
        assert buffer.stats() == stats(captured=3, queued=3)
        buffer.settle(buffer.everything())
        assert buffer.stats() == stats(captured=3, delivered=3)

    def test_what_another_work_or_another_failure_says_is_not_that(self):
        buffer = self.held(a_draft(key="a", message="try 1"))
        buffer.put(a_draft(key="a", message="try 2"), "another work")
        buffer.put(a_draft(key="a", message="try 3", said="something else"), "work")
        assert len(buffer.everything()) == 3

    def test_once_it_may_go_it_counts_no_more(self):
        first = a_draft(key="a", message="try 1")
        buffer = self.held(first)
        buffer.close_windows(None)
        buffer.put(a_draft(key="a", message="try 2"), "work")
        assert first.repeat_count == 1
        assert len(buffer.everything()) == 2

    def test_nothing_is_counted_together_where_that_is_not_wanted(self):
        buffer = self.held(a_draft(key="a"), a_draft(key="a"), fold=False)
        assert len(buffer.everything()) == 2


def test_drops_are_noted_only_for_who_asks():
    buffer = filled(a_draft(), a_draft(), a_draft(), a_draft())
    assert buffer.untold_drops() == []
    buffer.notes_drops = True
    buffer.put(a_draft())
    buffer.drop("step")
    assert buffer.untold_drops() == [("queue_full", 1), ("step", 1)]
    assert buffer.untold_drops() == []


def test_what_is_queued_is_kept_until_its_fate_is_decided():
    notebook = Notebook()
    buffer = filled(a_draft(key="k"), a_draft(key="k"), a_draft(key="k"), keeper=notebook)
    assert [count for _, count in notebook.kept.values()] == [1, 2]
    buffer.close_windows(None)
    buffer.settle(buffer.take(9))
    assert notebook.kept == {}


def test_the_kept_repeats_have_the_id_of_the_event_that_will_tell_of_them():
    notebook = Notebook()
    buffer = filled(a_draft(key="k"), keeper=notebook)
    told_by = {buffer.put(a_draft(key="k")) for _ in range(3)}
    assert {event_id for event_id, count in notebook.kept.values() if count == 3} == told_by


class AnythingHappens(RuleBasedStateMachine):
    """Whatever happens in whatever order, the numbers add up, the bounds hold, and what is kept is what is queued."""

    def __init__(self) -> None:
        super().__init__()
        self.notebook = Notebook()
        self.buffer = Buffer(self.notebook, max_events=5, max_bytes=300, window=0.001, max_keys=2)
        self.in_flight: List[Item] = []

    @rule(
        kind=st.sampled_from(["exception", "http_error", "log_error"]),
        size=st.integers(0, 200),
        key=st.sampled_from([None, "a", "b", "c"]),
        work=st.sampled_from([None, "one", "other"]),
    )
    def put(self, kind: str, size: int, key: Optional[str], work: Optional[str]) -> None:
        self.buffer.put(a_draft(kind, size=size, key=key), work)

    @rule(limit=st.integers(1, 3))
    def take(self, limit: int) -> None:
        self.in_flight += self.buffer.take(limit)

    @rule(reason=st.sampled_from([None, "undelivered", "refused"]))
    def settle(self, reason: Optional[str]) -> None:
        self.buffer.settle(self.in_flight[:2], reason)
        del self.in_flight[:2]

    @rule()
    def put_back(self) -> None:
        self.buffer.put_back(self.in_flight)
        self.in_flight = []

    @rule()
    def park(self) -> None:
        self.buffer.park(self.in_flight)
        self.in_flight = []

    @rule(count=st.integers(1, 9), reason=st.sampled_from([None, "spool_full"]))
    def recovered(self, count: int, reason: Optional[str]) -> None:
        self.buffer.recovered(count, reason)

    @rule()
    def drop(self) -> None:
        self.buffer.drop("step")

    @rule(all_of_them=st.booleans())
    def close_windows(self, all_of_them: bool) -> None:
        self.buffer.close_windows(None if all_of_them else time.monotonic())

    @rule()
    def hasten(self) -> None:
        self.buffer.hasten(self.buffer.put(a_draft(key="a")), 0.0)
        item = self.buffer.take_hastened(time.monotonic())
        if item is not None:
            self.in_flight.append(item)

    @rule()
    def give_up(self) -> None:
        self.buffer.settle(self.buffer.everything(), "exit")

    @invariant()
    def nothing_is_uncounted(self) -> None:
        told: Any = self.buffer.stats()
        came = told["captured"] + told["recovered"]
        assert came == told["delivered"] + told["spooled"] + sum(told["dropped"].values()) + told["queued"]

    @invariant()
    def the_bounds_hold(self) -> None:
        assert len(self.buffer._unsettled) <= 5 + len(self.in_flight)

    @invariant()
    def what_is_kept_is_what_is_queued(self) -> None:
        told: Any = self.buffer.stats()
        assert sum(count for _, count in self.notebook.kept.values()) == told["queued"]


TestAnythingHappens = AnythingHappens.TestCase


@given(st.lists(st.sampled_from(["exception", "http_error", "log_error"]), max_size=20))
def test_an_exception_goes_only_when_there_are_only_exceptions(kinds: List[str]):
    kept = [draft.signal_type for draft in taken(filled(*[a_draft(kind) for kind in kinds]))]
    assert kept.count("exception") == min(3, kinds.count("exception"))
