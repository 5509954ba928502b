"""Real processes live and die: a kill is told as silence, a goodbye is not, and a missing process only where it is expected.

Nobody waits for a silence here: the times that are written down are moved back, as if so much time had passed.
"""

import json
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from platform_process import DEADLINE, OPENER, Running, aiops, environment, eventually

PROGRAM = """
import sys
import aiops_sdk

aiops_sdk.init()
sys.stdin.readline()
"""
SECOND = 1_000_000


@contextmanager
def serving(platform: Running, key: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of the service `shop`, until it is ended."""
    settings = {"AIOPS_API_KEY": key, "AIOPS_PLATFORM_URL": platform.url, "AIOPS_SERVICE_NAME": "shop"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=environment(**settings, AIOPS_SPOOL=str(folder)),
        stdin=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE)
        if process.stdin is not None:
            process.stdin.close()


def goodbye(process: subprocess.Popen[str]) -> None:
    """It ends by itself."""
    process.communicate("\n", timeout=DEADLINE)
    assert process.returncode == 0


class Platform:
    """What is asked of it by API, and how time is made to pass."""

    def __init__(self, running: Running) -> None:
        self._running = running
        made = aiops("token", "create", "test", "--data", str(running.data))
        self.token = made.stdout.strip()

    def seen(self, look: Callable[[], object], what: str) -> None:
        """Waits for it, without asking all the time."""

        def look_slowly() -> object:
            time.sleep(0.2)
            return look()

        eventually(look_slowly, what)

    def ask(self, path: str, body: object = None, verb: str = "GET") -> Any:
        request = urllib.request.Request(
            f"{self._running.url}/api/v1{path}",
            method=verb,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with OPENER.open(request, timeout=DEADLINE) as answer:
            return json.load(answer)

    def monitor(self) -> dict[str, Any]:
        found = self.ask("/monitors")["items"]
        return found[0] if found else {"state": None, "beating": 0}

    def incidents(self) -> list[tuple[str, str]]:
        return sorted((each["type"], each["state"]) for each in self.ask("/incidents?state=all")["items"])

    def becomes(self, **said: object) -> None:
        """Waits until the monitor says so."""

        def look() -> bool:
            monitor = self.monitor()
            return all(monitor[name] == value for name, value in said.items())

        self.seen(look, f"a monitor with {said}")

    def passes(self, seconds: int, *columns: str) -> None:
        """As if so much time had passed since all that is written down of monitors, or only since this."""
        with closing(sqlite3.connect(self._running.data / "intake.db", timeout=DEADLINE)) as intake, intake:
            intake.execute("UPDATE listening SET since = since - ?", (3600 * SECOND,))
        with closing(sqlite3.connect(self._running.data / "store.db", timeout=DEADLINE)) as store, store:
            store.execute("BEGIN IMMEDIATE")
            back = seconds * SECOND
            for number, instances in store.execute("SELECT id, instances FROM monitors").fetchall():
                if columns:
                    break
                moved = {name: at - back for name, at in json.loads(instances).items()}
                store.execute("UPDATE monitors SET instances = ? WHERE id = ?", (json.dumps(moved), number))
            told = columns or ("last_beat_at", "state_since", "due_at", "full_at", "short_since", "watched_from")
            store.execute(f"UPDATE monitors SET {', '.join(f'{each} = {each} - {back}' for each in told)}")

    def is_put_off(self) -> bool:
        """Whether it was looked at, and will be again only in minutes."""
        with closing(sqlite3.connect(self._running.data / "store.db", timeout=DEADLINE)) as store:
            (due_at,) = store.execute("SELECT due_at FROM monitors").fetchone()
        return due_at is not None and due_at > (time.time() + 300) * SECOND


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path / "data") as started:
        yield started


def test_a_kill_is_told_as_silence_and_a_goodbye_is_not(running: Running, tmp_path: Path) -> None:
    key = running.key()
    platform = Platform(running)
    with serving(running, key, tmp_path / "a") as a, serving(running, key, tmp_path / "b") as b:
        with serving(running, key, tmp_path / "c") as c:
            platform.becomes(state="alive", beating=3)
            goodbye(b)
            goodbye(c)
        platform.becomes(state="alive", beating=1)
        assert platform.incidents() == [], "A scale-down is nobody's death."
        a.kill()
        platform.passes(95)
        platform.becomes(state="silent")
        platform.seen(lambda: platform.incidents() == [("ServiceSilent", "open")], "an incident of the silence")
    with serving(running, key, tmp_path / "d") as d:
        platform.becomes(state="alive", beating=1)
        platform.seen(lambda: platform.incidents() == [("ServiceSilent", "resolved")], "its end")
        number = platform.monitor()["service_id"]
        platform.ask(f"/monitors/{number}/expected", {"processes": 3}, "PUT")
        # It goes on beating, but the others have been missed for so long.
        platform.passes(95, "full_at", "due_at")
        missing = ("ProcessesMissing", "open")
        platform.seen(lambda: missing in platform.incidents(), "an incident of the missing processes")
        platform.ask(f"/monitors/{number}/expected", {"processes": None}, "PUT")
        goodbye(d)
    platform.becomes(state="stopped", beating=0)
    platform.passes(600)
    settled = [("ProcessesMissing", "resolved"), ("ServiceSilent", "resolved")]
    platform.seen(lambda: platform.incidents() == settled, "nothing that is open")
    window = platform.ask("/maintenance", {"minutes": 10, "services": ["shop"]}, "POST")
    with serving(running, key, tmp_path / "e") as e:
        platform.becomes(state="alive", beating=1)
        e.kill()
    platform.passes(95)
    platform.seen(platform.is_put_off, "a look that is put off to the end of the maintenance")
    assert platform.monitor()["state"] == "alive"
    assert platform.monitor()["maintenance"] == window["id"]
    assert platform.incidents() == settled


def test_a_shell_shows_services_and_pauses_them_here_and_elsewhere(running: Running, tmp_path: Path) -> None:
    platform = Platform(running)
    with serving(running, running.key(), tmp_path / "a") as a:
        platform.becomes(state="alive", beating=1)
        number = str(platform.monitor()["service_id"])
        for place in ({"AIOPS_SERVER_DATA": str(running.data)}, {"AIOPS_TOKEN": platform.token}):
            there = ["--url", running.url] if "AIOPS_TOKEN" in place else []

            def said(*words: str, code: int = 0, there: list[str] = there, place: dict[str, str] = place) -> str:
                done = aiops("services", *words, *there, **place)
                assert done.returncode == code, done.stderr
                return done.stderr if code else done.stdout

            assert "alive" in said("list").splitlines()[1].split()
            assert said("pause", number, "--for", "2h") == f"Service {number} is paused for 2h.\n"
            platform.becomes(state="paused")
            assert "paused until" in said("list")
            assert said("resume", number) == f"Service {number} is watched again.\n"
            platform.becomes(state="alive")
            assert said("pause", number) == f"Service {number} is paused.\n"
            assert platform.monitor()["paused_until"] is None
            said("resume", number)
            assert "There is no service 999999" in said("pause", "999999", code=1)
        goodbye(a)
