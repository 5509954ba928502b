"""What the page's head and its section "Installation" promise."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import List

import pytest
from children import run_program

import aiops_sdk


@pytest.fixture(scope="module")
def requirements() -> List[str]:
    return [re.sub(r"\s|[()]", "", one).replace("'", '"').lower() for one in metadata.requires("aiops-sdk") or []]


def test_name_and_version() -> None:
    """Name: aiops-sdk"""
    assert metadata.version("aiops-sdk") == aiops_sdk.__version__


def test_license_mit() -> None:
    """License: MIT"""
    # Where it stands today; the field "License" that the page shows is its older form.
    assert metadata.metadata("aiops-sdk")["License-Expression"] == "MIT"


def test_requires_python() -> None:
    """Requires-Python: >=3.8"""
    assert metadata.metadata("aiops-sdk")["Requires-Python"] == ">=3.8"
    assert sys.version_info >= (3, 8)


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
def test_classifiers(version: str) -> None:
    """Classifier: Programming Language :: Python :: 3.8 (and so on)"""
    told = metadata.metadata("aiops-sdk").get_all("Classifier") or []
    assert "Programming Language :: Python :: " + version in told


def test_os_independent() -> None:
    """Classifier: Operating System :: OS Independent"""
    assert "Operating System :: OS Independent" in (metadata.metadata("aiops-sdk").get_all("Classifier") or [])


def test_core_only(requirements: List[str]) -> None:
    """pip install aiops-sdk             # core only"""
    assert [one for one in requirements if "extra==" not in one] == []


def test_with_flask_integration(requirements: List[str]) -> None:
    """pip install "aiops-sdk[flask]"    # with Flask integration"""
    assert requirements == ['flask>=2.0.0;extra=="flask"']


def test_the_core_works_without_flask(tmp_path: Path) -> None:
    """Provides-Extra: flask"""
    program = """
        import sys
        sys.modules["flask"] = None
        import aiops_sdk
        try:
            aiops_sdk.init()
        except RuntimeError as error:
            print("asks for a key")
    """
    assert run_program(tmp_path, program).out == "asks for a key\n"
