"""The text of objects that we did not write, whatever they do: raise, sleep, recurse, return nonsense.

Where only built-in types are involved, Python is asked directly. Code of others runs in a helper thread with a time
limit, so that the thread that reports a failure is never held up by it.
"""

from __future__ import annotations

import _thread
import builtins
import contextvars
import os

from aiops_sdk import _safety, hosting, values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional, Tuple

    _Read = Callable[[BaseException], Tuple[object, ...]]


SECONDS = 0.25
STUCK_LIMIT = 4

#: Characters of a text that are kept at most. What is longer is cut before anything else is done with it.
LIMIT = 8_192


_NAME = type.__dict__["__name__"].__get__
_QUALIFIED_NAME = type.__dict__["__qualname__"].__get__
_MODULE = type.__dict__["__module__"].__get__
_MRO = type.__dict__["__mro__"].__get__
_NAMES = type.__dict__["__dict__"].__get__
_ARGUMENTS = BaseException.__dict__["args"].__get__


class Asker:
    """Runs code of others with a time limit. While ``limit`` calls are stuck, further ones are not made."""

    def __init__(self, seconds: float, limit: int) -> None:
        self._seconds = seconds
        self._limit = limit
        self._stuck: Dict[object, None] = {}
        self._pid = os.getpid()

    def ask(self, question: Callable[[], object]) -> Optional[str]:
        """The text that ``question`` returns, or None if it raised, took too long, or returned something else."""
        if len(self._stuck) >= self._limit and not self._is_forked():
            return None
        answer: List[str] = []
        call = object()
        done = _thread.allocate_lock()
        done.acquire()
        context = contextvars.copy_context()

        def run() -> None:
            text = _safety.whatever(lambda: context.run(_text_from, question), None)
            if text is not None:
                answer.append(text)
            done.release()
            self._stuck.pop(call, None)

        if not (hosting.threads_may_start() and _started(run)):
            # Without a time limit then: the interpreter is ending, or the server lets no thread run.
            run()
        if not done.acquire(timeout=self._seconds):
            self._stuck[call] = None
            if done.acquire(False):
                self._stuck.pop(call, None)
        return answer[0] if answer else None

    def _is_forked(self) -> bool:
        """Whether the stuck threads are those of the parent process; then they are forgotten here."""
        if self._pid == os.getpid():
            return False
        self._pid, self._stuck = os.getpid(), {}
        return True


_asker = Asker(SECONDS, STUCK_LIMIT)


def message_of(exc: BaseException) -> str:
    """``str(exc)``, or a note in angle brackets. It is asked each time: whoever needs it twice keeps it."""
    made_of = _MADE_OF.get(_maker_of_text(type(exc)))
    if made_of is None:
        return _asked(exc)
    said = tuple([part for read in made_of for part in read(exc)])
    look = values.look_at(said[0] if len(said) == 1 else said)
    if look == values.PLAIN:
        return clean(str(exc))
    if look == values.FOREIGN:
        return _asked(exc)
    if len(said) == 1:
        return clean(said[0] if type(said[0]) is str else values.shown(said[0]))
    return clean(values.shown(_ARGUMENTS(exc)))


def text_of(thing: object, asker: Optional[Asker] = None) -> str:
    """``str(thing)``, or a note in angle brackets. ``asker`` where it may not take as long as usual."""
    if type(thing) is str:
        return clean(thing)
    look = values.look_at(thing)
    if look == values.FOREIGN:
        return _asked(thing, asker or _asker)
    return clean(str(thing) if look == values.PLAIN else values.shown(thing))


def answer_of(question: Callable[[], object], limit: Optional[int] = LIMIT) -> Optional[str]:
    """The text that a call into the host's code returns, or None."""
    text = _asker.ask(question)
    return None if text is None else clean(text, limit)


def are_plain(things: object) -> bool:
    """Whether this is a tuple of values whose texts only the interpreter's own code makes, and quickly."""
    return type(things) is tuple and values.look_at(things) == values.PLAIN


def name_of(kind: type) -> str:
    """A class's name, from the interpreter's own record: metaclasses can lie."""
    return clean(_NAME(kind))


def qualified_name_of(kind: type) -> str:
    """A class's name with those of the classes and functions around it."""
    return clean(_QUALIFIED_NAME(kind))


def module_of(kind: type) -> Optional[str]:
    """The name of the module in which a class was made."""
    module = _MODULE(kind)
    return clean(module) if type(module) is str else None


def is_exception_class(kind: type) -> bool:
    """Whether exceptions are made of this class; neither it nor its own class is asked."""
    return any(base is BaseException for base in _MRO(kind))


def clean(text: str, limit: Optional[int] = LIMIT) -> str:
    """The same text as an exact ``str`` fit for UTF-8: half of a surrogate pair is written out as an escape.

    At most ``limit`` characters; what is missing shows as an ellipsis. A longer text is never copied as a whole.
    """
    if limit is not None and str.__len__(text) > limit:
        text = str.__getitem__(text, slice(limit - 1)) + "…"
    if str.isascii(text):
        return str.__str__(text)
    written = str.encode(text, "utf-8", "backslashreplace").decode("utf-8")
    return written if limit is None or len(written) <= limit else written[: limit - 1] + "…"


def _maker_of_text(kind: type) -> int:
    """The identity of the class whose ``__str__`` this exception class has."""
    for base in _MRO(kind):
        if "__str__" in _NAMES(base):
            return id(base)
    return 0


def _asked(thing: object, asker: Asker = _asker) -> str:
    return _or_note(asker.ask(lambda: str(thing)), thing)


def _fields(kind: type, *names: str) -> _Read:
    """Reads these attributes of an exception, past everything that a class could put before them."""
    readers = [kind.__dict__[name].__get__ for name in names]
    return lambda exc: tuple([read(exc) for read in readers])


# Of what the interpreter makes the texts of its own exceptions, by the identity of the class that does it.
_MADE_OF: Dict[int, Tuple[_Read, ...]] = {
    id(BaseException): (_ARGUMENTS,),
    id(KeyError): (_ARGUMENTS,),
    id(OSError): (_ARGUMENTS, _fields(OSError, "errno", "strerror", "filename", "filename2")),
    id(ImportError): (_ARGUMENTS, _fields(ImportError, "msg")),
    id(SyntaxError): (_fields(SyntaxError, "msg", "filename", "lineno"),),
    **{id(kind): (_fields(kind, "encoding", "reason"),) for kind in (UnicodeEncodeError, UnicodeDecodeError)},
    id(UnicodeTranslateError): (_fields(UnicodeTranslateError, "reason"),),
}
_GROUP: Optional[type] = getattr(builtins, "BaseExceptionGroup", None)  # from Python 3.11 on
if _GROUP is not None:
    _MADE_OF[id(_GROUP)] = (_fields(_GROUP, "message"),)


def _started(run: Callable[[], None]) -> bool:
    try:
        _thread.start_new_thread(run, ())
    except RuntimeError:
        return False
    return True


def _text_from(question: Callable[[], object]) -> Optional[str]:
    answer = question()
    return str.__str__(answer) if isinstance(answer, str) else None


def _or_note(text: Optional[str], thing: object) -> str:
    return clean(text) if text is not None else "<{} without a usable text>".format(name_of(type(thing)))
