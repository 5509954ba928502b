"""The fixture ``aiops_events``, in pytest runs of their own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from importlib import metadata
from pathlib import Path
from typing import List

import pytest
from children import DEADLINE, environment

TESTS = """
    import logging
    import aiops_sdk

    def test_that_passes(aiops_events):
        logging.getLogger("shop").error("it broke")
        assert [event["message"] for event in aiops_events] == ["it broke"]

    def test_that_fails(aiops_events):
        aiops_sdk.capture_exception(KeyboardInterrupt())
        logging.getLogger("shop").error("it broke")
        assert len(aiops_events) == 2

    def test_without_it():
        assert aiops_sdk.capture_exception(ValueError()) is None
"""


def is_installed() -> bool:
    """Whether pytest finds the fixture by itself, as it does where the SDK is installed."""
    try:
        files = metadata.distribution("aiops-sdk")
    except metadata.PackageNotFoundError:
        return False
    return any((each.group, each.name) == ("pytest11", "aiops") for each in files.entry_points)


def pytest_in(folder: Path, code: str, *options: str) -> List[str]:
    (folder / "test_shop.py").write_text(textwrap.dedent(code), encoding="utf-8")
    found = [] if is_installed() else ["-p", "aiops_sdk.pytest_plugin"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-c",
            "/dev/null",
            "--rootdir",
            ".",
            *found,
            *options,
        ],
        cwd=str(folder),
        env=environment(None),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE,
    )
    return done.stdout.decode().splitlines()


def test_a_test_that_asks_for_it_hears_what_is_reported_and_one_that_fails_says_what_that_was(tmp_path: Path):
    said = pytest_in(tmp_path, TESTS)
    assert " 2 passed" in said[-1] or ", 2 passed" in said[-1]
    assert "1 failed" in said[-1]
    told = [line for line in said if "where 1 = len(<1 captured: ERROR: it broke." in line]
    assert told
    assert "ignored KeyboardInterrupt" in told[0]


def test_where_it_is_not_asked_for_nothing_of_the_sdk_begins(tmp_path: Path):
    code = """
        import sys

        def test_modules():
            heavy = {"aiops_sdk." + name for name in ("testing", "_api", "config", "capturing", "delivery", "integrations")}
            assert sorted(heavy & set(sys.modules)) == []
    """
    said = pytest_in(tmp_path, code, "--assert=plain")
    assert "1 passed" in said[-1], said


def test_it_is_declared_for_pytest_and_so_is_the_command():
    try:
        found = {(each.group, each.name): each.value for each in metadata.distribution("aiops-sdk").entry_points}
    except metadata.PackageNotFoundError:
        pytest.skip("the SDK is not installed here")
    assert found["pytest11", "aiops"] == "aiops_sdk.pytest_plugin"
    assert found["console_scripts", "aiops-sdk"] == "aiops_sdk.cli:main"
