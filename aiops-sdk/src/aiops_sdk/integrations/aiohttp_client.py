"""Calls of other services through aiohttp's client, as breadcrumbs. On by ``capture_http``."""

from __future__ import annotations

import functools
import time

from aiops_sdk import _safety, modules, saying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from aiops_sdk import client as clients


def install(client: clients.Client) -> Callable[[], None]:
    """Note each call; the returned function ends it."""
    kept = client.config.max_breadcrumbs
    return modules.hook(("aiohttp.client", "ClientSession", lambda module: _listen(module.ClientSession, kept)))


def _listen(session: Any, kept: int) -> Callable[[], None]:
    ask = session._request

    @functools.wraps(ask)
    async def noting(self: Any, method: Any, url: Any, *args: Any, **named: Any) -> Any:
        began = time.monotonic()
        try:
            response = await ask(self, method, url, *args, **named)
        except Exception as exc:
            _note(method, url, type(exc).__name__, began, kept)
            raise
        _note(method, getattr(response, "url", url), response.status, began, kept)
        return response

    return modules.replace(session, "_request", noting)


def _note(method: Any, url: Any, result: object, began: float, kept: int) -> None:
    if kept:
        took = time.monotonic() - began
        _safety.attempt(lambda: saying.call_made(str(method), str(url), result, took, kept), None)
