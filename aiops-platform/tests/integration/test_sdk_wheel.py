"""The build, the pages and the commands mean the same wheel of the SDK."""

import ast
from pathlib import Path

from aiops_platform.core.sdk_wheel import SDK_WHEEL

PLATFORM = Path(__file__).parents[2]


def test_the_build_makes_the_wheel_that_the_platform_names():
    named = [
        ast.literal_eval(statement.value)
        for statement in ast.parse((PLATFORM / "hatch_build.py").read_text()).body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "SDK_WHEEL"
    ]
    assert named == [SDK_WHEEL]


def test_the_platform_names_it_in_one_place():
    sources = (path for path in (PLATFORM / "src/aiops_platform").rglob("*") if path.suffix in {".py", ".html", ".js"})
    assert [path.name for path in sources if "aiops_sdk-" in path.read_text()] == ["sdk_wheel.py"]
