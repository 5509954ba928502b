"""Ends that nobody can catch: what Python says of a crash in C goes to a file, and a stop leaves a trace.

``faulthandler`` writes both, from C. It is never taken from a host that uses it. No signal gets another handler that
Python would know of, and each ends the process as it would have, or is handled as it would have been. ADR 17.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import time
import weakref

from aiops_sdk.frozen import Frozen
from aiops_sdk.loading import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Dict, List, Optional

    from aiops_sdk import machine
    from aiops_sdk.delivery import journal as journals
    from aiops_sdk.delivery.journal import Journal
    from aiops_sdk.machine import Signals

    _Held = Callable[[], Optional["_Note"]]
else:
    journals, machine = late("delivery.journal", "machine")


#: Seconds in which a program sets up its own handlers, on which ours are put.
SETTLING = 3.0

# How a process is told to stop. A hang-up that the host handles is its order to reload.
_STOPS = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP")
_RELOAD = "SIGHUP"

# Where one of these is loaded, somebody sits in front of it and knows why it ended.
_COMPANIONS = ("pytest", "pydevd", "debugpy", "ipykernel", "IPython")

_CRASHES = (
    signal.SIGSEGV,
    signal.SIGABRT,
    signal.SIGFPE,
    signal.SIGILL,
    getattr(signal, "SIGBUS", None),
    getattr(signal, "SIGKILL", None),
)

_DEFAULT, _PYTHON, _IGNORED, _UNKNOWN = "default", "python", "ignored", "unknown"


class Faults:
    """Watches for the ends of one process. ``begin`` with its journal, ``look`` with each beat, ``end`` undoes it."""

    def __init__(self, host_uses_it: bool) -> None:
        # Whether a signal is registered there already, it does not tell.
        self._host_uses_it = host_uses_it
        self._journal: Optional[Journal] = None
        self._begun = 0.0
        # A note that is gone from here is no longer held by faulthandler: somebody else took it.
        self._fault: _Held = _nothing
        self._path = os.devnull
        self._armed: Dict[int, _Armed] = {}
        self._blind = False
        self._undos: List[Callable[[], None]] = []

    def begin(self, journal: Journal) -> None:
        """This process has a journal now, in a forked child its own."""
        self._begun = time.monotonic()
        self._journal = journal
        self._blind = False
        self._path = journal.beside(journals.SIGNAL)
        if not self._undos:
            self._undos = _say_of_ends(self._mark)
        import faulthandler

        if not faulthandler.is_enabled() or self._fault() is not None:
            self._write_faults_to(journal.beside(journals.FAULT))

    def look(self, now: Optional[float] = None) -> bool:
        """Whether a stop from outside would leave a trace, after seeing to it; ``now`` is monotonic.

        Once the program has settled, that is; and False wherever a death without a trace would be no news: somebody
        sits in front of it, or it is a child of ``multiprocessing``, whose parent ends it as it likes, and sees it end.
        """
        if self._journal is None or (time.monotonic() if now is None else now) < self._begun + SETTLING:
            return False
        fault = self._fault()
        if fault is not None and not fault.is_ours():
            self._write_faults_to(os.devnull)
        if not self._blind and not _is_accompanied():
            masks = machine.signals()
            seen = [masks is not None and self._arm(name, masks) for name in _STOPS]
            self._blind = not all(seen)
            return not self._blind
        return False

    def let_go(self) -> None:
        """In a forked child, at once: nothing more goes to the files of the parent."""
        self._journal = None
        self._silence()

    def end(self) -> None:
        """Leave no trace of it."""
        journal, self._journal = self._journal, None
        for undo in reversed(self._undos):
            undo()
        self._undos = []
        self._silence()
        if journal is not None:
            journal.remove_notes()

    # Crashes.

    def _write_faults_to(self, path: str) -> None:
        import faulthandler

        note = _Note.made(path)
        if note is not None:
            try:
                faulthandler.enable(file=note, all_threads=True)
                self._fault = weakref.ref(note)
            except (OSError, RuntimeError, ValueError):
                return

    # Stops.

    def _arm(self, name: str, masks: Signals) -> bool:
        """Let this signal leave a note before it does what it does. Whether a stop by it would be noticed."""
        number: Optional[int] = getattr(signal, name, None)
        if number is None:
            return True
        handler, known = signal.getsignal(number), self._armed.get(number)
        bit = 1 << (number - 1)
        if masks.blocked & bit:
            # The host waits for it in a way that calls no handler.
            return False
        has_handler = bool(masks.caught & bit)
        kind = _kind(handler, has_handler and known is None)
        if kind == _IGNORED or (kind == _PYTHON and name == _RELOAD):
            return True
        if known is not None:
            return self._keep(number, known, kind, handler, has_handler)
        if kind == _PYTHON and self._host_uses_it:
            # It may be registered on top of that handler already. A KeyboardInterrupt ends a program in order, at least.
            return handler is signal.default_int_handler
        return kind != _UNKNOWN and self._put(number, kind, handler)

    def _keep(self, number: int, known: _Armed, kind: str, handler: object, has_handler: bool) -> bool:
        """It was put there before, perhaps by our parent: is it still the first?"""
        note = known.note()
        if note is None or known.kind != kind:
            # The host's own now. To put ours there again would bring back what the host has replaced.
            return False
        if known.handler is not handler or not has_handler:
            # Replaced by the like of what it had replaced, so that taking ours away changes nothing.
            import faulthandler

            faulthandler.unregister(number)
        elif note.path == self._path and note.is_ours():
            return True
        return self._put(number, kind, handler)

    def _put(self, number: int, kind: str, handler: object) -> bool:
        import faulthandler

        note = _Note.made(self._path)
        if note is None:
            return False
        try:
            # Where it is registered already, this exchanges the file and nothing else.
            faulthandler.register(number, file=note, all_threads=False, chain=True)
        except (OSError, RuntimeError, ValueError):
            return False
        self._armed[number] = _Armed(kind, handler, weakref.ref(note))
        return True

    def _silence(self) -> None:
        """Whatever is still ours says nothing any more. It cannot be taken away: it might take away the host's."""
        if self._fault() is not None:
            self._write_faults_to(os.devnull)
        self._path = os.devnull
        for number, armed in list(self._armed.items()):
            if armed.note() is not None:
                self._put(number, armed.kind, armed.handler)

    def _mark(self, really: bool) -> None:
        if self._journal is not None:
            self._journal.ending(really)


class _Note:
    """A file to which faulthandler writes. It alone holds it, so that we see when it lets go of it."""

    def __init__(self, path: str, file: int) -> None:
        self.path = path
        self._file = file
        self._status = os.fstat(file)

    @classmethod
    def made(cls, path: str) -> Optional[_Note]:
        """None where it cannot be."""
        try:
            return cls(
                path, os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            )
        except OSError:
            return None

    def fileno(self) -> int:
        """What faulthandler asks for, once."""
        return self._file

    def flush(self) -> None:
        """There is nothing to flush."""

    def is_ours(self) -> bool:
        """False where the host closed all descriptors: the number may be another file's by now."""
        try:
            return os.path.samestat(os.fstat(self._file), self._status)
        except OSError:
            return False

    def __del__(self) -> None:
        if self.is_ours():
            os.close(self._file)


class _Armed(Frozen):
    """What a signal did when our note was put before it, and that note while it is there."""

    kind: str
    handler: object
    note: _Held


def _nothing() -> None:
    return None


def _kind(handler: object, is_foreign: bool) -> str:
    """What happens at a signal. ``is_foreign``: there is a handler, and it is not ours."""
    if handler is signal.SIG_IGN:
        return _IGNORED
    if handler is signal.SIG_DFL:
        # A handler that Python does not know of: a server's that is written in C, or faulthandler's for the host.
        return _UNKNOWN if is_foreign else _DEFAULT
    return _PYTHON if callable(handler) else _UNKNOWN


def _is_accompanied() -> bool:
    return (
        hasattr(sys, "ps1")
        or machine.has_terminal()
        or any(name in sys.modules for name in _COMPANIONS)
        or any(_is_child(sys.modules.get(name)) for name in ("multiprocessing.process", "billiard.process"))
    )


def _is_child(process: Optional[ModuleType]) -> bool:
    """Whether this is a child of ``multiprocessing``, or of Celery's edition of it."""
    current: Any = getattr(process, "current_process", None)
    return current is not None and getattr(current(), "_parent_pid", None) is not None


# Ends that the program itself decides on.


def _say_of_ends(mark: Callable[[bool], None]) -> List[Callable[[], None]]:
    """Call ``mark(True)`` before the program ends itself past ``atexit``, and ``mark(False)`` if it did not, after all."""
    undos = [_wrap(os, name, mark, _always) for name in ("_exit", "execv", "execve")]
    undos.append(_wrap(os, "kill", mark, _kills_this_process))
    if hasattr(signal, "raise_signal"):
        undos.append(_wrap(signal, "raise_signal", mark, _is_deadly))
    return undos


def _wrap(
    module: ModuleType, name: str, mark: Callable[[bool], None], is_the_end: Callable[..., bool]
) -> Callable[[], None]:
    original = getattr(module, name)
    active = [True]

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not active or not is_the_end(*args, **kwargs):
            return original(*args, **kwargs)
        mark(True)
        try:
            return original(*args, **kwargs)
        finally:
            mark(False)

    setattr(module, name, wrapped)

    def undo() -> None:
        active.clear()
        if getattr(module, name) is wrapped:
            setattr(module, name, original)

    return undo


def _always(*_: object, **__: object) -> bool:
    return True


def _kills_this_process(*args: object, **__: object) -> bool:
    return len(args) == 2 and args[0] == os.getpid() and _is_deadly(args[1])


def _is_deadly(number: object = None, *_: object, **__: object) -> bool:
    """Whether this signal would end the process as the program wants it. Crashes, and SIGKILL, tell of themselves."""
    if not isinstance(number, int) or number in _CRASHES or not 0 < number < signal.NSIG:
        return False
    return signal.getsignal(number) is signal.SIG_DFL
