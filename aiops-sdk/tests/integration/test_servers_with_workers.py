"""Servers that fork workers: master and workers each send their own, nothing twice, and what a worker says last arrives."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Counter as CounterOf
from typing import Dict, Iterator, List, Set

import pytest
from children import PATIENT, environment, free_port, run_program
from events import wait_until
from loopback import Platform

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork on this system")

DEADLINE = 60.0
WORKERS = 2
BURST = 100

APP = """
import logging
import os

import aiops_sdk

aiops_sdk.init(service_name="shop")
log = logging.getLogger("shop")
log.error("loaded")
said = []


def application(environ, start_response):
    if not said:
        said.append(True)
        for number in range(BURST):
            log.error("worker %d says %d", os.getpid(), number)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    return [str(os.getpid()).encode()]
""".replace("BURST", str(BURST))


class Workers:
    """A server whose every worker has said its hundred lines just now."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    def ask(self) -> int:
        """The number of the process that answered; 0 if none did."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", "/")
            return int(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def let_each_speak(self) -> Set[int]:
        """Ask until every worker has answered; their numbers."""
        pids: Set[int] = set()

        def all_have_answered() -> bool:
            assert self.process.poll() is None, self.log()
            pids.add(self.ask())
            pids.discard(0)
            return len(pids) == WORKERS

        wait_until(all_have_answered, "each worker to answer")
        return pids

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(DEADLINE)

    def log(self) -> str:
        return self._log.read_text(errors="replace")


@contextmanager
def serving(folder: Path, platform: Platform, command: List[str], code: str = APP) -> Iterator[Workers]:
    """Run ``command`` with the application in its folder. ``{port}`` in it is the port to listen on."""
    (folder / "shop.py").write_text(code, encoding="utf-8")
    port, log = free_port(), folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [part.replace("{port}", str(port)) for part in command],
            cwd=str(folder),
            env=environment(platform.url, PATIENT),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Workers(process, port, log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(DEADLINE)


def expected(pids: Set[int]) -> CounterOf[str]:
    return Counter(f"worker {pid} says {number}" for pid in pids for number in range(BURST))


def told(platform: Platform) -> CounterOf[str]:
    return Counter(event["message"] for event in platform.events)


NEXT_START = """
import time
import aiops_sdk
aiops_sdk.init(service_name="shop")
until = time.monotonic() + 20
while not aiops_sdk.stats()["recovered"] and time.monotonic() < until:
    time.sleep(0.05)
time.sleep(1)
aiops_sdk.flush(10)
"""


def told_in_the_end(platform: Platform, folder: Path, pids: Set[int]) -> CounterOf[str]:
    """What arrived. What a worker had no time left for, on a machine that has much to do, the next start sends."""
    if sum(expected(pids).values()) > sum(count for text, count in told(platform).items() if "says" in text):
        run_program(folder, NEXT_START, platform_url=platform.url)
    return told(platform)


GUNICORN = [
    sys.executable,
    "-m",
    "gunicorn",
    "--workers",
    str(WORKERS),
    "--bind",
    "127.0.0.1:{port}",
    "shop:application",
]
KINDS: Dict[str, List[str]] = {
    "sync": [],
    "gthread": ["--worker-class", "gthread", "--threads", "2"],
    "gevent": ["--worker-class", "gevent"],
}


@pytest.mark.parametrize("preload", [[], ["--preload"]], ids=["", "preload"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_gunicorn_s_workers_say_last_arrives(platform: Platform, tmp_path: Path, kind: str, preload: List[str]):
    if kind == "gevent":
        pytest.importorskip("gevent")
    with serving(tmp_path, platform, [*GUNICORN, *KINDS[kind], *preload]) as server:
        pids = server.let_each_speak()
        server.end(signal.SIGTERM)
    messages = told_in_the_end(platform, tmp_path, pids)
    assert messages.pop("loaded") == (1 if preload else WORKERS)
    assert messages == expected(pids), server.log()
    assert {event["instance"]["pid"] for event in platform.events if "says" in event["message"]} == pids


def test_a_worker_that_gunicorn_replaces_says_everything_first(platform: Platform, tmp_path: Path):
    with serving(tmp_path, platform, [*GUNICORN, "--max-requests", "1", "--preload"]) as server:
        wait_until(lambda: server.ask() > 0, "an answer")
        platform.wait_for_events(BURST + 1)
        server.end(signal.SIGTERM)
    by_worker = Counter(event["instance"]["pid"] for event in platform.events if "says" in event["message"])
    assert set(by_worker.values()) == {BURST}, server.log()


UWSGI = str(Path(sys.executable).with_name("uwsgi"))
SERVED_BY_UWSGI = [UWSGI, "--http-socket", "127.0.0.1:{port}", "--master", "--processes", str(WORKERS), "--need-app"]
SERVED_BY_UWSGI += ["--die-on-term", "--module", "shop"]
with_uwsgi = pytest.mark.skipif(not Path(UWSGI).exists(), reason="There is no uWSGI in this environment")


@with_uwsgi
@pytest.mark.parametrize("threads", [["--enable-threads"], []], ids=["threads", "no threads"])
@pytest.mark.parametrize(
    "lazy", [["--lazy-apps"], [], ["--py-call-uwsgi-fork-hooks"]], ids=["lazy", "forked", "forked with hooks"]
)
def test_what_uwsgi_s_workers_say_last_arrives(platform: Platform, tmp_path: Path, threads: List[str], lazy: List[str]):
    with serving(tmp_path, platform, [*SERVED_BY_UWSGI, *threads, *lazy]) as server:
        pids = server.let_each_speak()
        # In the midst of a request a worker of uWSGI ends without any last things.
        wait_until(lambda: all(f"[pid: {pid}|" in server.log() for pid in pids), "the requests to be over")
        server.end(signal.SIGTERM)
    messages = told(platform)
    # What the first process said before it forked, one of the workers tells.
    assert messages.pop("loaded") == (WORKERS if "--lazy-apps" in lazy else 1)
    assert messages == expected(pids), server.log()
    assert ("runs without threads" in server.log()) != bool(threads)


@with_uwsgi
@pytest.mark.parametrize("options", [[], ["--lazy-apps"], ["--py-call-uwsgi-fork-hooks"], ["--threads", "2"]])
def test_uwsgi_s_workers_beat_where_they_have_threads(platform: Platform, tmp_path: Path, options: List[str]):
    with serving(tmp_path, platform, [*SERVED_BY_UWSGI, "--enable-threads", *options]) as server:
        pids = server.let_each_speak()
        platform.wait_until(lambda: {beat["instance"]["pid"] for beat in platform.heartbeats} == pids, "their beats")
        assert len({beat["instance"]["id"] for beat in platform.heartbeats}) == WORKERS
        server.end(signal.SIGTERM)


@with_uwsgi
def test_without_threads_nobody_beats_and_nobody_hangs(platform: Platform, tmp_path: Path):
    with serving(tmp_path, platform, SERVED_BY_UWSGI) as server:
        pids = server.let_each_speak()
        assert {server.ask() for _ in range(20)} <= pids
        server.end(signal.SIGTERM)
    assert platform.heartbeats == []


@with_uwsgi
def test_hooks_that_the_app_gave_uwsgi_still_run(platform: Platform, tmp_path: Path):
    own = APP.replace(
        "import aiops_sdk\n",
        "import uwsgi\nuwsgi.post_fork_hook = lambda: print('own fork hook', flush=True)\n"
        "uwsgi.atexit = lambda: log.error('own last words')\nimport aiops_sdk\n",
    )
    with serving(tmp_path, platform, [*SERVED_BY_UWSGI, "--enable-threads"], code=own) as server:
        server.let_each_speak()
        wait_until(lambda: server.log().count("[pid: ") >= WORKERS, "the requests to be over")
        server.end(signal.SIGTERM)
    assert server.log().count("own fork hook") == WORKERS
    assert told(platform)["own last words"] == WORKERS
