"""Runs Django's own tests with their own runner, and writes down how each came out; with a key in the environment, the SDK runs beside."""

from __future__ import annotations

import functools
import json
import os
import runpy
import sys
import unittest
from importlib import import_module
from pathlib import Path
from typing import Any

OUTCOMES: dict[str, str] = {}


def note(name: str) -> None:
    """Remember with which of its methods a result was told of a test."""
    told = getattr(unittest.TestResult, name)

    @functools.wraps(told)
    def tell(result: unittest.TestResult, test: Any, *details: Any) -> Any:
        OUTCOMES[str(test)] = name
        return told(result, test, *details)

    setattr(unittest.TestResult, name, tell)


def main() -> None:
    """The arguments: a file for the outcomes, then those of Django's runner."""
    outcomes = Path(sys.argv.pop(1))
    for name in ("addSuccess", "addError", "addFailure", "addSkip", "addExpectedFailure", "addUnexpectedSuccess"):
        note(name)
    sdk = import_module("aiops_sdk") if "AIOPS_API_KEY" in os.environ else None
    if sdk:
        sdk.init()
    sys.argv[0] = "runtests.py"
    sys.path.insert(0, str(Path.cwd()))
    try:
        runpy.run_path("runtests.py", run_name="__main__")
    finally:
        outcomes.write_text(json.dumps(OUTCOMES))
        if sdk:
            sdk.close()


if __name__ == "__main__":
    main()
