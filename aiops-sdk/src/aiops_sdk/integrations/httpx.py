"""Calls of other services through httpx, as breadcrumbs. On by ``capture_http``."""

from __future__ import annotations

import functools
import time

# The package itself is not there yet when its parts are.
from httpx._client import AsyncClient, Client

from aiops_sdk import _safety, saying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from httpx import Request, Response

    from aiops_sdk import client as clients


def install(client: clients.Client) -> Callable[[], None]:
    """Note each call; the returned function ends it."""
    send, send_async = Client.send, AsyncClient.send
    active = [client.config.max_breadcrumbs]

    @functools.wraps(send)
    def noting(self: Client, request: Request, *args: Any, **named: Any) -> Response:
        began = time.monotonic()
        try:
            response = send(self, request, *args, **named)
        except Exception as exc:
            _note(request, type(exc).__name__, began, active)
            raise
        _note(request, response.status_code, began, active)
        return response

    @functools.wraps(send_async)
    async def noting_async(self: AsyncClient, request: Request, *args: Any, **named: Any) -> Response:
        began = time.monotonic()
        try:
            response = await send_async(self, request, *args, **named)
        except Exception as exc:
            _note(request, type(exc).__name__, began, active)
            raise
        _note(request, response.status_code, began, active)
        return response

    Client.send = noting  # type: ignore[method-assign]  # it is the point
    AsyncClient.send = noting_async  # type: ignore[method-assign]  # it is the point

    def undo() -> None:
        active.clear()
        # Where somebody has wrapped ours since, it stays below theirs and does nothing.
        if Client.send is noting:
            Client.send = send  # type: ignore[method-assign]  # back to what it was
        if AsyncClient.send is noting_async:
            AsyncClient.send = send_async  # type: ignore[method-assign]  # back to what it was

    return undo


def _note(request: Request, result: object, began: float, kept: List[int]) -> None:
    if kept and kept[0]:
        took = time.monotonic() - began
        _safety.attempt(lambda: saying.call_made(request.method, str(request.url), result, took, kept[0]), None)
