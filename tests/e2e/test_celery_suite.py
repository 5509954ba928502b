"""Celery's own unit tests, from its source distribution, come out the same with the SDK attached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import Platform as Loopback

from e2e import suites

DEADLINE = 300  # seconds for a run; it takes about forty
# Where tasks are made, sent, run, retried and lost. What needs other people's servers lies elsewhere.
PARTS = ("app", "tasks", "worker")
# These sleep, or try the same in hundreds of ways.
SLOW = (
    "tasks/test_stamping.py",
    "worker/test_native_delayed_delivery.py",
    "worker/test_worker.py::test_WorkController::test_with_autoscaler_file_descriptor_safety",
    "worker/test_worker.py::test_WorkController::test_with_file_descriptor_safety",
)
TESTS = tuple(f"t/unit/{part}" for part in PARTS)
LEFT_OUT = tuple(f"--deselect=t/unit/{each}" for each in SLOW)


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    running = Loopback()
    yield running
    running.stop()


@pytest.mark.timeout(3 * DEADLINE + 10)
def test_celerys_own_unit_tests_come_out_the_same_with_the_sdk_attached(tmp_path: Path, loopback: Loopback) -> None:
    suites.assert_comes_out_the_same(
        "celery-suite",
        tmp_path,
        "listen_to_celery",
        loopback.url,
        tests=TESTS,
        left_out=LEFT_OUT,
        deadline=DEADLINE,
        at_least=2000,
    )

    # It was listening: these tests fail and log on purpose.
    assert len(loopback.wait_for_events(20)) >= 20
