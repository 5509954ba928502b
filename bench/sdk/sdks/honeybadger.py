"""honeybadger."""

from __future__ import annotations

import threading
from typing import Any

from honeybadger import honeybadger

IMPORT = "import honeybadger"
SETUP = "`honeybadger.configure(api_key, environment='production')`, `FlaskHoneybadger(app, report_exceptions=True)`, no insights"


def start(url: str) -> None:
    """Errors only."""
    honeybadger.configure(api_key="0", endpoint=url, environment="production")


def capture(exc: BaseException) -> None:
    """A notice."""
    honeybadger.notify(exc)


def flush() -> None:
    """It has none: wait for the threads that it starts, one for each notice."""
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join(60)


def attach(app: Any) -> None:
    """Its Flask integration."""
    from honeybadger.contrib import FlaskHoneybadger

    app.config["HONEYBADGER_API_KEY"] = "0"
    app.config["HONEYBADGER_ENDPOINT"] = honeybadger.config.endpoint
    app.config["HONEYBADGER_ENVIRONMENT"] = "production"
    FlaskHoneybadger(app, report_exceptions=True)
