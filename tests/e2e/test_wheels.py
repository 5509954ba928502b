"""What is built is whole: the wheels carry all that the pages need, and they build where there is no Node.js."""

from __future__ import annotations

import shutil
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from e2e.programs import ROOT, clean_environment, finished

MADE_AT_BUILD_TIME = {
    "web/static/vendor/htmx.min.js",
    "web/static/vendor/hx-sse.min.js",
    "web/static/vendor/uPlot.iife.min.js",
    "web/static/vendor/uPlot.min.css",
    "web/static/vendor/htmx.LICENSE.txt",
    "web/static/vendor/uPlot.LICENSE.txt",
    "web/static/sdk/aiops_sdk-0.2.0-py3-none-any.whl",
}


def wheel(distribution: str, folder: Path = ROOT / "dist") -> zipfile.ZipFile:
    (found,) = folder.glob(f"{distribution}-*.whl")
    return zipfile.ZipFile(found)


def requirements(of: zipfile.ZipFile) -> list[str]:
    (name,) = [name for name in of.namelist() if name.endswith("dist-info/METADATA")]
    return message_from_string(of.read(name).decode()).get_all("Requires-Dist", [])


def sources(package: Path) -> set[str]:
    listing = finished(["git", "-C", package, "ls-files"], environment=clean_environment())
    if listing.returncode:
        pytest.skip("This is no git clone, so there is no list of the sources.")
    return {name for name in listing.stdout.split("\n") if name and (package / name).is_file()}


@pytest.mark.parametrize("package", ["aiops-sdk/src/aiops_sdk", "aiops-platform/src/aiops_platform"])
def test_a_wheel_carries_every_file_of_its_package(package: str) -> None:
    name = Path(package).name
    with wheel(name) as built:
        carried = set(built.namelist())

    assert {f"{name}/{source}" for source in sources(ROOT / package)} - carried == set()


def test_the_platform_s_wheel_carries_what_is_made_at_build_time() -> None:
    with wheel("aiops_platform") as built:
        assert {f"aiops_platform/{name}" for name in MADE_AT_BUILD_TIME} - set(built.namelist()) == set()


def test_the_sdk_that_the_platform_carries_is_the_one_in_dist() -> None:
    (sdk,) = (ROOT / "dist").glob("aiops_sdk-*.whl")
    with wheel("aiops_platform") as built:
        assert built.read(f"aiops_platform/web/static/sdk/{sdk.name}") == sdk.read_bytes()


def test_the_sdk_needs_nothing_at_run_time() -> None:
    with wheel("aiops_sdk") as built:
        assert [line for line in requirements(built) if "extra ==" not in line] == []


def test_the_platform_builds_where_there_is_no_node(tmp_path: Path) -> None:
    for distribution in ("aiops-sdk", "aiops-platform"):
        for name in sources(ROOT / distribution):
            if not name.startswith("tests/"):
                copy = tmp_path / distribution / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / distribution / name, copy)
    uv = Path(sys.executable).with_name("uv")
    command: list[str | Path] = [uv, "build", "--python", sys.executable, "--out-dir", tmp_path / "dist"]

    done = finished(
        [*command, tmp_path / "aiops-platform"], environment=clean_environment(PATH=str(tmp_path / "empty"))
    )

    assert done.returncode == 0, done.stderr
    with wheel("aiops_platform", tmp_path / "dist") as built, wheel("aiops_platform") as ours:
        for name in MADE_AT_BUILD_TIME:
            assert built.read(f"aiops_platform/{name}") == ours.read(f"aiops_platform/{name}"), name
