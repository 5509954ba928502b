"""Children that share what a process has loaded that is gone then: nobody holds it besides them (ADR 55)."""

import ctypes
import os
import signal
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from aiops_platform.core.errors import PlatformError
from aiops_platform.process.forked import Child, Forked

# Of Linux: whose children lose their parent becomes their parent.
_SET_CHILD_SUBREAPER: Final = 36


class NurseryError(PlatformError):
    """Not all children could be forked."""


@dataclass(frozen=True, kw_only=True)
class _Born:
    child: Child
    work: Callable[[], int]
    name: str
    keep: Collection[int]


class Nursery:
    """A process that loads, forks, and ends. Where a system cannot give its children to us, we load and fork ourselves."""

    def __init__(self, load: Callable[[], None]) -> None:
        self._load = load
        self._born: list[_Born] = []

    def add(self, work: Callable[[], int], *, name: str, keep: Collection[int]) -> Child:
        """As `Forked`, and it lives as soon as `fork` is called. It is to wait for a word of ours before it does anything."""
        born = _Born(child=Child(), work=work, name=name, keep=tuple(keep))
        self._born.append(born)
        return born.child

    def fork(self) -> None:
        """Once, while there is one thread. Raises NurseryError: then there is none of them."""
        if not self._forked_by_another():
            self._load()
            for each in self._born:
                each.child.pid = Forked(each.work, name=each.name, keep=each.keep).pid

    def _forked_by_another(self) -> bool:
        if not _adopts(orphans=True):
            return False
        try:
            self._have_them_forked()
        except BaseException:
            self._end_all()
            raise
        finally:
            _adopts(orphans=False)
        if all(_is_ours(each.child.pid) for each in self._born):
            return True
        # A system that said that they would be, and is mistaken.
        self._end_all()
        return False

    def _have_them_forked(self) -> None:
        mine, theirs = socket.socketpair()
        descriptors = [descriptor for each in self._born for descriptor in each.keep]
        nurse = Forked(lambda: self._nurse(theirs), name="aiops-nursery", keep=[theirs.fileno(), *descriptors])
        theirs.close()
        with mine, mine.makefile("rb") as told:
            try:
                # It says each before the next is forked.
                for each, line in zip(self._born, told, strict=False):
                    each.child.pid = int(line)
                code = nurse.wait()
            except BaseException:
                nurse.kill()
                raise
        if code != 0:
            raise NurseryError("What all parts need could not be loaded; the lines above say why")

    def _nurse(self, parent: socket.socket) -> int:
        self._load()
        for each in self._born:
            child = Forked(each.work, name=each.name, keep=each.keep)
            parent.sendall(b"%d\n" % child.pid)
        return 0

    def _end_all(self) -> None:
        for each in self._born:
            pid, each.child.pid = each.child.pid, 0
            if pid:
                with suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)


def _is_ours(pid: int) -> bool:
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _adopts(*, orphans: bool) -> bool:
    with suppress(AttributeError, OSError):
        return bool(ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, ctypes.c_ulong(orphans)) == 0)
    return False
