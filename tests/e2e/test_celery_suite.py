"""Celery's own unit tests, from its source distribution, come out the same with the SDK attached."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from loopback import Platform as Loopback

from e2e import suites

DEADLINE = 600  # seconds for both runs, which go side by side; each takes about three minutes, half of it in sleeps
# What these need is a hundred megabytes of other people's clients.
CLOUDS = ("azureblockblob", "dynamodb", "gcs", "mongodb", "s3")
# And these have nothing to do with what we hear, but take a minute.
APART = ("contrib", "security", "utils")
TESTS = (
    "t/unit",
    *(f"--ignore=t/unit/backends/test_{name}.py" for name in CLOUDS),
    *(f"--ignore=t/unit/{name}" for name in APART),
)


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    running = Loopback()
    yield running
    running.stop()


@pytest.mark.timeout(DEADLINE + 10)
def test_celerys_own_unit_tests_come_out_the_same_with_the_sdk_attached(tmp_path: Path, loopback: Loopback) -> None:
    without, attached = tmp_path / "without", tmp_path / "attached"
    for folder in (without, attached):
        folder.mkdir()
    with ThreadPoolExecutor(2) as side_by_side:
        running = side_by_side.submit(suites.run, "celery-suite", without, tests=TESTS, deadline=DEADLINE)
        ours = suites.run(
            "celery-suite",
            attached,
            *("-p", "listen_to_celery"),
            tests=TESTS,
            deadline=DEADLINE,
            PYTHONPATH=str(suites.PLUGINS),
            AIOPS_API_KEY="key-of-the-test",
            AIOPS_PLATFORM_URL=loopback.url,
            AIOPS_SPOOL=str(tmp_path / "spool"),
        )
        plain = running.result()

    assert suites.outcomes(attached) == suites.outcomes(without), f"{plain.stdout}\n{ours.stdout}\n{ours.stderr}"
    assert sum(suites.outcomes(without).values()) > 4000
    # It was listening: these tests fail and log on purpose.
    assert len(loopback.wait_for_events(20)) >= 20
