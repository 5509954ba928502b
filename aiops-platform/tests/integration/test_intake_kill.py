"""Acknowledged is kept: a process that appends is killed in the midst of it, and everything it was promised is there."""

import subprocess
import sys
from pathlib import Path
from threading import Timer

from made import NOW

from aiops_platform.intake.sqlite import SqliteIntake

SECONDS = 60
ACKNOWLEDGED_BEFORE_THE_KILL = 500

# Says on a line of its own each number whose parcel was acknowledged; never ends by itself.
DOOR = """
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from made import a_parcel
from aiops_platform.intake.sqlite import SqliteIntake

intake = SqliteIntake(Path(sys.argv[1]))

def append(number):
    intake.append([a_parcel(number, b"%d" % number + b"x" * (number % 5_000))]).result(60)
    print(number, flush=True)

with ThreadPoolExecutor(8) as pool:
    for each in pool.map(append, range(1_000_000)):
        pass
"""


def killed_while_appending(path: Path) -> set[int]:
    """The numbers that the process said were acknowledged before it was killed."""
    door = subprocess.Popen(
        [sys.executable, "-c", DOOR, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    deadline = Timer(SECONDS, door.kill)
    deadline.start()
    assert door.stdout is not None
    acknowledged = set()
    for line in door.stdout:
        if len(acknowledged) == ACKNOWLEDGED_BEFORE_THE_KILL:
            door.kill()
        # The last line may be half written: it was not said.
        if line.endswith("\n"):
            acknowledged.add(int(line))
    door.wait(SECONDS)
    deadline.cancel()
    return acknowledged


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path):
    acknowledged = killed_while_appending(tmp_path / "intake.db")
    assert len(acknowledged) >= ACKNOWLEDGED_BEFORE_THE_KILL
    intake = SqliteIntake(tmp_path / "intake.db")
    kept = {int.from_bytes(each.parcel.id, "big") for each in intake.lease(1_000_000, NOW)}
    intake.close()
    assert acknowledged <= kept
