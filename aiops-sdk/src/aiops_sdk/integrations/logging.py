"""ERROR and CRITICAL log records, taken where every logger hands its records to handlers.

A handler on the root logger would miss loggers that do not propagate, and ``dictConfig`` and ``force=True`` would remove
it. At ``Logger.callHandlers`` nothing can, and nothing that the host prints changes.
"""

from __future__ import annotations

import copy
import functools
import logging

from aiops_sdk import _safety, scope
from aiops_sdk import client as clients
from aiops_sdk.loading import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Mapping

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


def install(client: Client) -> Callable[[], None]:
    """Report what is logged at ERROR and above; the returned function ends it."""
    call_handlers = logging.Logger.callHandlers
    active = [True]
    kept = client.config.max_breadcrumbs

    @functools.wraps(call_handlers)
    def call_handlers_and_capture(logger: logging.Logger, record: logging.LogRecord) -> None:
        level = record.levelno
        if type(level) is not int or level < ERROR:
            call_handlers(logger, record)
            # Most lines, by far: hardly more is done for them.
            if kept and type(level) is int and level >= INFO and active:
                _note(record, level, kept)
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
        # Where somebody has wrapped ours since, it stays below theirs and does nothing.
        if logging.Logger.callHandlers is call_handlers_and_capture:
            logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]  # back to what it was

    return undo


def _capture(client: Client, record: logging.LogRecord, exc_info: object) -> None:
    if record.exc_info is not exc_info:
        record = copy.copy(record)
        record.exc_info = exc_info  # type: ignore[assignment]  # as it came
    client.capture_log(record)


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
