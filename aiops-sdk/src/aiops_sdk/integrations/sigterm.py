"""SIGTERM, where that was asked for: what is queued is sent, within the usual time, and then happens what would have happened.

Without it, too, nothing is lost where there is a spool: the next start finds it in the journal.
"""

from __future__ import annotations

import os
import signal
import threading

from aiops_sdk import _safety

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Callable, Optional

    from aiops_sdk.client import Client


def install(client: Client) -> Callable[[], None]:
    """Deliver before the end by SIGTERM; the returned function ends that. Does nothing unless the option says so."""
    if not client.config.flush_on_sigterm or threading.current_thread() is not threading.main_thread():
        return _nothing
    earlier = signal.getsignal(signal.SIGTERM)
    if earlier is signal.SIG_IGN or earlier is None:
        return _nothing
    active = [True]

    def handler(number: int, frame: Optional[FrameType]) -> None:
        if active:
            with _safety.guarded():
                if callable(earlier):
                    client.flush(client.exit_seconds)
                else:
                    client.close(client.exit_seconds)
        if callable(earlier):
            earlier(number, frame)
        else:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, handler)

    def undo() -> None:
        active.clear()
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGTERM) is handler:
            signal.signal(signal.SIGTERM, earlier)

    return undo


def _nothing() -> None:
    pass
