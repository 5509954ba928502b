"""Children that are forked and not started anew: what this process has loaded is in memory once for all of them."""

import math
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, Protocol

_ENDINGS = (signal.SIGINT, signal.SIGTERM)
_LOOK_SECONDS = 0.01
_INPUT = 0


class Child:
    """A process of which this one is the parent. While there is none yet (`pid` is 0), it is as one that has ended."""

    def __init__(self) -> None:
        self.pid = 0
        self._code: int | None = None

    def poll(self) -> int | None:
        """How it ended, as `os.waitstatus_to_exitcode` says it; None while it lives."""
        if not self.pid:
            return 0
        if self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, seconds: float = math.inf) -> int | None:
        """As `poll`, after so many seconds at most."""
        until = time.monotonic() + seconds
        while (code := self.poll()) is None and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        return code

    def terminate(self) -> None:
        """Asks it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> int:
        """Ends it, and waits until it is gone; as `poll` then."""
        self._send(signal.SIGKILL)
        while (code := self.wait()) is None:
            pass
        return code

    def _send(self, number: signal.Signals) -> None:
        # Until it is waited for, nobody else has its number.
        if self.poll() is None:
            os.kill(self.pid, number)


class Fork(Protocol):
    """Makes a child, as `Forked` does."""

    def __call__(self, work: Callable[[], int], *, name: str, keep: Collection[int]) -> Child:
        """See `Forked`."""
        ...


class Forked(Child):
    """A child that is forked here and now. Make it while there is one thread."""

    def __init__(self, work: Callable[[], int], *, name: str, keep: Collection[int]) -> None:
        """`work` is the child's whole life and returns its exit code; of our descriptors it has these and its output.

        `name` is what `top` calls it, where that can be said. A Ctrl-C at the terminal goes to all processes at once; the
        child hears of it only by what we do then.
        """
        super().__init__()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # What waits there would be said by both.
        # A signal that arrives now is for each of the two by itself: the child must not do what its parent would.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
        self.pid = os.fork()
        if self.pid == 0:
            _live(work, name, keep)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _live(work: Callable[[], int], name: str, keep: Collection[int]) -> NoReturn:
    """What the parent would do next is not the child's affair: it never returns to there."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_DFL)
        _let_go_of_all_but({*keep, *_output()})
        with suppress(OSError):
            Path("/proc/self/comm").write_text(name)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        code = work()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:  # noqa: BLE001 (nobody is above it to say so)
        traceback.print_exc()
    finally:
        _end(code)


def _end(code: int) -> NoReturn:
    try:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # Nobody reads it, or it is closed.
                stream.flush()
    finally:
        os._exit(code)


def _let_go_of_all_but(kept: Collection[int]) -> None:
    """A lock of ours that a child held on to would outlive us; so would a line whose end says that we are gone.

    Objects of the parent still name these numbers. They lie on its stack, which is never left here: none is closed twice.
    """
    os.dup2(os.open(os.devnull, os.O_RDONLY), _INPUT)
    for each in _descriptors():
        if each != _INPUT and each not in kept:
            with suppress(OSError):  # The one that listed them is closed by now.
                os.close(each)


def _output() -> set[int]:
    found = {1, 2}
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # It is closed, or no file.
            found.add(stream.fileno())
    return found


def _descriptors() -> list[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return [int(each.name) for each in Path(folder).iterdir()]
    return list(range(os.sysconf("SC_OPEN_MAX")))
