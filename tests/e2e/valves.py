"""Services with a fixer that takes as long as a test wants, under several servers: what dies while it is at work must not make it run again."""

from __future__ import annotations

import os
import signal
import urllib.error
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.platforms import OPENER, Platform, is_up
from e2e.programs import ROOT, Program, clean_environment, eventually, installed, started

APPS = ROOT / "tests" / "e2e" / "apps"
# What is pushed goes to an address of this machine.
TO_THIS_MACHINE = {"AIOPS_SERVER_ALLOW_PRIVATE_TARGETS": "127.0.0.0/8"}


@dataclass(frozen=True, kw_only=True)
class Valve:
    """A service whose fixer writes down that it begins, and ends when it is let."""

    folder: Path
    port: int
    program: Program

    @property
    def begun(self) -> int:
        """How often it has."""
        file = self.folder / "begun"
        return len(file.read_text().splitlines()) if file.exists() else 0


def command(server: str, port: int) -> list[str | Path]:
    """What serves it."""
    if server == "django":
        return [installed("django-suite", "python"), APPS / "django_fixer.py", f"127.0.0.1:{port}"]
    if server == "asgi":
        return [installed("e2e", "uvicorn"), "--app-dir", APPS, "--port", str(port), "asgi_fixer:app"]
    return [installed("e2e", "flask"), "--app", APPS / "slow_fixer.py", "run", "--port", str(port)]


def valve(platform: Platform, folder: Path, port: int, *, server: str = "flask", key: str | None = None) -> Any:
    """Runs it; `key` is the platform's first one unless another is given."""
    surroundings = clean_environment(
        AIOPS_PLATFORM_URL=platform.url,
        AIOPS_API_KEY=key or platform.key,
        AIOPS_ENV="valves",
        AIOPS_SPOOL=str(folder / "spool"),
        AIOPS_SERVICE_BASE_URL=f"http://127.0.0.1:{port}",
        FIXER_FOLDER=str(folder),
    )
    return started(command(server, port), log=folder / "valve.log", environment=surroundings)


def kill(program: Program) -> None:
    """All of it at once, without a word."""
    for pid in program.living():
        os.kill(pid, signal.SIGKILL)
    program.process.wait(60)


def fail(platform: Platform, port: int) -> int:
    """The valve is stuck; the number of the incident."""
    url = f"http://127.0.0.1:{port}"
    eventually(lambda: is_up(url), what="the service")
    with pytest.raises(urllib.error.HTTPError):
        OPENER.open(f"{url}/fail", timeout=10)
    return int(platform.incident(service="valve", message="The valve is stuck")["id"])


def ask(platform: Platform, incident: int) -> int:
    """Ask for the fixer, once it is offered; the number of the fix."""
    eventually(lambda: [row for row in platform.get("/api/v1/fixers")["items"] if row["instances"]], what="the fixer")
    (asked,) = platform.ask("POST", "/api/v1/fixes", incident=incident, fixer="turn-the-valve")["items"]
    return int(asked["id"])


def turn(platform: Platform, port: int, folder: Path) -> int:
    """Ask for the fixer, and wait until it has begun; the number of the fix."""
    number = ask(platform, fail(platform, port))
    eventually(lambda: (folder / "begun").exists(), within=120, what="the beginning of the fix")
    return number


def ended(platform: Platform, number: int) -> dict[str, Any]:
    """Wait until it is known how the fix ended."""

    def look() -> dict[str, Any] | None:
        fix = platform.get(f"/api/v1/fixes/{number}")
        return fix if fix["state"] not in ("queued", "sent", "running") else None

    found = eventually(look, within=180, what="the end of the fix")
    assert found is not None
    return found
