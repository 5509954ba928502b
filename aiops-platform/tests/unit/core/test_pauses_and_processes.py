"""People pause monitors and say how many processes there have to be; maintenance excuses silence. All on a clock handed in."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, a_heartbeat, after

from aiops_platform.core.facts import FactKind
from aiops_platform.core.monitor import (
    Listening,
    Looked,
    Monitor,
    MonitorState,
    beat,
    check,
    expecting,
    paused,
    resumed,
)

LISTENING = Listening(after(days=-1), after(days=30))


def beaten(monitor: Monitor | None, name: str = "a", *, closing: bool = False, **span: float) -> Looked:
    at = after(**span)
    said = a_heartbeat(instance={"id": name}, closing=closing)
    return beat(said, monitor, service_id=1, at=at, now=at)


def alive(*names: str) -> Monitor:
    monitor = None
    for name in names or ("a",):
        monitor = beaten(monitor, name).monitor
    assert monitor is not None
    return monitor


def three_expected() -> Monitor:
    return expecting(alive("a", "b", "c"), 3, NOW).monitor


def looked(monitor: Monitor, **span: float) -> Looked:
    return check(monitor, LISTENING, after(**span))


def kinds(of: Looked) -> list[FactKind]:
    return [fact.kind for fact in of.facts]


def beats_of(monitor: Monitor, *names: str, seconds: range) -> Monitor:
    """These processes beat every 30 s, and it is looked at after each."""
    for second in seconds:
        for name in names:
            monitor = beaten(monitor, name, seconds=second).monitor
        monitor = looked(monitor, seconds=second).monitor
    return monitor


# Maintenance.


def test_silence_counts_only_from_the_end_of_maintenance() -> None:
    ends = after(minutes=10)
    held = check(alive(), LISTENING, after(minutes=5), excused=ends)
    assert (held.monitor.state, held.monitor.due_at) == (MonitorState.ALIVE, ends + timedelta(seconds=60))
    assert check(alive(), LISTENING, ends + timedelta(seconds=89), excused=ends).monitor.state is MonitorState.LATE
    assert check(alive(), LISTENING, ends + timedelta(seconds=90), excused=ends).fell_silent


def test_missing_processes_are_told_after_maintenance_if_they_are_missing_still() -> None:
    monitor = beats_of(three_expected(), "a", "b", seconds=range(30, 60, 30))
    ends = after(minutes=10)
    assert not check(monitor, LISTENING, after(minutes=9), excused=ends).fell_short
    monitor = beaten(monitor, "a", minutes=11).monitor
    monitor = beaten(monitor, "b", minutes=11).monitor
    assert check(monitor, LISTENING, ends + timedelta(seconds=90), excused=ends).fell_short


# Pauses.


def test_a_paused_service_falls_never_silent_and_says_until_when() -> None:
    at_rest = paused(alive(), after(hours=1), NOW)
    assert (at_rest.monitor.state, at_rest.monitor.due_at) == (MonitorState.PAUSED, after(hours=1))
    assert kinds(at_rest) == [FactKind.SERVICE_PAUSED]
    assert looked(at_rest.monitor, minutes=59).states == ()
    assert looked(paused(alive(), None, NOW).monitor, days=29).monitor.state is MonitorState.PAUSED


def test_beats_of_a_paused_service_are_noted_and_change_no_state() -> None:
    at_rest = paused(alive(), None, NOW).monitor
    after_beat = beaten(at_rest, seconds=30)
    assert (after_beat.monitor.state, after_beat.monitor.last_beat_at) == (MonitorState.PAUSED, after(seconds=30))
    assert (after_beat.states, after_beat.facts) == ((), ())
    goodbye = beaten(after_beat.monitor, closing=True, seconds=60)
    assert (goodbye.monitor.state, goodbye.facts) == (MonitorState.PAUSED, ())
    assert resumed(goodbye.monitor, after(seconds=90)).monitor.state is MonitorState.STOPPED


def test_a_pause_ends_by_itself_and_silence_counts_from_then() -> None:
    at_rest = paused(alive(), after(hours=1), NOW).monitor
    back = looked(at_rest, hours=1, seconds=5)
    assert (back.monitor.state, back.monitor.state_since) == (MonitorState.LATE, after(hours=1))
    assert not looked(back.monitor, hours=1, seconds=89).fell_silent
    assert looked(back.monitor, hours=1, seconds=90).fell_silent


def test_a_beat_after_the_end_of_a_pause_is_life_though_nobody_has_looked_yet() -> None:
    at_rest = paused(alive(), after(hours=1), NOW).monitor
    back = beaten(at_rest, hours=1, seconds=1).monitor
    assert (back.state, back.paused_until) == (MonitorState.ALIVE, None)


def test_a_silent_service_that_is_paused_is_silent_no_longer() -> None:
    silent = looked(alive(), seconds=90).monitor
    assert paused(silent, None, after(seconds=100)).broke_silence


def test_pausing_twice_moves_the_end_and_resuming_twice_changes_nothing() -> None:
    once = paused(alive(), after(hours=1), NOW).monitor
    again = paused(once, after(hours=2), after(minutes=1))
    assert (again.states, again.monitor.due_at, again.monitor.state_since) == ((), after(hours=2), NOW)
    awake = resumed(again.monitor, after(minutes=2)).monitor
    assert resumed(awake, after(minutes=3)).monitor == awake


# Expected processes.


def test_as_many_as_there_happen_to_be_are_enough_unless_somebody_says_otherwise() -> None:
    monitor = alive("a", "b", "c")
    for number, name in enumerate(("b", "c")):
        monitor = beaten(monitor, name, closing=True, seconds=number + 1).monitor
    monitor = beats_of(monitor, "a", seconds=range(30, 600, 30))
    assert (monitor.state, monitor.short_since) == (MonitorState.ALIVE, None)


def test_a_process_that_is_killed_is_missed_after_the_time_of_a_silence() -> None:
    monitor = beats_of(three_expected(), "a", "b", seconds=range(30, 90, 30))
    assert monitor.due_at == after(seconds=90)
    short = looked(monitor, seconds=90)
    assert short.fell_short
    assert kinds(short) == [FactKind.SERVICE_SHORT]
    assert short.facts[0].data == {"expected": 3, "beating": 2}
    assert short.monitor.state is MonitorState.ALIVE


def test_a_scale_down_is_missed_only_where_as_many_are_expected() -> None:
    monitor = three_expected()
    for number, name in enumerate(("b", "c")):
        monitor = beaten(monitor, name, closing=True, seconds=number + 1).monitor
    monitor = beats_of(monitor, "a", seconds=range(30, 90, 30))
    assert monitor.short_since is None
    assert beats_of(monitor, "a", seconds=range(90, 150, 30)).short_since is not None


def test_a_restart_one_after_the_other_is_no_shortage() -> None:
    monitor = three_expected()
    for number, name in enumerate("abc"):
        monitor = beaten(monitor, name, closing=True, seconds=40 * number + 1).monitor
        monitor = beaten(monitor, name.upper(), seconds=40 * number + 20).monitor
        monitor = looked(monitor, seconds=40 * number + 20).monitor
        for other in "abc"[number + 1 :] + "ABC"[: number + 1]:
            monitor = beaten(monitor, other, seconds=40 * number + 30).monitor
    assert monitor.short_since is None


def test_a_shortage_is_told_once_and_is_over_when_as_many_beat_again() -> None:
    monitor = beats_of(three_expected(), "a", "b", seconds=range(30, 150, 30))
    assert monitor.short_since == after(seconds=90)
    assert not looked(monitor, minutes=3).fell_short
    back = beaten(monitor, "d", seconds=150)
    assert back.is_whole_again
    assert kinds(back) == [FactKind.SERVICE_FULL]


def test_who_expects_fewer_ends_the_shortage() -> None:
    monitor = beats_of(three_expected(), "a", "b", seconds=range(30, 150, 30))
    assert expecting(monitor, 2, after(seconds=121)).is_whole_again
    assert expecting(monitor, None, after(seconds=121)).is_whole_again
    assert not expecting(monitor, 4, after(seconds=121)).is_whole_again


def test_where_all_are_gone_the_silence_says_so_and_the_start_has_its_time() -> None:
    silent = looked(three_expected(), seconds=90)
    assert silent.fell_silent
    assert not silent.fell_short
    monitor = beaten(silent.monitor, "d", seconds=300).monitor
    monitor = beats_of(monitor, "d", seconds=range(330, 390, 30))
    assert monitor.short_since is None
    assert looked(monitor, seconds=390).fell_short


def test_a_service_that_has_said_goodbye_as_a_whole_is_missed_where_processes_are_expected() -> None:
    monitor = three_expected()
    for name in "abc":
        monitor = beaten(monitor, name, closing=True, seconds=1).monitor
    assert monitor.state is MonitorState.STOPPED
    assert monitor.due_at is not None
    short = check(monitor, LISTENING, monitor.due_at)
    assert short.fell_short
    assert short.monitor.state is MonitorState.STOPPED
    assert short.facts[0].data == {"expected": 3, "beating": 0}


def test_the_platforms_absence_makes_no_shortage() -> None:
    monitor = beats_of(three_expected(), "a", "b", "c", seconds=range(30, 90, 30))
    back = Listening(after(minutes=10), after(hours=1))
    monitor = beaten(monitor, "a", minutes=10, seconds=20).monitor
    assert not check(monitor, back, after(minutes=10, seconds=89)).fell_short
    assert check(monitor, back, after(minutes=10, seconds=90)).fell_short


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcd"), st.booleans()), max_size=30),
    st.integers(1, 4),
)
def test_while_enough_beat_often_enough_nobody_is_missed(steps: list[tuple[int, str, bool]], expected: int) -> None:
    monitor, at = expecting(alive(*"abcd"[:expected]), expected, NOW).monitor, NOW
    last = dict.fromkeys("abcd"[:expected], NOW)
    full_at: datetime = NOW
    for pause, name, closing in steps:
        at += timedelta(seconds=pause)
        monitor = beat(
            a_heartbeat(instance={"id": name}, closing=closing), monitor, service_id=1, at=at, now=at
        ).monitor
        last[name] = at
        if closing:
            last.pop(name)
        if sum(seen > at - timedelta(seconds=30) for seen in last.values()) >= expected:
            full_at = at
        result = check(monitor, LISTENING, at)
        if at - full_at < timedelta(seconds=60):
            assert not result.fell_short
        monitor = result.monitor


def test_a_step_of_the_clock_back_and_forth_makes_no_false_silence() -> None:
    monitor = three_expected()
    ahead = after(hours=5)
    monitor = beat(a_heartbeat(instance={"id": "a"}), monitor, service_id=1, at=ahead, now=ahead).monitor
    # The clock is put right: the door begins a new stretch, and beats come on.
    right = Listening(after(seconds=40), after(hours=1))
    result = check(monitor, right, after(seconds=50))
    assert not result.fell_silent
    assert not result.fell_short
    monitor = beat(
        a_heartbeat(instance={"id": "a"}), result.monitor, service_id=1, at=after(seconds=60), now=NOW
    ).monitor
    assert monitor.last_beat_at <= after(seconds=60)
    assert not check(replace(monitor), right, after(seconds=100)).fell_silent


@pytest.mark.parametrize("state", [MonitorState.ALIVE, MonitorState.LATE])
def test_who_is_resumed_stands_as_its_last_beat_says(state: MonitorState) -> None:
    seconds = 30 if state is MonitorState.ALIVE else 70
    at_rest = paused(alive(), None, after(seconds=1)).monitor
    assert resumed(at_rest, after(seconds=seconds)).monitor.state is state
