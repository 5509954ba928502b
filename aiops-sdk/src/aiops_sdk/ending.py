"""What can be said only at the end of the process, because until then somebody might still have come."""

from __future__ import annotations

import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


class LastLook:
    """Looks once more when the client closes, if the process itself is about to end. One of the client's last words."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look

    def begin(self) -> None:
        """Look now, or never."""
        if process_is_ending():
            self._look()

    def wait(self, deadline: float) -> None:
        """There is nothing to wait for."""


def process_is_ending() -> bool:
    """True once the main thread is through (while ``atexit`` functions run), and at the end of a multiprocessing child."""
    util = sys.modules.get("multiprocessing.util")
    return not threading.main_thread().is_alive() or bool(getattr(util, "_exiting", False))
