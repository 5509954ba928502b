"""What a system says of itself is read as far as it is said, on each kind of system."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Dict, Optional

import pytest

from aiops_sdk import machine
from aiops_sdk.machine import Kills, Signals

Say = Callable[[Dict[str, str]], None]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Let the system's files say this and nothing else."""

    def these(files: Dict[str, str]) -> None:
        def read(path: str) -> Optional[str]:
            return files.get(path)

        monkeypatch.setattr(machine, "_read", read)

    return these


def test_a_process_whose_name_has_brackets(say: Say):
    say({"/proc/7/stat": "7 (a) S (b)) S 1 7 7 0 -1 " + " ".join(str(number) for number in range(9, 53))})
    assert machine.started("7") == 22


def test_a_process_that_only_waits_to_be_reaped_is_none(say: Say):
    say({"/proc/7/stat": "7 (a) Z 1 7 7 0 -1 " + " ".join(str(number) for number in range(9, 53))})
    assert machine.started("7") is None


def test_the_signals_that_are_caught_and_blocked(say: Say):
    say({"/proc/self/status": "Name:\tpython\nSigBlk:\t0000000000004000\nSigCgt:\t0000000100000002\n"})
    assert machine.signals() == Signals(caught=1 << 32 | 1 << 1, blocked=1 << 14)


@pytest.mark.parametrize(
    ("groups", "file"),
    [
        ("0::/shop\n", "/sys/fs/cgroup/shop/memory.events"),
        ("0::/\n", "/sys/fs/cgroup/memory.events"),
        ("0::/../other\n", "/sys/fs/cgroup/memory.events"),
        ("4:memory:/shop\n0::/\n", "/sys/fs/cgroup/memory/shop/memory.oom_control"),
        ("4:cpu,memory:/docker/abc\n0::/\n", "/sys/fs/cgroup/memory/memory.oom_control"),
    ],
)
def test_kills_for_want_of_memory_in_either_version(say: Say, monkeypatch: pytest.MonkeyPatch, groups: str, file: str):
    say({"/proc/self/cgroup": groups, file: "low 0\noom 2\noom_kill 3\n"})
    here = Path.cwd().stat()
    monkeypatch.setattr(os, "stat", lambda _: here)
    assert machine.memory_kills() == Kills("{}:{}".format(file.rpartition("/")[0], here.st_ino), 3)


def test_a_system_that_says_nothing(say: Say):
    say({})
    assert machine.started("7") is machine.memory() is machine.memory_kills() is machine.signals() is None
    assert machine.boot_id() is None
    assert not machine.has_terminal()
