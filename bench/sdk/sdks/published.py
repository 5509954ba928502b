"""aiops-sdk 0.1.6, as it was last published."""

from __future__ import annotations

import os
import time
from typing import Any

import aiops_sdk
from aiops_sdk import client as sender

IMPORT = "import aiops_sdk"
SETUP = "`aiops_sdk.init(api_key)`, `init_flask(app)`; it has no flush: the bench watches its queue"


def start(url: str) -> None:
    """As its page says."""
    os.environ["AIOPS_PLATFORM_URL"] = url
    os.environ["AIOPS_SERVICE_NAME"] = "bench"
    aiops_sdk.init("key-of-the-bench")


def capture(exc: BaseException) -> None:
    """From its queue on it is on its own."""
    aiops_sdk.capture_exception(exc)


def flush() -> None:
    """Wait for the queue to be empty, and a little for the one that is on its way."""
    waiting: Any = vars(sender)["_send_queue"]
    deadline = time.monotonic() + 60
    while waiting.qsize() and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.005)


def attach(app: Any) -> None:
    """Its Flask integration."""
    aiops_sdk.init_flask(app)
