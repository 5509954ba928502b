"""rollbar."""

from __future__ import annotations

from typing import Any

import rollbar

IMPORT = "import rollbar"
SETUP = (
    "`rollbar.init(access_token, environment)` with its default handler (a thread for each item), "
    "`rollbar.contrib.flask.init(app, …)`"
)


def start(url: str) -> None:
    """The default handler."""
    rollbar.init("0" * 32, "production", endpoint=url + "/api/1/")


def capture(exc: BaseException) -> None:
    """The exception that is being handled."""
    rollbar.report_exc_info()


def flush() -> None:
    """Wait for its threads."""
    rollbar.wait()


def attach(app: Any) -> None:
    """Its Flask integration; it calls init() itself, which says that it was called before."""
    from rollbar.contrib.flask import init

    init(app, "0" * 32, "production")
