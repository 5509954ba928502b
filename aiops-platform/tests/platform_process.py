"""The platform as it really runs: the command, its processes, their output."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

T = TypeVar("T")
DEADLINE = 60.0
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
COMMAND = [sys.executable, "-P", "-m", "aiops_platform.cli"]


def eventually(look: Callable[[], T], what: str) -> T:
    """What `look` returns as soon as it is true."""
    until = time.monotonic() + DEADLINE
    while not (found := look()):
        assert time.monotonic() < until, f"Not within {DEADLINE:.0f} s: {what}"
        time.sleep(0.02)
    return found


def environment(**settings: str) -> dict[str, str]:
    """Ours, without what would change the platform."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AIOPS_")}
    return ours | settings


def aiops(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [*COMMAND, *words],
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """`aiops serve` (or another command that stays), until the end of the `with` block."""

    def __init__(self, data: Path, *words: str, port: int = 0, **settings: str) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}-{time.monotonic_ns()}.log"
        command = [*COMMAND, *(words or ("serve",)), "--data", str(data)]
        if words != ("work",):
            command += ["--port", str(port)]
        with self.log.open("wb") as output:
            # A group of its own, as a terminal makes it: a Ctrl-C there goes to all of it.
            self.process = subprocess.Popen(
                command,
                env=environment(**settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        for left in self.living():
            os.kill(left, signal.SIGKILL)

    def said(self) -> str:
        return self.log.read_text()

    def says(self, pattern: str) -> re.Match[str]:
        def look() -> re.Match[str] | None:
            found = re.search(pattern, self.said())
            assert found or self.process.poll() is None, f"It ended without saying {pattern!r}, but:\n{self.said()}"
            return found

        return eventually(look, f"{pattern!r} in:\n{self.said()}")

    @property
    def url(self) -> str:
        return self.says(r"address +(https?://\S+)").group(1)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def key(self) -> str:
        return self.says(r"AIOPS_API_KEY=(aiops_\S+)").group(1)

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(DEADLINE)

    def ctrl_c(self) -> int:
        """As a terminal does it: to every process of the group at once."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(DEADLINE)

    def living(self) -> list[int]:
        """The processes of its group that run."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                except OSError:
                    continue
                if int(group) == self.process.pid and state != "Z":
                    found.append(int(entry.name))
        return found

    def part(self, name: str) -> int:
        """The process id of the door ("door") or the worker ("work")."""
        return json.loads((self.data / f"{name}.lock").read_text())["pid"]

    def own_address(self) -> str:
        """Where its door listens, of whatever command."""
        lock = self.data / "door.lock"
        port = eventually(lambda: lock.exists() and json.loads(lock.read_text() or "{}").get("port"), "the door")
        return f"http://127.0.0.1:{port}"

    def send(self, body: object = None, *, key: str | None = None, path: str = "/v1/sdk/exception", **headers: str):
        """The status of the answer to a report, and what it says."""
        return report(self.url, key or self.key(), body, path=path, **headers)


def report(url: str, key: str, body: object = None, *, path: str = "/v1/sdk/exception", **headers: str):
    """The status of the answer to a report, and what it says."""
    body = {"signal_type": "log_error", "service": "tests", "message": "Hello"} if body is None else body
    request = urllib.request.Request(
        url + path,
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}"} | headers,
    )
    try:
        with OPENER.open(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.loads(refusal.read())
