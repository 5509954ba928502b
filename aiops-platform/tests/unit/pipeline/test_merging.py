"""Incidents that are one problem become one, and can be taken apart again."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import NOW, a_body, a_parcel, after
from workshop import Workshop

from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.care import CareError
from aiops_platform.core.muting import Ends
from aiops_platform.core.people import Actor
from aiops_platform.core.views import IncidentQuery
from aiops_platform.storage import schema
from aiops_platform.storage.reads import SqlReads

ANA = Actor("user", 1, "Ana")
HOUR = timedelta(hours=1)


class Shop(Workshop):
    """Problems by their letters: the first is incident 1, and so on."""

    number = 0

    def reports(self, problems: str, at: timedelta = timedelta(), **fields: object) -> None:
        for problem in problems:
            self.number += 1
            body = a_body(error_type=problem, **{"tags": {"letter": problem}, **fields})
            self.receive(a_parcel(self.number, body, received_at=NOW + at))
        self.digest_all(NOW + at)

    def merges(self, *parts: int, into: int, at: timedelta = HOUR) -> None:
        assert self.triage.merging.merge(1, parts, into, NOW + at, why="the same  query", by=ANA)

    def counts(self) -> dict[int, tuple[str, int]]:
        rows = self.rows(schema.incidents, "id", "state", "count")
        return {number: (state, count) for number, state, count in rows}

    def numbers(self) -> dict[int, tuple[object, ...]]:
        """All that is counted of what is there by itself."""
        standing = [number for number, (state, _) in self.counts().items() if state != "merged"]
        hours = self.rows(schema.incident_hours)
        values = self.rows(schema.incident_values)
        kept = self.rows(schema.incidents, "id", "count", "first_seen_at", "last_seen_at")
        events = self.rows(schema.events, "incident_id", "event_id")
        return {
            number: tuple(sorted(row[1:] for row in rows if row[0] == number) for rows in (hours, values, kept, events))
            for number in standing
        }

    def releases(self) -> dict[str, int]:
        """In how many incidents each release was seen: as the list offers it, which must be what lies under them."""
        facets = SqlReads(self.database).facets(1, IncidentQuery(state=None), NOW)
        told = {value.value: value.count for facet in facets if facet.field == "release" for value in facet.values}
        standing = {number for number, (state, _) in self.counts().items() if state != "merged"}
        values = self.rows(schema.incident_values, "incident_id", "name", "value")
        assert told == Counter(value for number, name, value in values if name == "release" and number in standing)
        return told

    def told(self, number: int) -> list[str]:
        rows = self.rows(schema.facts, "incident_id", "kind", "data")
        return [f"{kind}: {data.get('why', '')}" for each, kind, data in rows if each == number][1:]


@pytest.fixture
def shop() -> Iterator[Shop]:
    workshop = Shop()
    yield workshop
    workshop.close()


def test_what_is_merged_is_counted_together_and_so_is_what_comes(shop):
    shop.reports("AAB")
    shop.reports("B", 2 * HOUR)
    shop.merges(2, into=1, at=3 * HOUR)
    assert shop.counts() == {1: ("open", 4), 2: ("merged", 2)}
    shop.reports("B", 4 * HOUR)
    assert shop.counts() == {1: ("open", 5), 2: ("merged", 2)}
    assert set(shop.rows(schema.events, "incident_id")) == {1}
    assert shop.rows(schema.incidents, "id", "kept", "passing") == [(1, 5, False), (2, 0, False)]
    assert dict(shop.rows(schema.incidents, "id", "last_seen_at"))[1] == after(hours=4)
    assert sum(shop.rows(schema.incident_hours, "count")) == 5 + 2, "The part's own numbers are kept beside."


def test_it_is_said_what_was_merged_and_why(shop):
    shop.reports("AB")
    shop.merges(2, into=1)
    assert shop.told(1) == ["incident_merged: #2 (B), 1 events, came to it: the same query"]
    assert shop.told(2) == ["incident_merged: it is a part of #1 now: the same query"]


def test_doing_it_twice_changes_nothing(shop):
    shop.reports("AB")
    shop.merges(2, into=1)
    facts = shop.facts()
    shop.merges(2, into=1)
    assert (shop.facts(), shop.counts()) == (facts, {1: ("open", 2), 2: ("merged", 1)})


def test_a_resolved_one_reopens_by_what_comes_for_its_part(shop):
    shop.reports("AB")
    shop.merges(2, into=1)
    shop.triage.resolve(1, 1, after(hours=2))
    shop.reports("B", 3 * HOUR)
    assert shop.counts()[1] == ("open", 3)


def test_a_mute_until_so_many_more_takes_as_many_whatever_is_merged_and_taken_apart(shop):
    shop.reports("AAAB")
    shop.triage.mute(1, 2, NOW, ends=Ends(events=3))
    shop.merges(1, into=2)
    shop.reports("AB", 2 * HOUR)
    assert shop.counts()[2] == ("muted", 6)
    shop.triage.merging.unmerge(1, 1, after(hours=3))
    assert shop.counts() == {1: ("open", 3), 2: ("muted", 3)}
    shop.reports("B", 4 * HOUR)
    assert shop.counts()[2] == ("open", 4)


def test_so_does_one_that_is_put_back_after_a_merge(shop):
    shop.reports("ABBBB")
    shop.triage.mute(1, 1, NOW, ends=Ends(events=2))
    done = shop.triage.bulk.do(1, [1], Act(kind=ActKind.RESOLVE), after(minutes=1), by=ANA)
    shop.merges(2, into=1, at=timedelta(minutes=2))
    shop.triage.bulk.undo(1, done.undo, after(minutes=3), by=ANA)
    shop.reports("A", HOUR)
    assert shop.counts()[1] == ("muted", 6)
    shop.reports("B", 2 * HOUR)
    assert shop.counts()[1] == ("open", 7)


def test_what_is_taken_apart_has_its_own_numbers_and_events_again(shop):
    shop.reports("AB")
    shop.reports("B", -2 * HOUR)
    before = shop.numbers()
    shop.merges(2, into=1)
    assert shop.triage.merging.unmerge(1, 2, after(hours=2), by=ANA) == 1
    assert shop.numbers() == before
    assert shop.triage.merging.unmerge(1, 2, after(hours=2)) is None, "It is no part of anything."
    shop.reports("B", 3 * HOUR)
    assert shop.counts() == {1: ("open", 1), 2: ("open", 3)}


def test_what_is_taken_out_leaves_no_words_behind(shop):
    shop.reports("A", message="of the one", release="1.0")
    shop.reports("B", HOUR, message="of the other", release="2.0")
    shown = shop.rows(schema.incidents, "id", "message", "last_release")
    shop.merges(2, into=1, at=2 * HOUR)
    assert dict(shop.rows(schema.incidents, "id", "last_seen_at"))[1] == after(hours=1)
    shop.triage.merging.unmerge(1, 2, after(hours=3))
    assert shop.rows(schema.incidents, "id", "message", "last_release") == shown
    shop.merges(2, into=1, at=4 * HOUR)
    shop.reports("B", 5 * HOUR, message="of the other", release="2.0")
    assert shop.rows(schema.incidents, "id", "message", "last_release")[0] == (1, "of the other", "2.0")


def test_what_came_while_it_was_merged_stays_and_that_is_said(shop):
    shop.reports("AB")
    shop.merges(2, into=1)
    shop.reports("BB", 2 * HOUR)
    shop.triage.merging.unmerge(1, 2, after(hours=3))
    assert shop.counts() == {1: ("open", 3), 2: ("open", 1)}
    assert shop.told(2)[-1] == "incident_unmerged: it was a part of #1; what came meanwhile stays counted there"
    assert "what came for it since then stays counted here" in shop.told(1)[-1]


def test_parts_of_parts_come_out_one_by_one(shop):
    shop.reports("AABBBC")
    before = shop.numbers()
    shop.merges(3, into=2)
    shop.merges(2, into=1)
    assert shop.counts() == {1: ("open", 6), 2: ("merged", 4), 3: ("merged", 1)}
    shop.triage.merging.unmerge(1, 3, after(hours=2))
    assert shop.counts() == {1: ("open", 5), 2: ("merged", 3), 3: ("open", 1)}
    shop.triage.merging.unmerge(1, 2, after(hours=3))
    assert shop.numbers() == before


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(
        st.tuples(st.sampled_from("ABCD"), st.integers(-9, 0), st.sampled_from("xyz")), min_size=4, max_size=12
    ),
    pairs=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=4),
)
def test_whatever_is_merged_and_taken_apart_again_no_count_is_lost(said, pairs):
    shop = Shop()
    try:
        shop.reports("ABCD")
        for problem, hour, release in said:
            shop.reports(problem, hour * HOUR, release=release)
        before, releases = shop.numbers(), shop.releases()
        for part, into in pairs:
            try:
                shop.triage.merging.merge(1, [part], into, after(hours=1))
            except CareError:
                continue
            standing = sum(count for state, count in shop.counts().values() if state == "open")
            assert standing == 4 + len(said)
            shop.releases()
        for part in range(4, 0, -1):
            shop.triage.merging.unmerge(1, part, after(hours=2))
        assert shop.releases() == releases
        assert {number: rows[:2] for number, rows in shop.numbers().items()} == {
            number: rows[:2] for number, rows in before.items()
        }
        assert {number: rows[3] for number, rows in shop.numbers().items()} == {
            number: rows[3] for number, rows in before.items()
        }
    finally:
        shop.close()


def test_what_comes_after_an_incident_was_parted_is_of_its_release_again(shop):
    shop.reports("A", release="1")
    shop.reports("B", release="2")
    shop.merges(2, into=1)
    assert shop.releases() == {"1": 1, "2": 1}
    shop.triage.merging.unmerge(1, 2, after(hours=2))
    assert shop.releases() == {"1": 1, "2": 1}
    shop.reports("A", 3 * HOUR, release="2")
    assert shop.releases() == {"1": 1, "2": 2}


def test_more_values_than_are_counted_each_come_out_as_they_went_in(shop):
    for number in range(60):
        shop.reports("A", tags={"n": f"a{number}"})
        shop.reports("B", tags={"n": f"b{number}"})
    before = shop.numbers()
    shop.merges(2, into=1)
    of_both = [row for row in shop.rows(schema.incident_values) if row[0] == 1 and row[1] == "n"]
    assert sum(row[3] for row in of_both) == 120
    assert len(of_both) == 51
    shop.triage.merging.unmerge(1, 2, after(hours=2))
    assert shop.numbers() == before


@pytest.mark.parametrize(("part", "into"), [(1, 1), (1, 3), (9, 1)])
def test_what_cannot_be_one_is_refused_and_nothing_happens(shop, part, into):
    shop.reports("AB")
    shop.reports("A", environment="staging")
    with pytest.raises(CareError):
        shop.triage.merging.merge(1, [2, part], into, after(hours=1))
    assert {state for state, _ in shop.counts().values()} == {"open"}
