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
from children import environment, free_port
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
def serving(folder: Path, platform: Platform, command: List[str], **environ: str) -> Iterator[Workers]:
    """Run ``command`` with the application in its folder. ``{port}`` in it is the port to listen on."""
    (folder / "shop.py").write_text(APP, encoding="utf-8")
    port, log = free_port(), folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [part.replace("{port}", str(port)) for part in command],
            cwd=str(folder),
            env=environment(platform.url, environ),
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


def expected(pids: Set[int], loaded: int) -> CounterOf[str]:
    messages = Counter(f"worker {pid} says {number}" for pid in pids for number in range(BURST))
    messages["loaded"] = loaded
    return messages


def told(platform: Platform) -> CounterOf[str]:
    return Counter(event["message"] for event in platform.events)


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
    assert told(platform) == expected(pids, loaded=1 if preload else WORKERS), server.log()
    assert {event["instance"]["pid"] for event in platform.events if "says" in event["message"]} == pids


def test_a_worker_that_gunicorn_replaces_says_everything_first(platform: Platform, tmp_path: Path):
    with serving(tmp_path, platform, [*GUNICORN, "--max-requests", "1", "--preload"]) as server:
        wait_until(lambda: server.ask() > 0, "an answer")
        platform.wait_for_events(BURST + 1)
        server.end(signal.SIGTERM)
    by_worker = Counter(event["instance"]["pid"] for event in platform.events if "says" in event["message"])
    assert set(by_worker.values()) == {BURST}, server.log()
