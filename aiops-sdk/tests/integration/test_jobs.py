"""What is said of jobs, over real sockets and at real ends of processes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from children import run_program
from events import a_config, wait_until
from loopback import EVENTS, HEARTBEATS, JOBS, MODERN, Answer, Platform

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk import heartbeats
from aiops_sdk.client import Client


@pytest.fixture
def client(platform: Platform) -> Iterator[Client]:
    """A client that beats, and is current."""
    made = Client(a_config(platform_url=platform.url))
    clients.make_current(made)
    yield made
    clients.make_current(None)
    made.close(5.0)


def run_a_job() -> None:
    with aiops_sdk.monitor("nightly-import"):
        pass


def counts(client: Client) -> Dict[str, Any]:
    told = client.stats()["jobs"]
    assert isinstance(told, dict)
    return told


def states(platform: Platform) -> List[str]:
    return [job["state"] for job in platform.jobs]


def test_what_is_said_goes_out_at_once_on_the_connection_of_the_heartbeats(platform: Platform, client: Client):
    platform.take_jobs()
    heartbeats.install(client)
    platform.wait_for_heartbeats()
    with aiops_sdk.monitor("nightly-import"):
        platform.wait_until(lambda: states(platform) == ["started"], "the start")
    platform.wait_until(lambda: states(platform) == ["started", "succeeded"], "the end")
    assert {one.connection for one in platform.received} == {1}
    wait_until(lambda: counts(client)["delivered"] == 2, "the counts")
    assert len(platform.heartbeats) == 1


def test_what_is_said_before_the_platform_is_known_waits_for_its_first_answer(platform: Platform, client: Client):
    platform.take_jobs()
    run_a_job()
    assert platform.received == []
    heartbeats.install(client)
    platform.wait_until(lambda: len(platform.jobs) == 2, "both words")
    assert platform.received[0].path == HEARTBEATS


@pytest.mark.parametrize("answer", [Answer(), Answer(body=MODERN), Answer(200, b'{"status": "ok"}')])
def test_a_platform_that_knows_no_jobs_hears_of_none_and_they_are_counted(
    platform: Platform, client: Client, answer: Answer
):
    platform.always_answer(answer)
    run_a_job()
    heartbeats.install(client)
    wait_until(lambda: counts(client)["dropped"] == {"unsupported": 2}, "the counts")
    assert {one.path for one in platform.received} == {HEARTBEATS}


def test_what_does_not_get_through_is_said_again(platform: Platform, client: Client):
    platform.take_jobs()
    platform.answer(Answer(503), Answer(hang_up=True), path=JOBS)
    heartbeats.install(client)
    run_a_job()
    platform.wait_until(lambda: states(platform) == ["started", "succeeded"], "both words")
    wait_until(lambda: counts(client)["queued"] == 0, "the counts")


def test_a_flush_waits_for_what_is_said_of_jobs(platform: Platform, client: Client):
    platform.take_jobs()
    heartbeats.install(client)
    run_a_job()
    assert client.flush(60.0)
    assert states(platform) == ["started", "succeeded"]
    assert counts(client)["delivered"] == 2


def test_a_flush_does_not_wait_for_a_platform_that_knows_no_jobs(platform: Platform, client: Client):
    platform.always_answer(Answer(body=MODERN))
    heartbeats.install(client)
    run_a_job()
    assert client.flush(60.0)
    assert counts(client)["dropped"] == {"unsupported": 2}


def test_a_flush_says_if_what_is_said_of_jobs_did_not_get_through(platform: Platform, client: Client):
    platform.always_answer(Answer(503))
    heartbeats.install(client)
    run_a_job()
    assert not client.flush(0.2)


PROGRAM = "import aiops_sdk\naiops_sdk.init(service_name='shop')\n"


def test_the_shortest_program_says_how_its_job_went(platform: Platform, tmp_path: Path):
    platform.take_jobs()
    done = run_program(tmp_path, PROGRAM + "with aiops_sdk.monitor('tick'):\n    pass\n", platform_url=platform.url)
    assert (done.code, done.err) == (0, "")
    assert states(platform) == ["started", "succeeded"]
    assert len({job["run_id"] for job in platform.jobs}) == 1
    assert platform.heartbeats[-1]["closing"] is True


def test_a_program_that_crashes_in_its_job_says_that_it_failed_and_why_once(platform: Platform, tmp_path: Path):
    platform.take_jobs()
    code = PROGRAM + "@aiops_sdk.monitor('tick')\ndef tick():\n    return 1 / 0\n\ntick()\n"
    done = run_program(tmp_path, code, platform_url=platform.url)
    assert done.code == 1
    assert done.err.endswith("ZeroDivisionError: division by zero\n")
    (event,) = platform.events
    assert states(platform) == ["started", "failed"]
    assert platform.jobs[-1]["event_id"] == event["event_id"]
    assert event["contexts"]["task"]["id"] == platform.jobs[-1]["run_id"]


def test_a_job_that_calls_exit_says_that_it_failed(platform: Platform, tmp_path: Path):
    platform.take_jobs()
    code = PROGRAM + "with aiops_sdk.monitor('tick'):\n    raise SystemExit(3)\n"
    assert run_program(tmp_path, code, platform_url=platform.url).code == 3
    assert states(platform) == ["started", "failed"]
    assert platform.events == []


def test_a_dead_platform_holds_up_the_end_of_a_job_no_longer_than_any_end(tmp_path: Path):
    code = PROGRAM + "with aiops_sdk.monitor('tick'):\n    pass\n"
    done = run_program(tmp_path, code, platform_url="http://127.0.0.1:9")
    assert (done.code, done.err) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork on this system")
def test_a_forked_child_says_what_happens_in_it_and_leaves_the_rest_to_its_parent(platform: Platform, tmp_path: Path):
    platform.take_jobs()
    code = (
        PROGRAM
        + """
        import os
        with aiops_sdk.monitor("outer"):
            child = os.fork()
            if not child:
                with aiops_sdk.monitor("inner"):
                    pass
                aiops_sdk.close()
                os._exit(0)
            os.waitpid(child, 0)
        """.replace("\n        ", "\n")
    )
    done = run_program(tmp_path, code, platform_url=platform.url)
    assert done.code == 0, done.err
    told = [(job["job"], job["state"]) for job in platform.jobs]
    assert sorted(told) == [("inner", "started"), ("inner", "succeeded"), ("outer", "started"), ("outer", "succeeded")]
    assert len({job["instance"]["id"] for job in platform.jobs}) == 2


def test_a_secret_in_a_name_is_hidden(platform: Platform, client: Client):
    platform.take_jobs()
    heartbeats.install(client)
    with aiops_sdk.monitor("import from postgres://shop:hunter2@db/shop"):
        pass
    platform.wait_until(lambda: len(platform.jobs) == 2, "both words")
    assert "hunter2" not in repr(platform.jobs)
    assert [one.path for one in platform.received if one.path == EVENTS] == []
