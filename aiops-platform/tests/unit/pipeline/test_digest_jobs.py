"""Words on jobs become runs; each word counts once, in whatever order and however often it comes."""

from collections.abc import Iterator

import pytest
from made import NOW, a_body, a_heartbeat_body, a_job_body, a_parcel, a_sample, after
from workshop import Workshop

from aiops_platform.core.views import JobRow
from aiops_platform.storage import schema
from aiops_platform.storage.reads import SqlReads

FAILURE = "0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f"


@pytest.fixture
def shop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


def digest(shop: Workshop, *bodies, **fields) -> None:
    start = shop.count(schema.buried) + 1000 * len(shop.rows(schema.job_runs, "id"))
    shop.receive(*(a_parcel(start + number, body, **fields) for number, body in enumerate(bodies)))
    shop.digest_all(after(days=2))


def jobs(shop: Workshop) -> list[JobRow]:
    return list(SqlReads(shop.database).jobs(1).rows)


def test_a_run_that_began_and_ended_is_one_run_of_one_job_of_a_service(shop):
    digest(shop, a_sample("job-started"), a_sample("job-succeeded"), received_at=after(hours=-1))
    (row,) = jobs(shop)
    assert (row.name, row.service, row.environment, row.outcome) == (
        "nightly-import",
        "shop",
        "production",
        "succeeded",
    )
    (run,) = row.runs
    assert (run.state, run.duration, (run.ended_at - run.began_at).total_seconds()) == ("succeeded", 72.5, 72.5)
    assert row.schedule == {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}
    assert shop.facts() == ["service_seen"]
    assert shop.revision("jobs") > 0


def test_an_end_that_is_digested_before_its_beginning_stays_the_end(shop):
    digest(shop, a_sample("job-succeeded"))
    digest(shop, a_sample("job-started"))
    ((state, duration),) = shop.rows(schema.job_runs, "state", "duration")
    assert (state, duration) == ("succeeded", 72.5)


def test_a_word_delivered_twice_changes_nothing(shop):
    digest(shop, *[a_sample("job-started")] * 3)
    digest(shop, *[a_sample("job-started")] * 2)
    assert shop.count(schema.job_runs) == shop.count(schema.jobs) == 1


def test_a_job_belongs_to_one_service_in_one_environment(shop):
    digest(shop, a_job_body(), a_job_body(environment="staging"), a_job_body(service="till"), a_job_body(job="x"))
    digest(shop, a_job_body(), project_id=2)
    assert shop.count(schema.jobs) == 5
    assert len(jobs(shop)) == 4


def test_a_failed_run_leads_to_the_incident_of_its_event_whichever_comes_first(shop):
    digest(shop, a_job_body("failed", run=1, event_id=FAILURE))
    assert jobs(shop)[0].runs[0].incident_id is None
    digest(shop, a_body(event_id=FAILURE, error_type="OSError", message="no disk"))
    assert jobs(shop)[0].runs[0].incident_id == 1
    assert jobs(shop)[0].outcome == "failed"


def test_the_event_of_another_service_is_no_explanation(shop):
    digest(shop, a_job_body("failed", event_id=FAILURE), a_body(service="till", event_id=FAILURE))
    assert jobs(shop)[0].runs[0].incident_id is None


def test_the_last_hundred_runs_of_a_job_are_kept_and_every_job_its_own(shop):
    for number in range(0, 260, 130):
        digest(
            shop,
            *(a_job_body("succeeded", run=each, duration=1.0) for each in range(number, number + 130)),
            received_at=after(seconds=number),
        )
    digest(shop, a_job_body(job="other"))
    assert sorted((row.name, len(SqlReads(shop.database).job(1, row.id).row.runs)) for row in jobs(shop)) == [
        ("nightly-import", 100),
        ("other", 1),
    ]
    assert len(jobs(shop)[0].runs) == 20


def test_a_service_has_a_thousand_jobs_and_what_names_one_more_is_buried(shop):
    digest(shop, *(a_job_body(job=f"import-{number}") for number in range(1_003)))
    assert shop.count(schema.jobs) == 1_000
    assert "number in the name" in shop.rows(schema.buried, "reason")[0]
    assert shop.count(schema.buried) == 3


def test_a_schedule_that_was_said_earlier_does_not_replace_the_newest(shop):
    digest(shop, a_job_body(schedule={"every": 60}, occurred_at="2026-11-22T03:10:00Z"))
    digest(shop, a_job_body(run=2, schedule={"every": 90}, occurred_at="2026-11-22T03:00:00Z"))
    digest(shop, a_job_body(run=3, occurred_at="2026-11-22T03:12:00Z"))
    assert jobs(shop)[0].schedule == {"every": 60}


def test_jobs_whose_last_end_was_a_failure_come_first(shop):
    digest(
        shop,
        a_job_body("succeeded", job="a"),
        a_job_body("failed", job="z"),
        a_job_body("started", job="z", run=2),
        a_job_body("started", job="b"),
    )
    assert [row.name for row in jobs(shop)] == ["z", "a", "b"]
    assert SqlReads(shop.database).overview(1).failed_jobs == 1


def test_a_job_of_another_project_is_not_found(shop):
    digest(shop, a_job_body())
    reads = SqlReads(shop.database)
    assert reads.job(1, 1) is not None
    assert reads.job(2, 1) is None
    assert reads.jobs(2).total == 0
    assert reads.jobs(1, service="till").total == 0
    assert reads.jobs(1, service="shop", environment="production").total == 1


def test_each_process_of_a_service_is_kept_with_its_own_counts(shop):
    stats = {"captured": 5, "delivered": 5}
    digest(
        shop,
        a_heartbeat_body(instance={"id": "one", "pid": 1}, stats=stats),
        a_heartbeat_body(instance={"id": "two", "pid": 2}, stats={"dropped": {"queue_full": 2}}),
        a_heartbeat_body(instance={"id": "one", "pid": 1}, stats=stats | {"captured": 6}),
    )
    (service,) = SqlReads(shop.database).services(1, NOW).rows
    assert {each.name: (each.pid, each.stats.get("captured"), each.lost) for each in service.instances} == {
        "one": (1, 6, 0),
        "two": (2, None, 2),
    }


def test_a_process_that_has_been_gone_for_long_is_forgotten(shop):
    shop.receive(a_parcel(1, a_heartbeat_body(instance={"id": "one"})))
    shop.digest_all()
    shop.drop_old(after(minutes=59))
    assert shop.count(schema.instances) == 1
    assert SqlReads(shop.database).services(1, after(minutes=61)).rows[0].instances == ()
    shop.drop_old(after(minutes=61))
    assert shop.count(schema.instances) == 0
