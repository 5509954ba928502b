"""Exceptions that end a greenlet, and those of gevent's own callbacks: what gevent itself could only print."""

from __future__ import annotations

import functools

from aiops_sdk import _safety, modules
from aiops_sdk import client as clients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from aiops_sdk.client import Client


def install(client: Client) -> Callable[[], None]:
    """Report what nobody caught in a greenlet, then let gevent print it; the returned function ends it."""
    return modules.hook(("gevent.hub", "Hub", lambda module: _hook(client, module)))


def _hook(client: Client, module: Any) -> Callable[[], None]:
    kind = module.Hub
    handle_error = kind.handle_error

    @functools.wraps(handle_error)
    def report_and_handle(hub: Any, context: Any, kind_of_error: Any, value: Any, *rest: Any, **named: Any) -> Any:
        # What is only a greenlet's way to end, the hub knows.
        is_end = value is None or _safety.attempt(lambda: isinstance(value, hub.NOT_ERROR), True)
        if not is_end and clients.current() is client:
            client.capture_exception(value, source="process", mechanism="gevent")
        return handle_error(hub, context, kind_of_error, value, *rest, **named)

    return modules.replace(kind, "handle_error", report_and_handle)
