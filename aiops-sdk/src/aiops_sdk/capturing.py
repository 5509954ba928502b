"""Takes down what an integration saw. It decides nothing: whether it counts was decided before, by the client."""

from __future__ import annotations

import sys
import threading
import time

from aiops_sdk import _safety, chain, deciding, hostile, noise, scope, seen, stacktrace, values
from aiops_sdk.capture import Capture
from aiops_sdk.delivery.journal import Stub
from aiops_sdk.event import EXCEPTION, HTTP_ERROR, LEVELS, LOG_ERROR, Request
from aiops_sdk.scope import RequestScope, TaskScope
from aiops_sdk.steps.truncating import ADDRESS, HEADER, HEADERS, NAME, STACK_TRACE, cut_middle

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from typing import Dict, List, Mapping, Optional, Tuple

    from aiops_sdk.config import Config
    from aiops_sdk.delivery.buffer import Draft
    from aiops_sdk.printing import Thrown
    from aiops_sdk.scope import Work
    from aiops_sdk.steps.scrubbing import Scrubber

    Contexts = Mapping[str, Mapping[str, object]]


# Characters of a message that may go into a stub.
STUB_MESSAGE = 384

# Texts of a fingerprint.
FINGERPRINT = 20

_NOWHERE: Tuple[Thrown, ...] = ()
# gevent puts a class derived from it in its place.
_NAME_OF = next(vars(kind)["name"] for kind in threading.Thread.__mro__ if "name" in vars(kind)).__get__


def exception(exc: BaseException, source: str, mechanism: str, *, with_locals: bool = False) -> Capture:
    """An exception. What nobody caught in the main thread ends the process: that is critical."""
    thrown = stacktrace.take(exc, with_locals=with_locals)
    return Capture(
        signal_type=EXCEPTION,
        source=source,
        level="critical" if mechanism == "excepthook" else "error",
        at=time.time(),
        status_code=500,
        error_type=thrown[0].type,
        message=thrown[0].value,
        thrown=thrown,
        contexts={"capture": {"mechanism": mechanism}},
        thread=_thread(),
    )


def thing(given: object, source: str, mechanism: str) -> Capture:
    """What was handed over as if it were an exception, and is none, as what it is: with the calls that led here."""
    kind, text = _described(given)
    return Capture(
        signal_type=EXCEPTION,
        source=source,
        level="error",
        at=time.time(),
        status_code=500,
        error_type=kind,
        message=text,
        thrown=stacktrace.take_calls(kind, text),
        contexts={"capture": {"mechanism": mechanism}},
        thread=_thread(),
    )


def exception_in(given: object) -> Optional[BaseException]:
    """The exception that was handed over: itself, or what ``sys.exc_info()`` gave. None if there is none in it."""
    if type(given) is tuple and len(given) == 3:
        given = given[1]
    # Not isinstance(): that asks it for its class.
    return chain.behind(given) if issubclass(type(given), BaseException) else None  # type: ignore[arg-type]  # it is one


def is_nothing(given: object) -> bool:
    """Whether this is what ``sys.exc_info()`` gives where no exception is being handled."""
    return type(given) is tuple and len(given) == 3 and all(part is None for part in given)


def http_error(
    status_code: int,
    message: str,
    error_type: str,
    stack_trace: str,
    exc: Optional[BaseException] = None,
    *,
    with_locals: bool = False,
) -> Capture:
    """An answer with a status that counts, with the exception behind it where that is known."""
    return Capture(
        signal_type=HTTP_ERROR,
        source="http",
        level="error" if status_code >= 500 else "warning",
        at=time.time(),
        status_code=status_code,
        error_type=_text(error_type, NAME),
        message=_text(message),
        stack_trace=_long(stack_trace) if exc is None else "",
        thrown=stacktrace.take(exc, with_locals=with_locals) if exc is not None else _NOWHERE,
        contexts={},
        thread=_thread(),
    )


def log(record: logging.LogRecord, exc: Optional[BaseException], *, with_locals: bool = False) -> Capture:
    """A log record, with the traceback of the exception that it carries."""
    thrown = stacktrace.take(exc, with_locals=with_locals) if exc is not None else _NOWHERE
    return Capture(
        signal_type=LOG_ERROR,
        source="logging",
        level=_level(record.levelno),
        at=_when(record),
        error_type=_text(record.levelname, NAME) or "ERROR",
        message=_message(record) or (_last_line(thrown[0]) if thrown else ""),
        stack_trace="" if thrown else _printed(record),
        thrown=thrown,
        logger=_text(record.name, NAME) or None,
        template=_text(record.msg) or None,
        contexts={"log": _place(record)},
        thread=_thread(),
    )


def exception_of(record: logging.LogRecord) -> Optional[BaseException]:
    """The exception that a log record carries, if any; ``exc_info`` can hold anything."""
    info: object = sys.exc_info() if noise.tells_of_a_crash(record) else record.exc_info
    return exception_in(info)


def exception_told_by(record: logging.LogRecord) -> Optional[BaseException]:
    """The exception that a log record tells of without carrying it: as its message, as an argument, or in its own words.

    Only one that was raised; in its own words, only the one that is being handled.
    """
    arguments: object = record.args
    if type(arguments) is dict:
        arguments = tuple(arguments.values())
    for given in (record.msg, *(arguments if type(arguments) is tuple else ())):
        found = exception_in(given)
        if found is not None and chain.traceback_of(found) is not None:
            return found
    handled = sys.exc_info()[1]
    if handled is None:
        return None
    told = seen.quotes_exception(_message(record), hostile.name_of(type(handled)), hostile.message_of(handled))
    return handled if told else None


def message(text: object, level: object) -> Capture:
    """Something that the program says itself, with the calls that led here."""
    said = _text(text) if issubclass(type(text), str) else hostile.text_of(text)
    return Capture(
        signal_type=LOG_ERROR,
        source="manual",
        level=level if type(level) is str and level in LEVELS else "error",
        at=time.time(),
        error_type="Message",
        message=said,
        thrown=stacktrace.take_calls("Message", said),
        contexts={"capture": {"mechanism": "message"}},
        thread=_thread(),
    )


def add_surroundings(
    capture: Capture, work: Optional[Work], config: Config, exc: Optional[BaseException] = None
) -> None:
    """What was done when it happened, what the program says about that, and what happened before. All is copied now."""
    if work is not None:
        request = scope.request_of(work)
        if request is not None:
            _add_request(capture, request, config.capture_body)
        if isinstance(work, TaskScope):
            capture.contexts = {**capture.contexts, "task": _task(work)}
    said = scope.said_of(exc)
    if said is not scope.NOTHING or config.tags:
        capture.user = said.user or None
        capture.tags = {**config.tags, **said.tags}
        capture.contexts = {**said.contexts, **capture.contexts}
    capture.breadcrumbs = scope.trail(config.max_breadcrumbs)


def _task(task: TaskScope) -> Mapping[str, object]:
    told: Dict[str, object] = {"kind": task.kind, "name": _text(task.name, NAME), **task.data}
    if task.id is not None:
        told["id"] = _text(task.id, NAME)
    return told


def _add_request(capture: Capture, request: RequestScope, with_body: bool) -> None:
    def known(name: str, limit: int) -> str:
        # A framework is asked, which may fail at what a client has sent: that costs this text alone.
        return _text(_safety.attempt(lambda: getattr(request, name), None), limit)

    capture.request_path = known("path", ADDRESS)
    capture.route = known("route", ADDRESS) or None
    no_headers: List[Tuple[str, str]] = []
    headers = _safety.attempt(lambda: list(request.headers.items())[:HEADERS], no_headers)
    capture.request = Request(
        method=known("method", NAME),
        url=known("url", ADDRESS) or None,
        query=known("query", ADDRESS) or None,
        headers={_text(name, NAME): _text(value, HEADER) for name, value in headers},
        remote_addr=known("remote_addr", NAME) or None,
        body=values.as_json(_safety.attempt(lambda: request.body, None)) if with_body else None,
    )


def named(what: object) -> str:
    """What was seen, in one line, for those who listen to decisions."""
    if type(what) is str:
        return what
    exc = exception_in(what)
    if exc is not None:
        return _in_a_line(hostile.name_of(type(exc)), hostile.message_of(exc))
    if isinstance(what, Capture):
        return _in_a_line(what.logger or what.error_type, what.message)
    if isinstance(what, RequestScope):
        return "{} {}".format(what.method, what.path)
    logger: object = getattr(what, "name", None)
    if type(logger) is str and hasattr(what, "msg"):
        return _in_a_line(logger, _message(what))  # type: ignore[arg-type]  # it is a log record
    return hostile.text_of(what)


def _in_a_line(kind: str, text: str) -> str:
    return deciding.shown("{}: {}".format(kind, text))


def fingerprint(given: object) -> Tuple[str, ...]:
    """What decides alone which incident it belongs to, as texts: a text alone is one of them."""
    several = given if type(given) is list or type(given) is tuple else (given,)
    return tuple([_text(hostile.text_of(each), NAME) for each in several[:FINGERPRINT]])


def stub_of(draft: Draft, scrubber: Scrubber) -> Stub:
    """The least that is worth telling of a capture, without secrets: what a sudden death of the process shall leave."""
    message = draft.message[:STUB_MESSAGE]
    cut = len(draft.message) > len(message)
    if cut:
        # Half of a word may be half of a secret, and would not look like one. Where the mark stands, the scrubber also
        # looks for the beginning of one that has several words.
        message = message.rpartition(" ")[0] + "…"
    return Stub(
        event_id=draft.event_id,
        at=draft.at,
        signal_type=draft.signal_type,
        level=draft.level,
        source=draft.source,
        error_type=draft.error_type,
        message=scrubber.text(message).rstrip("…") if cut else scrubber.text(message),
        place=draft.place,
        request_path=None if draft.request_path is None else scrubber.text(draft.request_path)[:STUB_MESSAGE],
        status_code=draft.status_code,
        repeat_count=draft.repeat_count,
        first_at=draft.first_at,
        last_at=draft.last_at,
        cut=cut,
    )


def _described(given: object) -> Tuple[str, str]:
    """A name for the kind of thing that this is, and what it says."""
    if issubclass(type(given), str):
        return "Message", _text(given)
    if issubclass(type(given), type) and hostile.is_exception_class(given):  # type: ignore[arg-type]  # it is a class
        return hostile.name_of(given), "the class itself was handed over, and not an exception"  # type: ignore[arg-type]  # it is a class
    return hostile.name_of(type(given)), hostile.text_of(given)


def _thread() -> str:
    # A class derived from Thread may make of its name what it likes.
    return _text(_safety.attempt(lambda: _NAME_OF(threading.current_thread()), ""), NAME)


def _last_line(thrown: Thrown) -> str:
    """What Python prints at the end of a traceback."""
    return hostile.clean(thrown.ending().strip().rpartition("\n")[2])


def _message(record: logging.LogRecord) -> str:
    """The finished message. A handler of the host has mostly made it already; a broken one is told by its template."""
    made: object = record.__dict__.get("message")
    if type(made) is str:
        return hostile.clean(made)
    template, arguments = record.msg, record.args
    if type(template) is str and (arguments is None or hostile.are_plain(arguments)):
        return hostile.clean(_formatted(template, arguments))
    if type(template) is str and type(arguments) is tuple and values.look_at(arguments) == values.HUGE:
        return hostile.clean(_formatted(template, tuple([values.shown(each) for each in arguments])))
    return hostile.answer_of(record.getMessage) or hostile.text_of(template)


def short_message(record: logging.LogRecord) -> str:
    """The message, made quickly and without code of others: of an object of theirs it says the class."""
    template, arguments = record.msg, record.args
    if type(template) is not str:
        return values.shown(template)
    if not hostile.are_plain(arguments):
        if type(arguments) is tuple:
            arguments = tuple([_shown_if_foreign(each) for each in arguments])
        elif type(arguments) is dict:
            arguments = {name: _shown_if_foreign(each) for name, each in arguments.copy().items()}
        else:
            return template
    return hostile.clean(_formatted(template, arguments))


def _shown_if_foreign(argument: object) -> object:
    return argument if values.look_at(argument) == values.PLAIN else values.shown(argument)


def _formatted(template: str, arguments: object) -> str:
    if not arguments:
        return template
    try:
        return template % arguments
    except (TypeError, ValueError, KeyError, OverflowError):
        return template


def _printed(record: logging.LogRecord) -> str:
    """The text of an exception that a handler has turned into text already, else the stack that was asked for."""
    text = _long(record.exc_text)
    return text if text and text != "NoneType: None" else _long(record.stack_info)


def _level(number: object) -> str:
    if type(number) is not int:
        return "error"
    for least, name in ((50, "critical"), (40, "error"), (30, "warning"), (20, "info")):
        if number >= least:
            return name
    return "debug"


def _place(record: logging.LogRecord) -> Mapping[str, object]:
    """Where in the code the line was written."""
    line: object = record.lineno
    return {
        "file": _text(record.pathname, ADDRESS),
        "line": line if type(line) is int else None,
        "function": _text(record.funcName, NAME),
    }


def _when(record: logging.LogRecord) -> float:
    """When it was logged. A time that none of our clocks can mean is replaced by now."""
    created: object = record.created
    return created if type(created) is float and 0.0 <= created < 1e11 else time.time()


def _text(given: object, limit: int = hostile.LIMIT) -> str:
    """A text that should be one already; anything else counts as not given."""
    return hostile.clean(given, limit) if issubclass(type(given), str) else ""  # type: ignore[arg-type]  # it is one


def _long(given: object) -> str:
    """The text of a traceback: its ends matter most."""
    return hostile.clean(cut_middle(given, STACK_TRACE), None) if type(given) is str else ""
