"""What the first page tells: each number is of what it says, and of this project only."""

from datetime import timedelta

import pytest
from seeds import NOW, Seeds
from tables import a_store

from aiops_platform.core.incident import IncidentState
from aiops_platform.core.monitor import MonitorState
from aiops_platform.storage.insights import SqlInsights

HOUR = timedelta(hours=1)


@pytest.fixture
def seeds():
    database = a_store()
    yield Seeds(database, NOW)
    database.close()


def told(seeds, project, ago=2 * HOUR):
    return SqlInsights(seeds.database).briefing(project, NOW - ago, NOW)


def test_new_is_what_is_open_and_was_first_seen_since(seeds):
    project = seeds.project()
    service = seeds.service(project)
    seeds.incident(project, service, type="Old", first_seen=3 * HOUR)
    seeds.incident(project, service, type="New", first_seen=HOUR, last_seen=HOUR)
    seeds.incident(project, service, type="Gone", first_seen=HOUR, state=IncidentState.RESOLVED)
    new = told(seeds, project).new
    assert (new.total, [row.type for row in new.rows]) == (1, ["New"])


def test_of_many_the_newest_five_are_shown_and_all_are_counted(seeds):
    project = seeds.project()
    service = seeds.service(project)
    for minutes in range(8):
        seeds.incident(
            project, service, type=f"E{minutes}", first_seen=timedelta(minutes=minutes), last_seen=timedelta()
        )
    new = told(seeds, project).new
    assert (new.total, [row.type for row in new.rows]) == (8, ["E0", "E1", "E2", "E3", "E4"])


def test_what_came_back_is_told_as_long_as_it_is_open(seeds):
    project = seeds.project()
    service = seeds.service(project)
    seeds.incident(project, service, type="Back", reopened=30 * HOUR)
    seeds.incident(project, service, type="Gone", reopened=HOUR, state=IncidentState.RESOLVED)
    assert [row.type for row in told(seeds, project).back.rows] == ["Back"]


def test_the_loudest_are_told_with_their_events_of_a_day(seeds):
    project = seeds.project()
    service = seeds.service(project)
    seeds.incident(project, service, type="Loud", hours={0: 5, 3: 2, 30: 900})
    seeds.incident(project, service, type="Quiet", hours={1: 1})
    assert [(each.row.type, each.events) for each in told(seeds, project).loud] == [("Loud", 7), ("Quiet", 1)]


def test_what_comes_far_above_its_usual_rate_rises(seeds):
    project = seeds.project()
    service = seeds.service(project)
    usual = dict.fromkeys(range(2, 170), 2)
    seeds.incident(project, service, type="Rising", hours=usual | {0: 60}, first_seen=timedelta(days=8))
    seeds.incident(project, service, type="Steady", hours=usual | {0: 2}, first_seen=timedelta(days=8))
    ((row, rise),) = [(each.row, each.rise) for each in told(seeds, project).rising]
    assert (row.type, rise.events) == ("Rising", 60)


def test_events_of_services_are_told_by_the_hour(seeds):
    project = seeds.project()
    shop, till = seeds.service(project, "shop"), seeds.service(project, "till")
    seeds.incident(project, shop, hours={0: 1, 23: 4, 24: 50})
    seeds.incident(project, shop, hours={0: 2})
    seeds.incident(project, till, hours={5: 3})
    traffic = told(seeds, project)
    assert [(each.name, each.events, each.open_incidents) for each in traffic.traffic] == [
        ("shop", 7, 2),
        ("till", 3, 1),
    ]
    assert (traffic.hours[-1], traffic.hours[0], sum(traffic.hours)) == (3, 4, 10)


def test_silent_services_are_named(seeds):
    project = seeds.project()
    seeds.monitor(seeds.service(project, "mailer"), [(MonitorState.SILENT, HOUR)], beat_ago=HOUR)
    seeds.monitor(seeds.service(project, "shop"), [(MonitorState.ALIVE, HOUR)])
    assert [(each.name, each.since) for each in told(seeds, project).silent] == [("mailer", NOW - HOUR)]


def test_nothing_of_another_project_is_told(seeds):
    mine, other = seeds.project(), seeds.project("other")
    service = seeds.service(other)
    seeds.incident(other, service, hours={0: 60}, reopened=HOUR, first_seen=HOUR)
    seeds.monitor(service, [(MonitorState.SILENT, HOUR)])
    briefing = told(seeds, mine)
    assert (briefing.new.total, briefing.back.total, sum(briefing.hours)) == (0, 0, 0)
    assert (briefing.rising, briefing.silent, briefing.loud, briefing.traffic) == ((), (), (), ())


def test_a_visit_is_kept_for_each_person_and_project(seeds):
    insights = SqlInsights(seeds.database)
    assert insights.look(1, 1, NOW).since is None
    assert insights.look(1, 1, NOW + HOUR).since == NOW
    assert insights.look(1, 1, NOW + HOUR).since == NOW
    assert insights.look(2, 1, NOW + HOUR).since is None
    assert insights.look(1, 2, NOW + HOUR).since is None
