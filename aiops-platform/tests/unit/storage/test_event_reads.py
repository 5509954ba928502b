"""An incident's kept events: found by moment, by what they say and by how much they tell; those of one request together."""

from datetime import timedelta

import pytest
from seeds import NOW, Seeds
from tables import a_store

from aiops_platform.core import event_filter
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.likeness import of as likenesses_of
from aiops_platform.storage import event_reads, schema
from aiops_platform.storage.insights import SqlInsights
from aiops_platform.storage.reads import SqlReads

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ALL = event_filter.read("")


def minutes(number):
    return timedelta(minutes=number)


@pytest.fixture
def seeds():
    database = a_store()
    yield Seeds(database, NOW)
    database.close()


@pytest.fixture
def insights(seeds):
    return SqlInsights(seeds.database)


@pytest.fixture
def incident(seeds):
    """One with ten events, ten minutes apart, the newest now, and another one's events between them."""
    project = seeds.project()
    service = seeds.service(project)
    mine, other = (seeds.incident(project, service, type=name, message="") for name in ("Mine", "Other"))
    for number in range(10):
        body = {"signal_type": "exception", "message": f"number {number}", "user": {"id": f"u{number % 2}"}}
        seeds.event(mine, body, ago=minutes(90 - 10 * number))
        seeds.event(other, ago=minutes(89 - 10 * number))
    return mine


def said(table):
    return [line.event.message.removeprefix("number ") for line in table.rows]


@pytest.mark.parametrize(("ago", "number"), [(500, 0), (90, 0), (45, 5), (40, 5), (39, 6), (-60, 9)])
def test_a_moment_leads_to_the_first_event_that_came_then(insights, seeds, incident, ago, number):
    # Each came a moment after it happened.
    row = insights.event_at(1, incident, NOW - minutes(ago))
    assert SqlReads(seeds.database).event(1, incident, row).body["message"] == f"number {number}"


def test_where_nothing_is_kept_there_is_no_such_event(insights, seeds, incident):
    empty = seeds.incident(1, seeds.service(1, "till"))
    assert insights.event_at(1, empty, NOW) is None
    assert insights.telling_event(1, empty) is None
    assert insights.event_table(1, empty, ALL).rows == ()


def test_the_place_among_those_that_are_kept_is_told(seeds, incident):
    reads = SqlReads(seeds.database)
    newest = reads.event(1, incident, "newest")
    middle = reads.event(1, incident, newest.earlier_id)
    oldest = reads.event(1, incident, "oldest")
    assert [(each.number, each.of) for each in (newest, middle, oldest)] == [(10, 10), (9, 10), (1, 10)]
    assert (newest.later_id, middle.later_id, oldest.earlier_id) == (None, newest.id, None)


def test_the_event_that_tells_most_is_found(insights, seeds, incident):
    frame = {"file": "a.py", "in_app": True, "locals": {"x": "1"}}
    telling = seeds.event(incident, {"signal_type": "exception", "exceptions": [{"type": "E", "frames": [frame]}]})
    seeds.event(incident, ago=minutes(0))
    assert insights.telling_event(1, incident) == telling


def test_a_table_has_the_newest_first_and_leads_on(insights, incident):
    first = insights.event_table(1, incident, ALL, per_page=4)
    then = insights.event_table(1, incident, ALL, per_page=4, before=first.next_before)
    last = insights.event_table(1, incident, ALL, per_page=4, before=then.next_before)
    assert [said(each) for each in (first, then, last)] == [["9", "8", "7", "6"], ["5", "4", "3", "2"], ["1", "0"]]
    assert (last.next_before, first.kept) == (None, 10)


def test_a_table_holds_what_matches(insights, incident):
    assert said(insights.event_table(1, incident, event_filter.read("user:u1"))) == ["9", "7", "5", "3", "1"]
    assert said(insights.event_table(1, incident, event_filter.read("user:u1 3"))) == ["3"]
    assert said(insights.event_table(1, incident, event_filter.read("nothing"))) == []


def test_a_table_holds_what_came_in_that_time(insights, incident):
    span = {"since": NOW - minutes(65), "until": NOW - minutes(35)}
    table = insights.event_table(1, incident, ALL, **span)
    assert (said(table), table.next_before) == (["5", "4", "3"], None)
    assert said(insights.event_table(1, incident, ALL, until=NOW - minutes(500))) == []


def test_what_is_looked_at_for_one_table_is_bounded_and_the_rest_can_be_had(insights, seeds, incident, monkeypatch):
    monkeypatch.setattr(event_reads, "LOOKED", 6)
    found = insights.event_table(1, incident, event_filter.read('"number 0"'))
    assert (said(found), found.looked) == ([], 6)
    assert said(insights.event_table(1, incident, event_filter.read('"number 0"'), before=found.next_before)) == ["0"]


def test_an_event_that_cannot_be_read_is_listed_all_the_same(insights, seeds, incident):
    with seeds.database.begin() as connection:
        connection.execute(schema.events.update().where(schema.events.c.id == 1).values(body=b"no such thing"))
    assert insights.event_table(1, incident, ALL).rows[-1].event is None


def test_events_of_one_request_are_found_in_every_service(insights, seeds, incident):
    body = {"signal_type": "exception", "tags": {"trace_id": TRACE}}
    here = seeds.event(incident, body, ago=minutes(0))
    till = seeds.incident(1, seeds.service(1, "till"), type="TillError", message="stuck")
    seeds.event(
        till, {"signal_type": "exception", "contexts": {"trace": {"trace_id": TRACE}}}, ago=timedelta(seconds=-2)
    )
    seeds.event(till, {"signal_type": "exception", "message": TRACE}, ago=timedelta(seconds=-3))
    seeds.event(till, body | {"message": "long before"}, ago=minutes(30))
    theirs = seeds.project("theirs")
    seeds.event(seeds.incident(theirs, seeds.service(theirs)), body, ago=timedelta(seconds=-1))
    found = insights.companions(1, here)
    assert [(each.title, each.service, each.later) for each in found] == [
        ("TillError: stuck", "till", timedelta(seconds=2))
    ]
    assert insights.companions(theirs, here) == ()
    assert insights.companions(1, here - 1) == ()


def test_incidents_that_share_something_are_similar_the_open_ones_first(insights, seeds):
    project = seeds.project()
    service = seeds.service(project)
    for number, (place, message, state) in enumerate(
        [
            ("f (a.py)", "order 7 is far too large", IncidentState.OPEN),
            ("f (a.py)", "order 8 is far too large", IncidentState.OPEN),
            ("g (b.py)", "order 9 is far too large", IncidentState.RESOLVED),
            ("h (c.py)", "order 9 is far too large", IncidentState.OPEN),
            ("i (d.py)", "something else entirely", IncidentState.OPEN),
        ],
        start=1,
    ):
        seeds.incident(project, service, type="E", place=place, message=message, state=state)
        with seeds.database.begin() as connection:
            for each in likenesses_of(project, "E", place, message, {}):
                row = {"hash": each.hash, "incident_id": number, "trait": each.trait}
                connection.execute(schema.likenesses.insert().values(**row))
    assert [(each.id, each.shares) for each in insights.similar(project, 1)] == [
        (2, ("place", "message")), (4, ("message",)), (3, ("message",)),
    ]  # fmt: skip
    assert insights.similar(seeds.project("other"), 1) == ()


def test_nothing_of_another_project_is_read(insights, seeds, incident):
    other = seeds.project("other")
    assert insights.event_at(other, incident, NOW) is None
    assert insights.telling_event(other, incident) is None
    assert insights.event_table(other, incident, ALL) is None
