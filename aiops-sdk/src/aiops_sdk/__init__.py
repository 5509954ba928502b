"""Crashes, error responses, error logs and heartbeats of a Python service, sent to an AIOps platform.

Importing it does nothing; ``init()`` begins, ``close()`` ends.
"""

from __future__ import annotations

from aiops_sdk._api import capture_exception, close, flush, init, init_flask, stats
from aiops_sdk._version import __version__
from aiops_sdk.client import Client
from aiops_sdk.config import Config, ConfigError

__all__ = [
    "Client",
    "Config",
    "ConfigError",
    "__version__",
    "capture_exception",
    "close",
    "flush",
    "init",
    "init_flask",
    "stats",
]
