"""Makes the environments of the end-to-end tests, as a user would: from the built wheels, and from the registry.

`.venvs/e2e` holds both of our wheels with Flask and gunicorn; `.venvs/published` the last published SDK with Flask;
`.venvs/flask-suite` our SDK's wheel with what Flask's own tests need, and in its `sources` those tests; the same for each
other framework that has a lock of that name.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")


def make(name: str, lock: str, wheels: list[Path]) -> None:
    """Make one environment from nothing, so that nothing from an earlier run can help."""
    folder = ROOT / ".venvs" / name
    install: list[str | Path] = [
        UV,
        "pip",
        "install",
        "--quiet",
        "--compile-bytecode",
        "--python",
        folder / "bin" / "python",
    ]
    subprocess.run([str(UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
    subprocess.run([*install, "--require-hashes", "-r", ROOT / "requirements" / lock], check=True)
    if wheels:
        subprocess.run([*install, "--no-deps", *wheels], check=True)


def unpack_sources(distribution: str, lock: str, folder: Path) -> None:
    """The source distribution that a lock names, unpacked into the folder: what is installed of it has no tests.

    By the environment's own pip where it has one: to tell what is in it, some need a setuptools that ours is not.
    """
    own = folder.parent / "bin" / "python"
    python = own if (folder.parent / "bin" / "pip").is_file() else sys.executable
    with TemporaryDirectory() as downloads:
        only = Path(downloads) / "only.txt"
        only.write_text(locked(distribution, (ROOT / "requirements" / lock).read_text()))
        download: list[str | Path] = [
            *(python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--no-build-isolation", "--require-hashes", "--no-binary", distribution, "--dest", downloads, "-r", only),
        ]
        subprocess.run(download, check=True)
        shutil.unpack_archive(next(Path(downloads).glob("*.tar.gz")), folder, filter="data")


def locked(distribution: str, lock: str) -> str:
    """The lines of a lock that are about one distribution."""
    begin = re.search(rf"^{re.escape(distribution)}==", lock, re.MULTILINE)
    if begin is None:
        sys.exit(f"{distribution} is not in the lock")
    lines = []
    for line in lock[begin.start() :].splitlines():
        lines.append(line)
        if not line.endswith("\\"):
            break
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make them all."""
    print(
        "Installing the built wheels, the last published SDK, and frameworks' own tests, for the end-to-end tests",
        flush=True,
    )
    make("e2e", "run.txt", sorted((ROOT / "dist").glob("*.whl")))
    make("published", "sdk-published.txt", [])
    for lock in sorted((ROOT / "requirements").glob("*-suite.txt")):
        make(lock.stem, lock.name, sorted((ROOT / "dist").glob("aiops_sdk-*.whl")))
        unpack_sources(lock.stem.removesuffix("-suite"), lock.name, ROOT / ".venvs" / lock.stem / "sources")


if __name__ == "__main__":
    main()
