"""What people do with an incident."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from made import NOW, a_body, a_parcel, after
from sqlalchemy import insert
from workshop import Workshop

from aiops_platform.core.care import CareError
from aiops_platform.core.muting import Ends, MuteError
from aiops_platform.core.people import Actor
from aiops_platform.pipeline.settle import Settle
from aiops_platform.pipeline.triage.comments import NotYoursError
from aiops_platform.storage import schema

ANA = Actor("user", 1, "Ana")
BEN = Actor("user", 2, "Ben")


class Shop(Workshop):
    """One incident, and two people who care for it."""

    number = 0

    def reports(self, at: timedelta = timedelta(), error_type: str = "E", **fields: object) -> None:
        self.number += 1
        moment = NOW + at
        self.receive(a_parcel(self.number, a_body(error_type=error_type, **fields), received_at=moment))
        self.digest_all(moment)

    def state(self, number: int = 1) -> str:
        return str(dict(self.rows(schema.incidents, "id", "state"))[number])

    def settle(self, now) -> None:
        while Settle(self.store).step(now):
            pass

    def told(self) -> list[str]:
        """The story of the first incident, each line with who did it."""
        rows = self.rows(schema.facts, "incident_id", "kind", "data")
        mine = [(kind, data) for incident, kind, data in rows if incident == 1]
        return [f"{kind}: {data.get('why', '')} ({data.get('by', {}).get('name', '')})" for kind, data in mine][1:]


@pytest.fixture
def shop() -> Iterator[Shop]:
    workshop = Shop()
    with workshop.database.begin() as connection:
        people = [{"name": "Ana", "created_at": NOW}, {"name": "Ben", "created_at": NOW}]
        connection.execute(insert(schema.users), people)
        member = {"project_id": 1, "role": "member", "since": NOW}
        connection.execute(insert(schema.members), [{**member, "user_id": each} for each in (1, 2)])
    workshop.reports()
    yield workshop
    workshop.close()


@pytest.mark.parametrize(("act", "expected"), [("resolve", "resolved"), ("mute", "muted"), ("reopen", "open")])
def test_an_incident_goes_where_people_put_it(shop, act, expected):
    assert getattr(shop.triage, act)(1, 1, after(minutes=1)) is True
    assert shop.state() == expected


def test_what_was_done_is_a_fact_with_who_did_it_and_raises_the_revision(shop):
    revision = shop.revision("incidents")
    shop.triage.resolve(1, 1, after(minutes=1), by=ANA)
    assert shop.told() == ["incident_resolved:  (Ana)"]
    assert shop.revision("incidents") == revision + 1


def test_doing_it_twice_changes_nothing(shop):
    shop.triage.mute(1, 1, after(minutes=1))
    facts, revision = shop.facts(), shop.revision("incidents")
    shop.triage.mute(1, 1, after(minutes=2))
    assert (shop.facts(), shop.revision("incidents")) == (facts, revision)


def test_an_incident_of_another_project_is_out_of_reach(shop):
    now = after(minutes=1)
    assert shop.triage.resolve(2, 1, now) is False
    assert shop.triage.resolve(1, 99, now) is False
    assert shop.triage.link(2, 1, "https://example.com/1", now) is False
    assert shop.triage.comments.add(2, 1, "hello", now, by=ANA) is None
    assert shop.triage.merging.unmerge(2, 1, now) is None
    assert shop.triage.merging.merge(2, [1], 1, now) is False
    assert shop.triage.bulk.do(2, [1], shop.triage.assigning(2, None), now).changed == 0
    assert shop.state() == "open"


def test_a_mute_ends_by_itself_at_its_time(shop):
    shop.triage.mute(1, 1, NOW, ends=Ends(until=after(hours=1)), by=ANA)
    shop.settle(after(minutes=59))
    assert shop.state() == "muted"
    shop.settle(after(minutes=61))
    assert shop.state() == "open"
    assert shop.told() == [
        "incident_muted: until 2026-11-22 04:14 UTC (Ana)",
        "incident_reopened: it was muted until 2026-11-22 04:14 UTC ()",
    ]
    revision = shop.revision("incidents")
    shop.settle(after(minutes=62))
    assert shop.revision("incidents") == revision


def test_a_mute_ends_by_what_is_counted(shop):
    shop.triage.mute(1, 1, NOW, ends=Ends(events=3))
    shop.reports(repeat_count=2)
    assert shop.state() == "muted"
    shop.reports()
    assert shop.state() == "open"
    assert shop.told()[-1] == "incident_reopened: 3 more events came while it was muted ()"


def test_a_mute_ends_when_too_many_come_at_once_and_outlives_what_is_kept(shop):
    shop.triage.mute(1, 1, NOW, ends=Ends(events=3, within=timedelta(minutes=10)))
    for hour in range(5):
        shop.reports(hour * timedelta(hours=1))
    shop.drop_old(after(days=200))
    assert shop.state() == "muted"
    for _ in range(3):
        shop.reports(timedelta(days=201))
    assert shop.state() == "open"
    assert shop.told()[-1] == "incident_reopened: 3 events came within 10 min while it was muted ()"


def test_a_mute_ends_with_a_release(shop):
    shop.reports(release="1.0")
    shop.triage.mute(1, 1, NOW, ends=Ends(release="next"))
    shop.reports(timedelta(hours=1), release="1.0")
    assert shop.state() == "muted"
    shop.reports(timedelta(hours=2), "F", release="1.1")
    shop.reports(timedelta(hours=3), release="1.0")
    assert shop.state() == "open"


def test_a_mute_that_makes_no_sense_changes_nothing(shop):
    with pytest.raises(MuteError):
        shop.triage.mute(1, 1, NOW, ends=Ends(until=NOW))
    assert shop.state() == "open"


def test_somebody_cares_for_it_who_is_in_the_project(shop):
    shop.triage.assign(1, 1, NOW, to=2, by=ANA)
    shop.triage.assign(1, 1, NOW, to=2, by=ANA)
    assert shop.rows(schema.incidents, "assigned_to") == [2]
    shop.reports()
    shop.triage.assign(1, 1, NOW, to=None, by=BEN)
    assert shop.told() == ["incident_assigned: to Ben (Ana)", "incident_assigned: to nobody (Ben)"]
    with pytest.raises(CareError):
        shop.triage.assign(1, 1, NOW, to=3)


def test_it_is_linked_to_where_it_is_dealt_with_besides(shop):
    shop.triage.link(1, 1, " https://tracker.example.com/17 ", NOW, by=ANA)
    shop.triage.link(1, 1, "https://tracker.example.com/17", NOW, by=ANA)
    assert shop.rows(schema.incidents, "tracker") == ["https://tracker.example.com/17"]
    assert shop.told() == ["incident_linked: to https://tracker.example.com/17 (Ana)"]
    shop.triage.link(1, 1, "", NOW)
    assert shop.rows(schema.incidents, "tracker") == [None]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "//example.com", "https://", "data:text/html,x", "http://a b"])
def test_what_is_no_address_of_a_page_is_no_link(shop, link):
    with pytest.raises(CareError):
        shop.triage.link(1, 1, link, NOW)


def test_people_say_something_and_change_only_what_they_said_themselves(shop):
    comments = shop.triage.comments
    made = comments.add(1, 1, " it is the **price** list ", NOW, by=ANA)
    assert made is not None
    assert (made.text, made.by, made.edited_at) == ("it is the **price** list", ANA, None)
    with pytest.raises(NotYoursError):
        comments.edit(1, 1, made.id, "no", NOW, by=BEN)
    with pytest.raises(NotYoursError):
        comments.drop(1, 1, made.id, by=BEN)
    edited = comments.edit(1, 1, made.id, "no, it is not", after(minutes=1), by=ANA)
    assert edited is not None
    assert (edited.text, edited.edited_at) == ("no, it is not", after(minutes=1))
    comments.drop(1, 1, made.id, by=ANA)
    assert shop.count(schema.comments) == 0
    assert comments.edit(1, 1, made.id, "again", NOW, by=ANA) is None


@pytest.mark.parametrize("text", ["", "  ", "ä" * 5_001])
def test_a_comment_says_something_and_is_no_book(shop, text):
    with pytest.raises(CareError):
        shop.triage.comments.add(1, 1, text, NOW, by=ANA)


def test_a_comment_that_is_sent_twice_is_there_once(shop):
    comments = shop.triage.comments
    first = comments.add(1, 1, "hello", NOW, by=ANA, once="a")
    assert comments.add(1, 1, "hello", after(minutes=1), by=ANA, once="a") == first
    comments.add(1, 1, "hello", NOW, by=BEN, once="a")
    comments.add(1, 1, "hello", NOW, by=ANA, once="b")
    assert shop.count(schema.comments) == 3
