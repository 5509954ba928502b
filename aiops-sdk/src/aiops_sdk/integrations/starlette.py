"""What fails in Starlette's apps, and so in FastAPI's: each is listened to where it ends, at its outermost middleware.

``ServerErrorMiddleware`` stands around every app, whatever class the app is of, and it is loaded before any app is made.
"""

from __future__ import annotations

import functools
import sys

from aiops_sdk import _safety, asgi, modules, scope
from aiops_sdk.asgi import AsgiRequest
from aiops_sdk.listening import Ears

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from aiops_sdk.client import Client


_HANDLER = "handler"


def install(_: Client) -> Callable[[], None]:
    """Listen to all apps of this process; the returned function ends it."""
    return modules.hook(
        ("starlette.middleware.errors", "ServerErrorMiddleware", _listen),
        # Older ones look handlers up elsewhere: there it is known only while the answer is sent.
        ("starlette._exception_handler", "wrap_app_handling_exceptions", _overhear),
    )


def _listen(errors: Any) -> Callable[[], None]:
    kind = errors.ServerErrorMiddleware
    handler = property(_asked_for_handler, lambda self, given: vars(self).update({_HANDLER: given}))
    undos = [
        modules.replace(kind, "__call__", asgi.watched(kind.__call__, asgi.STARLETTE, Ears())),
        modules.replace(kind, _HANDLER, handler),
    ]

    def undo() -> None:
        for each in undos:
            each()

    return undo


def _asked_for_handler(middleware: Any) -> Any:
    """Its handler, for which it asks when it has caught what nobody else did."""
    exc = sys.exc_info()[1]
    if exc is not None:
        _note_unhandled(exc)
    return vars(middleware).get(_HANDLER)


def _overhear(handling: Any) -> Callable[[], None]:
    """Note which exception a handler is about to turn into an answer."""
    look_up = handling._lookup_exception_handler

    @functools.wraps(look_up)
    def overheard(handlers: Any, exc: Any) -> Any:
        handler = look_up(handlers, exc)
        if handler is not None:
            _note(exc)
        return handler

    return modules.replace(handling, "_lookup_exception_handler", overheard)


@_safety.harmless
def _note(exc: BaseException) -> None:
    request = scope.current_request()
    if isinstance(request, AsgiRequest):
        request.notes.handled = exc


@_safety.harmless
def _note_unhandled(exc: BaseException) -> None:
    request = scope.current_request()
    if isinstance(request, AsgiRequest):
        request.notes.unhandled = exc
