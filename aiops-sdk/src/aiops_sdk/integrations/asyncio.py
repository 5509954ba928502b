"""What asyncio tells nobody but its exception handler: tasks that failed and were never awaited, callbacks that raised.

Taken at ``BaseEventLoop.call_exception_handler``, on the class: so every loop is heard, whenever it was made and whatever
handler it has. A loop of another make (uvloop's) logs such failures as asyncio does, and is heard there.
"""

from __future__ import annotations

import functools
import sys

from aiops_sdk import client as clients
from aiops_sdk import ending, modules, scope
from aiops_sdk.loading import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Iterator, List

    from aiops_sdk import noise
    from aiops_sdk.client import Client
else:
    (noise,) = late("noise")


def install(client: Client) -> Callable[[], None]:
    """Report what the loops of this process hand to their handlers; the returned function ends it."""
    undos: List[Callable[[], None]] = []
    active = [True]

    def hook(base_events: ModuleType) -> None:
        if active:
            undos.append(_hook(client, active, base_events))

    undos.append(modules.when_loaded("asyncio.base_events", "BaseEventLoop", hook))
    client.say_at_close(ending.LastLook(lambda: _capture_forgotten(client)))

    def undo() -> None:
        active.clear()
        for each in undos:
            each()

    return undo


def _hook(client: Client, active: List[bool], base_events: Any) -> Callable[[], None]:
    loops = base_events.BaseEventLoop
    earlier = loops.call_exception_handler

    @functools.wraps(earlier)
    def call_exception_handler(loop: object, context: object) -> None:
        try:
            # Before it is logged: the log line then carries an exception that is known.
            if active and clients.current() is client and isinstance(context, dict):
                _capture(client, dict.get(context, "exception"))
        finally:
            earlier(loop, context)

    loops.call_exception_handler = call_exception_handler

    def undo() -> None:
        if loops.call_exception_handler is call_exception_handler:
            loops.call_exception_handler = earlier

    return undo


def _capture(client: Client, exc: Any) -> None:
    # Called from wherever the last reference to a task is dropped, which may be in another request.
    if issubclass(type(exc), BaseException) and not noise.is_cancellation(exc):
        with scope.outside():
            client.capture_exception(exc, source="process", mechanism="asyncio")


def _capture_forgotten(client: Client) -> None:
    """At the end of the process: tasks that failed, that nobody has asked, and that something still holds.

    asyncio tells of them when they go, which is after everything that we could still do.
    """
    for task in _tasks():
        if getattr(task, "_log_traceback", False):
            _capture(client, getattr(task, "_exception", None))


def _tasks() -> Iterator[object]:
    """The tasks that asyncio itself knows, by the name that its register has in this version; none is fine, too."""
    of_asyncio = sys.modules.get("asyncio.tasks")
    for name in ("_scheduled_tasks", "_all_tasks"):
        yield from list(getattr(of_asyncio, name, ()))
