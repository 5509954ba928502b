"""Does something with a module of others once it is there: without loading it, and without a hand in its loading.

``sys.meta_path`` gets a finder that never finds anything. It is asked about every module that is not loaded yet, and
uses the occasion to see whether one that is waited for has come meanwhile. ADR 20.
"""

from __future__ import annotations

import _imp
import functools
import sys

from aiops_sdk import _safety

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, List, Optional, Sequence, Tuple

    # A module, a name in it, and what lays the hook.
    Hook = Tuple[str, str, Callable[[Any], Callable[[], None]]]


class _Awaited:
    """A module, and the name whose presence says that so much of it as we need has been run."""

    __slots__ = ("attribute", "module", "then")

    def __init__(self, module: str, attribute: str, then: Callable[[ModuleType], None]) -> None:
        self.module = module
        self.attribute = attribute
        self.then = then

    def loaded(self) -> Optional[ModuleType]:
        found = sys.modules.get(self.module)
        return found if isinstance(found, type(sys)) and self.attribute in vars(found) else None


class Lookout:
    """The finder that finds nothing. It takes no lock, imports nothing, and its calls are what the awaited modules get.

    It looks around where the program imports, not where we do: what it finds might be in the midst of its own import.
    """

    def __init__(self) -> None:
        self.awaited: List[_Awaited] = []

    def find_spec(self, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None) -> None:  # noqa: ARG002 - Python's signature
        """Look around, and let the others find the module."""
        if _safety.is_at_work():
            return
        for one in self.awaited[:]:
            module = one.loaded()
            if module is not None and self.forget(one):
                with _without_the_import_lock(), _safety.guarded():
                    one.then(module)

    def forget(self, one: _Awaited) -> bool:
        """Wait for it no longer. False if another thread was first."""
        try:
            self.awaited.remove(one)
        except ValueError:
            return False
        return True


class _without_the_import_lock:  # noqa: N801 - reads as a statement
    """Python asks its finders under a lock over all imports: in this block, let go of it.

    Who imports something under it that another thread is importing already waits for that thread; and that one soon waits
    for the lock, for ever.
    """

    def __enter__(self) -> None:
        self._times = 0
        while True:
            try:
                _imp.release_lock()
            except RuntimeError:  # Now it is not ours any more.
                return
            self._times += 1

    def __exit__(self, *_: object) -> None:
        for _each in range(self._times):
            _imp.acquire_lock()


def when_loaded(module: str, attribute: str, then: Callable[[ModuleType], None]) -> Callable[[], None]:
    """Call ``then`` with the module as soon as it has ``attribute``: now, or while something else is being imported.

    It must be a module after which its own package imports others. The returned function ends the waiting.
    """
    awaited = _Awaited(module, attribute, then)
    found = awaited.loaded()
    if found is not None:
        # Who changed that module, or wrote another of its name, must not keep the program from starting.
        with _safety.guarded():
            then(found)
        return lambda: None
    lookout = _lookout()
    lookout.awaited.append(awaited)

    def end_waiting() -> None:
        lookout.forget(awaited)

    return end_waiting


def hook(*hooks: Hook) -> Callable[[], None]:
    """Lay each hook as soon as its module has that name, as ``when_loaded`` does. The returned function takes them all back.

    A hook is called with the module, and returns what undoes it.
    """
    undos: List[Callable[[], None]] = []
    active = [True]

    def lay(make: Callable[[Any], Callable[[], None]], module: ModuleType) -> None:
        if active:
            undos.append(make(module))

    for module, attribute, make in hooks:
        undos.append(when_loaded(module, attribute, functools.partial(lay, make)))

    def undo() -> None:
        active.clear()
        for each in reversed(undos):
            each()

    return undo


def replace(owner: object, name: str, ours: object) -> Callable[[], None]:
    """Put something of ours under this name; the returned function puts back what was there, unless somebody replaced ours."""
    own = vars(owner)
    was_there, earlier = name in own, own.get(name)
    setattr(owner, name, ours)

    def undo() -> None:
        if vars(owner).get(name) is not ours:
            return
        if was_there:
            setattr(owner, name, earlier)
        else:
            delattr(owner, name)

    return undo


def _lookout() -> Lookout:
    """The one of this process. It stays for ever: where a finder goes while another thread asks, that thread skips one."""
    for finder in sys.meta_path:
        if isinstance(finder, Lookout):
            return finder
    made = Lookout()
    sys.meta_path.insert(0, made)
    return made
