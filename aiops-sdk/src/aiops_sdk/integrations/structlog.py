"""structlog: errors with the event as their message and its key-values as a context, wherever structlog prints them.

Taken where a bound logger hands an event on, after its processors, so that one which they drop is not reported. Where it
goes on to the standard library's logging, that line is not reported again.
"""

from __future__ import annotations

import functools
import logging
import sys
from contextvars import ContextVar
from types import FunctionType

from aiops_sdk import _safety, hostile, modules, scope, values
from aiops_sdk import client as clients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from aiops_sdk.client import Client


LEVELS = {"error": 40, "exception": 40, "err": 40, "critical": 50, "fatal": 50}

# Structlog and logging look for the first caller that is none of them, by the names of modules. Ours is not it, either.
_OUR_NAME = "structlog._aiops_sdk"

_LEFT_OUT = frozenset(
    {"event", "positional_args", "exc_info", "stack_info", "exception", "level", "timestamp", "logger"}
)

_passed: ContextVar[Optional[List[bool]]] = ContextVar("aiops_sdk_structlog", default=None)


def install(client: Client) -> Callable[[], None]:
    """Report what structlog logs at ERROR and above; the returned function ends it."""
    return modules.hook(("structlog._base", "BoundLoggerBase", lambda module: _hook(client, module)))


def _hook(client: Client, module: ModuleType) -> Callable[[], None]:
    kind: Any = vars(module)["BoundLoggerBase"]
    proxy, process = vars(kind)["_proxy_to_logger"], vars(kind)["_process_event"]

    def proxy_and_capture(bound: Any, method_name: str, event: Any = None, **named: Any) -> Any:
        if method_name not in LEVELS or clients.current() is not client:
            return proxy(bound, method_name, event, **named)
        passed: List[bool] = []
        token = _passed.set(passed)
        try:
            with scope.unheard():
                return proxy(bound, method_name, event, **named)
        finally:
            _passed.reset(token)
            if passed:
                _capture(client, bound, method_name, event, named)

    def process_and_note(bound: Any, *args: Any, **named: Any) -> Any:
        found = process(bound, *args, **named)
        passed = _passed.get()
        if passed is not None:
            passed.append(True)
        return found

    undos = [
        modules.replace(kind, "_proxy_to_logger", _unnamed(proxy_and_capture, proxy)),
        modules.replace(kind, "_process_event", _unnamed(process_and_note, process)),
    ]

    def undo() -> None:
        for each in undos:
            each()

    return undo


def _unnamed(ours: Any, theirs: Any) -> Any:
    """The same function, as if it stood in structlog: what the host prints names its own lines."""
    made = FunctionType(
        ours.__code__, {**globals(), "__name__": _OUR_NAME}, theirs.__name__, ours.__defaults__, ours.__closure__
    )
    return functools.update_wrapper(made, theirs)


@_safety.harmless
def _capture(client: Client, bound: Any, method_name: str, event: Any, named: Dict[str, Any]) -> None:
    level, logger = LEVELS[method_name], bound._logger
    is_stdlib = isinstance(logger, logging.Logger)
    if is_stdlib and not logger.isEnabledFor(level):
        return
    context = {**dict(bound._context), **named}
    file, number = _caller()
    line = logging.LogRecord(
        logger.name if is_stdlib else _name(context),
        level,
        file,
        number,
        event if type(event) is str else hostile.text_of(event),
        context.get("positional_args") or None,
        _exc_info(context.get("exc_info"), method_name),
    )
    told = values.as_json({name: value for name, value in context.items() if name not in _LEFT_OUT})
    with scope.saying(scope.Around(contexts={"structlog": told} if isinstance(told, dict) and told else {})):
        client.capture_log(line)


def _name(context: Dict[str, Any]) -> str:
    name = context.get("logger")
    return name if isinstance(name, str) and name else "structlog"


def _exc_info(given: Any, method_name: str) -> Any:
    if isinstance(given, BaseException):
        return (type(given), given, given.__traceback__)
    if isinstance(given, tuple):
        return given
    return sys.exc_info() if given or (given is None and method_name == "exception") else None


def _caller() -> Tuple[str, int]:
    """File and line of the first caller that is neither ours nor structlog's."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        name = str(frame.f_globals.get("__name__"))
        if not name.startswith(("structlog", "aiops_sdk")):
            break
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
