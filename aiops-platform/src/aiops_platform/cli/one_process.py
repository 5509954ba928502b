"""`aiops serve --one-process`: the door, and the worker on a thread beside it. For machines with little memory."""

import logging
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from socket import socket
from threading import Event, Thread

from aiops_platform import __version__, assembly, door, worker
from aiops_platform.process.lock import FolderLock
from aiops_platform.process.locks import DOOR_LOCK, WORK_LOCK, worker_in
from aiops_platform.settings import Settings

_LAST_RESORT_SECONDS = 10

log = logging.getLogger(__name__)


def serve(
    settings: Settings, listening: list[socket], url: str, when_ready: Callable[[], None], *, patience: float
) -> bool:
    """Until SIGTERM or SIGINT; False when the worker ended by itself. The store is ready.

    A part of an earlier platform may finish what it has begun, for so many seconds. Raises PlatformErrors.
    """
    with ExitStack() as stack:
        locks = [
            stack.enter_context(FolderLock.take(settings.data / name, wait=patience)) for name in (DOOR_LOCK, WORK_LOCK)
        ]
        who: dict[str, str | int] = {"pid": os.getpid(), "version": __version__, "supervised": False}
        host, port = listening[0].getsockname()[:2]
        locks[0].note(**who, url=url, host=host, port=port)

        def tell(failing: Sequence[str]) -> None:
            locks[1].note(**who, failing=", ".join(failing))

        locks[1].note(**who)
        beside = _Beside(settings, tell)
        application = assembly.build_door(settings, url, worker=lambda: worker_in(settings.data))

        def begin() -> None:
            beside.start()
            when_ready()

        try:
            door.serve(application, listening, None, when_ready=begin, at_once=application)
        finally:
            # It ends already: to be asked again is no reason to end in the middle of a step.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            beside.end()
    return not beside.has_failed


class _Beside:
    """The worker on a thread. Should it end by itself, so does this process: whoever watches over it starts it again."""

    def __init__(self, settings: Settings, tell: Callable[[Sequence[str]], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._asked = Event()
        self._thread = Thread(target=self._run, name="worker", daemon=True)
        self.has_failed = False

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Waits until it has finished its step, but not for ever: what it was at is done again after a start."""
        self._asked.set()
        if self._thread.ident is not None:
            self._thread.join(_LAST_RESORT_SECONDS)
        if self._thread.is_alive():
            log.warning("The worker does not end: the platform ends without waiting for it")

    def _run(self) -> None:
        try:
            with assembly.duties(self._settings) as duties:
                worker.take_turns(duties, self._tell, self._asked.is_set)
        except BaseException:
            self.has_failed = True
            log.exception("The worker ended by itself, and so does the platform")
            os.kill(os.getpid(), signal.SIGTERM)
