"""Tasks of real Celery workers, over the filesystem broker: each failure is one event, with its task, and nothing else is one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from children import environment, run_program
from events import wait_until
from loopback import Platform

import aiops_sdk
from aiops_sdk.testing import capture_events

celery = pytest.importorskip("celery")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork on this system")

DEADLINE = 60.0
POOLS = ("prefork", "threads", "solo", "gevent")

SHOP = """
import logging
import os
import signal
import sys
import time
from pathlib import Path

import aiops_sdk; aiops_sdk.init(service_name="shop", capture_body=True)
from celery import Celery
from celery.exceptions import Ignore, Reject

here = Path(__file__).parent
app = Celery("shop", broker="filesystem://", backend="file://" + str(here / "results"))
app.conf.update(
    broker_transport_options={
        "data_folder_in": str(here / "queue"),
        "data_folder_out": str(here / "queue"),
        "control_folder": str(here / "control"),
    },
    task_default_queue="orders",
    result_chord_retry_interval=0.1,
)


class Unpicklable(Exception):
    def __init__(self, first, second):
        super().__init__("cannot travel")
        self.lock = __import__("threading").Lock()


@app.task
def fail(number, password=None):
    aiops_sdk.set_tag("number", number)
    aiops_sdk.add_breadcrumb("about to fail")
    raise ValueError("in a task")


@app.task
def fail_without_saying_anything():
    raise KeyError("plain")


@app.task
def raise_unpicklable():
    raise Unpicklable(1, 2)


@app.task
def log_and_raise():
    try:
        raise ValueError("logged first")
    except ValueError:
        logging.getLogger("shop").exception("it went wrong")
        raise


@app.task(bind=True, max_retries=2, default_retry_delay=0)
def retry(self):
    try:
        raise OSError("not yet")
    except OSError as error:
        raise self.retry(exc=error, countdown=0)


@app.task(autoretry_for=(OSError,), max_retries=2, retry_backoff=False, default_retry_delay=0)
def retry_by_itself():
    raise OSError("again and again")


@app.task(bind=True, max_retries=5)
def succeed_in_the_end(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0)


@app.task
def ignore():
    raise Ignore()


@app.task(acks_late=True)
def reject():
    raise Reject("no", requeue=False)


@app.task(throws=(LookupError,))
def throw_as_expected():
    raise KeyError("expected")


@app.task
def die():
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(time_limit=1)
def hang():
    time.sleep(60)


@app.task(soft_time_limit=1)
def hang_softly():
    time.sleep(60)


@app.task
def fine(*_):
    pass
"""

WORKER = [sys.executable, "-m", "celery", "-A", "shop", "worker", "--concurrency", "2", "--loglevel", "INFO"]
WORKER += ["--without-gossip", "--without-mingle", "--without-heartbeat"]


@contextmanager
def working(folder: Path, platform: Platform, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker over the tasks that wait in the folder's queue; it ends in order."""
    with (folder / "worker.log").open("wb") as output:
        process = subprocess.Popen(
            [*WORKER, *options],
            cwd=str(folder),
            env=environment(platform.url),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(DEADLINE)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(DEADLINE)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with the app and its queue."""
    for name in ("queue", "control", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    return tmp_path


def send(folder: Path, calls: str) -> None:
    """Let a program of its own put tasks into the queue; it reports to nobody."""
    code = "import shop\n" + calls + "\nimport aiops_sdk\naiops_sdk.close(0)\n"
    done = run_program(folder, code, platform_url="http://127.0.0.1:9")
    assert done.code == 0, done.err


def run(folder: Path, platform: Platform, calls: str, *options: str, events: int = 1) -> List[Dict[str, Any]]:
    """What is told until these tasks are done: a last one, which fails too, is done after them (one at a time)."""
    send(folder, calls + "\nshop.fail_without_saying_anything.delay()")
    with working(folder, platform, *(options or ("--pool", "prefork", "--concurrency", "1"))):
        platform.wait_for_events(events + 1)
    return [event for event in platform.events if event["message"] != "'plain'"]


def exceptions_of(events: List[Dict[str, Any]]) -> List[str]:
    return [event["exceptions"][0]["type"] for event in events]


@pytest.mark.parametrize("pool", POOLS)
def test_a_failing_task_is_one_event_that_tells_its_task(platform: Platform, shop: Path, pool: str):
    if pool == "gevent":
        pytest.importorskip("gevent")
    (event,) = run(shop, platform, "shop.fail.delay(7, password='hunter2')", "--pool", pool)
    assert (event["signal_type"], event["source"], event["error_type"]) == ("exception", "manual", "ValueError")
    assert event["contexts"]["capture"] == {"mechanism": "celery"}
    task = event["contexts"]["task"]
    assert (task["kind"], task["name"], task["queue"], task["retries"]) == ("celery", "shop.fail", "orders", 0)
    assert len(task["id"]) == 36
    assert task["args"] == [7]
    assert "hunter2" not in repr(event)
    assert [frame["function"] for frame in event["exceptions"][0]["frames"]][-1] == "fail"
    assert event["also_seen_by"] == ["logging"]
    assert event["tags"] == {"number": "7"}
    assert "about to fail" in [crumb["message"] for crumb in event["breadcrumbs"]]
    (plain,) = [event for event in platform.events if event["message"] == "'plain'"]
    # Nothing of one task is seen in the next.
    assert "tags" not in plain
    assert "about to fail" not in [crumb["message"] for crumb in plain.get("breadcrumbs", [])]


def test_an_exception_that_cannot_travel_and_one_that_was_logged_before_are_one_event_each(
    platform: Platform, shop: Path
):
    events = run(shop, platform, "shop.raise_unpicklable.delay()\nshop.log_and_raise.delay()", events=2)
    assert sorted(exceptions_of(events)) == ["Unpicklable", "ValueError"]


def test_a_retry_is_no_failure_but_the_last_one_that_fails_is(platform: Platform, shop: Path):
    events = run(
        shop, platform, "shop.retry.delay()\nshop.retry_by_itself.delay()\nshop.succeed_in_the_end.delay()", events=2
    )
    assert exceptions_of(events) == ["OSError", "OSError"]
    assert sorted(event["message"] for event in events) == ["again and again", "not yet"]
    assert {event["contexts"]["task"]["retries"] for event in events} == {2}


def test_what_is_ignored_rejected_expected_expired_or_revoked_is_silent(platform: Platform, shop: Path):
    calls = """
    from datetime import datetime, timedelta, timezone

    shop.ignore.delay()
    shop.reject.delay()
    shop.throw_as_expected.delay()
    shop.fail.apply_async((1,), expires=datetime.now(timezone.utc) - timedelta(hours=1))
    """.replace("\n    ", "\n")
    assert run(shop, platform, calls, events=0) == []


def test_a_task_whose_process_is_killed_is_one_event_at_once(platform: Platform, shop: Path):
    send(shop, "shop.die.delay()")
    with working(shop, platform, "--pool", "prefork", "--concurrency", "1"):
        platform.wait_for_events(1)
        # Celery itself waits ten seconds for a result that may still be on its way.
        wait_until(lambda: "Task handler raised error" in (shop / "worker.log").read_text(), "Celery's own word")
    (lost,) = platform.events
    assert (lost["error_type"], lost["contexts"]["task"]["name"]) == ("WorkerLostError", "shop.die")
    # The tasks whose processes are lost are incidents of their own.
    assert lost["fingerprint"] == ["celery", "WorkerLostError", "shop.die"]
    assert "SIGKILL" in lost["message"]


@pytest.mark.skipif(celery.VERSION < (5, 3), reason="after a hard limit it loses the task that waits, without us too")
def test_a_task_that_takes_too_long_is_one_event(platform: Platform, shop: Path):
    events = run(shop, platform, "shop.hang.delay()\nshop.hang_softly.delay()", events=2)
    told = {event["contexts"]["task"]["name"]: event["exceptions"][0]["type"] for event in events}
    assert told == {"shop.hang": "TimeLimitExceeded", "shop.hang_softly": "SoftTimeLimitExceeded"}
    assert len(events) == 2


def test_a_chord_whose_member_fails_is_the_event_of_that_member(platform: Platform, shop: Path):
    calls = "from celery import chord\nchord([shop.fail.s(1), shop.fine.s()])(shop.fine.s())"
    send(shop, calls)
    with working(shop, platform, "--pool", "solo"):
        platform.wait_for_events(1)
        # The worker asks by and by whether all members are done, and then tells of the whole.
        wait_until(lambda: "Chord '" in (shop / "worker.log").read_text(), "the chord's end")
    assert exceptions_of(platform.events) == ["ValueError"]


def test_a_schedule_that_cannot_be_kept_is_one_event(platform: Platform, shop: Path):
    (shop / "scheduled.py").write_text(
        "from shop import app\n"
        "app.conf.beat_schedule = {'bad': {'task': 'shop.fine', 'schedule': 0.2, 'args': (object(),)}}\n",
        encoding="utf-8",
    )
    with (shop / "beat.log").open("wb") as output:
        beat = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "scheduled", "beat", "--schedule", str(shop / "schedule")],
            cwd=str(shop),
            env=environment(platform.url, {"AIOPS_SERVICE_NAME": "beat"}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        event = platform.wait_for_events(1)[0]
    finally:
        beat.terminate()
        beat.wait(DEADLINE)
    assert (event["logger"], event["exceptions"][0]["type"]) == ("celery.beat", "SchedulingError")


def an_eager_app() -> Any:
    made = celery.Celery("eager", broker="memory://", set_as_current=False)
    made.conf.task_always_eager = True
    return made


def test_a_task_that_runs_eagerly_is_told_too_and_the_work_around_it_goes_on():
    app = an_eager_app()

    @app.task(name="inner")
    def inner() -> None:
        aiops_sdk.set_tag("where", "inner")
        raise ValueError("inside")

    @app.task(name="outer")
    def outer() -> None:
        aiops_sdk.set_tag("tenant", "acme")
        inner.delay()
        raise KeyError("outside")

    with capture_events() as events:
        outer.delay()
    told = {event["contexts"]["task"]["name"]: event for event in events}
    assert told["inner"]["tags"] == {"tenant": "acme", "where": "inner"}
    assert told["outer"]["tags"] == {"tenant": "acme"}
    assert told["inner"]["contexts"]["task"]["eager"] is True
    assert "args" not in told["inner"]["contexts"]["task"]
    assert len(events) == 2


def test_closing_leaves_nothing_at_celerys_signals():
    from celery import signals

    names = ("task_prerun", "task_postrun", "task_failure", "worker_process_shutdown")
    before = [len(getattr(signals, name).receivers) for name in names]
    aiops_sdk.init(api_key="key-of-the-test", platform_url="http://127.0.0.1:9", spool=False)
    assert [len(getattr(signals, name).receivers) for name in names] == [number + 1 for number in before]
    aiops_sdk.close(0)
    assert [len(getattr(signals, name).receivers) for name in names] == before
