"""sentry-sdk."""

from __future__ import annotations

from typing import Any

import sentry_sdk

IMPORT = "import sentry_sdk"
SETUP = "`sentry_sdk.init(dsn=…)`: errors with their default integrations (logging, Flask, …), no tracing"


def start(url: str) -> None:
    """Default integrations, no tracing."""
    sentry_sdk.init(dsn=url.replace("http://", "http://public@") + "/1")


capture = sentry_sdk.capture_exception


def flush() -> None:
    """Wait for the worker."""
    sentry_sdk.flush(60)


def attach(app: Any) -> None:
    """It attaches itself."""
