"""Turns what an integration saw into an event. It decides nothing: whether it counts was decided before, by the client."""

from __future__ import annotations

import logging
import os
import sys
import threading
from dataclasses import replace
from datetime import datetime, timezone
from typing import Dict, Mapping, Optional

from aiops_sdk import hostile, noise, stacktrace
from aiops_sdk.event import EXCEPTION, HTTP_ERROR, LOG_ERROR, Event, Request, new_id
from aiops_sdk.scope import RequestScope

Contexts = Mapping[str, Mapping[str, object]]


def exception_event(exc: BaseException, source: str, mechanism: str) -> Event:
    """The event of an exception. What nobody caught in the main thread ends the process: that is critical."""
    described = stacktrace.describe(exc)
    return Event(
        event_id=new_id(),
        occurred_at=datetime.now(timezone.utc),
        signal_type=EXCEPTION,
        source=source,
        level="critical" if mechanism == "excepthook" else "error",
        status_code=500,
        error_type=described.infos[0].type,
        message=described.infos[0].value,
        stack_trace=described.text,
        exceptions=described.infos,
        contexts=_contexts(capture={"mechanism": mechanism}),
    )


def http_event(
    status_code: int, message: str, error_type: str, stack_trace: str, exc: Optional[BaseException] = None
) -> Event:
    """The event of an answer with a status that counts, with the exception behind it where that is known."""
    described = stacktrace.describe(exc) if exc is not None else None
    return Event(
        event_id=new_id(),
        occurred_at=datetime.now(timezone.utc),
        signal_type=HTTP_ERROR,
        source="http",
        level="error" if status_code >= 500 else "warning",
        status_code=status_code,
        error_type=hostile.clean(error_type),
        message=hostile.clean(message),
        stack_trace=hostile.clean(stack_trace) if described is None else described.text,
        exceptions=() if described is None else described.infos,
        contexts=_contexts(),
    )


def log_event(record: logging.LogRecord, exc: Optional[BaseException]) -> Event:
    """The event of a log record, with the traceback of the exception that it carries."""
    described = stacktrace.describe(exc) if exc is not None else None
    text = described.text if described is not None else _printed(record)
    return Event(
        event_id=new_id(),
        occurred_at=_when(record),
        signal_type=LOG_ERROR,
        source="logging",
        level=_level(record.levelno),
        error_type=_text(record.levelname) or "ERROR",
        message=_message(record) or (described.text.strip().rpartition("\n")[2] if described is not None else ""),
        stack_trace=text,
        exceptions=described.infos if described is not None else (),
        logger=_text(record.name) or None,
        template=_text(record.msg) or None,
        contexts=_contexts(log=_place(record)),
    )


def exception_of(record: logging.LogRecord) -> Optional[BaseException]:
    """The exception that a log record carries, if any; ``exc_info`` can hold anything."""
    info: object = sys.exc_info() if noise.tells_of_a_crash(record) else record.exc_info
    exc = info[1] if isinstance(info, tuple) and len(info) == 3 else info
    return exc if isinstance(exc, BaseException) else None


def with_request(event: Event, request: RequestScope) -> Event:
    """The same event, as something that happened during this request."""
    return replace(
        event,
        request_path=_text(request.path),
        route=_text(request.route) or None,
        request=Request(
            method=_text(request.method),
            url=_text(request.url) or None,
            query=_text(request.query) or None,
            headers={_text(name): _text(value) for name, value in request.headers.items()},
            remote_addr=_text(request.remote_addr) or None,
        ),
    )


def surroundings() -> Contexts:
    """What is the same for every event of a process: the interpreter and the system."""
    if sys.platform != "win32":
        system = os.uname()
        os_name, os_version = system.sysname, system.release
    else:
        windows = sys.getwindowsversion()
        os_name, os_version = "Windows", "{}.{}.{}".format(windows.major, windows.minor, windows.build)
    return {
        "runtime": {"name": sys.implementation.name, "version": "{}.{}.{}".format(*sys.version_info[:3])},
        "os": {"name": os_name, "version": os_version},
    }


def _contexts(**more: Mapping[str, object]) -> Contexts:
    argv = getattr(sys, "argv", None) or [""]
    process: Dict[str, object] = {
        "pid": os.getpid(),
        "thread": _text(threading.current_thread().name),
        "argv0": _text(argv[0]),
    }
    return {"process": process, **{name: values for name, values in more.items() if values}}


def _message(record: logging.LogRecord) -> str:
    """The finished message. A handler of the host has mostly made it already; a broken one is told by its template."""
    made: object = record.__dict__.get("message")
    if type(made) is str:
        return hostile.clean(made)
    if type(record.msg) is str and (not record.args or hostile.are_plain(record.args)):
        return hostile.clean(_formatted(record.msg, record.args))
    return hostile.answer_of(record.getMessage) or hostile.text_of(record.msg)


def _formatted(template: str, arguments: object) -> str:
    if not arguments:
        return template
    try:
        return template % arguments
    except (TypeError, ValueError, KeyError, OverflowError):
        return template


def _printed(record: logging.LogRecord) -> str:
    """The text of an exception that a handler has turned into text already, else the stack that was asked for."""
    text = _text(record.exc_text)
    return text if text and text != "NoneType: None" else _text(record.stack_info)


def _level(number: object) -> str:
    if not isinstance(number, int):
        return "error"
    for least, name in ((50, "critical"), (40, "error"), (30, "warning"), (20, "info")):
        if number >= least:
            return name
    return "debug"


def _place(record: logging.LogRecord) -> Mapping[str, object]:
    """Where in the code the line was written."""
    line: object = record.lineno
    return {
        "file": _text(record.pathname),
        "line": line if isinstance(line, int) else None,
        "function": _text(record.funcName),
    }


def _when(record: logging.LogRecord) -> datetime:
    try:
        return datetime.fromtimestamp(record.created, timezone.utc)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.now(timezone.utc)


def _text(given: object) -> str:
    """A text that should be one already; anything else counts as not given."""
    return hostile.clean(given) if isinstance(given, str) else ""
