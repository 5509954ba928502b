"""What pages and the API read of the store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from made import a_body, a_parcel
from seeds import NOW, Seeds
from sqlalchemy import event, update
from tables import a_store
from workshop import in_memory

from aiops_platform.core import search
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.listing import Sort
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.reading import Reading
from aiops_platform.core.views import IncidentQuery
from aiops_platform.storage import schema
from aiops_platform.storage.reads import SqlReads

EVERY_STATE = IncidentQuery(state=None)


@pytest.fixture
def seeds():
    return Seeds(a_store())


@pytest.fixture
def reads(seeds):
    return SqlReads(seeds.database)


def types(page):
    return [row.type for row in page.rows]


def test_an_empty_store_is_read_as_empty(reads):
    assert reads.revision(1) == {}
    assert reads.incidents(1, EVERY_STATE, NOW).rows == ()
    assert reads.incident(1, 7, NOW) is None
    assert reads.event(1, 7, "newest") is None
    assert reads.services(1, NOW).rows == ()
    assert reads.incidents(1, EVERY_STATE, NOW).counts.all == 0
    assert reads.overview(1).services == 0


def test_open_incidents_come_first_and_the_last_seen_one_before_the_others(seeds, reads):
    project = seeds.project()
    shop = seeds.service(project)
    for name, state, minutes in (
        ("Done", IncidentState.RESOLVED, 1),
        ("Old", IncidentState.OPEN, 50),
        ("Quiet", IncidentState.MUTED, 2),
        ("New", IncidentState.OPEN, 3),
    ):
        seeds.incident(project, shop, type=name, state=state, last_seen=timedelta(minutes=minutes))
    assert types(reads.incidents(project, EVERY_STATE, NOW)) == ["New", "Old", "Quiet", "Done"]
    assert types(reads.incidents(project, IncidentQuery(state=IncidentState.OPEN), NOW)) == ["New", "Old"]


def test_a_project_sees_nothing_of_another_one(seeds, reads):
    mine, other = seeds.project("mine"), seeds.project("other")
    theirs = seeds.incident(other, seeds.service(other))
    event = seeds.event(theirs)
    assert reads.incidents(mine, EVERY_STATE, NOW).total == 0
    assert reads.incident(mine, theirs, NOW) is None
    assert reads.event(mine, theirs, event) is None
    assert reads.services(mine, NOW).total == 0
    assert reads.overview(mine).open_incidents == 0


def test_filters_by_service_and_environment_also_narrow_the_counts(seeds, reads):
    project = seeds.project()
    shop, staging = seeds.service(project), seeds.service(project, environment="staging")
    seeds.incident(project, shop, type="A")
    seeds.incident(project, shop, type="B", state=IncidentState.RESOLVED)
    seeds.incident(project, staging, type="C")
    query = IncidentQuery(state=None, service="shop", environment="production")
    assert types(reads.incidents(project, query, NOW)) == ["A", "B"]
    counts = reads.incidents(project, query, NOW).counts
    assert (counts.open, counts.resolved, counts.muted) == (1, 1, 0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("price", ["ValueError"]),
        ("PRICE apple", ["ValueError"]),
        ("apple orders.py", ["ValueError"]),
        ("/cart", ["HTTPError"]),
        ("100%", ["HTTPError"]),
        ("%", ["HTTPError"]),
        ("_", []),
        ("price melon", []),
        ("' OR 1=1 --", []),
    ],
)
def test_every_word_of_the_text_must_be_found_somewhere_and_none_of_it_is_a_pattern(seeds, reads, text, found):
    project = seeds.project()
    shop = seeds.service(project)
    seeds.incident(project, shop)
    seeds.incident(project, shop, type="HTTPError", message="100% full", path="/cart/<id>", place="POST")
    assert types(reads.incidents(project, IncidentQuery(state=None, text=text), NOW)) == found


def test_pages_do_not_overlap_and_the_total_counts_all(seeds, reads):
    project = seeds.project()
    shop = seeds.service(project)
    for number in range(7):
        seeds.incident(project, shop, type=f"E{number}", last_seen=timedelta(minutes=number))
    pages = [reads.incidents(project, IncidentQuery(page=page, per_page=3), NOW) for page in (1, 2, 3, 4)]
    assert [types(page) for page in pages] == [["E0", "E1", "E2"], ["E3", "E4", "E5"], ["E6"], []]
    assert {page.total for page in pages} == {7}


@pytest.mark.parametrize("per_page", [1, 2, 3, 4, 5, 9, 10, 11])
def test_pages_go_on_from_one_state_to_the_next(seeds, reads, per_page):
    project = seeds.project()
    shop = seeds.service(project)
    for number, state in enumerate([IncidentState.RESOLVED] * 3 + [IncidentState.OPEN] * 4 + [IncidentState.MUTED] * 3):
        seeds.incident(project, shop, type=f"{state}{number}", state=state, last_seen=timedelta(minutes=number))
    found = []
    for page in range(1, 12):
        found += types(reads.incidents(project, IncidentQuery(state=None, page=page, per_page=per_page), NOW))
    expected = ["open3", "open4", "open5", "open6", "muted7", "muted8", "muted9", "resolved0", "resolved1", "resolved2"]
    assert found == expected


def test_the_list_is_counted_once_and_read_in_the_order_of_an_index(seeds, reads):
    project = seeds.project()
    seeds.incident(project, seeds.service(project))
    asked: list[tuple[str, Any]] = []

    @event.listens_for(seeds.database.engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    reads.incidents(project, EVERY_STATE, NOW)
    assert sum("count(*)" in statement for statement, _ in asked) == 1
    plans = []
    with seeds.database.read() as connection:
        # What is shown of the few rows of a page may be put in order.
        for statement, parameters in [each for each in asked if " FROM incidents" in " ".join(each[0].split())]:
            plans += [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert not [step for step in plans if step.startswith("SCAN") or "TEMP B-TREE" in step]


def test_the_trend_has_an_entry_for_each_of_the_last_24_hours(seeds, reads):
    project = seeds.project()
    seeds.incident(project, seeds.service(project), hours={0: 4, 1: 2, 23: 9, 24: 100})
    (row,) = reads.incidents(project, EVERY_STATE, NOW).rows
    assert row.trend == (9, *[0] * 21, 2, 4)


def test_an_incident_knows_14_days_of_hours_its_story_and_why_it_is_one(seeds, reads):
    project = seeds.project()
    incident = seeds.incident(
        project,
        seeds.service(project),
        hours={0: 4, 335: 2, 336: 50},
        parts={"type": "ValueError"},
        facts=[(FactKind.INCIDENT_OPENED, timedelta(days=2)), (FactKind.INCIDENT_REOPENED, timedelta(hours=1))],
    )
    detail = reads.incident(project, incident, NOW)
    assert len(detail.hours) == 336
    assert (detail.hours[0].count, detail.hours[-1].count) == (2, 4)
    assert detail.hours[-1].hour == NOW.replace(minute=0, second=0)
    assert [fact.kind for fact in detail.facts] == [FactKind.INCIDENT_REOPENED, FactKind.INCIDENT_OPENED]
    assert detail.grouping[0].parts == {"type": "ValueError"}
    assert detail.row.trend[-1] == 4


def test_events_are_walked_by_their_neighbours(seeds, reads):
    project = seeds.project()
    incident = seeds.incident(project, seeds.service(project))
    first, second, third = (seeds.event(incident, ago=timedelta(minutes=minutes)) for minutes in (9, 6, 3))
    newest = reads.event(project, incident, "newest")
    assert (newest.id, newest.number, newest.of, newest.earlier_id, newest.later_id) == (third, 3, 3, second, None)
    middle = reads.event(project, incident, second)
    assert (middle.earlier_id, middle.later_id) == (first, third)
    oldest = reads.event(project, incident, "oldest")
    assert (oldest.id, oldest.earlier_id) == (first, None)
    assert oldest.body["message"] == "no such price: 'apple'"


def test_an_event_of_another_incident_is_not_found(seeds, reads):
    project = seeds.project()
    shop = seeds.service(project)
    mine, other = seeds.incident(project, shop), seeds.incident(project, shop, type="Other")
    assert reads.event(project, mine, seeds.event(other)) is None


def test_services_that_need_looking_after_come_first(seeds, reads):
    project = seeds.project()
    lives = {
        "fine": MonitorState.ALIVE,
        "gone": MonitorState.SILENT,
        "ended": MonitorState.STOPPED,
        "slow": MonitorState.LATE,
    }
    for name, state in lives.items():
        seeds.monitor(seeds.service(project, name), [(state, HOURS(3))])
    seeds.service(project, "mute")
    page = reads.services(project, NOW)
    assert [row.name for row in page.rows] == ["gone", "slow", "fine", "ended", "mute"]
    assert page.rows[-1].state is None
    overview = reads.overview(project)
    assert (overview.services, overview.late, overview.silent) == (5, 1, 1)


def test_a_service_tells_of_its_last_beat_and_its_open_incidents(seeds, reads):
    project = seeds.project()
    shop = seeds.service(project)
    stats = {"captured": 5, "dropped": {"full": 2}, "last_error": "503"}
    beat = {"sdk": {"name": "aiops-sdk", "version": "0.2.0"}, "instance": {"host": "shop-1"}, "stats": stats}
    seeds.monitor(shop, [(MonitorState.ALIVE, HOURS(3))], last_beat=beat, base_url="https://shop.example")
    seeds.incident(project, shop)
    seeds.incident(project, shop, state=IncidentState.RESOLVED)
    (row,) = reads.services(project, NOW).rows
    assert (row.sdk, row.host, row.open_incidents, row.base_url) == (
        "aiops-sdk 0.2.0",
        "shop-1",
        1,
        "https://shop.example",
    )
    assert row.stats == stats
    seeds.monitor(seeds.service(project, "till"), [(MonitorState.ALIVE, HOURS(3))])
    assert [each.stats for each in reads.services(project, NOW).rows if each.name == "till"] == [{}]


def test_spans_begin_with_the_state_in_which_the_day_began(seeds, reads):
    project = seeds.project()
    states = [
        (MonitorState.ALIVE, HOURS(80)),
        (MonitorState.SILENT, HOURS(50)),
        (MonitorState.ALIVE, HOURS(30)),
        (MonitorState.SILENT, HOURS(2)),
        (MonitorState.ALIVE, HOURS(1)),
    ]
    seeds.monitor(seeds.service(project), states)
    (row,) = reads.services(project, NOW).rows
    assert [(span.state, span.until is None) for span in row.spans] == [
        (MonitorState.ALIVE, False),
        (MonitorState.SILENT, False),
        (MonitorState.ALIVE, True),
    ]
    assert row.spans[0].until == row.spans[1].since


def test_spans_of_a_young_monitor_begin_with_its_first_state(seeds, reads):
    project = seeds.project()
    seeds.monitor(seeds.service(project), [(MonitorState.ALIVE, HOURS(2))])
    (row,) = reads.services(project, NOW).rows
    assert [span.since for span in row.spans] == [NOW - HOURS(2)]


def test_events_of_an_incident_come_in_pages_the_newest_first(seeds, reads):
    project = seeds.project()
    incident = seeds.incident(project, seeds.service(project))
    oldest, middle, newest = (seeds.event(incident, ago=timedelta(minutes=ago)) for ago in (9, 6, 3))
    page = reads.events(project, incident, page=1, per_page=2)
    assert [row.id for row in page.rows] == [newest, middle]
    assert page.total == 3
    assert [row.id for row in reads.events(project, incident, page=2, per_page=2).rows] == [oldest]
    assert reads.event(project, incident, "newest").event_id == page.rows[0].event_id
    assert reads.events(seeds.project("other"), incident) is None


def test_services_come_in_pages(seeds, reads):
    project = seeds.project()
    for number in range(5):
        seeds.service(project, f"s{number}")
    page = reads.services(project, NOW, page=2, per_page=2)
    assert [row.name for row in page.rows] == ["s2", "s3"]
    assert page.total == 5


def test_the_revision_names_each_topic_that_ever_moved(seeds, reads):
    project = seeds.project()
    seeds.bump(project, "incidents")
    seeds.bump(project, "incidents", "services")
    assert reads.revision(project) == {"incidents": 2, "services": 1}


def HOURS(number):
    return timedelta(hours=number)


def test_an_incident_says_how_many_of_its_events_are_kept(seeds, reads):
    project = seeds.project()
    incident = seeds.incident(project, seeds.service(project), count=12_345)
    for minutes in (1, 2):
        seeds.event(incident, ago=timedelta(minutes=minutes))
    (row,) = reads.incidents(project, EVERY_STATE, NOW).rows
    assert (row.count, row.kept) == (12_345, 2)


def test_an_incident_tells_how_often_each_value_of_a_tag_was_said():
    shop = in_memory(
        a_parcel(number, a_body(error_type="E", release="7", tags={"order": str(number), "region": "eu"}))
        for number in range(60)
    )
    incident = SqlReads(shop.database).incident(1, 1, NOW)
    assert incident is not None
    values = [(each.name, each.value, each.count) for each in incident.values]
    assert values[0] == ("order", None, 10)
    assert values[50:] == [("region", "eu", 60), ("release", "7", 60)]
    shop.close()


def minutes(number):
    return timedelta(minutes=number)


def test_what_happened_within_five_minutes_stands_beside_an_event(seeds, reads):
    project, other = seeds.project("mine"), seeds.project("other")
    shop, theirs = seeds.service(project), seeds.service(other)
    mine = seeds.incident(project, shop, type="Mine")
    for name, *agos in (("Before", 64), ("Near", 62, 61), ("After", 55.5), ("Late", 50), ("Early", 70)):
        incident = seeds.incident(project, shop, type=name, message="m", first_seen=minutes(600))
        for ago in agos:
            seeds.event(incident, ago=minutes(ago))
    seeds.event(seeds.incident(other, theirs, type="Theirs"), ago=minutes(60))
    seeds.incident(project, shop, kind=IncidentKind.SILENCE, type="Silent", message="no beat", first_seen=minutes(58))
    seeds.incident(project, shop, kind=IncidentKind.SILENCE, type="Silent", message="long ago", first_seen=minutes(900))
    here = seeds.event(mine, ago=minutes(60))
    found = reads.neighbours(project, mine, here)
    assert [(each.title, each.later.total_seconds() / 60) for each in found] == [
        ("Near: m", -1.0),
        ("Silent: no beat", pytest.approx(2.0, abs=0.01)),
        ("Before: m", -4.0),
        ("After: m", 4.5),
    ]
    # Of another incident, or of none, there is nothing to say.
    assert reads.neighbours(project, mine, here - 1) == ()
    assert reads.neighbours(project, mine, 10**9) == ()


def test_of_many_neighbours_the_nearest_are_told(seeds, reads):
    project = seeds.project()
    shop = seeds.service(project)
    for number in range(20):
        seeds.event(seeds.incident(project, shop, type=f"E{number}", message=""), ago=timedelta(seconds=100 + number))
    mine = seeds.incident(project, shop)
    here = seeds.event(mine, ago=timedelta(seconds=99))
    assert [each.title for each in reads.neighbours(project, mine, here)] == [f"E{number}" for number in range(6)]


def test_a_list_that_is_read_keeps_its_rows_and_counts_what_came(seeds, reads):
    project = seeds.project("reading")
    service = seeds.service(project)
    old = [seeds.incident(project, service, type=f"E{each}", last_seen=timedelta(hours=each + 1)) for each in range(3)]
    query = IncidentQuery(per_page=2)
    first = reads.found(project, query, NOW)
    reading = Reading(since=NOW, highest=first.highest, shown=tuple(row.id for row in first.page.rows))
    assert (reading.shown, first.new) == ((old[0], old[1]), 0)
    fresh = seeds.incident(project, service, type="Fresh", last_seen=timedelta(minutes=1))
    seeds.incident(project, service, type="Settled", state=IncidentState.RESOLVED)
    with seeds.database.begin() as connection:
        table, later = schema.incidents, NOW + timedelta(seconds=1)
        settled = {"state": IncidentState.RESOLVED, "state_since": later}
        connection.execute(update(table).where(table.c.id == old[0]).values(**settled))
        connection.execute(update(table).where(table.c.id == old[2]).values(last_seen_at=later))
    now = NOW + timedelta(seconds=2)
    found = reads.found_since(project, query, reading, now)
    assert [(row.id, row.state) for row in found.page.rows] == [(old[0], "resolved"), (old[1], "open")]
    # The one that is new, and the one of the next page that went on and would now be the first.
    assert (found.new, found.page.total) == (2, 3)
    assert reads.found_since(project, replace(query, sort=Sort.COUNT), reading, now).new == 1
    assert reads.found_since(project, replace(query, state=IncidentState.RESOLVED), reading, now).new == 1
    assert reads.found_since(project, replace(query, search=search.parse("type:Fresh")), reading, now).new == 1
    assert fresh not in {row.id for row in found.page.rows}
