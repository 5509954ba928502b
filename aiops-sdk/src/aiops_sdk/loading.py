"""Loads modules late: in a thread of ours where it can be, and never while the process forks.

Late: importing the SDK loads little and no network, and a program may let gevent patch that after ``init()``. Not while
forking: a module that is half loaded at that moment stays locked in the child for ever. ADR 22.
"""

from __future__ import annotations

import _imp
import _thread
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, List, TypeVar

    Made = TypeVar("Made")

# How long a fork may be held up at most, and how long loading for another's: each takes a small part of that.
FORK_SECONDS = 5.0
SECONDS = 1.0
# Between two modules: a lock that is taken again at once is never had by who waits for it.
PAUSE = 0.001
# For a moment in which the program imports nothing. One that never comes is a program that runs within an import.
PATIENCE = 5.0

#: What is needed soon after the start. First what takes a failure down, then what tells of it, then the way to the platform.
SOON = (
    "aiops_sdk.noise",
    "aiops_sdk.seen",
    "aiops_sdk.capturing",
    "aiops_sdk.delivery.worker",
    "aiops_sdk.delivery.disk",
    "aiops_sdk.delivery.journal",
    "aiops_sdk.delivery.spool",
    "mmap",
    "fcntl",
    "binascii",
    "aiops_sdk.steps",
    "aiops_sdk.delivery.parcel",
    "aiops_sdk.delivery.batch",
    "aiops_sdk.postmortem",
    "aiops_sdk.integrations.faults",
    "zlib",
    "http.client",
    "email.utils",
    "base64",
    # Since Python 3.11 the standard library itself loads these when it first shows where in a line a call was.
    *(("ast", "unicodedata") if sys.version_info >= (3, 11) else ()),
)


class Loader:
    """Loads one thing at a time, and a fork waits for the end of it."""

    def __init__(self) -> None:
        # What interrupts the loading in its own thread (a signal, a __del__) must not wait for it.
        self._lock = _thread.RLock()
        self._holder = 0
        self._holds_off_forks = False
        self._done = False

    def module(self, name: str) -> ModuleType:
        """The module of this name, loaded now if it was not.

        Who is interrupted in the midst of importing what another thread of ours loads meanwhile waits no longer than for
        ``SECONDS``: Python sorts that out by itself.
        """
        held = self._lock.acquire(timeout=SECONDS)
        try:
            if not self._holds_off_forks:
                self._holds_off_forks = True
                self._hold_off_forks()
            __import__(name)
        finally:
            if held:
                self._lock.release()
        return sys.modules[name]

    def alone(self, make: Callable[[], Made]) -> Made:
        """What ``make`` gives: a thing in whose making the process must neither fork nor end.

        ``OSError`` where that cannot be had any more, because the process ends.
        """
        if not self._lock.acquire(timeout=SECONDS):
            raise OSError("the process ends")
        try:
            return make()
        finally:
            self._lock.release()

    def end(self) -> None:
        """The process ends: wait until nothing is in the making, and let nothing begin."""
        self._lock.acquire(timeout=SECONDS)

    def load_all(self) -> None:
        """Load all that will be needed soon, also what other modules would import at their first use."""
        if self._done:
            return
        begun = time.monotonic()
        for name in SOON:
            # Beside gevent it never comes.
            patient_until = begun + (PATIENCE / 10 if "gevent" in sys.modules else PATIENCE)
            # One by one, so that nobody waits for all of them.
            while not self._loads_alone(name) and time.monotonic() < patient_until:
                time.sleep(PAUSE)
            self._module_if_any(name)
            time.sleep(PAUSE)
        # Names of hosts are encoded like this, and the first time looks for a module.
        self.module("encodings.idna")
        self._done = True

    def _loads_alone(self, name: str) -> bool:
        """Load it while nobody else imports anything. False, and nothing is done, where somebody does.

        Some finders (that of setuptools, for one) import under the lock that Python holds while it asks them. Who is importing
        what they want meanwhile, and asks for that lock, waits for them as they wait for him. So we import under that lock,
        too, and only when no module is locked: then there is nobody to wait for, and who comes later waits for one module.
        """
        if not self._lock.acquire(timeout=SECONDS):
            return False
        try:
            _imp.acquire_lock()
            try:
                # gevent puts locks of its own in the place of those of modules: not to be waited for under this one.
                if _locked_modules() or "gevent" in sys.modules:
                    return False
                self._module_if_any(name)
                return True
            finally:
                _imp.release_lock()
        finally:
            self._lock.release()

    def _module_if_any(self, name: str) -> None:
        try:
            self.module(name)
        except ImportError:
            return  # Not every system has each.

    def _hold_off_forks(self) -> None:
        """Python keeps such hooks for ever."""
        if not hasattr(os, "register_at_fork"):
            return

        def before() -> None:
            if self._lock.acquire(timeout=FORK_SECONDS):
                self._holder = _thread.get_ident()

        def in_parent() -> None:
            # Another thread may fork at the same time.
            if self._holder == _thread.get_ident():
                self._holder = 0
                self._lock.release()

        def in_child() -> None:
            self._lock = _thread.RLock()

        os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)


LOADER = Loader()


def _locked_modules() -> object:
    """Those that are being imported at this moment; none where Python keeps no such list."""
    return getattr(sys.modules.get("_frozen_importlib"), "_module_locks", None)


class Late:
    """Stands for a module of ours until something of it is asked for. What it gave it keeps, so that it costs no more."""

    def __init__(self, name: str) -> None:
        self.__name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(LOADER.module(self.__name), attribute)
        setattr(self, attribute, found)
        return found


def late(*names: str) -> List[Any]:
    """Stand-ins for these modules of this package. For the type checker, import the modules themselves beside it."""
    return [Late("aiops_sdk." + name) for name in names]
