"""A plugin for pytest that runs in somebody else's tests: the SDK is started, and listens to every app by itself."""

from __future__ import annotations

import aiops_sdk


def pytest_configure() -> None:
    """Key and address are in the environment."""
    aiops_sdk.init()


def pytest_unconfigure() -> None:
    """The last events, too."""
    aiops_sdk.close()
