"""Celery's own unit tests, from its source distribution, come out the same with the SDK attached."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from loopback import Platform as Loopback

from e2e import suites

DEADLINE = 300  # seconds for both runs, which go side by side; each takes about forty
# Where tasks are made, sent, run, retried and lost. What needs other people's servers lies elsewhere.
PARTS = ("app", "tasks", "worker")
# These sleep, or try the same in hundreds of ways.
SLOW = (
    "tasks/test_stamping.py",
    "worker/test_native_delayed_delivery.py",
    "worker/test_worker.py::test_WorkController::test_with_autoscaler_file_descriptor_safety",
    "worker/test_worker.py::test_WorkController::test_with_file_descriptor_safety",
)
TESTS = (*(f"t/unit/{part}" for part in PARTS), *(f"--deselect=t/unit/{each}" for each in SLOW))


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
    assert sum(suites.outcomes(without).values()) > 2000
    # It was listening: these tests fail and log on purpose.
    assert len(loopback.wait_for_events(20)) >= 20
