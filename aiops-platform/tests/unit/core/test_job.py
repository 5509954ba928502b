"""The runs of a job, put together from words that come in any order, twice or never."""

import json
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, a_job_report, after

from aiops_platform.core import job, wire
from aiops_platform.core.event import RunState
from aiops_platform.core.parcel import ParcelKind


def told(*words):
    run = None
    for report, at in words:
        run = job.heard(report, run, at=at)
    return run


STARTED = (a_job_report("started", release="7", host="shop-1"), NOW)
SUCCEEDED = (a_job_report("succeeded", duration=72.5), after(seconds=72.5))
FAILED = (a_job_report("failed", event_id="0b0e7f0a-52a4-4f3e-8f57-6f5d2f2a1c01"), after(seconds=90))


def test_a_run_begins_and_ends():
    run = told(STARTED)
    assert (run.state, run.began_at, run.ended_at, run.host, run.release) == (
        RunState.STARTED,
        NOW,
        None,
        "shop-1",
        "7",
    )
    run = told(STARTED, SUCCEEDED)
    assert (run.state, run.began_at, run.ended_at, run.duration) == (RunState.SUCCEEDED, NOW, after(seconds=72.5), 72.5)


def test_a_run_of_which_only_the_end_is_known_began_its_duration_before_it():
    assert told(SUCCEEDED).began_at == NOW
    assert told(FAILED).began_at == after(seconds=90)
    assert told(FAILED).event_id is not None


def test_a_beginning_that_comes_late_opens_nothing_again():
    assert told(SUCCEEDED, STARTED).state is RunState.SUCCEEDED
    run = told(FAILED, STARTED)
    assert (run.state, run.began_at, run.ended_at) == (RunState.FAILED, NOW, after(seconds=90))


def a_ping(word="success", **fields):
    body = {"signal_type": "ping", "job": "backup", "word": word, **fields}
    return wire.parse(json.dumps(body).encode(), ParcelKind.PING)


def test_pings_begin_and_end_a_run_and_add_to_what_it_printed():
    run = job.pinged(a_ping("start", output="one"), None, run_id=b"r" * 16, at=NOW)
    run = job.pinged(a_ping("log", output="two"), run, run_id=b"x" * 16, at=after(seconds=1))
    run = job.pinged(a_ping("fail", exit_status=3, output="x" * 9_999), run, run_id=b"y" * 16, at=after(seconds=2))
    assert (run.run_id, run.state, run.duration, run.exit_status) == (b"r" * 16, RunState.FAILED, 2.0, 3)
    assert run.output == "one\ntwo\n" + "x" * 9_992
    assert job.pinged(a_ping(), run, run_id=b"z" * 16, at=after(seconds=9)) == run


def test_what_a_run_printed_can_be_kept_anywhere():
    assert a_ping(output="a\x00b\x1b[31m\r\n\té").output == "a\ufffdb\ufffd[31m\r\n\té"
    assert a_ping(output="").output is None


def test_what_no_door_has_written_is_no_ping():
    for wrong in ({"output": "\ud800"}, {"word": "perhaps"}, {"job": " "}, {"job": 7}):
        assert isinstance(a_ping(**wrong), wire.Unreadable)


def test_the_first_of_two_ends_counts():
    assert told(STARTED, SUCCEEDED, FAILED).state is RunState.SUCCEEDED
    assert told(FAILED, SUCCEEDED) == told(FAILED)


@given(st.lists(st.sampled_from([STARTED, SUCCEEDED]), min_size=1, max_size=6))
def test_a_word_that_comes_twice_counts_once(words):
    assert told(*words, *words) == told(*words)


@pytest.mark.parametrize("words", list(permutations([STARTED, SUCCEEDED])), ids=["in order", "the wrong way round"])
def test_the_order_of_arrival_makes_no_difference_to_when_a_run_was(words):
    run = told(*words)
    assert (run.began_at, run.ended_at, run.duration) == (NOW, after(seconds=72.5), 72.5)


def test_a_client_s_clock_is_put_right_by_when_it_says_that_it_sent():
    report = a_job_report(occurred_at="2026-11-22T02:14:00Z", sent_at="2026-11-22T02:14:10Z")
    assert job.time_of(report, NOW) == NOW - timedelta(seconds=10)


def test_a_time_that_cannot_be_is_the_receipt():
    assert job.time_of(a_job_report(occurred_at="2001-01-01T00:00:00Z"), NOW) == NOW
    assert job.time_of(a_job_report(occurred_at="9999-12-31T23:59:59Z", sent_at="0001-01-01T00:00:00Z"), NOW) == NOW
    assert job.time_of(a_job_report(), NOW) == NOW
