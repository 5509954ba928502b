"""Jobs of ``concurrent.futures`` that failed, and whose futures went away without anybody having asked.

A future that succeeds is not touched. One that fails keeps its exception under another name, so that the first to ask
for it (``result()``, ``exception()``) comes through here. What is kept belongs to the future alone and goes with it: if
nobody has asked by then, it says so. ADR 20.
"""

from __future__ import annotations

import functools
import sys
import weakref

from aiops_sdk import _safety, ending, modules, scope
from aiops_sdk import client as clients
from aiops_sdk.loading import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Iterable, List, Optional

    from aiops_sdk import noise
    from aiops_sdk.client import Client
else:
    (noise,) = late("noise")


_KEPT = "_aiops_sdk_unread"
_UNWANTED = "_aiops_sdk_unwanted"


def install(client: Client) -> Callable[[], None]:
    """Report the failures that nobody reads; the returned function ends it, and gives each future back what it had."""
    undos: List[Callable[[], None]] = []
    unread = _Unread(client)

    def hook(base: ModuleType) -> None:
        if unread.active:
            undos.append(_hook(unread, base))

    undos.append(modules.when_loaded("concurrent.futures._base", "Future", hook))
    client.in_forked_child(unread.forget)
    client.say_at_close(ending.LastLook(unread.tell))

    def undo() -> None:
        unread.active = False
        unread.forget()
        for each in undos:
            each()

    return undo


class _Failure:
    """The exception of one future until somebody asks. Only the future refers to it."""

    __slots__ = ("asked", "exc", "tell")

    def __init__(self, exc: BaseException, tell: Callable[[BaseException], None]) -> None:
        self.exc = exc
        self.tell = tell
        self.asked = False

    def __del__(self) -> None:
        if not self.asked:
            self.asked = True
            self.tell(self.exc)


class _Unread:
    """The failed futures whose failure nobody has asked for. It stands among a future's waiters for the moment of failing.

    Waiters are told under the future's lock, after the exception was put in its place and before anybody can look.
    """

    def __init__(self, client: Client) -> None:
        self.active = True
        self._left: List[BaseException] = []
        self._client = client
        self._futures: weakref.WeakSet[Any] = weakref.WeakSet()

    def add_exception(self, future: Any) -> None:
        """The future fails right now."""
        with _safety.guarded():
            exc = vars(future).get("_exception")
            if self._is_of_interest(future, exc):
                vars(future)[_KEPT] = _Failure(exc, self._went_unread)
                self._futures.add(future)
                del vars(future)["_exception"]

    def add_result(self, future: object) -> None:
        """Somebody else was faster, and it has not failed."""

    def add_cancelled(self, future: object) -> None:
        """Somebody else was faster, and it has not failed."""

    def forget(self) -> None:
        """From now on no future keeps anything for us: what they held is the parent process's, or the client closes."""
        futures, self._futures = list(self._futures), weakref.WeakSet()
        asked = [ask(future) for future in futures]
        if ending.process_is_ending():
            self._left.extend(exc for exc in asked if exc is not None)

    def tell(self) -> None:
        """Report what was unread when it was forgotten because the process ends."""
        while self._left:
            self._report(self._left.pop())

    def _is_of_interest(self, future: Any, exc: object) -> bool:
        if not self.active or clients.current() is not self._client or not issubclass(type(exc), BaseException):
            return False
        if _UNWANTED in vars(future) or any(waiter is not self for waiter in future._waiters):
            return False
        return not any(map(_is_asyncio_waiting, future._done_callbacks))

    def _went_unread(self, exc: BaseException) -> None:
        # The garbage collector runs also while the interpreter is taken apart.
        if self.active and not sys.is_finalizing() and clients.current() is self._client:
            self._report(exc)

    def _report(self, exc: BaseException) -> None:
        # However long ago it was told, by a log line of the job perhaps: it is the same failure.
        if noise.is_cancellation(exc) or self._client.event_of(exc) is not None:
            return
        with scope.outside():
            self._client.capture_exception(exc, source="process", mechanism="futures")


class _Exception:
    """Stands on the class where futures keep their exception: found only for those that have it elsewhere."""

    def __get__(self, future: Any, kind: Optional[type] = None) -> object:
        if future is None:
            return self
        failure = vars(future).get(_KEPT)
        if failure is None:
            # Asked by another thread a moment ago, or never made properly.
            if "_exception" in vars(future):
                return vars(future)["_exception"]
            raise AttributeError("_exception")
        # Printing a future is not asking it.
        if sys._getframe(1).f_code.co_name != "__repr__":
            ask(future)
        return failure.exc


def _is_asyncio_waiting(callback: object) -> bool:
    """Whether this is how ``wrap_future()`` gets its answer: it counts also where the one who waited was cancelled."""
    name = getattr(callback, "__qualname__", None)
    return name == "_chain_future.<locals>._call_set_state"


def ask(future: Any) -> Optional[BaseException]:
    """Somebody asks: the exception is put where it belongs. None if it lies there already, or there is none."""
    failure: Optional[_Failure] = vars(future).get(_KEPT)
    if failure is None:
        return None
    failure.asked = True
    vars(future)["_exception"] = failure.exc
    vars(future).pop(_KEPT, None)
    return failure.exc


def _hook(unread: _Unread, base: Any) -> Callable[[], None]:
    """Three names of the module, and one that only our own futures use."""
    future = base.Future
    if "_exception" not in vars(future()) or hasattr(future, "_exception"):
        return lambda: None  # Another implementation, or somebody else's hand in this one.
    replaced = [
        _replace(future, "set_exception", functools.partial(_setting, unread)),
        _replace(future, "cancel", _cancelling),
        _replace(base, "_AcquireFutures", _acquiring),
    ]
    future._exception = _Exception()

    def undo() -> None:
        for each in replaced:
            each()
        del future._exception

    return undo


def _setting(unread: _Unread, earlier: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    @functools.wraps(earlier)
    def set_exception(self: Any, exception: Optional[BaseException]) -> None:
        if not unread.active:
            earlier(self, exception)
            return
        self._waiters.append(unread)
        try:
            earlier(self, exception)
        finally:
            self._waiters.remove(unread)

    return set_exception


def _cancelling(earlier: Callable[[Any], bool]) -> Callable[[Any], bool]:
    @functools.wraps(earlier)
    def cancel(self: Any) -> bool:
        # Whoever cancels does not want to know any more. Executor.map() does it with what it leaves behind.
        vars(self)[_UNWANTED] = True
        ask(self)
        return earlier(self)

    return cancel


def _acquiring(earlier: Any) -> type:
    """What ``wait()`` and ``as_completed()`` lock their futures with: to wait for it is to ask for it."""

    class AcquireFutures(earlier):  # type: ignore[misc]  # it is the module's own
        def __enter__(self) -> None:
            super().__enter__()
            futures: Iterable[object] = self.futures
            for one in futures:
                if hasattr(one, "__dict__"):
                    ask(one)

    return AcquireFutures


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> Callable[[], None]:
    earlier = vars(owner)[name]
    ours = make(earlier)
    setattr(owner, name, ours)

    def undo() -> None:
        if vars(owner).get(name) is ours:
            setattr(owner, name, earlier)

    return undo
