"""Fixes of a server with two workers, over real HTTP: done by one of them, once, whatever dies meanwhile."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import asking
import pytest
from asking import PATH, a_fix, posted
from children import PATIENT, environment, free_port
from events import wait_until
from loopback import HEARTBEATS, Answer, Platform

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork on this system")

DEADLINE = 60.0
SHOP = """
import os
import time

import aiops_sdk
from aiops_sdk.integrations.wsgi import AIOpsMiddleware


def note(word):
    with open("done", "a") as file:
        file.write("{} {}\\n".format(word, os.getpid()))


@aiops_sdk.fixer("mend")
def mend() -> None:
    note("mended")


@aiops_sdk.fixer("hang")
def hang() -> None:
    note("hangs")
    time.sleep(600)


@aiops_sdk.fixer("everywhere", each_instance=True)
def everywhere() -> None:
    note("everywhere")


aiops_sdk.init(service_name="shop")


@AIOpsMiddleware
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""
GUNICORN = [sys.executable, "-m", "gunicorn", "--workers", "2", "--preload", "shop:application", "--bind"]


class Shop:
    """A server with two workers."""

    def __init__(self, folder: Path, platform: Platform, port: int) -> None:
        self._folder = folder
        self._platform = platform
        self._port = port

    def push(self, asked: Mapping[str, Any]) -> Tuple[int, Dict[str, Any]]:
        headers, body = posted(asked)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE)
        try:
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def answers(self, asked: Mapping[str, Any]) -> bool:
        """Whether a worker is there that knows its project."""
        try:
            return self.push(asked)[0] == 200
        except OSError:
            return False

    def done(self) -> List[List[str]]:
        """What was done, and by which process."""
        path = self._folder / "done"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def instances(self) -> Dict[int, str]:
        """The workers that have beaten: their processes and ids."""
        offered = [beat for beat in self._platform.heartbeats if beat.get("fixers")]
        return {beat["instance"]["pid"]: beat["instance"]["id"] for beat in offered}

    def told(self, asked: Mapping[str, Any]) -> List[str]:
        """The final states that beats told of it."""
        told = [each for beat in self._platform.heartbeats for each in beat.get("fixes", [])]
        return [each["state"] for each in told if each["request"] == asked["request"] and each["state"] != "running"]


@contextmanager
def serving(folder: Path, platform: Platform) -> Iterator[Shop]:
    (folder / "shop.py").write_text(SHOP, encoding="utf-8")
    platform.always_answer(Answer(202, asking.answer()), HEARTBEATS)
    port = free_port()
    server = subprocess.Popen(
        [*GUNICORN, f"127.0.0.1:{port}"],
        cwd=str(folder),
        env=environment(platform.url, PATIENT),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    shop = Shop(folder, platform, port)
    try:
        # The master beats, too, and offers what it has.
        platform.wait_until(lambda: len(shop.instances()) >= 3, "both workers")
        # Both have heard which project they are of, once twenty in a row say so.
        challenge = asking.a_challenge()
        wait_until(lambda: all(shop.answers(challenge) for _ in range(20)), "both workers to answer")
        yield shop
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(DEADLINE)


def test_a_fix_that_is_pushed_to_two_workers_at_once_is_done_by_one_and_told(platform: Platform, tmp_path: Path):
    with serving(tmp_path, platform) as shop:
        asked = a_fix()
        threads = [threading.Thread(target=shop.push, args=[asked]) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        platform.wait_until(lambda: bool(shop.told(asked)), "the result")
        assert [word for word, _ in shop.done()] == ["mended"]
        assert shop.push(asked)[1]["state"] == "succeeded"
        assert shop.told(asked) == ["succeeded"]
        assert shop.push(a_fix("everywhere"))[0] == 401


def test_a_fix_whose_worker_is_killed_is_told_by_another_and_not_done_again(platform: Platform, tmp_path: Path):
    with serving(tmp_path, platform) as shop:
        asked = a_fix("hang")
        assert shop.push(asked)[0] == 202
        wait_until(lambda: bool(shop.done()), "the beginning")
        ((word, pid),) = shop.done()
        os.kill(int(pid), signal.SIGKILL)
        platform.wait_until(lambda: bool(shop.told(asked)), "what became of it")
        assert shop.told(asked) == ["interrupted"]
        assert shop.push(asked)[1]["state"] == "interrupted"
        assert shop.done() == [[word, pid]]
