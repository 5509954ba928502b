"""Makes the environments of the end-to-end tests, as a user would: from the built wheels, and from the registry.

`.venvs/e2e` holds both of our wheels with Flask and gunicorn; `.venvs/published` the last published SDK with Flask.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def main() -> None:
    """Make both."""
    print("Installing the built wheels, and the last published SDK, for the end-to-end tests", flush=True)
    make("e2e", "run.txt", sorted((ROOT / "dist").glob("*.whl")))
    make("published", "sdk-published.txt", [])


if __name__ == "__main__":
    main()
