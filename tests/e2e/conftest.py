"""What the end-to-end tests share: one platform per module, and one browser."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from browser import QUIET, find_chromium
from e2e.platforms import Platform, running_platform


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("platform")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = find_chromium()
    if not chromium:
        pytest.fail("There is no Chromium here; `make test` installs one.")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium,
            args=QUIET,
            # Its sandbox does not work for root, as whom containers run.
            chromium_sandbox=os.geteuid() != 0,
        )
        yield running
        running.close()
