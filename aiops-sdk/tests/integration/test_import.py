"""Importing the SDK does nothing, and costs little."""

from __future__ import annotations

from pathlib import Path
from typing import Set

import pytest
from children import run_program

NETWORK = [
    "socket",
    "_socket",
    "ssl",
    "_ssl",
    "http.client",
    "urllib.request",
    "asyncio",
    "email",
    "select",
    "requests",
]


def test_importing_loads_no_network_module(tmp_path: Path):
    program = f"import sys, aiops_sdk\nprint([name for name in {NETWORK!r} if name in sys.modules])"
    assert run_program(tmp_path, program).out.strip() == "[]"


def test_importing_has_no_effect(tmp_path: Path):
    program = """
        import atexit, logging, sys, threading
        def looks():
            return (
                sys.excepthook, threading.excepthook, logging.Logger.callHandlers, logging.getLogger().handlers[:],
                sorted(logging.root.manager.loggerDict), threading.active_count(),
            )
        before = looks()[:4]
        import aiops_sdk
        print(looks()[:4] == before, threading.active_count(), aiops_sdk.stats()["captured"])
    """
    assert run_program(tmp_path, program).out.split() == ["True", "1", "0"]


def test_importing_needs_no_environment_and_no_flask(tmp_path: Path):
    program = """
        import sys
        sys.modules["flask"] = None
        import aiops_sdk
        print(aiops_sdk.__version__)
    """
    assert run_program(tmp_path, program, options=["-W", "error"]).out.strip() == "0.2.0"


def test_nothing_is_captured_before_init(tmp_path: Path):
    program = """
        import logging, aiops_sdk
        logging.getLogger("shop").error("nobody listens")
        print(aiops_sdk.capture_exception(ValueError()), aiops_sdk.flush(), aiops_sdk.close(), aiops_sdk.stats()["captured"])
    """
    expected = "None True True 0"
    assert run_program(tmp_path, program).out.strip() == expected


@pytest.mark.parametrize("module", ["aiops_sdk.testing", "aiops_sdk.heartbeats"])
def test_other_modules_load_no_network_either(tmp_path: Path, module: str):
    program = f"import sys, {module}\nprint([name for name in {NETWORK!r} if name in sys.modules])"
    assert run_program(tmp_path, program).out.strip() == "[]"


# What an import and an init() may load, whatever a program has loaded before. Each further module is time of every start.
AT_IMPORT = {"_version", "client", "event", "frozen", "hosting", "loading", "scope", "_safety"}
AT_INIT = AT_IMPORT | {
    *("_api", "config", "modules", "delivery", "delivery.bell", "heartbeats", "integrations", "releases", "telling"),
    *("integrations.excepthook", "integrations.logging", "integrations.threading", "integrations.unraisable"),
}
SLOW = ["asyncio", "dataclasses", "datetime", "hashlib", "inspect", "json", "typing"]


@pytest.mark.parametrize(
    ("begins", "expected"),
    [("", AT_IMPORT), ("_safety.start_thread = lambda *_: True; aiops_sdk.init()", AT_INIT)],
    ids=["import", "init()"],
)
def test_a_start_loads_little(tmp_path: Path, begins: str, expected: Set[str]):
    program = f"""
        import sys, os
        import aiops_sdk
        from aiops_sdk import _safety
        {begins}
        print(sorted(name[10:] for name in sys.modules if name.startswith("aiops_sdk.")))
        print([name for name in {SLOW!r} if name in sys.modules], flush=True)
        os._exit(0)
    """
    ours, slow = run_program(tmp_path, program, environ={"AIOPS_API_KEY": "k"}).out.strip().split("\n")
    assert (ours, slow) == (str(sorted(expected)), "[]")
