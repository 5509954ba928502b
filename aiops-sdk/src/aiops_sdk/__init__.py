"""Crashes, error responses, error logs and heartbeats of a Python service, sent to an AIOps platform.

Importing it does nothing; ``init()`` begins, ``close()`` ends.
"""

from __future__ import annotations

from aiops_sdk._version import __version__
from aiops_sdk.client import Client
from aiops_sdk.loading import LOADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

    from aiops_sdk._api import (
        add_breadcrumb,
        capture_exception,
        capture_message,
        close,
        context,
        flush,
        init,
        init_flask,
        set_tag,
        set_user,
        stats,
    )
    from aiops_sdk.config import Config, ConfigError
    from aiops_sdk.fixing import fixer
    from aiops_sdk.jobs import monitor

__all__ = [
    "Client",
    "Config",
    "ConfigError",
    "__version__",
    "add_breadcrumb",
    "capture_exception",
    "capture_message",
    "close",
    "context",
    "fixer",
    "flush",
    "init",
    "init_flask",
    "monitor",
    "set_tag",
    "set_user",
    "stats",
]

# What is needed to begin is loaded when somebody begins; most programs that import this do so once, early, and in one place.
_HOMES = {"Config": "config", "ConfigError": "config", "fixer": "fixing", "monitor": "jobs"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError("module {!r} has no attribute {!r}".format(__name__, name))
    found = getattr(LOADER.module("aiops_sdk." + _HOMES.get(name, "_api")), name)
    globals()[name] = found
    return found


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
