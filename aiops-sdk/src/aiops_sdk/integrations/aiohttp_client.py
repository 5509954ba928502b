"""Calls of other services through aiohttp's client, as breadcrumbs. On by ``capture_http``."""

from __future__ import annotations

import functools
import time

from aiops_sdk import _safety, modules, saying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from aiops_sdk import client as clients


def install(client: clients.Client) -> Callable[[], None]:
    """Note each call; the returned function ends it."""
    active = [client.config.max_breadcrumbs]
    take_back = modules.hook(("aiohttp.client", "ClientSession", lambda module: _listen(module.ClientSession, active)))

    def undo() -> None:
        # Where somebody has wrapped ours since, it stays below theirs and does nothing.
        active.clear()
        take_back()

    return undo


def _listen(session: Any, kept: List[int]) -> Callable[[], None]:
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


def _note(method: Any, url: Any, result: object, began: float, kept: List[int]) -> None:
    if kept and kept[0]:
        took = time.monotonic() - began
        _safety.attempt(lambda: saying.call_made(str(method), str(url), result, took, kept[0]), None)
