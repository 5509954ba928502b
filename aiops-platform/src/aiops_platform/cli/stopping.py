"""Ctrl-C and SIGTERM before a command has begun to serve: asked to end, it ends in order, and nothing failed."""

import signal
import sys
from types import FrameType


class AskedToEnd:
    """Takes both signals over until what serves takes them over itself. It interrupts with KeyboardInterrupt, and remembers.

    It remembers because a library may swallow what it raises (in a destructor, say).
    """

    def __init__(self) -> None:
        self.already = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.already = True
        raise KeyboardInterrupt


def say_stopped_early() -> None:
    """Tells whoever waits for it that it will not start."""
    print("aiops: stopped before it had started", file=sys.stderr)
