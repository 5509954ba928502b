"""From an event that is sent to the webhook that tells of it: `python bench/platform/alerts.py`. Half of a minute.

The platform runs as people start it, the receiver is on this machine. A channel that was told just now is told again only
half a minute later; that is made good between two events, for what is measured is the way and not the patience.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread

from aiops_platform.core.channels import ChannelKind, checked
from aiops_platform.core.targets import policy_from
from aiops_platform.process import folder
from aiops_platform.storage.channels import SqlChannels
from aiops_platform.storage.database import open_database

PROMISE = 2.0
_DEADLINE = 60.0
_HERE = "127.0.0.0/8"


def main() -> int:
    """Prints median, slowest and what is promised; 1 where that is missed."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20, help="so many, one after the other (default: 20)")
    given = parser.parse_args()
    heard: Queue[float] = Queue()
    receiver = HTTPServer(("127.0.0.1", 0), _receiving(heard))
    Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="bench-alerts-", ignore_cleanup_errors=True) as place:
        found = _measure(Path(place), f"http://127.0.0.1:{receiver.server_port}/", heard, given.events)
    receiver.shutdown()
    median = statistics.median(found)
    print(f"{len(found)} alerts: median {median:.2f} s, slowest {max(found):.2f} s; promised {PROMISE:.0f} s")
    return int(median > PROMISE)


def _measure(place: Path, hook: str, heard: Queue[float], events: int) -> list[float]:
    data, log = place / "data", place / "log"
    settings = {**os.environ, "AIOPS_SERVER_ALLOW_PRIVATE_TARGETS": _HERE}
    command = [sys.executable, "-P", "-m", "aiops_platform.cli", "serve", "--data", str(data), "--port", "0"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=settings, stdout=output, stderr=output, start_new_session=True)
    try:
        port, key = int(_says(log, r"address +http://\S+:(\d+)")), _says(log, r"AIOPS_API_KEY=(\S+)")
        _add_hook(data, hook)
        found = []
        for number in range(events):
            began = _send(port, key, number)
            found.append(heard.get(timeout=_DEADLINE) - began)
            _forget_pace(data / "store.db")
        return found
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(_DEADLINE)


def _says(log: Path, pattern: str) -> str:
    until = time.monotonic() + _DEADLINE
    while (found := re.search(pattern, log.read_text())) is None:
        if time.monotonic() > until:
            raise SystemExit(f"The platform did not start:\n{log.read_text()}")
        time.sleep(0.05)
    return found[1]


def _add_hook(data: Path, hook: str) -> None:
    fit = checked(ChannelKind.WEBHOOK, {"url": hook}, policy_from(_HERE))
    with closing(open_database(f"sqlite:///{data / 'store.db'}")) as database:
        channels = SqlChannels(database, server_secret=folder.server_secret(data))
        channels.add(1, "hook", ChannelKind.WEBHOOK, fit, by="bench", now=datetime.now(UTC))


def _send(port: int, key: str, number: int) -> float:
    body = {"signal_type": "exception", "service": "shop", "environment": "bench", "error_type": f"Error{number}"}
    connection = HTTPConnection("127.0.0.1", port, timeout=_DEADLINE)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    began = time.monotonic()
    connection.request("POST", "/v1/sdk/exception", json.dumps(body), headers)
    status = connection.getresponse().status
    connection.close()
    if status != 202:
        raise SystemExit(f"The event was answered with {status}")
    return began


def _forget_pace(store: Path) -> None:
    # What comes of the delivery is written after the receiver has heard of it.
    time.sleep(0.5)
    with closing(sqlite3.connect(store, timeout=_DEADLINE, isolation_level=None)) as connection:
        connection.execute("DELETE FROM channel_paces")


def _receiving(heard: Queue[float]) -> type[BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at = time.monotonic()
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            heard.put(at)

        def log_message(self, *_: object) -> None:
            pass

    return Receiver


if __name__ == "__main__":
    sys.exit(main())
