"""Ctrl-C and SIGTERM before a command has begun to serve: asked to end, it ends in order, and nothing failed."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_STOPPED = "aiops: stopped before it had started"


class AskedToEnd:
    """Takes both signals over until what serves takes them over itself. It interrupts with KeyboardInterrupt, and remembers.

    It remembers because a library may swallow what it raises (in a destructor, say).
    """

    def __init__(self) -> None:
        self.already = False
        self._is_patient = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    @contextmanager
    def heard_later(self) -> Iterator[None]:
        """It interrupts at the end of this block, and not within: for imports.

        Where it interrupts code that is made of a text, as dataclasses are, Python ends by the signal whatever is done
        about it (its `unhandled_keyboard_interrupt`).
        """
        self._is_patient = True
        try:
            yield
        finally:
            self._is_patient = False
        if self.already:
            raise KeyboardInterrupt

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.already = True
        if not self._is_patient:
            raise KeyboardInterrupt


def end_when_asked(*, quietly: bool) -> None:
    """Until what serves takes both signals over itself, they end this process at once: it holds nothing yet.

    No exception: in the middle of an import a library could swallow it, or take it for a failure of its own.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end_quietly if quietly else _end)


def say_stopped_early() -> None:
    """Tells whoever waits for it that it will not start."""
    print(_STOPPED, file=sys.stderr)


def _end(_number: int, _frame: FrameType | None) -> None:
    with suppress(OSError):
        # Not `print`: this may be in the middle of one.
        os.write(2, f"{_STOPPED}\n".encode())
    os._exit(0)


def _end_quietly(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)
