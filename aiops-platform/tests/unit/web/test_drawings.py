"""Small pictures made on the server."""

import re

from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.web import drawings
from aiops_platform.web.drawings import bars


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
