"""What waits to be said of jobs: bounded, counted, and tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, List

import pytest
from events import an_origin

from aiops_sdk.delivery.transport import Accepted, Barred, Refused, Retry
from aiops_sdk.delivery.words import AT_EXIT, FULL, PAUSES, UNSUPPORTED, Word, Words

if TYPE_CHECKING:
    from aiops_sdk.delivery.transport import Outcome


def a_word(job: str = "import", **fields: object) -> Word:
    return Word(
        **{"job": job, "run_id": "0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f", "state": "started", "at": 1.5, **fields}
    )  # type: ignore[arg-type]  # by name


def waiting(*jobs: str, most: int = 10) -> Words:
    words = Words(most)
    for job in jobs:
        words.put(a_word(job))
    return words


def answering(outcome: Outcome, sent: List[str]) -> Callable[[Word], Outcome]:
    def send(word: Word) -> Outcome:
        sent.append(word.job)
        return outcome

    return send


def test_what_waits_is_sent_in_order_and_counted():
    words, sent = waiting("a", "b"), []
    words.send(answering(Accepted(), sent), 0.0)
    assert sent == ["a", "b"]
    assert words.stats() == {"said": 2, "delivered": 2, "queued": 0, "dropped": {}}


def test_when_there_are_too_many_the_oldest_goes():
    words, sent = waiting("a", "b", "c", most=2), []
    words.send(answering(Accepted(), sent), 0.0)
    assert sent == ["b", "c"]
    assert words.stats() == {"said": 3, "delivered": 2, "queued": 0, "dropped": {FULL: 1}}


def test_what_does_not_get_through_is_tried_again_after_longer_and_longer_pauses():
    words, sent, now = waiting("a", "b"), [], 100.0
    for pause in (*PAUSES, PAUSES[-1]):
        words.send(answering(Retry("down"), sent), now)
        assert words.due() == now + pause
        words.send(answering(Retry("down"), sent), now + pause / 2)
        now += pause
    assert sent == ["a"] * (len(PAUSES) + 1)
    words.send(answering(Accepted(), sent), now)
    assert words.stats() == {"said": 2, "delivered": 2, "queued": 0, "dropped": {}}


def test_a_platform_that_asks_for_time_gets_it_also_in_a_hurry():
    words, sent = waiting("a"), []
    words.send(answering(Retry("busy", after=60.0), sent), 0.0)
    words.send(answering(Accepted(), sent), 59.0, hurried=True)
    assert sent == ["a"]
    words.send(answering(Accepted(), sent), 60.0, hurried=True)
    assert sent == ["a", "a"]


def test_in_a_hurry_no_pause_of_our_own_is_kept():
    words, sent = waiting("a"), []
    words.send(answering(Retry("down"), sent), 0.0)
    words.send(answering(Accepted(), sent), 0.1, hurried=True)
    assert sent == ["a", "a"]


def test_one_that_is_refused_costs_itself():
    words, outcomes = waiting("a", "b"), [Refused("not_understood", "no"), Accepted()]
    words.send(lambda _: outcomes.pop(0), 0.0)
    assert words.stats() == {"said": 2, "delivered": 1, "queued": 0, "dropped": {"refused": 1}}


def test_where_something_on_the_way_knows_no_jobs_they_are_dropped():
    words = waiting("a", "b")
    words.send(lambda _: Barred("HTTP 404"), 0.0)
    assert words.stats() == {"said": 2, "delivered": 0, "queued": 0, "dropped": {UNSUPPORTED: 2}}


def test_a_wrong_key_keeps_them():
    words = waiting("a", "b")
    words.send(lambda _: Barred("HTTP 401", unauthorized=True), 0.0)
    assert words.stats() == {"said": 2, "delivered": 0, "queued": 2, "dropped": {}}


def test_an_error_of_the_transport_loses_nothing():
    words = waiting("a")
    with pytest.raises(OSError, match="ours"):
        words.send(lambda _: (_ for _ in ()).throw(OSError("ours")), 0.0)
    assert words.stats() == {"said": 1, "delivered": 0, "queued": 1, "dropped": {}}


def test_what_is_given_up_is_counted():
    words = waiting("a", "b")
    words.give_up(AT_EXIT)
    assert (words.wait(), words.stats()["dropped"]) == (False, {AT_EXIT: 2})


def test_a_forked_child_begins_anew():
    words = waiting("a")
    words.begin_anew()
    assert words.stats() == {"said": 0, "delivered": 0, "queued": 0, "dropped": {}}


def test_a_word_says_when_and_what_is_known():
    body = a_word(state="failed", duration=2.5, event_id="e", schedule={"every": 60}).to_wire(
        an_origin(release="7"), 3.25
    )
    assert body["occurred_at"] == "1970-01-01T00:00:01.500000Z"
    assert body["sent_at"] == "1970-01-01T00:00:03.250000Z"
    assert (body["timestamp"], body["signal_type"], body["service"], body["release"]) == (1, "job", "shop", "7")
    assert (body["duration"], body["event_id"], body["schedule"]) == (2.5, "e", {"every": 60})
