"""The floors that the architecture page shows are those that the import contracts hold."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def contracts() -> list[tuple[str, str]]:
    """Of each package: its name, and its floors as the page writes them."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return [
        (each["containers"][0], " → ".join(f"`{layer.replace('(', '').replace(')', '')}`" for layer in each["layers"]))
        for each in linter["contracts"]
        if each["type"] == "layers"
    ]


@pytest.mark.parametrize(("package", "floors"), contracts())
def test_the_floors_on_the_page_are_those_of_the_contracts(package: str, floors: str) -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    listed = page.partition(f"\n- `{package}`: ")[2].partition("\n\n")[0].partition("\n- ")[0]
    assert " ".join(listed.split()) == floors


@pytest.mark.parametrize("package", ["aiops_sdk", "aiops_platform"])
def test_every_part_on_the_page_is_there(package: str) -> None:
    floors = next(floors for name, floors in contracts() if name == package)
    source = ROOT / package.replace("_", "-") / "src" / package
    parts = floors.replace("`", "").replace("→", "|").split("|")
    missing = [part.strip() for part in parts if not list(source.glob(f"{part.strip()}*"))]
    assert missing == []
