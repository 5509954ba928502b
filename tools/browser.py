"""Finds the Chromium that the tests drive; as a script, installs one where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# So that it talks to nobody but the pages under test.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ROOT = Path(__file__).resolve().parent.parent
LOG = Path("test-results", "chromium.log")

Run = Callable[[Sequence[str]], None]


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to install it: its commands, and what people read meanwhile."""

    said: str
    commands: tuple[tuple[str, ...], ...]


FROM_THE_DISTRIBUTION = Way(
    said="from the distribution",
    commands=(
        ("apt-get", "update", "-qq"),
        ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"),
    ),
)
_PLAYWRIGHT = (sys.executable, "-m", "playwright", "install")
FROM_PLAYWRIGHT = Way(said="with Playwright's installer", commands=((*_PLAYWRIGHT, "chromium"),))
# With the libraries that Chromium needs, which it asks apt for.
FROM_PLAYWRIGHT_AS_ROOT = Way(said="with Playwright's installer", commands=((*_PLAYWRIGHT, "--with-deps", "chromium"),))


class NoChromiumError(Exception):
    """There is none, and none could be installed; the message says what to do."""


def find_chromium() -> str | None:
    """The path of a Chromium: the distribution's, or else the one that Playwright installed."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def ways(*, root: bool, apt: bool) -> tuple[Way, ...]:
    """How this user may install one here, the best first; not every distribution has a package of that name."""
    return (FROM_THE_DISTRIBUTION, FROM_PLAYWRIGHT_AS_ROOT) if root and apt else (FROM_PLAYWRIGHT,)


def ensure(find: Callable[[], str | None], run: Run, ways: Sequence[Way]) -> None:
    """Go through the ways until there is one. What counts is that it is found, not what an installer answered.

    Raises NoChromiumError.
    """
    if find():
        return
    for way in ways:
        print(f"Installing Chromium {way.said}, for the tests in a browser", flush=True)
        for command in way.commands:
            run(command)
        if find():
            return
    raise NoChromiumError(
        f"Chromium could not be installed ({LOG} says why): install it yourself, on Debian with"
        " 'sudo apt-get install chromium', and run this again."
    )


def run(command: Sequence[str]) -> None:
    """Run one installer; what it says goes to the log."""
    (ROOT / LOG).parent.mkdir(exist_ok=True)
    with (ROOT / LOG).open("a") as log:
        print("$", *command, file=log, flush=True)
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)


def main() -> None:
    """Make sure that there is one."""
    try:
        ensure(find_chromium, run, ways(root=os.geteuid() == 0, apt=shutil.which("apt-get") is not None))
    except NoChromiumError as none:
        sys.exit(str(none))


if __name__ == "__main__":
    main()
