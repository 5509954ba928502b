"""One server and one load at a time: started, loaded, watched, drained."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as Flag
from threading import Thread
from typing import Any

from bodies import Event, Mail
from load import Found, Order
from servers import DEADLINE, Bugsink, FailedError, Ours, Server, cpu_of, memory_of

_LOAD = Path(__file__).with_name("load.py")
_STALLED = 60.0  # seconds without any progress after which a server will never be done
_LOOK_EVERY = 0.1


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all measurements share. Figures of a server are by its name in `SERVERS`."""

    events: list[Event]

    @contextmanager
    def server(self, name: str, *, limited: bool = False) -> Iterator[tuple[Server, dict[str, Mail]]]:
        """A fresh one that runs, and the bodies that it takes."""
        with TemporaryDirectory(prefix=f"bench-{name}-", ignore_cleanup_errors=True) as folder:
            server = SERVERS[name](Path(folder), limited=limited)
            try:
                server.start()
                yield server, server.mails(self.events)
            finally:
                server.kill()


SERVERS: dict[str, Callable[..., Server]] = {"ours": Ours, "bugsink": Bugsink}


class Generator:
    """A load generator with its requests ready, until it has said what it found."""

    def __init__(self, server: Server, mail: Mail, **how: Any) -> None:
        order = Order(host=server.host, port=server.port, mail=mail, plain_ids=server.name != "ours", **how)
        self._process = subprocess.Popen(
            [sys.executable, str(_LOAD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._seconds = order.seconds + DEADLINE
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(order.said() + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "ready\n":
            raise FailedError("the load generator did not start")

    def go(self) -> None:
        """Begin."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def found(self) -> Found:
        """What came of it, at its end."""
        try:
            said, _ = self._process.communicate(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise FailedError("the load generator did not end") from None
        if not said:
            raise FailedError("the load generator died")
        return Found(**json.loads(said))


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A load and what followed. `seconds` from its beginning until all was digested, `cpu` of the server in that time."""

    found: Found
    accepted: int
    digested: int
    seconds: float
    cpu: float
    memory: float


def load(server: Server, mail: Mail, *, drained: bool = True, **how: Any) -> Tried:
    """Send so much, and wait until it is digested. Raises FailedError where nothing at all is taken."""
    generator = Generator(server, mail, **how)
    counted, cpu = server.digested(), cpu_of(server.processes())
    with _memory(server) as most:
        begun = time.monotonic()
        generator.go()
        found = generator.found()
        ended = drain(server) if drained else time.monotonic()
    if not found.accepted:
        raise FailedError(f"nothing was accepted: {found.statuses}")
    return Tried(
        found=found, accepted=found.accepted * mail.events, digested=server.digested() - counted,
        seconds=ended - begun, cpu=cpu_of(server.processes()) - cpu, memory=most[0],
    )  # fmt: skip


def drain(server: Server) -> float:
    """Wait until nothing waits any more; the time when that was so. Raises FailedError when it stands still."""
    moved, before = time.monotonic(), (-1, -1)
    while waiting := server.waiting():
        now = (waiting, server.digested())
        if now != before:
            moved, before = time.monotonic(), now
        if time.monotonic() - moved > _STALLED:
            raise FailedError(f"{waiting} are not digested, and nothing happens")
        time.sleep(_LOOK_EVERY)
    return _rested(server)


def _rested(server: Server) -> float:
    """Some forget what is to be done when they begin with it: then it is over when nothing has been added for a while."""
    last, before = time.monotonic(), server.digested()
    while time.monotonic() - last < server.rest:
        time.sleep(_LOOK_EVERY)
        if (now := server.digested()) != before:
            last, before = time.monotonic(), now
    return last


@contextmanager
def _memory(server: Server) -> Iterator[list[float]]:
    """The most that all processes held together meanwhile, in MB."""
    most, over = [0.0], Flag()

    def watch() -> None:
        while not over.wait(0.5):
            most[0] = max(most[0], memory_of(server.processes()))

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()
