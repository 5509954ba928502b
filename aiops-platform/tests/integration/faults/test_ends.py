"""However the platform ends under load - killed, or its machine without power - what it acknowledged is there, once."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from uuid import uuid4

import pytest
from aftermath import counted
from platform_process import DEADLINE, Running, eventually
from power_cut import ForgetfulDisk

SENDERS = 4
ACKNOWLEDGED_BEFORE_THE_END = 300


class Load:
    """A few services that report without a pause, and note the ids of what was acknowledged, until the platform is gone."""

    def __init__(self, platform: Running, key: str) -> None:
        self.acknowledged: set[str] = set()
        self._port, self._headers = platform.port, {"Authorization": f"Bearer {key}"}
        self._threads = [threading.Thread(target=self._send, args=(number,), daemon=True) for number in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> set[str]:
        for thread in self._threads:
            thread.join(DEADLINE)
        return self.acknowledged

    def _send(self, number: int) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            while True:
                event_id = str(uuid4())
                body = {"signal_type": "exception", "service": f"s{number}", "error_type": "E", "event_id": event_id}
                connection.request("POST", "/v1/sdk/exception", json.dumps(body), self._headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 202:
                    self.acknowledged.add(event_id)
        except (OSError, HTTPException):
            connection.close()


def killed_under_load(data: Path, key: str | None, **settings: str) -> tuple[str, set[str]]:
    """All of its processes at once; the key, and what was acknowledged until then."""
    with Running(data, **settings) as platform:
        key = key or platform.key()
        load = Load(platform, key)
        eventually(lambda: len(load.acknowledged) >= ACKNOWLEDGED_BEFORE_THE_END, "enough to be acknowledged")
        for process in platform.living():
            os.kill(process, signal.SIGKILL)
        platform.process.wait(DEADLINE)
        return key, load.end()


def test_what_was_acknowledged_is_counted_once_after_kills_and_power_cuts(tmp_path):
    disk = ForgetfulDisk.made_in(tmp_path)
    if disk is None:
        pytest.skip("No C compiler here (cc) to act a power cut")
    data, chance = disk.folder / "data", random.Random()
    key, acknowledged = killed_under_load(data, None, **disk.environment())
    disk.cut_power(0.0, chance)
    # It starts on what is left of the first time.
    _, more = killed_under_load(data, key, **disk.environment())
    disk.cut_power(0.5, chance)

    ids = counted(data)

    assert {each.replace("-", "") for each in acknowledged | more} <= set(ids)


def test_the_disk_forgets_what_was_not_synced(tmp_path):
    disk = ForgetfulDisk.made_in(tmp_path)
    if disk is None:
        pytest.skip("No C compiler here (cc) to act a power cut")
    code = """
import os, sys
for name in ("synced", "written"):
    with open(f"{sys.argv[1]}/{name}", "wb") as file:
        file.write(b"first")
        file.flush()
        os.fsync(file.fileno())
        file.write(b" second")
        file.flush()
        if name == "synced":
            os.fsync(file.fileno())
open(f"{sys.argv[1]}/never", "wb").write(b"first")
"""
    subprocess.run(
        [sys.executable, "-c", code, disk.folder], env=os.environ | disk.environment(), check=True, timeout=60
    )

    disk.cut_power(0.0, random.Random())

    assert {path.name: path.read_bytes() for path in disk.folder.iterdir()} == {
        "synced": b"first second",
        "written": b"first",
    }
