"""Loads the network's modules late, in the sending thread, and never while the process forks.

Late: importing the SDK loads none of them, and a program may let gevent patch them after ``init()``. Not while forking:
a module that is half loaded at that moment stays locked in the child for ever.
"""

from __future__ import annotations

import _thread
import codecs
import importlib
import os
import weakref

# How long a fork may be held up at most; loading takes a twentieth of that.
SECONDS = 1.0

MODULES = ("http.client", "email.utils", "base64", "zlib")


class Loader:
    """Loads once; a fork waits for the end of it."""

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._holder = 0
        self._loaded = False
        if hasattr(os, "register_at_fork"):
            self._hold_off_forks()

    def load(self) -> None:
        """Import all that sending will need, also what other modules would import at their first use."""
        with self._lock:
            if not self._loaded:
                for name in MODULES:
                    importlib.import_module(name)
                # Names of hosts are encoded like this, and the first time looks for a module.
                codecs.lookup("idna")
                self._loaded = True

    def _hold_off_forks(self) -> None:
        """Python keeps such hooks for ever, so they must not keep us."""
        reference = weakref.ref(self)

        def before() -> None:
            loader = reference()
            if loader is not None and loader._lock.acquire(timeout=SECONDS):
                loader._holder = _thread.get_ident()

        def in_parent() -> None:
            loader = reference()
            # Another thread may fork at the same time.
            if loader is not None and loader._holder == _thread.get_ident():
                loader._holder = 0
                loader._lock.release()

        def in_child() -> None:
            loader = reference()
            if loader is not None:
                loader._lock = _thread.allocate_lock()

        os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)
