"""What fails in Starlette's apps, and so in FastAPI's: each is listened to where it ends, at its outermost middleware.

``ServerErrorMiddleware`` stands around every app, whatever class the app is of, and it is loaded before any app is made.
"""

from __future__ import annotations

import functools

from aiops_sdk import _safety, asgi, modules, scope
from aiops_sdk.asgi import AsgiRequest
from aiops_sdk.listening import Ears

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from aiops_sdk.client import Client


def install(_: Client) -> Callable[[], None]:
    """Listen to all apps of this process; the returned function ends it."""
    return modules.hook(
        ("starlette.middleware.errors", "ServerErrorMiddleware", _listen),
        # Older ones look handlers up elsewhere: there it is known only while the answer is sent.
        ("starlette._exception_handler", "wrap_app_handling_exceptions", _overhear),
    )


def _listen(errors: Any) -> Callable[[], None]:
    kind = errors.ServerErrorMiddleware
    return modules.replace(kind, "__call__", asgi.watched(kind.__call__, asgi.STARLETTE, Ears()))


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
