"""Children that share what a process has loaded that is gone then: nobody holds it besides them (ADR 55)."""

import ctypes
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
        if _adopts(orphans=True):
            try:
                self._by_another()
            finally:
                _adopts(orphans=False)
        else:
            self._load()
            for each in self._born:
                each.child.pid = Forked(each.work, name=each.name, keep=each.keep).pid

    def _by_another(self) -> None:
        mine, theirs = socket.socketpair()
        descriptors = [descriptor for each in self._born for descriptor in each.keep]
        nurse = Forked(lambda: self._nurse(theirs), name="aiops-nursery", keep=[theirs.fileno(), *descriptors])
        theirs.close()
        with mine, mine.makefile("rb") as told:
            try:
                # It says each before the next is forked.
                for each, line in zip(self._born, told, strict=False):
                    each.child.pid = int(line)
                complete = nurse.wait() == 0
            except BaseException:
                nurse.kill()
                self._end_all()
                raise
        if not complete:
            self._end_all()
            raise NurseryError("What all parts need could not be loaded; the lines above say why")

    def _nurse(self, parent: socket.socket) -> int:
        self._load()
        for each in self._born:
            child = Forked(each.work, name=each.name, keep=each.keep)
            parent.sendall(b"%d\n" % child.pid)
        return 0

    def _end_all(self) -> None:
        for each in self._born:
            each.child.kill()


def _adopts(*, orphans: bool) -> bool:
    with suppress(AttributeError, OSError):
        return bool(ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, ctypes.c_ulong(orphans)) == 0)
    return False
