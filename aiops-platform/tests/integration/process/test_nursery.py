"""What a nursery forks are children of whoever asked it to, and share what it loaded; it is gone then, also when it fails."""

import os
import socket
import sys
from pathlib import Path

import pytest
from platform_process import eventually

from aiops_platform.process import nursery as nurseries
from aiops_platform.process.nursery import Nursery, NurseryError

LOADED = "made_up_module_of_a_nursery"


def load() -> None:
    sys.modules[LOADED] = sys


def breaks() -> None:
    raise ImportError("no such thing")


def waits(line: socket.socket) -> int:
    """As an exit code: whether what was loaded is here, and the word came."""
    return (LOADED in sys.modules) + 2 * (line.recv(1) == b"!")


@pytest.fixture
def lines():
    pairs = [socket.socketpair() for _ in range(2)]
    yield pairs
    for each in pairs:
        for end in each:
            end.close()


def two(nursery: Nursery, lines):
    return [nursery.add(lambda line=theirs: waits(line), name="n", keep=[theirs.fileno()]) for _, theirs in lines]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("system", ["Linux", "knows no adoption", "says that it does"])
def test_they_share_what_was_loaded_and_are_ours(lines, system, monkeypatch):
    if system != "Linux":
        monkeypatch.setattr(nurseries, "_adopts", lambda orphans: system == "says that it does")
    nursery = Nursery(load)
    children = two(nursery, lines)
    assert [child.poll() for child in children] == [0, 0], "there is none yet"

    nursery.fork()

    assert [parent_of(child.pid) for child in children] == [os.getpid()] * 2
    assert [child.poll() for child in children] == [None, None], "they wait for a word"
    for mine, theirs in lines:
        theirs.close()
        mine.sendall(b"!")
    assert [child.wait(30) for child in children] == [3, 3]
    assert (LOADED in sys.modules) == (system != "Linux")
    sys.modules.pop(LOADED, None)


def test_what_cannot_be_loaded_is_said_and_nobody_is_left(lines, capfd):
    nursery = Nursery(breaks)
    children = two(nursery, lines)
    with pytest.raises(NurseryError, match="the lines above say why"):
        nursery.fork()
    assert [child.pid for child in children] == [0, 0]
    assert "ImportError: no such thing" in capfd.readouterr().err


def test_who_is_interrupted_meanwhile_leaves_nobody(lines, monkeypatch):
    nursery, pids = Nursery(load), []
    children = two(nursery, lines)

    class Interrupted(nurseries.Forked):
        def wait(self, seconds: float = 60) -> int | None:
            if not pids:
                pids.extend([self.pid, *(child.pid for child in children)])
                raise KeyboardInterrupt
            return super().wait(seconds)

    monkeypatch.setattr(nurseries, "Forked", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        nursery.fork()
    assert len(set(pids)) == 3
    eventually(lambda: all(map(gone, pids)), "the end of all three")
