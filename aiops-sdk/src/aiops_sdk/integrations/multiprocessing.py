"""Children of ``multiprocessing``: what ends one is reported, and what it captured is sent before it goes.

Such a child prints its exception itself, past ``sys.excepthook``, and leaves by ``os._exit``, past ``atexit``. What runs
in every child is multiprocessing's own list of last things, which is emptied when the child begins. ADR 20.
"""

from __future__ import annotations

import functools
import sys
import traceback

from aiops_sdk import _safety, modules
from aiops_sdk import client as clients
from aiops_sdk.client import Client
from aiops_sdk.config import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Tuple


# Of the last things the first, and the last, after everything that the program itself does at the end.
FIRST = 1_000
LAST = -100

_BEQUEST = "aiops_sdk"


def install(client: Client) -> Callable[[], None]:
    """Let each child report and send what it has, within the usual time; the returned function ends it."""
    bequest = Bequest(client.config)
    undos: List[Callable[[], None]] = [bequest.lapse]

    def follow() -> None:
        # Loaded already wherever a child of it can begin; a program that does not use it does not pay for it.
        util: Any = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.register_after_fork(bequest, Bequest.begin)

    follow()
    if _is_child():
        bequest.begin()
    client.in_forked_child(follow)
    undos.append(
        modules.when_loaded(
            "multiprocessing.process", "_current_process", lambda process: undos.append(_bequeath(bequest, process))
        )
    )

    def undo() -> None:
        for each in undos:
            each()

    return undo


class Bequest:
    """What a child needs to report its own end, by its client or, where it never calls ``init()``, by one made for that.

    To a process that is started anew (spawn, forkserver) it travels with the process object, and on to its children.
    """

    #: It was made in the process that started this one anew.
    has_arrived = False

    def __init__(self, config: Optional[Config]) -> None:
        self._config = config

    def __reduce__(self) -> Tuple[Callable[[bytes], Bequest], Tuple[bytes]]:
        import pickle

        return _arrive, (_safety.attempt(lambda: pickle.dumps(self._config), b""),)

    def lapse(self) -> None:
        """The client has closed: there is nothing to report any more, here and in what is started from now on."""
        self._config = None

    def begin(self) -> None:
        """The child is about to run."""
        if self._config is not None:
            _watch(self._notice, self._say_goodbye)

    def _notice(self, exc: BaseException) -> None:
        running = clients.current()
        if running is not None:
            _capture(running, exc)
        elif self._config is not None:
            last_words = Client(self._config)
            _capture(last_words, exc)
            last_words.close(last_words.exit_seconds)

    def _say_goodbye(self) -> None:
        running = clients.current()
        if running is not None:
            running.close(running.exit_seconds)


def _arrive(packed: bytes) -> Bequest:
    """A bequest, in the process for which it was made. One that cannot be read is an empty one."""
    import pickle
    from multiprocessing import process, util

    # From our own parent, by the same way as the process object itself.
    config = _safety.attempt(lambda: pickle.loads(packed), None)  # noqa: S301
    bequest = Bequest(config if isinstance(config, Config) else None)
    bequest.has_arrived = True
    # A copy that the parent makes for itself is none of our business.
    if hasattr(process.current_process(), "_inheriting"):
        bequest.begin()
        # Some versions forget the last things once more before the child runs, and then ask for new ones.
        util.register_after_fork(bequest, Bequest.begin)
    return bequest


def _bequeath(bequest: Bequest, process: Any) -> Callable[[], None]:
    # Every process object begins with a copy of these, and takes them along.
    settings = process.current_process()._config
    earlier, settings[_BEQUEST] = settings.get(_BEQUEST), bequest

    def take_back() -> None:
        if settings.get(_BEQUEST) is bequest:
            del settings[_BEQUEST]
        # Who closes here decides for this process, also of what its parent has left it. Where the main program called
        # init(), that came later, with the child's own process object.
        for left in (earlier, process.current_process()._config.get(_BEQUEST)):
            if isinstance(left, Bequest) and left.has_arrived:
                left.lapse()

    return take_back


def _is_child() -> bool:
    """Whether this process runs for multiprocessing, or is just being prepared for it."""
    # Not by an import: another thread may be in the midst of importing the package.
    process: Any = sys.modules.get("multiprocessing.process")
    if process is None or not hasattr(process, "parent_process"):
        return False
    return hasattr(process.current_process(), "_inheriting") or process.parent_process() is not None


def _capture(client: Client, exc: BaseException) -> None:
    client.capture_exception(exc, source="process", mechanism="multiprocessing")


def _watch(notice: Callable[[BaseException], None], say_goodbye: Callable[[], None]) -> None:
    """In a child that is about to run: ``notice`` gets the exception that ends it, ``say_goodbye`` is its last act.

    Up to Python 3.12 the last things are done while that exception is on its way out; later ones print it before.
    """
    # The child of a process that was just handling an exception is handling it, too.
    inherited = sys.exc_info()[1]

    def look() -> None:
        exc = sys.exc_info()[1]
        if exc is not None and exc is not inherited:
            notice(exc)

    util: Any = sys.modules["multiprocessing.util"]
    util.Finalize(None, look, exitpriority=FIRST)
    util.Finalize(None, say_goodbye, exitpriority=LAST)
    print_exc = traceback.print_exc

    @functools.wraps(print_exc)
    def look_and_print(*args: Any, **options: Any) -> None:
        if _is_bootstrap(sys._getframe(1)):
            look()
        print_exc(*args, **options)

    traceback.print_exc = look_and_print


def _is_bootstrap(frame: Any) -> bool:
    return bool(frame.f_code.co_name == "_bootstrap" and frame.f_globals.get("__name__") == "multiprocessing.process")
