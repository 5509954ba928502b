"""What is known of a service's life: states, cut by when nobody listened and by maintenance; and its uptime."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from made import NOW, after

from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.uptime import Standing, Stretch, deaf_between, stretches, uptime_of
from aiops_platform.core.views import MonitorSpan

DAY_AGO = after(days=-1)


def span(state: MonitorState, since: datetime, until: datetime | None = None) -> MonitorSpan:
    return MonitorSpan(state=state, since=since, until=until)


def told(found: tuple[Stretch, ...]) -> list[tuple[str, int]]:
    """Each standing, and how many hours it lasted."""
    return [(each.standing.value, round(each.lasted / timedelta(hours=1))) for each in found]


def known(*spans: MonitorSpan, deaf: tuple = (), maintenance: tuple = ()) -> tuple[Stretch, ...]:
    return stretches(spans, deaf=deaf, maintenance=maintenance, since=DAY_AGO, until=NOW)


def test_states_are_cut_to_the_time_that_is_asked_for() -> None:
    found = known(span(MonitorState.ALIVE, after(days=-9), after(hours=-6)), span(MonitorState.SILENT, after(hours=-6)))
    assert told(found) == [("alive", 18), ("silent", 6)]
    assert found[0].since == DAY_AGO
    assert found[-1].until == NOW


def test_before_the_first_sign_there_is_nothing() -> None:
    assert told(known(span(MonitorState.ALIVE, after(hours=-6)))) == [("alive", 6)]
    assert known() == ()
    assert known(span(MonitorState.ALIVE, after(days=-3), after(days=-2))) == ()


def test_what_nobody_heard_is_not_known_and_maintenance_is_no_silence() -> None:
    silent = span(MonitorState.SILENT, after(hours=-12))
    found = known(
        span(MonitorState.ALIVE, after(days=-2), after(hours=-12)),
        silent,
        deaf=((after(hours=-20), after(hours=-18)),),
        maintenance=((after(hours=-13), after(hours=-8)),),
    )
    assert told(found) == [("alive", 4), ("unknown", 2), ("alive", 5), ("maintenance", 5), ("silent", 8)]
    uptime = uptime_of(found, since=DAY_AGO, until=NOW)
    assert uptime.share is not None
    assert round(uptime.share, 3) == round(9 / 17, 3)
    assert (uptime.down, uptime.silences) == (timedelta(hours=8), 1)


def test_what_is_not_known_hides_maintenance_and_a_pause_is_no_maintenance() -> None:
    both = ((after(hours=-4), after(hours=-2)),)
    assert told(known(span(MonitorState.ALIVE, after(hours=-4)), deaf=both, maintenance=both)) == [
        ("unknown", 2),
        ("alive", 2),
    ]
    assert told(known(span(MonitorState.PAUSED, after(hours=-4)), maintenance=both)) == [("paused", 4)]


def test_uptime_counts_what_is_known_alone() -> None:
    found = known(
        span(MonitorState.ALIVE, after(hours=-24), after(hours=-18)),
        span(MonitorState.PAUSED, after(hours=-18), after(hours=-12)),
        span(MonitorState.LATE, after(hours=-12), after(hours=-6)),
        span(MonitorState.STOPPED, after(hours=-6)),
    )
    assert uptime_of(found, since=DAY_AGO, until=NOW).share == 1.0
    assert uptime_of(found, since=after(hours=-5), until=NOW).share is None
    assert uptime_of((), since=DAY_AGO, until=NOW).share is None


def test_of_a_service_that_is_known_for_a_minute_it_is_said_how_little_that_is() -> None:
    new = uptime_of(known(span(MonitorState.ALIVE, after(minutes=-1))), since=DAY_AGO, until=NOW)
    assert (new.share, new.known, new.period, new.is_of_little) == (1.0, timedelta(minutes=1), timedelta(days=1), True)
    old = uptime_of(known(span(MonitorState.ALIVE, after(hours=-22))), since=DAY_AGO, until=NOW)
    assert not old.is_of_little
    assert not uptime_of((), since=DAY_AGO, until=NOW).is_of_little, "Where nothing is known there is no share."


def test_gaps_between_stretches_of_listening_are_deaf_and_what_was_before_them_is_not_asked() -> None:
    listened = [
        (after(hours=-10), after(hours=-8)),
        (after(hours=-5), after(hours=-1)),
        (after(hours=-1, seconds=30), NOW),
    ]
    assert deaf_between(listened, DAY_AGO, NOW) == ((after(hours=-8, minutes=1), after(hours=-5)),)
    assert deaf_between([], DAY_AGO, NOW) == ()
    assert deaf_between(listened[:1], DAY_AGO, NOW) == ((after(hours=-8, minutes=1), NOW),)


def test_stretches_that_a_wrong_clock_has_written_do_no_harm() -> None:
    listened = [(after(hours=-2), after(days=400)), (after(hours=-1), after(hours=-3)), (after(hours=-1), NOW)]
    assert deaf_between(listened, DAY_AGO, NOW) == ()


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(list(MonitorState)), st.integers(0, 1500)), max_size=12),
    st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 400)), max_size=5),
    st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 400)), max_size=5),
)
def test_time_is_told_once_and_without_gaps(
    changes: list[tuple[MonitorState, int]], gaps: list[tuple[int, int]], planned: list[tuple[int, int]]
) -> None:
    def minute(number: int) -> datetime:
        return DAY_AGO + timedelta(minutes=number)

    begins = sorted(number for _, number in changes)
    spans = [
        span(state, minute(begin), None if end is None else minute(end))
        for (state, _), begin, end in zip(changes, begins, [*begins[1:], None], strict=False)
    ]

    def apart(found: list[tuple[int, int]]) -> tuple[tuple[datetime, datetime], ...]:
        joined: list[tuple[int, int]] = []
        for begin, lasts in sorted(found):
            if not joined or begin > joined[-1][1]:
                joined.append((begin, begin + lasts))
        return tuple((minute(begin), minute(end)) for begin, end in joined)

    found = known(*spans, deaf=apart(gaps), maintenance=apart(planned))
    assert all(one.until == two.since and one.standing is not two.standing for one, two in pairwise(found))
    if found:
        assert found[0].since == max(DAY_AGO, minute(begins[0]))
        assert found[-1].until == NOW
    deaf = sum((each.lasted for each in found if each.standing is Standing.UNKNOWN), timedelta())
    assert deaf <= sum((end - begin for begin, end in apart(gaps)), timedelta())
    share = uptime_of(found, since=DAY_AGO, until=NOW).share
    assert share is None or 0 <= share <= 1
