"""Celery's prefork pool: its processes end by ``os._exit``, some after every few tasks, and lose nothing by it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List

import pytest
from children import PATIENT, environment, run_program
from loopback import Platform

pytest.importorskip("celery")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork on this system")

DEADLINE = 60.0
BURST = 100
TASKS = 4

SHOP = """
import logging
from pathlib import Path

INIT
from celery import Celery

here = Path(__file__).parent
app = Celery("shop", broker="filesystem://")
app.conf.update(
    broker_transport_options={
        "data_folder_in": str(here / "queue"),
        "data_folder_out": str(here / "queue"),
        "control_folder": str(here / "control"),
    },
    task_ignore_result=True,
    task_acks_late=ACKS_LATE,
)


@app.task
def speak(task):
    for number in range(BURST):
        logging.getLogger("shop").error("task %d says %d", task, number)


@app.task
def fail():
    raise ValueError("in a task")
""".replace("BURST", str(BURST))
INIT = "import aiops_sdk; aiops_sdk.init(service_name='shop')"

WORKER = [sys.executable, "-m", "celery", "-A", "shop", "worker", "--pool", "prefork", "--concurrency", "2"]
WORKER += ["--without-gossip", "--without-mingle", "--without-heartbeat"]


@contextmanager
def working(folder: Path, platform: Platform, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker over the tasks that wait in the folder's queue."""
    with (folder / "worker.log").open("wb") as output:
        process = subprocess.Popen(
            [*WORKER, *options],
            cwd=str(folder),
            env=environment(platform.url, PATIENT),
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


def write(folder: Path, init: str = INIT, *, acks_late: bool = False) -> None:
    for name in ("queue", "control"):
        (folder / name).mkdir()
    (folder / "shop.py").write_text(SHOP.replace("INIT", init).replace("ACKS_LATE", str(acks_late)), encoding="utf-8")


def send(folder: Path, calls: str) -> None:
    """Let a program of its own put tasks into the queue; it reports to nobody."""
    done = run_program(folder, "import shop\n" + calls, platform_url="http://127.0.0.1:9")
    assert done.code == 0, done.err


def told(platform: Platform) -> List[str]:
    return [event["message"] for event in platform.events]


SPEAK = f"for task in range({TASKS}):\n    shop.speak.delay(task)\nimport aiops_sdk\naiops_sdk.close(0)\n"
EVERYTHING = Counter(f"task {task} says {number}" for task in range(TASKS) for number in range(BURST))


def test_what_a_process_says_before_it_is_replaced_arrives(platform: Platform, tmp_path: Path):
    write(tmp_path, acks_late=True)
    send(tmp_path, SPEAK)
    with working(tmp_path, platform, "--max-tasks-per-child", "1"):
        platform.wait_for_events(TASKS * BURST)
    assert Counter(told(platform)) == EVERYTHING
    assert len({event["instance"]["pid"] for event in platform.events}) == TASKS


def test_what_a_process_says_before_the_worker_is_stopped_arrives_and_a_failing_task_is_one_event(
    platform: Platform, tmp_path: Path
):
    write(tmp_path)
    send(tmp_path, "shop.fail.delay()\n" + SPEAK)
    with working(tmp_path, platform):
        platform.wait_for_events((TASKS - 1) * BURST + 2)
    (failed,) = [event for event in platform.events if event["signal_type"] == "exception"]
    assert failed["exceptions"][0]["value"] == "in a task"
    assert Counter(told(platform)) == EVERYTHING + Counter([failed["message"]])


def test_init_after_celery_was_imported_does_it_as_well(platform: Platform, tmp_path: Path):
    write(tmp_path, "import celery.app.base\n" + INIT)
    send(tmp_path, SPEAK)
    with working(tmp_path, platform, "--max-tasks-per-child", "1"):
        platform.wait_for_events(TASKS * BURST)
    assert Counter(told(platform)) == EVERYTHING
