"""What is expected of a job, as it is said and typed."""

from datetime import timedelta

import pytest

from aiops_platform.core import job_settings
from aiops_platform.core.schedule import ScheduleError


def test_what_is_said_holds_and_the_rest_is_usual():
    found = job_settings.read({"cron": "0 * * * *", "max_run": 600, "in_a_row": 3, "newer": True})
    assert (found.grace, found.max_run, found.in_a_row) == (timedelta(minutes=15), timedelta(minutes=10), 3)
    assert (found.min_run, found.good_runs) == (None, 1)


@pytest.mark.parametrize(
    ("told", "grace"),
    [
        ({"every": 60}, 60),
        ({"cron": "*/5 * * * *"}, 75),
        ({"on_calendar": "02:00"}, 3600),
        ({}, 3600),
        ({"every": 60, "grace": 0}, 0),
    ],
)
def test_the_grace_follows_the_schedule(told, grace):
    assert job_settings.read(told).grace == timedelta(seconds=grace)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"grace": "5m"}, "grace: expected a number of seconds"),
        ({"grace": -1}, "grace: expected more than nothing"),
        ({"max_run": float("inf")}, "max_run: expected more than nothing"),
        ({"max_run": 0}, "max_run: expected more than nothing"),
        ({"max_run": 5, "min_run": 6}, "min_run: expected no more than max_run"),
        ({"max_delay": 5}, "max_delay: late is what has a schedule"),
        ({"in_a_row": 0}, "in_a_row: expected a whole number from 1 to 100"),
        ({"good_runs": True}, "good_runs: expected a whole number"),
    ],
)
def test_what_is_wrong_is_said(told, why):
    with pytest.raises(ScheduleError) as caught:
        job_settings.kept(told)
    assert str(caught.value).startswith(why)


def test_what_people_set_wins_whole():
    said, given = {"cron": "0 2 * * *", "max_run": 60}, {"every": 60}
    assert job_settings.in_force(said, given)[0].max_run is None
    assert job_settings.in_force(said, None)[0].max_run == timedelta(minutes=1)
    # Also that nothing is expected.
    assert job_settings.in_force(said, {}) == (job_settings.NOTHING, "")


def test_what_a_job_says_and_nobody_understands_expects_nothing():
    found, problem = job_settings.in_force({"cron": "at night"}, None)
    assert (found, problem) == (
        job_settings.NOTHING,
        "cron: expected five fields, or six with the seconds last, in 'at night'",
    )


def test_of_a_job_that_says_twice_when_it_runs_one_counts():
    found, problem = job_settings.in_force({"every": 60, "cron": "0 2 * * *", "on_calendar": "03:00"}, None)
    assert problem == ""
    assert found.schedule.said() == "cron 0 2 * * * (UTC)"


def test_what_is_kept_is_what_is_known_and_says_something():
    assert job_settings.kept({"every": 60, "cron": "", "grace": None, "newer": 1}) == {"every": 60}
