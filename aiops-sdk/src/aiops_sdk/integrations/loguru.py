"""loguru: what is logged at ERROR and above, taken where records are handed to handlers.

A sink of ours would go with ``logger.remove()``, with which most programs begin. At ``Handler.emit`` every record passes,
whatever the handlers' levels, and nothing that the host prints changes.
"""

from __future__ import annotations

import functools
import logging
import sys
import threading

from aiops_sdk import _safety, modules, scope, values
from aiops_sdk import client as clients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, List

    from aiops_sdk.client import Client


ERROR = 40

# What a record carries through a handler's queue that was reported where it went in. Taken off before a sink sees it.
_HEARD = "_aiops_sdk_heard"
# Those that hand it to somebody else, who may log it anew.
_SINKS = ("StreamSink", "StandardSink", "AsyncSink", "CallableSink")

# So many calls lie at most between a logger of the standard library and loguru, where one passes its records to the other.
_DEPTH = 16


def install(client: Client) -> Callable[[], None]:
    """Report what loguru logs at ERROR and above; the returned function ends it."""
    return modules.hook(
        ("loguru._handler", "Handler", lambda module: _hook(client, module)),
        ("loguru._simple_sinks", _SINKS[-1], _watch_sinks),
    )


def _hook(client: Client, module: ModuleType) -> Callable[[], None]:
    kind: Any = vars(module)["Handler"]
    emit = vars(kind)["emit"]
    last = threading.local()

    @functools.wraps(emit)
    def emit_and_capture(handler: Any, record: Any, *args: Any, **named: Any) -> Any:
        if clients.current() is not client or _safety.attempt(lambda: record["level"].no, 0) < ERROR:
            return emit(handler, record, *args, **named)
        # A record comes once for each handler. Its time is an object of its own, and keeps nothing alive.
        if getattr(last, "time", None) is record["time"]:
            # Any of them may hand it on to the standard library's logging.
            with scope.unheard(), _marked(handler, record):
                return emit(handler, record, *args, **named)
        last.time = record["time"]
        told_elsewhere = _is_within_logging()
        try:
            with scope.unheard(), _marked(handler, record):
                return emit(handler, record, *args, **named)
        finally:
            if not told_elsewhere:
                # Somebody's patcher may have put anything into it.
                _safety.attempt(lambda: _capture(client, record), None)

    return modules.replace(kind, "emit", emit_and_capture)


class _marked:  # noqa: N801 - reads as a statement
    """A block in which the record is known as reported, if the handler has a queue: what goes in is a copy."""

    __slots__ = ("_record",)

    def __init__(self, handler: Any, record: Any) -> None:
        self._record = record if getattr(handler, "_enqueue", False) and type(record) is dict else None

    def __enter__(self) -> None:
        if self._record is not None:
            self._record[_HEARD] = True

    def __exit__(self, *_: object) -> None:
        if self._record is not None:
            self._record.pop(_HEARD, None)


def _watch_sinks(module: ModuleType) -> Callable[[], None]:
    """Know again what comes out of a handler's queue, in its own thread or in another process."""
    kinds: List[Any] = [vars(module)[name] for name in _SINKS if name in vars(module)]
    undos = [modules.replace(kind, "write", _knowing(kind.write)) for kind in kinds]

    def undo() -> None:
        for each in undos:
            each()

    return undo


def _knowing(write: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    @functools.wraps(write)
    def write_what_is_known(sink: Any, message: Any) -> None:
        record = getattr(message, "record", None)
        if type(record) is dict and record.pop(_HEARD, False):
            with scope.unheard():
                write(sink, message)
        else:
            write(sink, message)

    return write_what_is_known


def _is_within_logging() -> bool:
    """Whether a handler of the standard library's logging passes this on: then that line is reported."""
    frame = sys._getframe(1)
    for _ in range(_DEPTH):
        if frame.f_code.co_name == "callHandlers" and frame.f_globals.get("__name__") == "logging":
            return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def _capture(client: Client, record: Any) -> None:
    exception = record["exception"]
    line = logging.LogRecord(
        record["name"] or "loguru",
        record["level"].no,
        record["file"].path,
        record["line"],
        record["message"],
        None,
        None if exception is None or exception.value is None else (type(exception.value), exception.value, None),
        record["function"],
    )
    line.levelname = record["level"].name
    extra = values.as_json(dict(record["extra"]))
    with scope.saying(scope.Around(contexts={"extra": extra} if isinstance(extra, dict) and extra else {})):
        client.capture_log(line)
