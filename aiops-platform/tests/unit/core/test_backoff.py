"""What becomes of a delivery: pauses grow, stay bounded and are obeyed, nothing is tried forever or given up early."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import NOW, after

from aiops_platform.core.backoff import (
    GIVES_UP_AFTER,
    LONGEST_PAUSE,
    Outcome,
    Refused,
    Retry,
    Sent,
    Standing,
    Verdict,
    judge,
    pause,
)


def judged(outcome: Outcome, *, attempts: int = 1, failures: int = 0, hours: float = 0) -> Verdict:
    stood = Standing(wanted_at=NOW, attempts=attempts, failures=failures, failing_since=None)
    return judge(outcome, stood, after(hours=hours), 0.5)


def test_what_is_sent_ends_the_failures_of_its_channel() -> None:
    assert judged(Sent(200), failures=7) == Verdict(sent=True)


def test_a_failure_is_tried_again_soon_and_later_ever_later() -> None:
    assert [judged(Retry(""), attempts=n).due_at for n in (1, 2, 3, 4)] == [
        after(seconds=5),
        after(seconds=15),
        after(seconds=45),
        after(seconds=135),
    ]
    assert judged(Retry(""), attempts=50).due_at == after(seconds=3600)


def test_the_whole_channel_rests_no_longer_than_a_minute_unless_it_asked_for_more() -> None:
    assert judged(Retry(""), attempts=6).not_before == after(seconds=60)
    assert judged(Retry("", 429, after=600)).not_before == after(seconds=600)


def test_what_a_receiver_asks_for_is_obeyed_within_reason() -> None:
    assert judged(Retry("", 429, after=1)).due_at == after(seconds=5)
    assert judged(Retry("", 429, after=90)).due_at == after(seconds=90)
    assert judged(Retry("", 429, after=float("inf"))).due_at == after(hours=6)


def test_after_a_day_it_is_given_up_and_the_channel_disabled() -> None:
    assert judged(Retry("no route", after=7200), hours=23.5).due_at == NOW + GIVES_UP_AFTER
    verdict = judged(Retry("no route"), hours=24, attempts=4)
    assert verdict.failed
    assert verdict.disabled_why == "nothing could be sent for 24 hours: no route"


def test_nothing_is_given_up_after_one_attempt_because_a_clock_leapt_or_nothing_ran() -> None:
    verdict = judged(Retry("no route"), hours=24 * 400)
    assert (verdict.failed, verdict.disabled_why) == (False, "")
    assert verdict.due_at == after(days=400, seconds=5)


def test_a_clock_that_was_ahead_does_not_make_it_wait_longer() -> None:
    stood = Standing(wanted_at=after(days=400), attempts=50, failures=1, failing_since=NOW)
    due = judge(Retry("", after=10_000_000), stood, NOW, 1.0).due_at
    assert due is not None
    assert due <= NOW + GIVES_UP_AFTER


def test_a_refusal_for_good_disables_at_once_one_of_a_message_only_in_a_row() -> None:
    assert judged(Refused("gone", 410, for_good=True)).disabled_why == "it refused for good: 410 gone"
    assert judged(Refused("gone", 410, for_good=True)).told_why == "it refused for good, with status 410"
    assert judged(Refused("bad", 400)).disabled_why == ""
    assert judged(Refused("bad", 400)).failed
    assert judged(Refused("bad", 400), failures=4).disabled_why == "it failed 5 times in a row: 400 bad"
    assert judged(Refused("bad", 400), failures=4).told_why == "it failed 5 times in a row, with status 400"
    assert judged(Retry("secret", most_failures=1)).told_why == "it failed 1 times in a row"


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_pauses_differ_by_a_quarter_each_way(jitter: float) -> None:
    assert pause(3, jitter) == timedelta(seconds=45) * (0.75 + jitter / 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.one_of(st.none(), st.floats(-10, 1e12))), min_size=70, max_size=70))
def test_a_receiver_that_is_down_is_tried_for_a_day_and_not_longer(steps: list[tuple[float, float | None]]) -> None:
    now, failures = NOW, 0
    for attempt, (jitter, asked) in enumerate(steps, start=1):
        stood = Standing(wanted_at=NOW, attempts=attempt, failures=failures, failing_since=None)
        verdict = judge(Retry("down", after=asked), stood, now, jitter)
        assert verdict.failed == (verdict.due_at is None)
        if verdict.due_at is None:
            assert now >= NOW + GIVES_UP_AFTER or attempt >= 60
            return
        assert now < verdict.due_at <= NOW + GIVES_UP_AFTER
        assert verdict.due_at - now <= max(LONGEST_PAUSE * 1.25, timedelta(hours=6))
        now, failures = verdict.due_at, verdict.failures
    raise AssertionError("it was never given up")
