"""Small pictures made on the server."""

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from seeds import NOW

from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.views import MonitorSpan
from aiops_platform.web import drawings
from aiops_platform.web.drawings import CELLS, bars, life_line

DAY = timedelta(days=1)
ALIVE, LATE, SILENT = MonitorState.ALIVE, MonitorState.LATE, MonitorState.SILENT


def span(state, began, ended=None):
    return MonitorSpan(state=state, since=NOW - began, until=None if ended is None else NOW - ended)


def cells(line, state):
    """How many cells are drawn in that state: each is 4 wide, with a gap of 1 between."""
    return sum((int(wide) + 1) // 5 for wide in re.findall(r"h(\d+)", line.paths.get(state, "")))


def test_bars_are_as_high_as_their_share_and_zeros_are_not_drawn():
    assert bars([0, 5, 10], width=30, height=20) == "M10 20v-10h9v10zM20 20v-20h9v20z"
    assert bars([0, 0], width=30, height=20) == ""
    assert bars([], width=30, height=20) == ""


def test_the_smallest_count_still_shows():
    assert "v-2h" in bars([1, 10**12], width=30, height=20)


@given(st.lists(st.integers(0, 10**18), max_size=400))
def test_no_bar_leaves_the_picture(counts):
    for tall in re.findall(r"v-(\d+)", bars(counts, width=560, height=96)):
        assert 2 <= int(tall) <= 96


def test_a_minute_of_silence_shows_in_a_day():
    line = life_line(
        [
            span(ALIVE, DAY * 3, timedelta(hours=2)),
            span(SILENT, timedelta(hours=2), timedelta(minutes=119)),
            span(ALIVE, timedelta(minutes=119)),
        ],
        now=NOW,
        covering=DAY,
    )
    assert cells(line, SILENT) == 1
    assert cells(line, ALIVE) == CELLS - 1
    assert line.silences == 1
    assert line.lasted[SILENT] == timedelta(minutes=1)


def test_the_time_before_the_first_sign_stays_empty():
    line = life_line([span(ALIVE, timedelta(hours=6))], now=NOW, covering=DAY)
    assert cells(line, ALIVE) == CELLS // 4
    assert line.lasted == {ALIVE: timedelta(hours=6)}


def test_what_ended_before_the_day_began_is_not_told():
    line = life_line([span(SILENT, DAY * 3, DAY * 2), span(ALIVE, DAY * 2)], now=NOW, covering=DAY)
    assert line.silences == 0
    assert cells(line, ALIVE) == CELLS


def test_cells_in_a_row_are_one_line():
    line = life_line([span(ALIVE, timedelta(hours=1))], now=NOW, covering=DAY)
    assert line.paths == {ALIVE: "M460 10h19"}


def test_nothing_known_draws_nothing():
    assert life_line([], now=NOW, covering=DAY).paths == {}


@given(st.lists(st.tuples(st.sampled_from(list(MonitorState)), st.integers(0, 200_000)), max_size=300))
def test_each_cell_is_drawn_once_however_a_service_flaps(changes):
    times = sorted((seconds for _, seconds in changes), reverse=True)
    spans = [
        span(state, timedelta(seconds=began), timedelta(seconds=ended) if ended is not None else None)
        for (state, _), began, ended in zip(changes, times, [*times[1:], None], strict=False)
    ]
    line = life_line(spans, now=NOW, covering=DAY)
    assert sum(cells(line, state) for state in line.paths) <= CELLS


def test_a_job_s_last_runs_stand_at_the_right_as_high_as_they_were_long():
    paths = drawings.strip([("failed", 10.0), ("succeeded", 20.0), ("succeeded", 0.1), ("running", None)])
    assert paths == {
        "failed": "M152 20v-10h6v10z",
        "succeeded": "M144 20v-20h6v20zM136 20v-6.7h6v6.7z",
        "running": "M128 20v-20h6v20z",
    }


def test_only_as_many_runs_are_drawn_as_there_is_room_for():
    assert drawings.strip([("succeeded", 1.0)] * 50)["succeeded"].count("M") == drawings.STRIP
    assert drawings.strip([]) == {}
