"""What type checkers say of programs that use the SDK."""

from __future__ import annotations

from pathlib import Path

import pytest

api = pytest.importorskip("mypy.api")

RIGHT = """
from typing import Dict, List, Optional

import aiops_sdk
from aiops_sdk.testing import capture_events

client: aiops_sdk.Client = aiops_sdk.init("key", service_name="shop", skip_paths=["/ping"], release=None)
event_id: Optional[str] = aiops_sdk.capture_exception(ValueError())
again: Optional[str] = aiops_sdk.capture_exception()
done: bool = aiops_sdk.flush(1.5)
closed: bool = aiops_sdk.close()
numbers: Dict[str, object] = aiops_sdk.stats()
with capture_events() as events:
    types: List[str] = [event["error_type"] for event in events]
"""

WRONG = """
import aiops_sdk

aiops_sdk.init(42)
aiops_sdk.init(service_name=42)
aiops_sdk.capture_exception("text")
aiops_sdk.flush("soon")
"""


def said_of(program: str, folder: Path) -> str:
    path = folder / "program.py"
    path.write_text(program, encoding="utf-8")
    out, err, _ = api.run(["--strict", "--no-error-summary", "--cache-dir", str(folder / "cache"), str(path)])
    return str(out + err)


def test_a_program_that_is_right_passes_the_strictest_check(tmp_path: Path) -> None:
    assert said_of(RIGHT, tmp_path) == ""


def test_mistakes_are_found(tmp_path: Path) -> None:
    found = said_of(WRONG, tmp_path).splitlines()
    assert [line.split(":")[1] for line in found if ": error: " in line] == ["4", "5", "6", "7"]
