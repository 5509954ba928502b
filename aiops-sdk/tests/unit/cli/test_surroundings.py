"""What a program would run in, as ``doctor`` judges it."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

import pytest

from aiops_sdk.cli import surroundings
from aiops_sdk.cli.surroundings import KNOWN

OLDEST = Path(__file__).parents[4] / "requirements"


def test_the_oldest_versions_are_those_that_are_tested():
    if not OLDEST.is_dir():
        pytest.skip("only in a clone")
    pinned = {}
    for name in ("sdk-oldest.in", "sdk-frameworks-oldest.in"):
        for line in (OLDEST / name).read_text(encoding="utf-8").splitlines():
            package, _, version = line.partition("==")
            pinned[package.lower()] = tuple(int(part) for part in version.split(".")[:2] if part)
    assert {name: oldest for name, oldest in KNOWN.items() if oldest} == {
        name: pinned[name.lower()] for name, oldest in KNOWN.items() if oldest
    }


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"Flask": "3.1.3", "gunicorn": "23.0.0"}, "ok       beside it    Flask 3.1.3, gunicorn 23.0.0"),
        ({"Flask": "1.1.4"}, "warning  beside it    older than what is tested: Flask 1.1.4 (needs 2.0)"),
        ({"Flask": "2.0.0rc1"}, "ok       beside it    Flask 2.0.0rc1"),
    ],
)
def test_frameworks_that_are_too_old_are_named(versions: Mapping[str, str], expected: str):
    assert surroundings.frameworks(versions).line() == expected
