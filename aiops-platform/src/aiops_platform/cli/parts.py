"""`aiops api`, `aiops work`, `aiops migrate`: the parts of `aiops serve`, each by itself."""

import os
from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from socket import socket

from aiops_platform import __version__, assembly, worker
from aiops_platform.cli.started import check_started
from aiops_platform.cli.stopping import end_when_asked
from aiops_platform.core.errors import PlatformError
from aiops_platform.process import folder, sockets
from aiops_platform.process.lifeline import Lifeline
from aiops_platform.process.lock import FolderLock, LockHeldError, holder_of
from aiops_platform.process.locks import DOOR_LOCK, WORK_LOCK, worker_in
from aiops_platform.process.logs import start_logging
from aiops_platform.settings import Settings

# The one before, whose supervisor was killed, may still be finishing what it had begun.
_PREDECESSOR_SECONDS = 15.0
# For someone who only looks: `aiops doctor`.
_LOOK_SECONDS = 0.5
# What waits in the intake is safe, and who waits at the door is not: where both want the processor, the door is first.
_NICE = 5


class PartRunsError(PlatformError):
    """This part runs on the folder already."""


def api(settings: Settings, given: Namespace) -> int:
    """The door, until SIGTERM, SIGINT or its supervisor's end."""
    # Where there is a supervisor, that one says so.
    end_when_asked(quietly=_is_supervised(given))
    _open_door(settings, given)
    return 0


def work(settings: Settings, given: Namespace) -> int:
    """The worker, until SIGTERM, SIGINT or its supervisor's end."""
    # Where there is a supervisor, that one says so.
    end_when_asked(quietly=_is_supervised(given))
    _start_worker(settings, given)
    return 0


def migrate(settings: Settings, _: Namespace) -> int:
    """Brings the database to this version. Raises NeverStartedError where there is none: the folder may be a slip."""
    check_started(settings)
    with assembly.opened(settings):
        print(f"The database in {settings.data} is ready for this version.")
    return 0


def _open_door(settings: Settings, given: Namespace) -> None:
    from aiops_platform import door  # Late: nobody else needs a web server.

    start_logging("door", settings.log_format)
    listening = [socket(fileno=each) for each in given.listen] or sockets.listen(settings.host, settings.port)
    with ExitStack() as stack:
        lock = stack.enter_context(_only_one(settings, given, DOOR_LOCK, "door"))
        address = settings.address(sockets.port_of(listening))
        host, port = listening[0].getsockname()[:2]
        lock.note(**_who(given), url=address, host=host, port=port)
        _make_ready(settings, given)
        application = assembly.build_door(settings, address, worker=lambda: worker_in(settings.data))
        door.serve(application, listening, _lifeline(given), at_once=application)


def _start_worker(settings: Settings, given: Namespace) -> None:
    start_logging("worker", settings.log_format)
    with ExitStack() as stack:
        lock = stack.enter_context(_only_one(settings, given, WORK_LOCK, "worker"))

        def tell(failing: Sequence[str]) -> None:
            lock.note(**_who(given), failing=", ".join(failing))

        lock.note(**_who(given))
        os.nice(_NICE)
        _make_ready(settings, given)
        worker.work(stack.enter_context(assembly.duties(settings)), _lifeline(given), tell)


def _only_one(settings: Settings, given: Namespace, name: str, part: str) -> FolderLock:
    folder.prepare(settings.data)
    path = settings.data / name
    # Only one supervisor can run on a folder: another's part will be gone soon. Whoever was started by hand stays.
    goes = _is_supervised(given) and (holder_of(path) or {}).get("supervised", True)
    try:
        return FolderLock.take(path, wait=_PREDECESSOR_SECONDS if goes else _LOOK_SECONDS)
    except LockHeldError as cause:
        holder = holder_of(path) or {}
        which = f" (process {holder['pid']})" if "pid" in holder else ""
        raise PartRunsError(
            f"A {part} runs on {settings.data} already{which}: end that one, or choose another folder with --data"
        ) from cause


def _who(given: Namespace) -> dict[str, str | int]:
    return {"pid": os.getpid(), "version": __version__, "supervised": _is_supervised(given)}


def _is_supervised(given: Namespace) -> bool:
    return given.lifeline is not None


def _make_ready(settings: Settings, given: Namespace) -> None:
    if not _is_supervised(given):  # Otherwise the supervisor has done it.
        with assembly.opened(settings, patience=_PREDECESSOR_SECONDS):
            pass


def _lifeline(given: Namespace) -> Lifeline | None:
    return None if given.lifeline is None else Lifeline(given.lifeline)
