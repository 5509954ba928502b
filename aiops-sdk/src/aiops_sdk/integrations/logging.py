"""ERROR and CRITICAL log records, taken where every logger hands its records to handlers.

A handler on the root logger would miss loggers that do not propagate, and ``dictConfig`` and ``force=True`` would remove
it. At ``Logger.callHandlers`` nothing can, and nothing that the host prints changes.
"""

from __future__ import annotations

import copy
import functools
import logging

from aiops_sdk import client as clients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from aiops_sdk.client import Client


ERROR = logging.ERROR


def install(client: Client) -> Callable[[], None]:
    """Report what is logged at ERROR and above; the returned function ends it."""
    call_handlers = logging.Logger.callHandlers
    active = [True]

    @functools.wraps(call_handlers)
    def call_handlers_and_capture(logger: logging.Logger, record: logging.LogRecord) -> None:
        level = record.levelno
        if type(level) is not int or level < ERROR:
            # Most lines, by far: nothing more is done for them.
            call_handlers(logger, record)
            return
        # What a handler may change is the record: look first. What it makes is the message: take it afterwards.
        exc_info = record.exc_info
        try:
            call_handlers(logger, record)
        finally:
            if active and clients.current() is client:
                _capture(client, record, exc_info)

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
