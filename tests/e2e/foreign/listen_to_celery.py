"""A plugin for pytest that runs in Celery's own tests: the SDK is started, and its threads are there before their first test.

Celery's tests look whether threads were left behind since then.
"""

from __future__ import annotations

import threading
import time

import aiops_sdk

SECONDS = 10.0
THREADS = {"aiops-delivery", "aiops-heartbeats"}


def pytest_configure() -> None:
    """Key and address are in the environment."""
    aiops_sdk.init()
    aiops_sdk.capture_message("Celery's tests begin")
    aiops_sdk.flush(SECONDS)
    deadline = time.monotonic() + SECONDS
    while not {thread.name for thread in threading.enumerate()} >= THREADS and time.monotonic() < deadline:
        time.sleep(0.01)


def pytest_unconfigure() -> None:
    """The last events, too."""
    aiops_sdk.close()
