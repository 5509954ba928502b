"""Calls of other services through httpx, as breadcrumbs. On by ``capture_http``."""

from __future__ import annotations

import functools
import time

import httpx

from aiops_sdk import _safety, saying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from aiops_sdk.client import Client


def install(client: Client) -> Callable[[], None]:
    """Note each call; the returned function ends it."""
    send, send_async = httpx.Client.send, httpx.AsyncClient.send
    active = [client.config.max_breadcrumbs]

    @functools.wraps(send)
    def noting(self: httpx.Client, request: httpx.Request, *args: Any, **named: Any) -> httpx.Response:
        began = time.monotonic()
        try:
            response = send(self, request, *args, **named)
        except Exception as exc:
            _note(request, type(exc).__name__, began, active)
            raise
        _note(request, response.status_code, began, active)
        return response

    @functools.wraps(send_async)
    async def noting_async(self: httpx.AsyncClient, request: httpx.Request, *args: Any, **named: Any) -> httpx.Response:
        began = time.monotonic()
        try:
            response = await send_async(self, request, *args, **named)
        except Exception as exc:
            _note(request, type(exc).__name__, began, active)
            raise
        _note(request, response.status_code, began, active)
        return response

    httpx.Client.send = noting  # type: ignore[method-assign]  # it is the point
    httpx.AsyncClient.send = noting_async  # type: ignore[method-assign]  # it is the point

    def undo() -> None:
        active.clear()
        # Where somebody has wrapped ours since, it stays below theirs and does nothing.
        if httpx.Client.send is noting:
            httpx.Client.send = send  # type: ignore[method-assign]  # back to what it was
        if httpx.AsyncClient.send is noting_async:
            httpx.AsyncClient.send = send_async  # type: ignore[method-assign]  # back to what it was

    return undo


def _note(request: httpx.Request, result: object, began: float, kept: List[int]) -> None:
    if kept and kept[0]:
        took = time.monotonic() - began
        _safety.attempt(lambda: saying.call_made(request.method, str(request.url), result, took, kept[0]), None)
