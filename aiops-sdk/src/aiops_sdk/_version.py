"""The version, in one place for the code; ``pyproject.toml`` says the same, and a test compares them."""

from __future__ import annotations

__version__ = "0.2.0"
