"""A virtual environment for each SDK, so that none sees another, made with whatever is at hand: uv or pip."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venvs"
OURS = ROOT / "aiops-sdk"
A_DAY = 24 * 3600.0
DEADLINE = 600.0

#: What each SDK is installed from, beside the newest Flask. An empty list is the host by itself.
REQUIREMENTS: dict[str, list[str]] = {
    "none": [],
    "ours": [str(OURS)],
    "published": ["aiops-sdk==0.1.6"],
    "sentry": ["sentry-sdk[flask]"],
    "rollbar": ["rollbar"],
    "honeybadger": ["honeybadger"],
    "bugsnag": ["bugsnag[flask]"],
    "elastic": ["elastic-apm[flask]"],
    "logfire": ["logfire[flask]"],
}


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An environment that is there. ``versions`` names the SDK's own distribution first, then Flask's."""

    sdk: str
    python: Path
    versions: str


class NotInstalledError(Exception):
    """An environment could not be made; the message is the last line that the installer said."""


def installed(sdk: str, ours: str = str(OURS)) -> Installed:
    """The environment of this SDK: made where there is none, brought up to date where it is older than a day.

    ``ours`` is what ours is installed from: this tree, or another folder, a wheel, a version.
    """
    folder = FOLDER / f"bench-{sdk}"
    python = folder / "bin" / "python"
    mark = folder / "made-from"
    made_from = hashlib.sha256(f"{REQUIREMENTS[sdk]} {sys.version}".encode()).hexdigest()
    if not (mark.is_file() and mark.read_text() == made_from):
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", *([] if not _uv() else ["--without-pip"]), str(folder)])
        _install(python, ["flask", *REQUIREMENTS[sdk]])
        mark.write_text(made_from)
    elif time.time() - mark.stat().st_mtime > A_DAY:
        _install(python, ["--upgrade", "flask", *REQUIREMENTS[sdk]])
        mark.touch()
    if sdk == "ours":
        # The tree may have changed since: always what is there now.
        _install(python, ["--no-deps", "--reinstall" if _uv() else "--force-reinstall", ours])
    return Installed(sdk=sdk, python=python, versions=_versions(sdk, python))


def _install(python: Path, what: list[str]) -> None:
    uv = _uv()
    if uv is not None:
        _run([str(uv), "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *what])
    else:
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what])


def _uv() -> Path | None:
    beside = Path(sys.executable).with_name("uv")
    return beside if beside.is_file() else None


def _versions(sdk: str, python: Path) -> str:
    names = [_distribution(requirement) for requirement in REQUIREMENTS[sdk]] + ["flask"]
    code = "import sys, importlib.metadata as m; print(', '.join(n + ' ' + m.version(n) for n in sys.argv[1:]))"
    done = subprocess.run([python, "-c", code, *names], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def _distribution(requirement: str) -> str:
    return "aiops-sdk" if requirement == str(OURS) else requirement.partition("[")[0].partition("=")[0]


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False
    )
    if done.returncode:
        raise NotInstalledError((done.stdout.strip().splitlines() or ["it said nothing"])[-1])
