"""Exceptions that end a thread."""

from __future__ import annotations

import threading

from aiops_sdk import client as clients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from aiops_sdk.client import Client


def install(client: Client) -> Callable[[], None]:
    """Report what nobody caught in a thread, then let the earlier hook do its part; the returned function ends it."""
    earlier = threading.excepthook
    active = [True]

    def hook(args: threading.ExceptHookArgs) -> None:
        try:
            if active and clients.current() is client and args.exc_value is not None:
                client.capture_exception(args.exc_value, source="process", mechanism="threading")
        finally:
            earlier(args)

    threading.excepthook = hook

    def undo() -> None:
        active.clear()
        if threading.excepthook is hook:
            threading.excepthook = earlier

    return undo
