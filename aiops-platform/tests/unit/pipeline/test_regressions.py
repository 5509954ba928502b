"""What was resolved reopens when its problem is back: told by release and time of the event, not by its arrival."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from made import NOW, a_body, a_heartbeat_body, a_job_body, a_parcel, after
from workshop import Workshop

from aiops_platform.storage import schema

HOUR = timedelta(hours=1)


class Shop(Workshop):
    """Reports of one problem, and of another one that tells only of releases."""

    number = 0

    def reports(self, *, at: timedelta = timedelta(), said: Any = None, problem: str = "E", **fields: Any) -> str:
        """How the first problem stands after a report that is received then; `said` is what the client's clock shows."""
        self.number += 1
        moment = NOW + at
        occurred_at = (said or moment).isoformat()
        body = a_body(error_type=problem, message="no", occurred_at=occurred_at, **fields)
        self.receive(a_parcel(self.number, body, received_at=moment))
        self.digest_all(moment)
        state: str = dict(self.rows(schema.incidents, "id", "state"))[1]
        return state

    def resolved(self, at: timedelta = HOUR) -> None:
        """The first problem is resolved."""
        self.triage.resolve(1, 1, NOW + at)

    def told(self) -> list[str]:
        """The story of the first problem, from its resolution on."""
        rows = self.rows(schema.facts, "incident_id", "kind", "data")
        return [f"{kind}: {data.get('why', '')}" for incident, kind, data in rows if incident == 1][1:]


@pytest.fixture
def shop() -> Iterator[Shop]:
    workshop = Shop()
    yield workshop
    workshop.close()


def test_a_report_from_a_spool_counts_and_reopens_nothing(shop):
    shop.reports(release="1.0")
    shop.resolved()
    assert shop.reports(at=5 * HOUR, said=after(minutes=30), release="1.0") == "resolved"
    assert shop.rows(schema.incidents, "count") == [2]
    assert shop.told() == [
        "incident_resolved: in 1.0",
        "incident_stayed: an event that came late happened before that, at 2026-11-22 03:44:10 UTC",
    ]


@pytest.mark.parametrize("off", [HOUR, -365 * 24 * HOUR])
def test_a_wrong_clock_is_put_right_by_what_it_showed_when_it_sent(shop, off):
    shop.reports()
    shop.resolved()
    received = after(hours=2)
    waited = shop.reports(at=2 * HOUR, said=after(minutes=30) + off, sent_at=(received + off).isoformat())
    assert waited == "resolved", "It waited since before the resolution."
    assert shop.reports(at=2 * HOUR, said=received + off, sent_at=(received + off).isoformat()) == "open"


@pytest.mark.parametrize("off", [HOUR, -365 * 24 * HOUR])
def test_a_wrong_clock_that_nobody_can_put_right_is_not_asked(shop, off):
    shop.reports()
    shop.resolved()
    assert shop.reports(at=2 * HOUR, said=after(hours=2) + off) == "open"


def test_a_worker_that_still_runs_the_old_release_reopens_nothing(shop):
    shop.reports(release="1.9")
    shop.reports(release="1.10", problem="F")
    shop.resolved()
    assert shop.reports(at=2 * HOUR, release="1.9") == "resolved"
    assert shop.reports(at=3 * HOUR, release="1.9") == "resolved"
    assert dict(shop.rows(schema.incidents, "id", "count"))[1] == 3
    assert shop.reports(at=4 * HOUR, release="1.10") == "open"
    assert shop.told() == [
        "incident_resolved: in 1.10",
        "incident_stayed: it happened in 1.9, which is older than 1.10, in which it was resolved",
        "incident_reopened: it happened again in 1.10",
    ]


def test_releases_without_numbers_are_ordered_by_when_they_were_first_seen(shop):
    shop.reports(release="4f3a2b1")
    shop.reports(at=timedelta(minutes=1), release="1b2c3d4", problem="F")
    shop.resolved()
    assert shop.reports(at=2 * HOUR, release="4f3a2b1") == "resolved"
    assert shop.reports(at=3 * HOUR, release="0a0b0c0") == "open"
    assert shop.told()[-1] == "incident_reopened: it happened again in 0a0b0c0, and it was resolved in 1b2c3d4"


def test_a_release_that_is_first_heard_of_by_a_late_report_is_as_old_as_that(shop):
    shop.reports(release="b")
    shop.reports(at=timedelta(minutes=2), said=after(minutes=-30), release="a", problem="F")
    shop.resolved()
    assert shop.rows(schema.releases) == [(1, "a", after(minutes=-30)), (1, "b", NOW)]
    assert shop.reports(at=2 * HOUR, release="a") == "resolved"


def test_where_no_release_is_named_time_alone_tells(shop):
    shop.reports()
    shop.resolved()
    assert shop.reports(at=2 * HOUR, release="1.0") == "open"
    shop.resolved(3 * HOUR)
    assert shop.reports(at=4 * HOUR) == "open"
    assert shop.told()[-1] == "incident_reopened: it happened again at 2026-11-22 07:14:10 UTC"


@pytest.mark.parametrize("body", [a_heartbeat_body, a_job_body])
def test_a_release_of_which_nothing_has_failed_is_known_by_what_else_it_says(shop, body):
    shop.reports(release="1.9")
    shop.receive(a_parcel(99, body(release="1.10"), received_at=after(minutes=1)))
    shop.digest_all(after(minutes=1))
    shop.resolved()
    assert shop.reports(at=2 * HOUR, release="1.9") == "resolved"
    assert shop.told()[0] == "incident_resolved: in 1.10"


def test_the_releases_of_another_service_say_nothing(shop):
    shop.reports(release="1.0")
    shop.reports(release="2.0", problem="F", environment="staging")
    shop.resolved()
    assert shop.reports(at=2 * HOUR, release="1.0") == "open"


def test_in_a_release_that_nobody_can_compare_the_problem_is_back(shop):
    shop.reports(release="1.0")
    shop.resolved()
    assert shop.reports(at=2 * HOUR, release="nightly") == "open"


def test_what_is_resolved_in_the_next_release_waits_for_a_newer_one(shop):
    shop.reports(release="1.9")
    shop.triage.resolve(1, 1, NOW + HOUR, which="next")
    assert shop.reports(at=2 * HOUR, release="1.9") == "resolved"
    assert shop.reports(at=3 * HOUR, release="1.8") == "resolved"
    assert shop.reports(at=4 * HOUR, release="1.9") == "resolved"
    assert shop.reports(at=5 * HOUR, release="1.10") == "open"
    assert shop.told() == [
        "incident_resolved: in the release after 1.9",
        "incident_stayed: it still happens in 1.9, and was resolved in the release after 1.9",
        "incident_stayed: it happened in 1.8, which is older than 1.9",
        "incident_reopened: it happened again in 1.10, and it was resolved in the release after 1.9",
    ]


def test_a_release_that_never_comes_does_not_keep_an_incident_shut_for_ever(shop):
    shop.reports(release="1.9")
    shop.triage.resolve(1, 1, NOW + HOUR, which="next")
    assert shop.reports(at=30 * 24 * HOUR, release="1.9") == "resolved"
    assert shop.reports(at=32 * 24 * HOUR, release="1.9") == "open"
    assert shop.told()[-1] == (
        "incident_reopened: the release after 1.9 was not seen within 30 days, and it still happens"
    )


def test_an_old_worker_reopens_nothing_once_the_next_release_has_come(shop):
    shop.reports(release="1.9")
    shop.triage.resolve(1, 1, NOW + HOUR, which="next")
    shop.reports(at=2 * HOUR, release="1.10", problem="F")
    assert shop.reports(at=40 * 24 * HOUR, release="1.9") == "resolved"


def test_where_no_release_was_ever_named_the_next_one_is_not_waited_for(shop):
    shop.reports()
    shop.triage.resolve(1, 1, NOW + HOUR, which="next")
    assert shop.told() == [
        "incident_resolved: no release of its service was ever named, so it reopens with its next event"
    ]
    assert shop.reports(at=2 * HOUR) == "open"


def test_a_service_that_names_no_release_any_more_is_not_shut_up(shop):
    shop.reports(release="1.9")
    shop.triage.resolve(1, 1, NOW + HOUR, which="next")
    assert shop.reports(at=2 * HOUR) == "open"


@pytest.mark.parametrize(("given", "old", "new"), [("2.0", "1.9", "2.0"), ("b", "a", "b"), ("b", "a", "c")])
def test_a_release_that_people_name_holds_back_all_that_were_there_before(shop, given, old, new):
    shop.reports(release=old)
    shop.triage.resolve(1, 1, NOW + HOUR, which=given)
    assert shop.reports(at=2 * HOUR, release=old) == "resolved"
    assert shop.reports(at=3 * HOUR, release=new) == "open"
    assert shop.told()[0] == f"incident_resolved: in {given}"


def test_what_is_resolved_already_can_be_resolved_in_another_release(shop):
    shop.reports(release="1.9")
    shop.resolved()
    shop.triage.resolve(1, 1, NOW + 2 * HOUR, which="next")
    shop.triage.resolve(1, 1, NOW + 3 * HOUR, which="next")
    shop.resolved(4 * HOUR)
    assert shop.told() == ["incident_resolved: in 1.9", "incident_resolved: in the release after 1.9"]
