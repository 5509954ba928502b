"""ERROR and CRITICAL log records, taken where every logger hands its records to handlers.

A handler on the root logger would miss loggers that do not propagate, and ``dictConfig`` and ``force=True`` would remove
it. At ``Logger.callHandlers`` nothing can, and nothing that the host prints changes.
"""

from __future__ import annotations

import copy
import functools
import logging
import weakref

from aiops_sdk import _safety, modules, scope
from aiops_sdk import client as clients
from aiops_sdk.loading import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Mapping

    Heard = weakref.WeakSet[logging.LogRecord]

    from aiops_sdk import capturing
    from aiops_sdk.client import Client
else:
    (capturing,) = late("capturing")


ERROR = logging.ERROR
INFO = logging.INFO

# What they say is no part of the program's story.
_LEFT_OUT = frozenset({"aiops_sdk", "werkzeug"})
_LEVELS = {logging.INFO: "info", logging.WARNING: "warning", logging.ERROR: "error", logging.CRITICAL: "critical"}
_MESSAGE = 2_000
_NOTHING: Mapping[str, object] = {}
# What a record carries into another process that is reported in this one. Taken off before a handler sees it there.
_HEARD = "_aiops_sdk_heard"
_QUEUES_OF_ONE_PROCESS = frozenset({"queue", "_queue"})


def install(client: Client) -> Callable[[], None]:
    """Report what is logged at ERROR and above; the returned function ends it."""
    call_handlers = logging.Logger.callHandlers
    active = [True]
    kept = client.config.max_breadcrumbs
    heard: Heard = weakref.WeakSet()
    forget_queues = modules.hook(
        ("logging.handlers", "QueueListener", lambda module: _watch_queues(module, heard)),
    )

    @functools.wraps(call_handlers)
    def call_handlers_and_capture(logger: logging.Logger, record: logging.LogRecord) -> None:
        level = record.levelno
        if type(level) is not int or level < ERROR:
            call_handlers(logger, record)
            # Most lines, by far: hardly more is done for them.
            if kept and type(level) is int and level >= INFO and active:
                _note(record, level, kept)
            return
        if not active or _safety.attempt(lambda: _is_handed_on(record, heard), False):
            call_handlers(logger, record)
            return
        # What a handler may change is the record: look first. What it makes is the message: take it afterwards.
        exc_info = record.exc_info
        try:
            call_handlers(logger, record)
        finally:
            if active and clients.current() is client and not scope.is_unheard():
                _capture(client, record, exc_info)
                if kept:
                    _note(record, level, kept)

    logging.Logger.callHandlers = call_handlers_and_capture  # type: ignore[method-assign,assignment]  # it is the point

    def undo() -> None:
        active.clear()
        forget_queues()
        # Where somebody has wrapped ours since, it stays below theirs and does nothing.
        if logging.Logger.callHandlers is call_handlers_and_capture:
            logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]  # back to what it was

    return undo


def _capture(client: Client, record: logging.LogRecord, exc_info: object) -> None:
    if record.exc_info is not exc_info:
        record = copy.copy(record)
        record.exc_info = exc_info  # type: ignore[assignment]  # as it came
    client.capture_log(record)


def _is_handed_on(record: logging.LogRecord, heard: Heard) -> bool:
    """Whether a handler has passed this record on to a logger again, here or in another process: then it is reported there."""
    is_known = record.__dict__.pop(_HEARD, None) is not None or record in heard
    heard.add(record)
    return is_known


def _watch_queues(handlers: ModuleType, heard: Heard) -> Callable[[], None]:
    """Know again what goes through a queue, from where it may be passed on to a logger. What goes in is a copy."""
    put, take = handlers.QueueHandler.prepare, handlers.QueueListener.prepare

    @functools.wraps(put)
    def prepare(handler: Any, record: Any) -> Any:
        prepared = put(handler, record)
        if clients.current() is not None:
            _safety.attempt(lambda: _mark(handler, prepared, heard), None)
        return prepared

    @functools.wraps(take)
    def prepare_taken(listener: Any, record: Any) -> Any:
        prepared = take(listener, record)
        _safety.attempt(lambda: _is_handed_on(prepared, heard) if _HEARD in prepared.__dict__ else None, None)
        return prepared

    undos = [
        modules.replace(handlers.QueueHandler, "prepare", prepare),
        modules.replace(handlers.QueueListener, "prepare", prepare_taken),
    ]

    def undo() -> None:
        for each in undos:
            each()

    return undo


def _mark(handler: Any, prepared: Any, heard: Heard) -> None:
    if type(prepared.levelno) is not int or prepared.levelno < ERROR:
        return
    heard.add(prepared)
    if type(handler.queue).__module__ not in _QUEUES_OF_ONE_PROCESS:
        prepared.__dict__[_HEARD] = True


def _note(record: logging.LogRecord, level: int, kept: int) -> None:
    """Keep the line as something that happened, without what it was made from."""
    fields = record.__dict__
    name, message, at = fields.get("name"), fields.get("message"), fields.get("created")
    if type(name) is not str or name in _LEFT_OUT or type(at) is not float:
        return
    if type(message) is not str:
        # No handler has made it. It is not worth more than a moment: who prints nothing pays little.
        args, message = fields.get("args"), fields.get("msg")
        if type(message) is not str or not (args is None or (type(args) is tuple and not args)):
            message = _safety.attempt(lambda: capturing.short_message(record), "")
    if len(message) > _MESSAGE:
        message = message[: _MESSAGE - 1] + "…"
    scope.leave((at, name, _LEVELS.get(level) or _level(level), message, _NOTHING), kept)


def _level(number: int) -> str:
    return _LEVELS[min(number // 10 * 10, logging.CRITICAL)]
