"""The exception that ends the process: delivered before it ends, after the traceback was printed as always."""

from __future__ import annotations

import sys

from aiops_sdk import _safety
from aiops_sdk import client as clients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Callable, Optional, Type

    from aiops_sdk.client import Client


SECONDS = 10.0


def install(client: Client) -> Callable[[], None]:
    """Report what nobody caught in the main thread, and let the earlier hook print it; the returned function ends it."""
    earlier = sys.excepthook
    active = [True]

    def hook(kind: Type[BaseException], exc: BaseException, tb: Optional[TracebackType]) -> None:
        event_id: Optional[str] = None
        try:
            if active and clients.current() is client:
                event_id = _capture(client, exc)
        finally:
            try:
                # While somebody reads the traceback, the event is on its way already.
                earlier(kind, exc, tb)
            finally:
                if event_id is not None:
                    _deliver(client, event_id)

    sys.excepthook = hook

    def undo() -> None:
        active.clear()
        if sys.excepthook is hook:
            sys.excepthook = earlier

    return undo


def _capture(client: Client, exc: Optional[BaseException]) -> Optional[str]:
    # In an interactive session an exception ends nothing, and its author looks at it already.
    if exc is None or hasattr(sys, "ps1"):
        return None
    captured = client.capture_exception(exc, source="process", mechanism="excepthook")
    # Captured before, by a log line perhaps, it may still be on its way.
    return captured or client.event_of(exc)


def _deliver(client: Client, event_id: str) -> None:
    try:
        with _safety.guarded():
            if not client.deliver_now(event_id, SECONDS):
                # The end of the process has been held up long enough.
                client.exit_seconds = 0.0
    except KeyboardInterrupt:
        # Whoever presses Ctrl-C now does not want to wait; raised here, it would print the traceback a second time.
        client.exit_seconds = 0.0
