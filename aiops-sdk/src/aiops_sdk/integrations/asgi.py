"""What fails in any ASGI app: ``AIOpsMiddleware(app)`` listens to it.

Apps of Starlette, FastAPI, Litestar and Quart that are made after ``init()`` are listened to without it. Used together, or
for apps within apps, each failure is reported once, by the outermost.
"""

from __future__ import annotations

from aiops_sdk import asgi
from aiops_sdk.listening import Ears

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Awaitable

    from aiops_sdk.asgi import Connection, Receive, Send


class AIOpsMiddleware:
    """An ASGI app that is ``app``, and reports what fails in it to the client that ``aiops_sdk.init()`` made or will make.

    Reported are exceptions that leave the app, in requests, websockets and the lifespan, and answers that say that
    something failed. Bodies, streams and exceptions pass on as they come.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.ears = Ears()

    def _pass_on(self, scope: Connection, receive: Receive, send: Send) -> Awaitable[Any]:
        passed: Awaitable[Any] = self.app(scope, receive, send)
        return passed

    __call__ = asgi.watched(_pass_on, "asgi")
