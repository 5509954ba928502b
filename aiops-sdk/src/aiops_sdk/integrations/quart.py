"""What fails in Quart's apps: each is listened to at its class.

Quart answers in a task of its own, so what it handles, and the route that it took, are learnt from its methods. They are
coroutines; ours are none, so that nobody is shown a call of ours.
"""

from __future__ import annotations

import functools

from aiops_sdk import _safety, asgi, modules, scope
from aiops_sdk import client as clients
from aiops_sdk.asgi import AsgiRequest
from aiops_sdk.listening import Ears

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional

    from aiops_sdk.client import Client


def install(_: Client) -> Callable[[], None]:
    """Listen to all apps of this process; the returned function ends it."""
    return modules.hook(("quart.app", "Quart", _listen))


def _listen(app: Any) -> Callable[[], None]:
    kind = app.Quart
    undos = [
        modules.replace(kind, "__call__", asgi.watched(kind.__call__, "quart", Ears())),
        _precede(kind, "handle_request", _meet),
        _precede(kind, "handle_websocket", _meet),
        _precede(kind, "handle_exception", _capture),
        _precede(kind, "handle_websocket_exception", _capture),
        _overhear(kind),
    ]

    def undo() -> None:
        for each in undos:
            each()

    return undo


def _precede(kind: Any, name: str, listener: Callable[[List[Any]], object]) -> Callable[[], None]:
    """Let ``listener`` hear the last argument of this method before it is called: newer Quarts put a context before it."""
    method = getattr(kind, name)

    @functools.wraps(method)
    def preceded(self: Any, *given: Any, **named: Any) -> Any:
        listener([*given, *named.values()][-1:])
        return method(self, *given, **named)

    return modules.replace(kind, name, preceded)


def _overhear(kind: Any) -> Callable[[], None]:
    """Note which exception a handler is about to turn into an answer."""
    find = kind._find_error_handler

    @functools.wraps(find)
    def overheard(self: Any, exc: Any, *args: Any, **named: Any) -> Any:
        handler = find(self, exc, *args, **named)
        if handler is not None:
            _note(exc)
        return handler

    return modules.replace(kind, "_find_error_handler", overheard)


@_safety.harmless
def _meet(given: List[Any]) -> None:
    request = _request_here()
    if request is not None:
        request.original = given[0]


@_safety.harmless
def _capture(given: List[Any]) -> None:
    client, request, exc = clients.current(), _request_here(), given[0]
    if client is not None:
        client.capture_exception(exc, mechanism="quart")
    if request is not None:
        # Also when it was noise, or known already: the answer that follows is no failure of its own.
        request.log.has_exception = True


@_safety.harmless
def _note(exc: BaseException) -> None:
    request = _request_here()
    if request is not None:
        request.notes.handled = exc


def _request_here() -> Optional[AsgiRequest]:
    request = scope.current_request()
    return request if isinstance(request, AsgiRequest) else None
