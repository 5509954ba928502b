"""Starlette's own tests, from its source distribution, come out the same with the SDK listening to every app that they make."""

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
def test_starlettes_own_tests_come_out_the_same_with_the_sdk_listening_to_every_app(
    tmp_path: Path, loopback: Loopback
) -> None:
    suites.assert_comes_out_the_same("starlette-suite", tmp_path, "listen_to_every_app", loopback.url, at_least=1000)

    # It was listening: these tests raise and answer 500 on purpose.
    assert len(loopback.wait_for_events(20)) >= 20
