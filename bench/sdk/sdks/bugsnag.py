"""bugsnag."""

from __future__ import annotations

import os
import threading
from typing import Any

import bugsnag

IMPORT = "import bugsnag"
SETUP = "`bugsnag.configure(api_key, project_root, endpoint, session_endpoint)`, `bugsnag.flask.handle_exceptions(app)`"


def start(url: str) -> None:
    """Errors and sessions, as by default."""
    bugsnag.configure(
        api_key="0" * 32, project_root=os.getcwd(), endpoint=url + "/notify", session_endpoint=url + "/sessions"
    )


capture = bugsnag.notify


def flush() -> None:
    """Wait for the threads that it starts, one for each event; its own flush looks only every 10 ms."""
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join(60)


def attach(app: Any) -> None:
    """Its Flask integration."""
    from bugsnag.flask import handle_exceptions

    handle_exceptions(app)
