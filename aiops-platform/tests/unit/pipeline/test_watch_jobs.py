"""Jobs from their pings and words to facts and incidents, by a clock that is handed in."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from made import NOW, a_job_body, a_parcel, after
from sqlalchemy import delete
from workshop import Workshop

from aiops_platform.core import maintenance
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.pipeline.job_desk import JobDesk
from aiops_platform.pipeline.watch_jobs import WatchJobs
from aiops_platform.ports import JobStanding
from aiops_platform.storage import schema
from aiops_platform.storage.job_reads import SqlJobReads

# 03:14:10 UTC is the moment of NOW.
HOURLY = {"cron": "30 * * * *", "grace": 600}


@pytest.fixture
def shop() -> Iterator[Workshop]:
    workshop = Workshop()
    workshop.listen(after(days=-1))
    workshop.watch_jobs = WatchJobs(workshop.store, workshop.intake)
    yield workshop
    workshop.close()


def listen_until(shop, moment):
    """As the door does, every 5 s; said in one go."""
    with shop.intake._notes.change() as connection:
        connection.execute("UPDATE listening SET until = ?", (int(moment.timestamp() * 1_000_000),))


def ping(number, word="success", *, at=NOW, job="backup", **fields):
    body = {"signal_type": "ping", "service": "jobs", "job": job, "word": word, **fields}
    return Parcel(
        id=number.to_bytes(16),
        project_id=1,
        kind=ParcelKind.PING,
        received_at=at,
        body=json.dumps(body).encode(),
    )


def digest(shop, *parcels):
    shop.receive(*parcels)
    shop.digest_all(parcels[-1].received_at)


def look(shop, moment):
    listen_until(shop, moment)
    while shop.watch_jobs.step(moment):
        pass


def runs(shop):
    return shop.rows(schema.job_runs, "state", "duration", "exit_status", "output")


def incidents(shop):
    return shop.rows(schema.incidents, "kind", "type", "state", "count", "message")


def job_facts(shop):
    return [kind for kind in shop.facts() if kind.startswith("job_")]


def expect(shop, **told):
    """As a word of the SDK says it."""
    digest(
        shop, a_parcel(900, a_job_body("started", job="backup", run=9, service="jobs", schedule=told, occurred_at=None))
    )
    digest(shop, a_parcel(901, a_job_body("succeeded", job="backup", run=9, service="jobs", occurred_at=None)))


def test_pings_make_a_job_and_its_runs(shop):
    digest(shop, ping(1, "start"), ping(2, at=after(seconds=30), exit_status=0, output="42 files"))
    assert runs(shop) == [("succeeded", 30.0, 0, "42 files")]
    assert shop.rows(schema.jobs, "name", "state") == [("backup", "on_time")]
    assert shop.rows(schema.services, "name", "environment") == [("jobs", "production")]


def test_a_success_without_a_start_is_a_run_of_unknown_duration(shop):
    digest(shop, ping(1))
    assert runs(shop) == [("succeeded", None, None, None)]


def test_a_ping_that_is_digested_twice_counts_once(shop):
    for _ in range(2):
        digest(shop, ping(1, "start"), ping(2, at=after(seconds=30)), ping(3, "fail", at=after(seconds=40)))
    assert [state for state, *_ in runs(shop)] == ["succeeded", "failed"]
    assert job_facts(shop) == ["job_failed"]


def test_runs_with_ids_are_told_apart_and_notes_belong_to_them(shop):
    one, two = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
    digest(shop, ping(1, "start", run_id=one), ping(2, "start", run_id=two, at=after(seconds=1)))
    digest(shop, ping(3, "log", run_id=one, output="half", at=after(seconds=2)))
    digest(shop, ping(4, run_id=one, output="done", at=after(seconds=60)))
    digest(shop, ping(5, "log", output="alone", at=after(seconds=61)))
    assert runs(shop) == [("succeeded", 60.0, None, "half\ndone"), ("started", None, None, "alone")]


def test_a_note_of_a_job_that_never_ran_says_nothing(shop):
    digest(shop, ping(1, "log", output="alone"))
    assert runs(shop) == []


def test_a_job_that_is_not_to_be_made_is_not(shop):
    digest(shop, ping(1, create=False))
    assert shop.count(schema.jobs) == 0
    digest(shop, ping(2), ping(3, create=False, at=after(seconds=1)))
    assert len(runs(shop)) == 2


def test_what_it_printed_is_scrubbed_and_cut(shop):
    digest(shop, ping(1, "fail", output="password=hunter2 " + "x" * 20_000))
    ((_, _, _, output),) = runs(shop)
    assert "hunter2" not in output
    assert len(output) <= 10_000


def test_what_the_newest_runs_printed_is_kept(shop):
    digest(shop, *[ping(number, output=str(number), at=after(seconds=number)) for number in range(1, 26)])
    assert [output for *_, output in runs(shop)] == [None] * 5 + [str(number) for number in range(6, 26)]


def test_a_ping_for_which_there_was_no_room_may_come_again(shop):
    parcels = [ping(number, job=f"job-{number}") for number in range(1, 1_002)]
    digest(shop, *parcels)
    assert (shop.count(schema.jobs), shop.count(schema.buried)) == (1_000, 1)
    with shop.database.begin() as connection:
        connection.execute(delete(schema.job_runs).where(schema.job_runs.c.job_id == 1))
        connection.execute(delete(schema.jobs).where(schema.jobs.c.id == 1))
    digest(shop, parcels[-1])
    assert "job-1001" in shop.rows(schema.jobs, "name")


def test_a_missed_start_opens_an_incident_that_a_good_run_ends(shop):
    expect(shop, **HOURLY)
    look(shop, after(minutes=16))
    assert shop.rows(schema.jobs, "state") == ["late"]
    assert incidents(shop) == []
    for minutes in (26, 27, 90):
        look(shop, after(minutes=minutes))
    message = "backup did not start: expected 2026-11-22 03:30 UTC, 10 min grace"
    assert incidents(shop) == [("job", "JobMissed", "open", 1, message)]
    assert job_facts(shop) == ["job_missed"]
    digest(shop, ping(1, at=after(minutes=91)))
    assert incidents(shop) == [("job", "JobMissed", "resolved", 1, message)]
    assert shop.facts()[-2:] == ["job_recovered", "incident_resolved"]
    look(shop, after(minutes=150))
    assert incidents(shop)[0][:4] == ("job", "JobMissed", "open", 2)
    assert shop.facts()[-2:] == ["job_missed", "incident_reopened"]


def test_a_failure_opens_one_incident_and_one_whose_event_is_told_none(shop):
    event_id = "0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f"
    failed = a_job_body("failed", job="import", service="jobs", event_id=event_id, occurred_at=None)
    digest(shop, a_parcel(1, failed))
    assert (incidents(shop), job_facts(shop)) == ([], ["job_failed"])
    digest(shop, ping(2, "fail", exit_status=3), ping(3, "fail", exit_status=4, at=after(seconds=9)))
    assert incidents(shop) == [("job", "JobFailed", "open", 2, "backup failed with exit status 4")]
    assert shop.rows(schema.incident_hours, "count") == [2]


def test_a_run_that_does_not_end_is_too_long(shop):
    expect(shop, max_run=60, every=86400)
    digest(shop, ping(1, "start", at=after(minutes=5)))
    look(shop, after(minutes=6))
    assert incidents(shop)[0][:2] == ("job", "JobTooLong")


def test_a_ping_that_is_not_digested_yet_is_waited_for(shop):
    expect(shop, **HOURLY)
    shop.receive(ping(1, at=after(minutes=20)))
    look(shop, after(minutes=60))
    assert job_facts(shop) == []
    shop.digest_all(after(minutes=60))
    look(shop, after(minutes=61))
    assert job_facts(shop) == []


def test_time_in_which_nobody_listened_is_no_miss(shop):
    expect(shop, **HOURLY)
    shop.listen(after(minutes=20))
    look(shop, after(minutes=60))
    assert job_facts(shop) == []
    look(shop, after(minutes=91))
    assert job_facts(shop) == ["job_missed"]


def test_nothing_is_judged_while_nobody_listens(shop):
    expect(shop, **HOURLY)
    assert shop.watch_jobs.step(after(days=3)) is False
    assert job_facts(shop) == []


def test_what_is_due_in_maintenance_is_no_miss(shop):
    expect(shop, **HOURLY)
    window = maintenance.planned(
        project_id=1,
        name="upgrade",
        services=["jobs"],
        environments=[],
        since=after(minutes=10),
        until=after(minutes=20),
        weekly=None,
        made_by="Ana",
        now=NOW,
    )
    with shop.store.begin() as transaction:
        transaction.maintenance.add(window)
    look(shop, after(minutes=60))
    assert job_facts(shop) == []
    look(shop, after(minutes=90))
    assert job_facts(shop) == ["job_missed"]


def test_another_schedule_counts_from_the_word_that_says_it(shop):
    expect(shop, **HOURLY)
    (before,) = shop.rows(schema.jobs, "expected_at")
    word = a_job_body("started", job="backup", run=10, service="jobs", schedule={"every": 3600}, occurred_at=None)
    digest(shop, a_parcel(902, word, received_at=after(minutes=1)))
    (now,) = shop.rows(schema.jobs, "expected_at")
    assert (before, now) == (after(minutes=15, seconds=50), after(minutes=61))


def test_with_a_job_that_is_deleted_its_trouble_is_over(shop):
    digest(shop, ping(1, "fail"))
    assert [state for _, _, state, *_ in incidents(shop)] == ["open"]
    desk = JobDesk(shop.store, SqlJobReads(shop.database))
    assert desk.delete(1, 1, after(seconds=9), by=COMMAND_LINE)
    assert [state for _, _, state, *_ in incidents(shop)] == ["resolved"]
    assert (shop.count(schema.jobs), runs(shop), job_facts(shop)) == (0, [], ["job_failed", "job_recovered"])
    assert not desk.delete(1, 1, after(seconds=9), by=COMMAND_LINE)
    digest(shop, ping(2, at=after(seconds=10)))
    assert shop.rows(schema.jobs, "name", "state") == [("backup", "on_time")]


def test_many_that_are_due_are_looked_at_in_portions(shop):
    digest(shop, *[ping(number, job=f"job-{number}") for number in range(1, 800)])
    with shop.store.begin() as transaction:
        found = transaction.watching.watched(range(1, 800))
        moved = [replace(each, standing=replace(each.standing, due_at=NOW)) for each in found.values()]
        transaction.watching.save([JobStanding(each) for each in moved])
    listen_until(shop, after(seconds=1))
    assert shop.watch_jobs.step(after(seconds=1)) is True
    assert shop.watch_jobs.step(after(seconds=1)) is False


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("said", [HOURLY, {"every": 3600, "grace": 600}])
def test_a_job_is_watched_as_ever_after_a_clock_that_was_far_ahead_came_back(shop, said, is_restarted):
    expect(shop, **said)
    shop.listen(after(days=400))
    look(shop, after(days=400))
    look(shop, after(days=400, hours=5))
    if is_restarted:
        shop.watch_jobs = WatchJobs(shop.store, shop.intake)
    before = len(job_facts(shop))
    shop.listen(after(minutes=1))
    for minutes in range(1, 60 * 5, 10):
        look(shop, after(minutes=minutes))
    assert "job_missed" in job_facts(shop)[before:] or shop.rows(schema.jobs, "trouble") == ["missed"]
    (due,) = shop.rows(schema.jobs, "due_at")
    assert due < after(hours=8)


def test_a_run_that_began_by_a_clock_ahead_is_too_long_in_time(shop):
    expect(shop, **HOURLY | {"max_run": 600})
    digest(shop, ping(5, "start", at=after(days=400)))
    shop.listen(after(days=400))
    look(shop, after(days=400))
    shop.listen(after(minutes=-30))
    look(shop, NOW)
    (due,) = shop.rows(schema.jobs, "due_at")
    assert due <= after(minutes=16)
