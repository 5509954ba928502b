"""Jobs in words: what is expected comes back as it was typed, and bars show how long runs were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core import job_settings
from aiops_platform.core.schedule import ScheduleError
from aiops_platform.web import job_drawings, job_words

SECONDS = st.integers(1, 10_000_000) | st.sampled_from([0.5, 59.25])


@given(
    told=st.fixed_dictionaries(
        {},
        optional={
            "grace": SECONDS,
            "max_run": SECONDS,
            "min_gap": SECONDS,
            "in_a_row": st.integers(1, 100),
            "every": SECONDS.filter(lambda each: each >= 1),
        },
    )
)
def test_what_is_in_force_is_typed_back_as_it_is(told):
    assert job_words.told_by(job_words.typed(told)) == told


@pytest.mark.parametrize("text", ["90", "soon", "-5 min", "1e9 s", "1 year", "5 min 3 s"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(ScheduleError, match="A run takes at most: write a length of time"):
        job_words.told_by(job_words.typed({}) | {"max_run": text})


def test_what_is_expected_is_said_in_full():
    settings = job_settings.read(
        {
            "cron": "0 2 * * *",
            "max_run": 60,
            "min_run": 5,
            "max_delay": 300,
            "min_gap": 3600,
            "in_a_row": 2,
            "good_runs": 3,
        }
    )
    assert dict(job_words.expectations(settings)) == {
        "runs": "cron 0 2 * * * (UTC)",
        "starts": "no later than 1 h after that",
        "takes at most": "1 min",
        "takes at least": "5 s",
        "is late after": "5 min",
        "runs again after": "1 h",
        "counts after": "2 bad runs in a row",
        "is over after": "3 good runs in a row",
    }
    assert job_words.expectations(job_settings.NOTHING) == [("runs", "at no time that is known")]


def test_bars_are_as_high_as_runs_were_long_and_limits_are_lines():
    drawn = job_drawings.durations(
        [("succeeded", 10.0), ("failed", 5.0), ("running", None)], {"at most": 20.0, "far": 99.0}
    )
    assert drawn.longest == 20
    assert drawn.lines == {"at most": 0.0}
    assert drawn.paths == {
        "succeeded": "M232 96v-48h6v48z",
        "failed": "M224 96v-24h6v24z",
        "running": "M216 96v-3h6v3z",
    }


def test_nothing_is_drawn_of_nothing():
    drawn = job_drawings.durations([], {"at most": 20.0})
    assert (drawn.paths, drawn.lines, drawn.longest) == ({}, {}, 0.0)
