"""What every test may ask for, and what none may leave behind."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import Iterator

import pytest
from hypothesis import HealthCheck, settings
from loopback import Platform

import aiops_sdk
from aiops_sdk import _safety
from aiops_sdk import client as clients

# No example fails because a machine is busy; and in CI all runs try the same ones.
settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=os.environ.get("CI") == "true"
)
settings.load_profile("steady")


@pytest.fixture
def platform() -> Iterator[Platform]:
    """A platform that answers 202 to everything."""
    running = Platform()
    yield running
    running.end()


@pytest.fixture(scope="session")
def spools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders that are not there yet, one for each test that has no folder of its own."""
    folder = tmp_path_factory.mktemp("spools")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def no_settings_from_outside(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, spools: Iterator[Path]
) -> None:
    """The tests decide what the environment says; what is undelivered is kept in a folder of their own."""
    for name in list(os.environ):
        if name.startswith("AIOPS_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name)
    # Most tests need no folder, and to make one takes longer than they do.
    has_folder = "tmp_path" in request.fixturenames
    spool = request.getfixturevalue("tmp_path") / "spool" if has_folder else next(spools)
    monkeypatch.setenv("AIOPS_SPOOL", str(spool))


@pytest.fixture(autouse=True)
def our_errors_are_heard() -> Iterator[None]:
    """The guard that keeps our errors from the host lets them through."""
    with _safety.strict():
        yield


@pytest.fixture(autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    """Each test begins and ends without a current client."""
    assert clients.current() is None
    yield
    aiops_sdk.close(0.0)
