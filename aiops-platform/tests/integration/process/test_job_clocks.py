"""Jobs that run late, too short or too often, and across a change of clocks: real processes, the clock moved where it must be.

The platform reads its clock in one place (`process.clock`): there a file on the path of Python puts another one.
"""

import json
import sqlite3
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clocks import Clock
from platform_process import DEADLINE, OPENER, Running, aiops, eventually


class Watched:
    """A platform that watches one job, which pings."""

    def __init__(self, running: Running) -> None:
        self.running = running
        where = str(running.data)
        self._key = aiops("key", "create", "crontab", "--ping", "--data", where).stdout.strip()
        self._token = aiops("token", "create", "program", "--data", where).stdout.strip()

    def ping(self, word: str = "") -> None:
        with OPENER.open(f"{self.running.url}/ping/{self._key}/backup{word}", timeout=DEADLINE) as answer:
            assert answer.read() == b"OK\n"

    def ask(self, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self.running.url}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            method="GET" if body is None else "PUT",
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        with OPENER.open(request, timeout=DEADLINE) as answer:
            return json.loads(answer.read())

    def job(self, is_so: Callable[[dict[str, Any]], object], what: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            return next((each for each in self.ask("/jobs")["items"] if is_so(each)), None)

        found = eventually(look, what)
        assert found is not None
        return found

    def expects(self, **settings: object) -> dict[str, Any]:
        """The job makes itself; from now on this is expected of it."""
        self.ping()
        made = self.job(lambda each: each["runs"], "the job")
        told: dict[str, Any] = self.ask(f"/jobs/{made['id']}", {"settings": settings})
        return told

    def trouble(self) -> str:
        """What the job's incident says, once it is open."""

        def look() -> str | None:
            found = [each for each in self.ask("/incidents")["items"] if each["kind"] == "job"]
            return found[0]["message"] if found else None

        return eventually(look, "an open incident of the job") or ""

    def listened(self) -> None:
        """As if the door had been there for an hour."""
        with closing(sqlite3.connect(self.running.data / "intake.db", timeout=DEADLINE)) as intake, intake:
            eventually(lambda: intake.execute("SELECT count(*) FROM listening").fetchone()[0], "that the door listens")
            intake.execute("UPDATE listening SET since = since - 3600000000")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with Running(tmp_path / "data") as running:
        running.key()
        yield Watched(running)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.fixture
def at(tmp_path: Path, clock: Clock) -> Iterator[Callable[[datetime], Watched]]:
    """A platform whose clock stands at that time, and has for an hour as far as it knows."""
    with ExitStack() as opened:

        def start(moment: datetime) -> Watched:
            clock.stands_at(moment)
            running = opened.enter_context(Running(tmp_path / "data", **clock.settings))
            running.key()
            watched = Watched(running)
            watched.listened()
            return watched

        yield start


def test_a_job_that_starts_late_is_late_first_and_then_told_of(watched: Watched) -> None:
    expected_at = datetime.fromisoformat(watched.expects(every=1, grace=600, max_delay=1)["expected_at"])
    assert watched.job(lambda each: each["state"] == "late", "that it is late")["trouble"] is None
    eventually(lambda: datetime.now(UTC) > expected_at + timedelta(seconds=1.5), "a start that is too late")
    watched.ping("/start")
    assert "late: expected" in watched.trouble()
    assert watched.job(lambda each: each["state"] == "wrong", "what is wrong")["trouble"] == "started_late"


def test_a_run_that_is_too_short_is_told_of_and_a_good_one_ends_that(watched: Watched) -> None:
    watched.expects(min_run=300)
    watched.ping("/start")
    watched.ping()
    assert watched.trouble().startswith("backup took ")
    assert "only: expected 5 min at least" in watched.trouble()
    number = watched.job(lambda each: each["trouble"] == "too_short", "that it was too short")["id"]
    watched.ask(f"/jobs/{number}", {"settings": {"min_run": 0.001}})
    watched.ping("/start")
    watched.ping()
    eventually(lambda: watched.ask("/incidents?state=resolved")["items"], "its end")


def test_a_job_that_runs_twice_is_one_time_too_many(watched: Watched) -> None:
    watched.expects(min_gap=3600)
    watched.ping()
    assert "ran again after" in watched.trouble()
    assert "expected 1 h at least" in watched.trouble()
    assert watched.job(lambda each: each["trouble"], "what is wrong")["trouble"] == "too_often"


NIGHTLY = {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "grace": 2}


def test_in_the_night_when_clocks_are_put_forward_a_job_is_expected_after_the_hour_that_is_not_there(
    at: Callable[[datetime], Watched], clock: Clock
) -> None:
    # From 02:00 to 03:00 in Berlin; that is 01:00 in UTC.
    watched = at(datetime(2027, 3, 28, 0, 59, 50, tzinfo=UTC))
    assert watched.expects(**NIGHTLY)["expected_at"] == "2027-03-28T01:00:00Z"
    clock.goes_on_from(datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC))
    assert watched.trouble() == "backup did not start: expected 2027-03-28 03:00 Europe/Berlin, 2 s grace"
    after = watched.job(lambda each: each["trouble"] == "missed", "that it was missed")
    assert after["expected_at"] == "2027-03-29T00:30:00Z", "Half past two, by the new clock."


def test_in_the_night_when_clocks_are_put_back_a_job_is_expected_once(
    at: Callable[[datetime], Watched], clock: Clock
) -> None:
    # Half past two comes twice in Berlin: at 00:30 and 01:30 in UTC.
    watched = at(datetime(2027, 10, 31, 0, 29, 50, tzinfo=UTC))
    assert watched.expects(**NIGHTLY | {"grace": 600})["expected_at"] == "2027-10-31T00:30:00Z"
    clock.goes_on_from(datetime(2027, 10, 31, 0, 29, 59, tzinfo=UTC))
    watched.job(lambda each: each["state"] == "late", "that its time has come")
    watched.ping()
    done = watched.job(lambda each: len(each["runs"]) == 2, "its run")
    assert (done["trouble"], done["expected_at"]) == (None, "2027-11-01T01:30:00Z")


def test_each_half_hour_is_each_half_hour_also_where_clocks_show_the_same_again(
    at: Callable[[datetime], Watched], clock: Clock
) -> None:
    watched = at(datetime(2027, 10, 31, 1, 29, 50, tzinfo=UTC))
    every_half_hour = NIGHTLY | {"cron": "*/30 * * * *"}
    assert watched.expects(**every_half_hour)["expected_at"] == "2027-10-31T01:30:00Z"
    clock.goes_on_from(datetime(2027, 10, 31, 1, 29, 59, tzinfo=UTC))
    assert watched.trouble() == "backup did not start: expected 2027-10-31 02:30 Europe/Berlin, 2 s grace"
