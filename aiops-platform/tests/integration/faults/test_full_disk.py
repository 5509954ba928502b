"""A disk that fills up while the platform runs: refused with a time to come back, not lost; and it goes on by itself."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from aftermath import counted
from platform_process import OPENER, Running, eventually, report

EVENT = {"signal_type": "exception", "service": "shop", "error_type": "DiskError"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, timeout=60).returncode:
        pytest.skip("Not allowed to mount here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=False, timeout=60)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            return


def test_a_full_disk_refuses_for_a_while_and_loses_nothing(small_disk):
    acknowledged, refused = set(), []

    def send(platform: Running, key: str) -> int:
        event_id = uuid4()
        status, _ = report(platform.url, key, EVENT | {"event_id": str(event_id), "message": "x" * 20_000})
        acknowledged.update({event_id.hex} if status == 202 else ())
        return status

    with Running(small_disk / "data") as platform:
        key = platform.key()
        assert send(platform, key) == 202
        fill(small_disk / "filler")
        while len(refused) < 5 and len(acknowledged) < 2_000:
            status = send(platform, key)
            refused += [status] if status != 202 else []
        assert refused == [503] * 5
        with OPENER.open(f"{platform.url}/signin/", timeout=60) as page:
            assert page.status == 200

        (small_disk / "filler").unlink()

        eventually(lambda: send(platform, key) == 202, "room again")
        platform.end()
        assert "Traceback" not in platform.said()
    assert acknowledged <= set(counted(small_disk / "data"))
