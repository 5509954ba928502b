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
# Who loads gevent patches with it at once, or not at all.
SETTLING = 1.0
# Before gevent puts its own in their place.
_get_ident, _native_sleep = _thread.get_ident, time.sleep

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
        self._gevent_came = 0.0
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
            # One by one, so that nobody waits for all of them.
            if not self._loads_alone(name, begun + PATIENCE):
                self._module_if_any(name)
            _sleep(PAUSE)
        # Names of hosts are encoded like this, and the first time looks for a module.
        self.module("encodings.idna")
        self._done = True

    def ready_for_network(self) -> None:
        """Before a thread of ours uses the network: where gevent has patched that, let the thread have its hub.

        It would get one at its first wait, for which gevent imports, and beside a program that imports, too, that is not safe.
        Raises ``OSError`` where the program imports without a pause.
        """
        if "gevent" not in sys.modules or _has_hub() or _is_main_thread():
            return
        if not self._do_alone(_make_hub, time.monotonic() + PATIENCE):
            raise OSError("gevent is being loaded")

    def _loads_alone(self, name: str, until: float) -> bool:
        return self._do_alone(lambda: self._module_if_any(name), until)

    def _do_alone(self, action: Callable[[], object], until: float) -> bool:
        """Do what imports while nobody else does. False, and nothing is done, where ``until`` then somebody always does.

        Some finders (that of setuptools, for one) import under the lock that Python holds while it asks them. Who is importing
        what they want meanwhile, and asks for that lock, waits for them as they wait for him. So we import under that lock,
        too, and only when no module is locked: then there is nobody to wait for, and who comes later waits for one module.

        gevent patches the locks of modules, and what threads are called, under which their owners are known: whoever imports
        at that moment waits for himself. So between gevent's coming and its patching nothing is imported.
        """
        while True:
            if self._lock.acquire(timeout=SECONDS):
                try:
                    _imp.acquire_lock()
                    try:
                        if not _locked_modules() and self._is_settled():
                            action()
                            return True
                    finally:
                        _imp.release_lock()
                finally:
                    self._lock.release()
            if time.monotonic() >= until:
                return False
            _sleep(PAUSE)

    def _is_settled(self) -> bool:
        """Whether gevent has not come, has patched threads, or will not."""
        if "gevent" not in sys.modules or _thread.get_ident is not _get_ident or _has_hub():
            return True
        self._gevent_came = self._gevent_came or time.monotonic()
        return time.monotonic() - self._gevent_came > SETTLING

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


def _sleep(seconds: float) -> None:
    """Not gevent's way in a thread that gevent has not been in yet: see ``ready_for_network``."""
    (time.sleep if _has_hub() else _native_sleep)(seconds)


def _has_hub() -> bool:
    """Whether gevent has been in this thread: so in each of its greenlets."""
    ask = getattr(sys.modules.get("gevent._hub_local"), "get_hub_if_exists", None)
    return ask is not None and ask() is not None


def _make_hub() -> None:
    """With what it needs for names of hosts. None where gevent has patched nothing."""
    if not getattr(sys.modules.get("gevent.monkey"), "saved", None):
        return
    hub = sys.modules["gevent"].get_hub()
    hub.resolver  # noqa: B018 - made when it is asked for
    hub.threadpool  # noqa: B018


def _is_main_thread() -> bool:
    threading = sys.modules.get("threading")
    return threading is not None and threading.main_thread().ident == _thread.get_ident()


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
