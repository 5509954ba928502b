"""What the system says about this process and its neighbours, read from ``/proc``; None where it does not say.

Nothing here is remembered, and nothing raises: a system without ``/proc`` knows nothing.
"""

from __future__ import annotations

import os
import sys

from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional


if sys.platform != "win32":
    _PAGE = os.sysconf("SC_PAGE_SIZE")
else:
    _PAGE = 4096

# Of one file of /proc; none that is read here is longer.
_LIMIT = 65_536


class Kills(Frozen):
    """How many processes of one memory group (cgroup) were killed because memory ran out. ``group`` tells it from others."""

    group: str
    killed: int


class Signals(Frozen):
    """Bit ``n - 1`` stands for signal ``n``. ``caught``: a handler waits for it, be it Python's or one in C."""

    caught: int
    blocked: int


class Process(Frozen):
    """What tells one process from every other. ``started`` is in clock ticks since the machine's start."""

    pid: int
    started: Optional[int]
    pid_namespace: Optional[str]
    boot_id: Optional[str]
    parent: int
    parent_started: Optional[int]


def this_process() -> Process:
    """The calling process."""
    parent = os.getppid() if hasattr(os, "getppid") else 0
    return Process(
        pid=os.getpid(),
        started=started("self"),
        pid_namespace=pid_namespace(),
        boot_id=boot_id(),
        parent=parent,
        parent_started=started(str(parent)),
    )


def boot_id() -> Optional[str]:
    """Another one after each start of the machine."""
    return (_read("/proc/sys/kernel/random/boot_id") or "").strip() or None


def pid_namespace() -> Optional[str]:
    """Process numbers mean the same only within one."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except (OSError, AttributeError):
        return None


def started(pid: str) -> Optional[int]:
    """When a process began, in clock ticks since the machine's start; None if there is none of this number."""
    fields = _stat(pid)
    return _number(fields[19]) if len(fields) > 19 and fields[0] not in ("Z", "X") else None


def has_terminal() -> bool:
    """Whether somebody's terminal controls this process, wherever its output goes."""
    fields = _stat("self")
    return len(fields) > 4 and fields[4] != "0"


def memory() -> Optional[int]:
    """The bytes of this process that lie in memory."""
    fields = (_read("/proc/self/statm") or "").split()
    pages = _number(fields[1]) if len(fields) > 1 else None
    return None if pages is None else pages * _PAGE


def signals() -> Optional[Signals]:
    """What becomes of the signals that this process gets. ``blocked`` is said of the main thread."""
    masks: Dict[str, int] = {}
    for line in (_read("/proc/self/status") or "").splitlines():
        name, _, mask = line.partition(":")
        if name in ("SigCgt", "SigBlk"):
            try:
                masks[name] = int(mask, 16)
            except ValueError:
                return None
    return Signals(masks["SigCgt"], masks["SigBlk"]) if len(masks) == 2 else None


def memory_kills() -> Optional[Kills]:
    """The counter of this process's memory group, in either version of cgroups."""
    for folder, name in _memory_groups().items():
        count = _number(_pairs(os.path.join(folder, name)).get("oom_kill", ""))
        if count is not None:
            try:
                return Kills("{}:{}".format(folder, os.stat(folder).st_ino), count)
            except OSError:
                return None
    return None


def _memory_groups() -> Dict[str, str]:
    """Folders in which the counter may be found, with the name of its file. A container may see its own at the top."""
    found: Dict[str, str] = {}
    for line in (_read("/proc/self/cgroup") or "").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            top, name = "/sys/fs/cgroup", "memory.events"
        elif "memory" in controllers.split(","):
            top, name = "/sys/fs/cgroup/memory", "memory.oom_control"
        else:
            continue
        found[os.path.join(top, path.lstrip("/")).rstrip("/")] = name
        found.setdefault(top, name)
    return found


def _stat(pid: str) -> List[str]:
    """What ``/proc`` says of a process, from its state on: the name before may hold anything, brackets too."""
    return (_read("/proc/{}/stat".format(pid)) or "").rpartition(")")[2].split()


def _pairs(path: str) -> Dict[str, str]:
    lines = (line.split() for line in (_read(path) or "").splitlines())
    return {fields[0]: fields[1] for fields in lines if len(fields) == 2}


def _number(text: str) -> Optional[int]:
    return int(text) if text.isdigit() else None


def _read(path: str) -> Optional[str]:
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return os.read(file, _LIMIT).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(file)
