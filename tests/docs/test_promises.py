"""Every promise on its page names a test, and each of these tests is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "promises.md"
HELD_BY = re.compile(r"\[`(\w+)`\]\(([^)]+)\)")


def promises() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each promise with its tests: a name, and the file in which it is to be."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    return [(row[0], HELD_BY.findall(row[-1])) for row in rows if row[0] != "promise" and not row[0].startswith("--")]


@cache
def names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


def test_the_page_holds_promises() -> None:
    assert len(promises()) > 30


@pytest.mark.parametrize(
    ("promise", "held_by"), promises(), ids=lambda part: part[:60] if isinstance(part, str) else ""
)
def test_a_promise_is_held_by_tests_that_are_there(promise: str, held_by: list[tuple[str, str]]) -> None:
    assert held_by, promise
    assert [name for name, file in held_by if name not in names_in((PAGE.parent / file).resolve())] == []
