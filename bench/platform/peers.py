"""Environments for what we are compared with and attacked by, each made from a hashed lock."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_DEADLINE = 900.0


@dataclass(frozen=True)
class Installed:
    """An environment that is there."""

    python: Path
    version: str


class NotInstalledError(Exception):
    """It could not be made; the message is the last line that the installer said."""


def bugsink() -> Installed:
    """Bugsink in the version of its lock; installed when it is not there yet. Raises NotInstalledError."""
    return _installed("bugsink")


def schemathesis() -> Installed:
    """Schemathesis in the version of its lock; installed when it is not there yet. Raises NotInstalledError."""
    return _installed("schemathesis")


def atheris() -> Installed:
    """Atheris in the version of its lock; installed when it is not there yet. Raises NotInstalledError."""
    return _installed("atheris")


@cache
def _installed(name: str) -> Installed:
    lock, folder = ROOT / "requirements" / f"bench-{name}.txt", ROOT / ".venvs" / f"bench-{name}"
    python, mark = folder / "bin" / "python", folder / "made-from"
    made_from = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if not (mark.is_file() and mark.read_text() == made_from):
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        uv = Path(sys.executable).with_name("uv")
        install = [str(uv), "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
        if not uv.is_file():
            install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*install, "--require-hashes", "-r", str(lock)])
        mark.write_text(made_from)
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return Installed(python, done.stdout.strip())


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_DEADLINE, check=False
    )
    if done.returncode:
        raise NotInstalledError((done.stdout.strip().splitlines() or ["it said nothing"])[-1])
