"""Never raise into the host, never recurse into ourselves: the one guard that stands at every door of the SDK."""

from __future__ import annotations

import _thread
from contextvars import ContextVar

from aiops_sdk import hosting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Callable, Optional, Tuple, Type, TypeVar

    Result = TypeVar("Result")

    Given = TypeVar("Given")


_inside: ContextVar[bool] = ContextVar("aiops_sdk_inside", default=False)
_strict: ContextVar[bool] = ContextVar("aiops_sdk_strict", default=False)


class guarded:  # noqa: N801 - reads as a statement: "with guarded() as allowed"
    """A block in which no error of ours gets out. Gives False where the SDK is already at work: do nothing then.

    ``on_failure`` hears of an error that was swallowed. KeyboardInterrupt and SystemExit are the host's and pass.
    """

    __slots__ = ("_on_failure", "_token")

    def __init__(self, on_failure: Optional[Callable[[], None]] = None) -> None:
        self._on_failure = on_failure

    def __enter__(self) -> bool:
        first = not _inside.get()
        self._token = _inside.set(True)
        return first

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], tb: Optional[TracebackType]
    ) -> bool:
        try:
            _inside.reset(self._token)
        except ValueError:  # A greenlet library moved us to another context in between.
            _inside.set(False)
        if kind is None or not issubclass(kind, Exception) or _strict.get():
            return False
        if self._on_failure is not None:
            # It may meet what has just failed.
            attempt(self._on_failure, None)
        return True


def attempt(action: Callable[[], Result], otherwise: Result) -> Result:
    """What ``action`` gives, or ``otherwise`` if it raises an error.

    KeyboardInterrupt, SystemExit and their like are the host's and pass: a signal or another greenlet has sent them, and
    they only happened to arrive while we were at work.
    """
    try:
        return action()
    except Exception:  # noqa: BLE001
        return otherwise


def whatever(action: Callable[[], Result], otherwise: Result) -> Result:
    """What ``action`` gives, or ``otherwise`` if it raises anything at all. For threads of our own, and for ends."""
    try:
        return action()
    except BaseException:  # noqa: BLE001
        return otherwise


def asked(question: Callable[[], Result], raised: Callable[[str], None]) -> Optional[Result]:
    """What a function of the user's gives; where it raises, None, and ``raised`` hears the name of what."""
    try:
        return question()
    except BaseException as error:  # noqa: BLE001
        raised(type(error).__name__)
        return None


def caught(action: Callable[[], Result]) -> Tuple[Optional[Result], Optional[BaseException]]:
    """What a function of the user's gives, and None; or None, and what it raised, whatever that is.

    For a thread of ours in which nothing runs but that function: to end it is all that SystemExit could mean there.
    """
    try:
        return action(), None
    except BaseException as error:  # noqa: BLE001
        return None, error


def harmless(action: Callable[..., Optional[Result]]) -> Callable[..., Optional[Result]]:
    """The same function, but where it would raise an error of ours it gives None.

    For what every request of the host goes through: it costs a fraction of ``guarded``, and keeps nothing from going round
    in circles.
    """

    def safe(*arguments: object) -> Optional[Result]:
        try:
            return action(*arguments)
        except Exception:
            if _strict.get():
                raise
            return None

    return safe


def glancing(look: Callable[[Given], object]) -> Callable[[Given], Given]:
    """A function that gives back what it was given, once ``look`` has seen it. As ``harmless``, an error of ours ends here."""

    def pass_on(given: Given) -> Given:
        try:
            look(given)
        except Exception:
            if _strict.get():
                raise
        return given

    return pass_on


def is_at_work() -> bool:
    """Whether what runs here is the SDK's own doing."""
    return _inside.get()


def keep_quiet() -> None:
    """Whatever the calling thread does from now on is the SDK's own doing and is never captured."""
    _inside.set(True)


class strict:  # noqa: N801 - like guarded
    """For our own tests: a block in which the guard lets our errors through."""

    def __enter__(self) -> None:
        self._token = _strict.set(True)

    def __exit__(self, *_: object) -> None:
        _strict.reset(self._token)


def start_thread(name: str, run: Callable[[], None]) -> bool:
    """Run ``run`` in a daemon thread of the SDK. False when none can be had (interpreter ending, limit reached) or may be.

    Not ``threading.Thread``: its ``start()`` waits for the new thread and takes threading's own lock, and neither is safe
    where we may be: in a fork hook, in a ``__del__`` that the garbage collector called, in a gevent hub.
    """

    def body() -> None:
        keep_quiet()
        try:
            _name_this_thread(name)
            run()
        finally:
            whatever(_forget_this_thread, None)

    if not hosting.threads_may_start():
        return False
    try:
        _thread.start_new_thread(body, ())
    except RuntimeError:
        return False
    return True


def _name_this_thread(name: str) -> None:
    """Let threading know this thread as any that it did not start, but without a number from those of the host's threads.

    Those would be called differently, in every line of a log that names its thread.
    """
    import threading

    known: Any = vars(threading)
    made = known["_DummyThread"].__new__(known["_DummyThread"])
    make = known["_DummyThread"].__init__
    surroundings = {**make.__globals__, "_newname": lambda *_: name}
    attempt(lambda: type(make)(make.__code__, surroundings, closure=make.__closure__)(made), None)
    # Whatever that came to.
    threading.current_thread().name = name


def _forget_this_thread() -> None:
    """What threading made for a thread that it did not start: before Python 3.13 it kept that for ever."""
    import threading

    known: Any = vars(threading)
    this = threading.get_ident()
    if type(known["_active"].get(this)) is known["_DummyThread"]:
        known["_active"].pop(this, None)
