"""When the platform is left alone, and for how long."""

from __future__ import annotations

from typing import Any, List

import pytest

from aiops_sdk.delivery.link import Link
from aiops_sdk.delivery.transport import Accepted, Barred, Refused, Retry

NOW = 1000.0
FAILED = Retry("HTTP 503")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> List[float]:
    clock = [NOW]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    return clock


@pytest.fixture
def link(now: Any) -> Link:
    return Link(jitter=lambda: 1.0)


def test_it_begins_open_and_knows_nothing(link: Link):
    assert link.is_open(NOW)
    assert not link.is_down()
    assert not link.can("batch")


def test_the_pauses_are_one_second_then_two_then_longer_and_longer(link: Link):
    pauses = []
    for _ in range(7):
        link.report(FAILED)
        pauses.append(link.seconds_until_open(NOW))
    assert pauses == [1, 2, 5, 10, 20, 30, 30]


def test_it_is_down_after_three_failures_in_a_row(link: Link):
    for down in (False, False, True):
        link.report(FAILED)
        assert link.is_down() is down
    link.report(Accepted())
    assert not link.is_down()
    assert link.is_open(NOW)


def test_slow_pauses_differ_so_that_not_all_come_at_once(now: Any):
    pauses = set()
    for _ in range(20):
        link = Link()
        for _ in range(6):
            link.report(FAILED)
        pauses.add(link.seconds_until_open(NOW))
    assert len(pauses) > 10
    assert all(15 <= pause <= 30 for pause in pauses)


@pytest.mark.parametrize(("asked", "waited"), [(None, 1), (0.5, 1), (60.0, 60), (86_400.0, 300)])
def test_the_platform_s_wish_counts_within_reason(link: Link, asked: Any, waited: float):
    link.report(Retry("HTTP 429", after=asked))
    assert link.seconds_until_open(NOW) == waited
    assert link.is_to_be_left_alone(NOW) is (asked is not None)


def test_a_refused_event_says_that_the_way_is_good(link: Link):
    for _ in range(5):
        link.report(FAILED)
    link.report(Refused("not_understood", "HTTP 400"))
    assert link.is_open(NOW)


class TestHeartbeats:
    def test_one_that_arrives_opens_the_way_for_events_soon(self, link: Link):
        for _ in range(6):
            link.report(FAILED)
        link.heard(Accepted())
        assert link.seconds_until_open(NOW) == 2.0

    def test_but_not_where_the_platform_asked_for_time(self, link: Link):
        for _ in range(6):
            link.report(Retry("HTTP 429", after=60.0))
        link.heard(Accepted())
        assert link.seconds_until_open(NOW) == 60.0

    def test_it_does_not_shorten_the_pauses_of_the_three_attempts(self, link: Link):
        link.report(FAILED)
        link.heard(Accepted())
        assert link.seconds_until_open(NOW) == 1.0


class TestAWrongKey:
    def test_everything_pauses_longer_each_time(self, link: Link, now: List[float]):
        pauses = []
        for _ in range(4):
            link.report(Barred("HTTP 401", unauthorized=True))
            pauses.append(link.seconds_until_open(now[0]))
        assert pauses == [60, 120, 300, 300]
        assert link.is_barred(NOW)
        assert link.is_down()

    def test_until_one_is_accepted(self, link: Link):
        link.bar(Barred("HTTP 401", unauthorized=True))
        link.heard(Accepted())
        assert link.is_open(NOW)
        assert not link.is_down()


class TestCapabilities:
    def test_the_platform_names_them(self, link: Link):
        link.report(Accepted(capabilities=frozenset({"batch", "gzip"})))
        assert link.can("batch")
        link.report(Accepted(capabilities=None))
        assert link.can("batch")
        link.report(Accepted(capabilities=frozenset()))
        assert not link.can("batch")

    def test_what_does_not_work_is_not_tried_again(self, link: Link):
        link.report(Accepted(capabilities=frozenset({"batch", "gzip"})))
        link.cannot("batch")
        link.report(Accepted(capabilities=frozenset({"batch", "gzip"})))
        assert not link.can("batch")
        assert link.can("gzip")


def test_the_last_error_is_remembered_until_an_event_gets_through(link: Link):
    link.report(FAILED)
    link.heard(Accepted())
    assert link.last_error == "HTTP 503"
    link.report(Accepted())
    assert link.last_error is None


def test_a_key_that_is_taken_again_is_no_error_any_more(link: Link):
    link.bar(Barred("HTTP 401", unauthorized=True))
    assert link.last_error == "HTTP 401"
    link.heard(Accepted())
    assert link.last_error is None
