"""Flask's own tests, from its source distribution, come out the same with the SDK attached to every app that they make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import Platform as Loopback

from e2e import suites


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    running = Loopback()
    yield running
    running.stop()


@pytest.mark.timeout(3 * suites.DEADLINE + 10)
def test_flasks_own_tests_come_out_the_same_with_the_sdk_attached_to_every_app(
    tmp_path: Path, loopback: Loopback
) -> None:
    suites.assert_comes_out_the_same("flask-suite", tmp_path, "attach_to_every_app", loopback.url, at_least=400)

    # It was listening: these tests raise, abort and log on purpose.
    assert len(loopback.wait_for_events(20)) >= 20
