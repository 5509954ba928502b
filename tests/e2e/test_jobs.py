"""Jobs from end to end: a program that says how its runs go, and what the platform lists of them."""

from __future__ import annotations

import signal
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.platforms import Platform, running_platform
from e2e.programs import clean_environment, eventually, finished, installed, started

PROGRAM = """
    import sys, time
    import aiops_sdk

    aiops_sdk.init()

    @aiops_sdk.monitor(
        "nightly-import",
        schedule={"cron": "0 3 * * *", "timezone": "Europe/Berlin"},
        max_run=float(sys.argv[2]) if len(sys.argv) > 2 else None,
    )
    def run(how):
        print("It runs.", flush=True)
        if how == "fails":
            raise OSError("the books are locked")
        if how == "hangs":
            time.sleep(60)

    run(sys.argv[1])
"""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("platform")) as running:
        yield running


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "nightly.py"
    file.write_text(textwrap.dedent(PROGRAM))
    return file


def surroundings(platform: Platform, service: str, folder: Path) -> dict[str, str]:
    return clean_environment(
        AIOPS_API_KEY=platform.key,
        AIOPS_PLATFORM_URL=platform.url,
        AIOPS_SERVICE_NAME=service,
        AIOPS_SPOOL=str(folder / "spool"),
    )


def job_of(platform: Platform, service: str, *states: str) -> dict[str, Any]:
    """Wait until the service's one job has runs in these states, the newest first."""

    def look() -> dict[str, Any] | None:
        found = platform.get("/api/v1/jobs", service=service)["items"]
        return found[0] if found and [run["state"] for run in found[0]["runs"]] == list(states) else None

    found = eventually(look, what=f"runs of {service} that {states}")
    assert found is not None
    return found


def test_runs_that_end_well_and_badly_are_listed_and_a_failure_leads_to_its_incident(
    platform: Platform, program: Path, tmp_path: Path
) -> None:
    python, environment = installed("e2e", "python"), surroundings(platform, "books", tmp_path)
    assert finished([python, program, "works"], environment=environment).returncode == 0
    job_of(platform, "books", "succeeded")
    failed = finished([python, program, "fails"], environment=environment)
    assert failed.returncode == 1
    assert "OSError: the books are locked" in failed.stderr

    incident = platform.incident(service="books", message="the books are locked")
    job = job_of(platform, "books", "failed", "succeeded")
    assert (job["name"], job["outcome"]) == ("nightly-import", "failed")
    assert job["schedule"] == {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}
    assert job["runs"][0]["incident_id"] == incident["id"]
    assert incident["count"] == 1
    assert all(run["duration"] is not None and run["began_at"] <= run["ended_at"] for run in job["runs"])
    # The failure has its incident: it makes no second one.
    assert (job["state"], job["trouble"]) == ("wrong", "failed")
    assert job["expected_at"] > job["runs"][0]["ended_at"]
    assert {each["kind"] for each in platform.incidents(service="books")} == {"exception"}


def test_a_run_that_is_killed_stays_without_an_end_and_is_told_of(
    platform: Platform, program: Path, tmp_path: Path
) -> None:
    python, environment = installed("e2e", "python"), surroundings(platform, "killed", tmp_path)
    with started([python, program, "hangs", "1"], log=tmp_path / "log", environment=environment) as running:
        running.says("It runs.")
        job_of(platform, "killed", "started")
        running.process.send_signal(signal.SIGKILL)
        running.process.wait(20)
    opened = platform.incident(service="killed", message="nightly-import runs for longer than 1 s")
    assert (opened["kind"], opened["state"]) == ("job", "open")
    assert finished([python, program, "works"], environment=environment).returncode == 0
    job = job_of(platform, "killed", "succeeded", "started")
    assert (job["outcome"], job["runs"][1]["ended_at"]) == ("succeeded", None)

    def is_over() -> bool:
        return bool(platform.incident(service="killed", message="nightly-import")["state"] == "resolved")

    eventually(is_over, what="the end of the trouble")
