"""A service is late after a minute without a beat, silent after one and a half, and never for what nobody heard."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, a_heartbeat, after

from aiops_platform.core.facts import FactKind
from aiops_platform.core.monitor import Listening, Looked, Monitor, MonitorState, beat, check

LONG_LISTENING = Listening(after(days=-1), after(days=1))


def beaten(at=NOW, monitor: Monitor | None = None, **fields) -> Monitor:
    return beat(a_heartbeat(**fields), monitor, service_id=1, at=at, now=at).monitor


def looked(monitor: Monitor, **span: float) -> Looked:
    return check(monitor, LONG_LISTENING, after(**span))


def silent() -> Monitor:
    return looked(beaten(), seconds=90).monitor


def test_the_first_beat_makes_a_service_alive():
    result = beat(a_heartbeat(base_url="https://shop.example"), None, service_id=1, at=NOW, now=NOW)
    assert (result.monitor.state, result.monitor.due_at) == (MonitorState.ALIVE, after(seconds=60))
    assert result.states == ((NOW, MonitorState.ALIVE),)
    assert result.monitor.base_url == "https://shop.example"


def test_further_beats_change_nothing_but_the_time():
    result = beat(a_heartbeat(), beaten(), service_id=1, at=after(seconds=30), now=after(seconds=30))
    assert (result.states, result.facts) == ((), ())
    assert (result.monitor.state_since, result.monitor.last_beat_at) == (NOW, after(seconds=30))


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(59, MonitorState.ALIVE), (60, MonitorState.LATE), (89, MonitorState.LATE), (90, MonitorState.SILENT)],
)
def test_time_without_a_beat_makes_late_and_then_silent(seconds, state):
    assert looked(beaten(), seconds=seconds).monitor.state is state


def test_who_looks_too_rarely_still_tells_the_whole_story():
    result = looked(beaten(), hours=1)
    assert result.states == ((after(seconds=60), MonitorState.LATE), (after(seconds=90), MonitorState.SILENT))
    assert result.fell_silent
    assert [fact.kind for fact in result.facts] == [FactKind.SERVICE_SILENT]
    assert result.monitor.due_at is None


def test_silence_is_told_once():
    assert looked(silent(), hours=2).facts == ()
    assert not looked(silent(), hours=2).fell_silent


def test_a_beat_ends_the_silence():
    result = beat(a_heartbeat(), silent(), service_id=1, at=after(seconds=120), now=after(seconds=120))
    assert result.broke_silence
    assert [fact.kind for fact in result.facts] == [FactKind.SERVICE_RECOVERED]
    assert result.states == ((after(seconds=120), MonitorState.ALIVE),)


def test_a_late_service_that_beats_again_is_no_news():
    late = looked(beaten(), seconds=70).monitor
    result = beat(a_heartbeat(), late, service_id=1, at=after(seconds=80), now=after(seconds=80))
    assert (result.monitor.state, result.facts) == (MonitorState.ALIVE, ())


def test_a_closing_beat_stops_the_service_and_it_never_falls_silent():
    result = beat(a_heartbeat(closing=True), beaten(), service_id=1, at=after(seconds=10), now=after(seconds=10))
    assert (result.monitor.state, result.monitor.due_at) == (MonitorState.STOPPED, None)
    assert [fact.kind for fact in result.facts] == [FactKind.SERVICE_STOPPED]
    assert looked(result.monitor, days=1).states == ()


def test_a_service_of_two_processes_lives_while_one_of_them_does():
    one = beaten(instance={"id": "one"})
    both = beaten(at=after(seconds=1), monitor=one, instance={"id": "two"})
    left = beaten(at=after(seconds=2), monitor=both, instance={"id": "one"}, closing=True)
    assert left.state is MonitorState.ALIVE
    none = beaten(at=after(seconds=3), monitor=left, instance={"id": "two"}, closing=True)
    assert none.state is MonitorState.STOPPED


def test_a_process_that_died_long_ago_does_not_keep_a_service_alive():
    one = beaten(instance={"id": "one"})
    two = beaten(at=after(minutes=10), monitor=one, instance={"id": "two"})
    assert beaten(at=after(minutes=10), monitor=two, instance={"id": "two"}, closing=True).state is MonitorState.STOPPED


def test_a_slower_pulse_is_waited_for():
    slow = beaten(interval=300)
    assert looked(slow, seconds=599).monitor.state is MonitorState.ALIVE
    assert looked(slow, seconds=600).monitor.state is MonitorState.LATE
    assert looked(slow, seconds=900).monitor.state is MonitorState.SILENT


@pytest.mark.parametrize(("interval", "kept"), [(0.001, 30), (-5, 30), (1e300, 86400), (None, 30), (45.2, 46)])
def test_an_interval_is_believed_within_reason(interval, kept):
    assert beaten(interval=interval).interval == kept


def test_time_in_which_nobody_listened_does_not_count():
    deaf_until = Listening(after(seconds=100), after(hours=1))
    assert check(beaten(), deaf_until, after(seconds=150)).monitor.state is MonitorState.ALIVE
    assert check(beaten(), deaf_until, after(seconds=150)).monitor.due_at == after(seconds=160)
    assert check(beaten(), deaf_until, after(seconds=190)).monitor.state is MonitorState.SILENT


def test_an_older_beat_changes_nothing():
    newer = beaten(at=after(seconds=60))
    assert beat(a_heartbeat(closing=True), newer, service_id=1, at=NOW, now=after(seconds=60)).monitor == newer


def test_a_beat_is_taken_though_the_clock_was_once_a_year_ahead():
    ahead = beaten(at=after(days=365), instance={"id": "old"})
    result = beat(a_heartbeat(instance={"id": "new"}), ahead, service_id=1, at=NOW, now=after(seconds=1))
    monitor = result.monitor
    assert (monitor.state, monitor.state_since, monitor.last_beat_at) == (MonitorState.ALIVE, NOW, NOW)
    assert monitor.due_at == after(seconds=60)
    assert monitor.instances == {"old": NOW, "new": NOW}
    assert result.facts == ()


def test_a_beat_ends_a_silence_that_began_in_the_future():
    ahead = check(beaten(at=after(days=365)), LONG_LISTENING, after(days=366)).monitor
    assert ahead.state is MonitorState.SILENT
    assert beat(a_heartbeat(), ahead, service_id=1, at=NOW, now=NOW).broke_silence


def test_a_service_whose_last_beat_lies_in_the_future_falls_silent_counted_from_now():
    ahead = beaten(at=after(days=365))
    seen = looked(ahead)
    assert (seen.monitor.state, seen.monitor.due_at, seen.states) == (MonitorState.ALIVE, after(seconds=60), ())
    assert (seen.monitor.last_beat_at, seen.monitor.state_since) == (NOW, NOW)
    assert looked(seen.monitor, seconds=90).fell_silent


def test_a_door_whose_clock_was_ahead_is_not_thought_to_listen():
    assert not Listening(after(days=365), after(days=366)).goes_on(NOW)


def test_a_known_address_stays_while_beats_do_not_name_one():
    assert (
        beaten(monitor=beaten(base_url="https://shop.example"), at=after(seconds=1)).base_url == "https://shop.example"
    )


@pytest.mark.parametrize(
    ("gap", "since"), [(5, NOW), (15, NOW), (16, after(seconds=16)), (-10, NOW), (-20, after(seconds=-20))]
)
def test_listening_goes_on_while_the_door_says_so_often_enough(gap, since):
    assert Listening(NOW, NOW).heard_at(after(seconds=gap)).since == since


@given(st.lists(st.integers(1, 200), min_size=1, max_size=20))
def test_a_service_is_never_silent_while_it_beats_in_time(pauses):
    monitor, at = beaten(), NOW
    for pause in pauses:
        result = check(monitor, LONG_LISTENING, at + timedelta(seconds=pause))
        assert result.fell_silent == (pause >= 90)
        at += timedelta(seconds=pause)
        monitor = beaten(at=at, monitor=result.monitor)
        assert monitor.state is MonitorState.ALIVE
