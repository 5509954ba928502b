"""The line between the supervisor and a child: the child says that it is ready, and learns when the supervisor is gone.

A pair of sockets, because the kernel closes a dead process's end whatever killed it: no pid to poll, nothing to miss.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread, Timer

_READY = b"ready\n"
_BEGIN = b"begin\n"


def is_begun(descriptor: int) -> bool:
    """Waits at the child's end for the supervisor's word to begin; False when the supervisor is gone."""
    return os.read(descriptor, len(_BEGIN)) == _BEGIN


class Lifeline:
    """The child's end."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        # A grandchild that inherited it would keep the supervisor believing in us.
        self._socket.set_inheritable(False)

    def say_ready(self) -> None:
        """Tells the supervisor, if it still lives, that work has begun."""
        with suppress(OSError):  # It is gone; `watch` deals with that.
            self._socket.sendall(_READY)

    def watch(self, stop: Callable[[], None], *, patience: float) -> None:
        """Calls `stop`, on a thread, when the supervisor is gone; ends this process if it still runs `patience` later."""
        Thread(target=self._watch, args=(stop, patience), name="lifeline", daemon=True).start()

    def _watch(self, stop: Callable[[], None], patience: float) -> None:
        with suppress(OSError):
            while self._socket.recv(64):
                pass
        last_resort = Timer(patience, os._exit, args=(1,))
        last_resort.daemon = True
        last_resort.start()
        stop()


class ChildLine:
    """The supervisor's end."""

    def __init__(self) -> None:
        self._mine, self._childs = socket.socketpair()
        self._mine.setblocking(False)
        self._heard = b""

    @property
    def descriptor_for_child(self) -> int:
        """To be passed on to the child, and closed here with `hand_over` then."""
        return self._childs.fileno()

    def hand_over(self) -> None:
        """The child has its end now."""
        self._childs.close()

    def say_begin(self) -> None:
        """To a child that waits for it."""
        with suppress(OSError):  # It is gone, and will be heard to be.
            self._mine.sendall(_BEGIN)

    def fileno(self) -> int:
        """For a selector: readable when the child said something or is gone."""
        return self._mine.fileno()

    def listen(self) -> str:
        """What there is to hear without waiting: "ready", "gone" or nothing ("")."""
        try:
            said = self._mine.recv(64)
        except BlockingIOError:
            return ""
        except OSError:
            return "gone"
        return "ready" if said else "gone"

    def close(self) -> None:
        """Lets go: a child that still lives takes it as the supervisor's end."""
        self._childs.close()
        self._mine.close()
