"""Starts one SDK in a fresh process, with a home of its own, a platform of its own, and a deadline."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import stacks
from environments import Installed
from sink import Loop, Sink

CHILD = Path(__file__).with_name("child.py")
DEPTHS = (10, 40)


class FailedError(Exception):
    """A measurement came to nothing; the message is a short reason for the table."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all measurements share. ``code`` holds the files in which things fail."""

    loop: Loop
    code: Path

    @contextmanager
    def surroundings(self) -> Iterator[Surroundings]:
        """A platform and a home, for as long as one measurement takes."""
        sink = Sink(self.loop)
        try:
            with TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as home:
                yield Surroundings(sink=sink, home=Path(home), code=self.code)
        finally:
            sink.stop()


def prepare(code: Path) -> None:
    """Write the code that fails."""
    for frames in DEPTHS:
        stacks.write(code, frames)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """One platform and one home: what several processes of one measurement have in common."""

    sink: Sink
    home: Path
    code: Path

    def start(self, installed: Installed, measure: str, **options: Any) -> subprocess.Popen[str]:
        """Start the process; it takes lines and gives lines."""
        told = json.dumps({"url": self.sink.url, "folder": str(self.code), **options})
        return self.program(installed, [str(CHILD), measure, installed.sdk, told])

    def program(self, installed: Installed, arguments: list[str]) -> subprocess.Popen[str]:
        """Start the SDK's Python with these arguments."""
        return subprocess.Popen(
            [str(installed.python), *arguments],
            cwd=self.code,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.home / "stderr").open("ab"),
            text=True,
        )

    def run(self, installed: Installed, measure: str, *, deadline: float, **options: Any) -> dict[str, Any]:
        """The last line that the process says, once it has ended."""
        process = self.start(installed, measure, **options)
        return self.ended(process, deadline)

    def ended(self, process: subprocess.Popen[str], deadline: float) -> dict[str, Any]:
        """Wait for the end, and give the last line; ``FailedError`` if there is none."""
        try:
            said, _ = process.communicate(timeout=deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise FailedError(f"not done in {deadline:.0f} s") from None
        lines = said.strip().splitlines()
        if not lines:
            raise FailedError(self.last_words())
        answer: dict[str, Any] = json.loads(lines[-1])
        return answer

    def last_words(self) -> str:
        """The last line on the process's standard error."""
        return ((self.home / "stderr").read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]

    def _environment(self) -> dict[str, str]:
        """Nothing that would configure an SDK, and a home that nobody else uses."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        homes = ("HOME", "TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
        return {**kept, **{name: str(self.home) for name in homes}}


def line_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next line that the process says; empty when there is none any more."""
    assert process.stdout is not None
    said = process.stdout.readline()
    answer: dict[str, Any] = json.loads(said) if said else {}
    return answer
