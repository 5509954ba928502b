"""Children that are forked: what they have of their parent, and what they must not have."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from platform_process import eventually

from aiops_platform.process.forked import Forked
from aiops_platform.process.lock import FolderLock, holder_of

DEADLINE = 60


def ended(work, **how) -> int | None:
    return Forked(work, name="aiops-test", keep=how.get("keep", ())).wait(DEADLINE)


def sleeping() -> int:
    time.sleep(DEADLINE)
    return 0


@pytest.mark.parametrize("code", [0, 3])
def test_what_the_work_returns_is_the_exit_code(code):
    assert ended(lambda: code) == code


def test_an_exit_in_the_middle_ends_the_child_alone():
    assert ended(lambda: sys.exit(4)) == 4
    assert ended(lambda: sys.exit("no reason")) == 1


def test_what_it_does_not_foresee_is_said_once(capfd):
    sys.stdout.write("said before\n")
    assert ended(lambda: 1 // 0) == 1
    said = capfd.readouterr()
    assert said.err.count("ZeroDivisionError: ") == 1
    assert said.out == "said before\n"


def test_a_lock_of_the_parents_ends_with_the_parent(tmp_path):
    with FolderLock.take(tmp_path / "serve.lock", wait=0):
        child = Forked(sleeping, name="aiops-test", keep=())
    try:
        eventually(lambda: holder_of(tmp_path / "serve.lock") is None, "the end of the lock")
        assert child.poll() is None
    finally:
        child.kill()


def test_it_has_the_descriptors_that_it_was_given_and_no_other(tmp_path):
    kept, other = os.pipe()
    said = tmp_path / "said"

    def say() -> int:
        said.write_text(repr([_is_open(kept), _is_open(other)]))
        return 0

    assert ended(say, keep=[kept]) == 0
    assert said.read_text() == "[True, False]"
    os.close(kept)
    os.close(other)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_it_reads_nothing_of_what_is_typed():
    assert ended(lambda: len(os.read(0, 10))) == 0


def test_asked_to_end_it_ends_whatever_the_parent_would_do():
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        child = Forked(sleeping, name="aiops-test", keep=())
        child.terminate()
        assert child.wait(DEADLINE) == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_ctrl_c_is_the_parents_affair():
    child = Forked(sleeping, name="aiops-test", keep=())
    os.kill(child.pid, signal.SIGINT)
    assert child.wait(0.1) is None
    assert child.kill() == -signal.SIGKILL


@pytest.mark.skipif(not Path("/proc/self/comm").exists(), reason="names are seen under Linux only")
def test_it_has_a_name_of_its_own():
    child = Forked(sleeping, name="aiops-door", keep=())
    try:
        eventually(lambda: Path(f"/proc/{child.pid}/comm").read_text() == "aiops-door\n", "the name")
    finally:
        child.kill()
