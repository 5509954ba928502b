"""Runs little programs that use the SDK, each in a process of its own and with a deadline."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Mapping, Optional, Sequence

import aiops_sdk

DEADLINE = 60.0
# For a test of what the end sends, and not of how much of it a machine can do in two seconds.
PATIENT = {"AIOPS_SHUTDOWN_TIMEOUT": "30"}


@dataclass(frozen=True)
class Ended:
    """How a program ended. ``seconds`` is the wall-clock time that it took."""

    code: int
    out: str
    err: str
    seconds: float


def run_program(
    folder: Path,
    code: str,
    *,
    platform_url: Optional[str] = None,
    environ: Optional[Mapping[str, str]] = None,
    options: Sequence[str] = (),
) -> Ended:
    """Run ``code`` as a script. It finds the SDK that this test uses, and a key and the platform in its environment."""
    script = folder / "program.py"
    script.write_text(textwrap.dedent(code), encoding="utf-8")
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, *options, str(script)],
        cwd=str(folder),
        env=environment(platform_url, environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE,
    )
    seconds = time.monotonic() - begun
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode(), seconds)


def started_program(
    folder: Path,
    code: str,
    *,
    platform_url: Optional[str] = None,
    environ: Optional[Mapping[str, str]] = None,
    name: str = "program.py",
) -> subprocess.Popen[bytes]:
    """Begin to run ``code`` as ``run_program`` does, without a terminal. The caller sees to its end."""
    script = folder / name
    script.write_text(textwrap.dedent(code), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, str(script)],
        cwd=str(folder),
        env=environment(platform_url, environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # What is read line by line leaves the rest to communicate().
        bufsize=0,
        start_new_session=True,
    )


def environment(platform_url: Optional[str], more: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
    """An environment without any of our variables but those given, and the test's own spool."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIOPS_") or name == "AIOPS_SPOOL"}
    # With it a line and its end are written one after the other, and the lines of two processes mix.
    kept.pop("PYTHONUNBUFFERED", None)
    kept["PYTHONPATH"] = str(Path(aiops_sdk.__file__).parent.parent)
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    kept["PYTHONIOENCODING"] = "utf-8"
    if platform_url is not None:
        kept["AIOPS_API_KEY"] = "key-of-the-test"
        kept["AIOPS_PLATFORM_URL"] = platform_url
    kept.update(more or {})
    return kept


def free_port() -> int:
    """A port on which nobody listens at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
