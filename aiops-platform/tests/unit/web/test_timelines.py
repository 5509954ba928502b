"""Time lines: each cell shows silence, or what lasted longest in it."""

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from seeds import NOW

from aiops_platform.core.uptime import Standing, Stretch
from aiops_platform.web.timelines import COVERINGS, TimeLine, time_line

DAY = timedelta(days=1)
CELLS = 96


def stretch(standing: Standing, began: timedelta, ended: timedelta = timedelta()) -> Stretch:
    return Stretch(standing, NOW - began, NOW - ended)


def line(*found: Stretch, covering: timedelta = DAY, cells: int = CELLS) -> TimeLine:
    return time_line(found, since=NOW - covering, until=NOW, cells=cells)


def cells_of(drawn: TimeLine, standing: str) -> int:
    """How many cells are drawn so: each is 4 wide, with a gap of 1 between."""
    return sum((int(wide) + 1) // 5 for wide in re.findall(r"h(\d+)", drawn.paths.get(standing, "")))


def test_a_minute_of_silence_shows_in_a_day() -> None:
    drawn = line(
        stretch(Standing.ALIVE, DAY * 3, timedelta(hours=2)),
        stretch(Standing.SILENT, timedelta(hours=2), timedelta(minutes=119)),
        stretch(Standing.ALIVE, timedelta(minutes=119)),
    )
    assert cells_of(drawn, "silent") == 1
    assert cells_of(drawn, "alive") == CELLS - 1
    assert drawn.silences == 1
    assert drawn.lasted["silent"] == timedelta(minutes=1)


def test_of_all_else_a_cell_shows_what_lasted_longest() -> None:
    drawn = line(
        stretch(Standing.ALIVE, timedelta(minutes=15), timedelta(minutes=10)),
        stretch(Standing.UNKNOWN, timedelta(minutes=10)),
    )
    assert drawn.paths == {"unknown": "M475 10h4"}


def test_the_time_before_the_first_sign_stays_empty() -> None:
    drawn = line(stretch(Standing.ALIVE, timedelta(hours=6)))
    assert cells_of(drawn, "alive") == CELLS // 4
    assert line().paths == {}


def test_what_ended_before_the_line_begins_is_not_told() -> None:
    drawn = line(stretch(Standing.SILENT, DAY * 3, DAY * 2), stretch(Standing.ALIVE, DAY * 2))
    assert drawn.silences == 0
    assert drawn.lasted == {"alive": DAY}
    assert cells_of(drawn, "alive") == CELLS


@given(
    st.sampled_from(list(COVERINGS)),
    st.lists(st.tuples(st.sampled_from(list(Standing)), st.integers(1, 200_000)), max_size=200),
)
def test_each_cell_is_drawn_once_however_a_service_flaps(span: str, changes: list[tuple[Standing, int]]) -> None:
    covering, cells = COVERINGS[span]
    found, at = [], NOW
    for standing, seconds in changes:
        found.append(Stretch(standing, at - timedelta(seconds=seconds), at))
        at -= timedelta(seconds=seconds)
    drawn = line(*reversed(found), covering=covering, cells=cells)
    assert sum(cells_of(drawn, standing) for standing in drawn.paths) <= cells
    assert sum(drawn.lasted.values(), timedelta()) <= covering
