"""Wakes a thread of ours that sleeps."""

from __future__ import annotations

import _thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional


class Bell:
    """Wakes one sleeper. A bare lock, because ringing must be safe in a ``__del__`` that interrupts another ring."""

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Wake the sleeper, or let its next sleep end at once."""
        try:
            self._lock.release()
        except RuntimeError:
            return  # It rings already.

    def wait(self, seconds: Optional[float] = None) -> bool:
        """Sleep until it rings, at most ``seconds``. True if it rang."""
        return self._lock.acquire(timeout=-1 if seconds is None else max(0.0, seconds))
