"""What every bench's command has: how far it is, lists of names on its command line, its page, and the machine it ran on."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

Progress = Callable[[str], None]


def stopwatch() -> Progress:
    """Says what is done, with the seconds since now, where it does not mix with the page."""
    begun = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {what}", file=sys.stderr, flush=True)

    return say


def listed(known: list[str]) -> Callable[[str], list[str]]:
    """The type of an option that names some of these, separated by commas."""

    def names(text: str) -> list[str]:
        given = text.split(",")
        unknown = [name for name in given if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is not among {', '.join(known)}")
        return given

    return names


def add_write(parser: argparse.ArgumentParser, folder: Path) -> None:
    """The option that says into which files the page is written, too."""
    parser.add_argument(
        "--write", nargs="?", action="append", type=Path, default=[], const=folder / "RESULTS.md", metavar="FILE",
        help="also into this file, RESULTS.md beside this command if none is named",
    )  # fmt: skip


def publish(page: str, files: list[Path], say: Progress) -> None:
    """Prints the page, and writes it."""
    print(page)
    for path in files:
        path.write_text(page, encoding="utf-8")
        say(f"written to {path}")


def machine() -> str:
    """What this runs on, in a line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{model}, {os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}"
