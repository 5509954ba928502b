"""What a process's heartbeats tell of its events, and when monitoring is blind there."""

import json

from hypothesis import given
from hypothesis import strategies as st
from made import NOW, a_heartbeat, after

from aiops_platform.core import instance


def beaten(*stats, **fields):
    """The process after beats with these counts, half a minute apart."""
    known = None
    for number, each in enumerate(stats):
        heartbeat = a_heartbeat(instance={"id": "one", "host": "shop-1", "pid": 7}, stats=each, **fields)
        known = instance.heard(heartbeat, known, interval=30, at=after(seconds=30 * number))
    return known


def test_a_process_is_told_apart_by_its_id_and_else_by_its_machine():
    assert instance.name_of(a_heartbeat(instance={"id": "one"}, host="shop-1")) == "one"
    assert instance.name_of(a_heartbeat(host="shop-1")) == "shop-1"
    assert instance.name_of(a_heartbeat()) == ""


def test_what_was_lost_is_counted_but_not_what_somebody_did_not_want():
    known = beaten({"captured": 9, "dropped": {"queue_full": 2, "refused": 1, "before_send": 5, "noise": 100}})
    assert (known.lost, known.lost_at) == (3, NOW)


def test_the_time_of_a_loss_is_that_of_the_beat_that_told_more_of_it():
    lost, more = {"dropped": {"queue_full": 2}}, {"dropped": {"queue_full": 3}}
    assert beaten({}, lost, lost).lost_at == after(seconds=30)
    assert beaten({}, lost, lost, more).lost_at == after(seconds=90)
    assert beaten({}, {}).lost_at is None


def test_what_waits_for_two_beats_while_nothing_gets_through_is_stuck():
    waits = {"queued": 3}
    assert not stuck(beaten(waits))
    assert stuck(beaten(waits, waits))
    assert beaten(waits, waits, waits).stuck_since == NOW
    assert not stuck(beaten(waits, {"queued": 3, "delivered": 2}))
    assert not stuck(beaten(waits, {"queued": 0}))


def test_what_only_goes_to_disk_is_stuck_until_something_gets_through():
    first, second = {"spooled": 4}, {"spooled": 9}
    assert stuck(beaten(first, second))
    assert stuck(beaten(first, second, second))
    assert not stuck(beaten(first, second, {"spooled": 9, "recovered": 9}))
    assert not stuck(beaten(first, second, {"spooled": 9, "delivered": 1}))


def stuck(known):
    return instance.is_stuck(known.last_beat_at, known.stuck_since)


def test_a_beat_older_than_the_newest_changes_nothing():
    known = beaten({"captured": 1})
    assert instance.heard(a_heartbeat(instance={"id": "one"}), known, interval=30, at=after(seconds=-1)) is known


def test_answers_are_kept_by_status_and_route_the_most_frequent_first():
    known = beaten({"answers": {"404": {f"/{number}": number for number in range(50)}, "429": "x", "x" * 90: {"/": 0}}})
    assert list(known.stats["answers"]) == ["404"]
    assert list(known.stats["answers"]["404"].items())[:2] == [("/49", 49), ("/48", 48)]
    assert len(known.stats["answers"]["404"]) == 20


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=6),
    max_leaves=20,
)
names = st.sampled_from(["captured", "delivered", "queued", "spooled", "dropped", "answers", "last_error", "memory"])


@given(st.lists(st.dictionaries(names, values, max_size=8), min_size=1, max_size=3))
def test_whatever_a_client_says_what_is_kept_is_small_json_of_the_right_types(told):
    known = beaten(*(json.loads(json.dumps(each, default=str)) for each in told))
    assert len(json.dumps(dict(known.stats), allow_nan=False)) < 70_000
    assert known.lost >= 0
    assert all(isinstance(count, int) for count in known.stats.get("dropped", {}).values())


def test_a_process_is_kept_for_an_hour_after_its_last_beat_or_three_of_its_intervals():
    assert beaten({}).gone_at == after(hours=1)
    assert instance.heard(a_heartbeat(), None, interval=86_400, at=NOW).gone_at == after(days=3)
