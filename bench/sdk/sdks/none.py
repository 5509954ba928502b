"""No SDK: what the host costs by itself."""

from __future__ import annotations

from typing import Any

IMPORT = "import sys"
SETUP = ""


def start(url: str) -> None:
    """Nothing."""


def capture(exc: BaseException) -> None:
    """Nothing."""


def flush() -> None:
    """Nothing."""


def attach(app: Any) -> None:
    """Nothing."""
