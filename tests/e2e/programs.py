"""Real programs, as the tests start and end them: each with a log, a deadline, and a mark that finds all its children."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "examples" / "shop"
ENVIRONMENTS = ROOT / ".venvs"
MARK = "TEST_MARK"
PATIENCE = 60.0  # seconds; every wait ends at once when what it waits for is there


def installed(environment: str, program: str) -> Path:
    """A program of one of the environments that are made from the built wheels, or from the registry."""
    path = ENVIRONMENTS / environment / "bin" / program
    if not path.exists():
        pytest.fail(f"{path.relative_to(ROOT)} is not there: `make test-e2e` builds and installs it.")
    return path


def clean_environment(**more: str) -> dict[str, str]:
    """Our environment without what would change a program under test, and with what is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIOPS_", "FLASK_", "SHOP_"))}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", **more}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(question: Callable[[], T | None], *, within: float = PATIENCE, what: str = "what was waited for") -> T:
    """The first true answer to the question, asked again and again."""
    deadline = time.monotonic() + within
    while not (answer := question()):
        if time.monotonic() > deadline:
            pytest.fail(f"Not within {within:.0f} seconds: {what}. The last answer was {answer!r}.")
        time.sleep(0.05)
    return answer


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program that runs."""

    process: subprocess.Popen[bytes]
    log: Path
    mark: str

    def said(self) -> str:
        """All that it has printed so far."""
        return self.log.read_text(errors="replace")

    def says(self, pattern: str) -> re.Match[str]:
        """Wait until it has printed something that matches."""

        def look() -> re.Match[str] | None:
            found = re.search(pattern, self.said())
            if not found and self.process.poll() is not None:
                pytest.fail(f"It ended with {self.process.returncode} and never said {pattern!r}, but:\n{self.said()}")
            return found

        return eventually(look, what=f"the words {pattern!r} in {self.log}")

    def end(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to end, wait for that, and return its exit code."""
        self.process.send_signal(with_signal)
        return self.process.wait(PATIENCE)

    def living(self) -> list[int]:
        """Itself and every process that came from it, in whatever group or session."""
        return marked(self.mark)


@contextlib.contextmanager
def started(
    command: list[str | Path], *, log: Path, environment: Mapping[str, str], directory: Path | None = None
) -> Iterator[Program]:
    """Start a program; at the end neither it nor any child is left."""
    mark = uuid4().hex
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env={**environment, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Program(process=process, log=log, mark=mark)
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        for left in marked(mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
        process.wait(10)


def marked(mark: str) -> list[int]:
    """The processes that were started with that mark; the mark is inherited, so their children are among them."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        # A process may end while we look at it.
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def finished(command: list[str | Path], *, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
