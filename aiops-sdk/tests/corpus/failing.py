"""The exceptions of the corpus, by the names that it gives them: each as it is raised where it comes from."""

from __future__ import annotations

import asyncio
import builtins
import concurrent.futures
import sys
from types import ModuleType
from typing import Any, Callable, Dict, Optional, Type

Raise = Callable[[], Any]


def named(name: str) -> Raise:
    """A function that raises the exception of this name, from the module where such an exception comes from."""
    if name in _TABLE:
        return _TABLE[name]()
    kind = getattr(builtins, name)
    if kind is UnicodeDecodeError:
        return lambda: b"\xff".decode("utf-8")
    return _through(lambda: kind("it broke") if kind is not SystemExit else kind(0))


def _called_in(module: str, inner: Raise) -> Raise:
    names: Dict[str, Any] = {"__name__": module, "inner": inner}
    exec("def run():\n    return inner()\n", names)
    return names["run"]  # type: ignore[no-any-return]


def _in(module: str, name: str, *bases: Type[BaseException]) -> Callable[[], BaseException]:
    """Makes an exception of a class of another library, which need not be installed."""
    kind: Any = type(name, bases or (Exception,), {"__module__": module})
    return lambda: kind("it broke")


def _thrown(module: str, make: Callable[[], BaseException]) -> Raise:
    """Raised by code of this module: it is the innermost."""
    names: Dict[str, Any] = {"__name__": module, "make": make}
    exec("def run():\n    raise make()\n", names)
    return names["run"]  # type: ignore[no-any-return]


def _through(make: Callable[[], BaseException], *modules: str) -> Raise:
    """Raises what ``make`` makes, through a function of each of these modules; the last one's raises it."""
    run = _thrown(modules[-1] if modules else "shop.views", make)
    for module in reversed(modules[:-1]):
        run = _called_in(module, run)
    return run


def _real(module: str, name: str, otherwise: Callable[[], BaseException]) -> Callable[[], BaseException]:
    """One of the library's own where that is installed."""

    def make() -> BaseException:
        found: Optional[ModuleType] = sys.modules.get(module)
        kind = getattr(found, name, None)
        try:
            return kind() if kind is not None else otherwise()
        except TypeError:
            return otherwise()

    return make


def _cancelled_future() -> Any:
    future: concurrent.futures.Future[Any] = concurrent.futures.Future()
    future.cancel()
    return future.result()


def _own(name: str, *bases: Type[BaseException]) -> Raise:
    return _through(_in("shop.errors", name, *bases))


def _reset() -> OSError:
    return ConnectionResetError(104, "Connection reset by peer")


def _pipe() -> OSError:
    return BrokenPipeError(32, "Broken pipe")


_BAD_REQUEST = ("aiohttp.http_exceptions", "BadHttpMessage")


def _aiohttp(name: str) -> Raise:
    base = type(_BAD_REQUEST[1], (Exception,), {"__module__": _BAD_REQUEST[0]})
    kind = base if name == _BAD_REQUEST[1] else type(name, (base,), {"__module__": _BAD_REQUEST[0]})
    return _through(lambda: kind("400, message: Bad status line 'invalid HTTP method'"), "aiohttp.web_protocol")


def _websockets(name: str, base: str) -> Raise:
    parent = type(base, (Exception,), {"__module__": "websockets.exceptions"})
    kind = type(name, (parent,), {"__module__": "websockets.exceptions"})
    return _through(lambda: kind("it broke"), "websockets.asyncio.server")


def _hung() -> Raise:
    return _through(lambda: SystemExit(1), "gunicorn.workers.base")


_TABLE: Dict[str, Callable[[], Raise]] = {
    # Clients that are gone.
    "ClientDisconnected": lambda: _through(
        _real("werkzeug.exceptions", "ClientDisconnected", _in("werkzeug.exceptions", "ClientDisconnected"))
    ),
    "NoMoreData": lambda: _through(_in("gunicorn.http.errors", "NoMoreData", IOError)),
    "InvalidChunkSize": lambda: _through(_in("gunicorn.http.errors", "InvalidChunkSize", IOError)),
    "InvalidRequestLine": lambda: _through(_in("gunicorn.http.errors", "InvalidRequestLine")),
    "LimitRequestLine": lambda: _through(_in("gunicorn.http.errors", "LimitRequestLine")),
    "a body that the client stopped sending": lambda: _through(
        lambda: ConnectionResetError(104, "Connection reset by peer"), "gunicorn.http.body", "socket"
    ),
    "a pipe that the client closed": lambda: _through(_pipe, "gunicorn.http.wsgi", "gunicorn.util", "socket"),
    "a connection that the client reset": lambda: _through(_reset, "werkzeug.serving", "socket", "ssl"),
    "uWSGI's write error": lambda: _through(lambda: OSError("write error")),
    "starlette's ClientDisconnect": lambda: _through(_in("starlette.requests", "ClientDisconnect")),
    "starlette's WebSocketDisconnect": lambda: _through(_in("starlette.websockets", "WebSocketDisconnect")),
    "uvicorn's ClientDisconnected": lambda: _through(
        _in("uvicorn.protocols.utils", "ClientDisconnected", OSError), "uvicorn.protocols.websockets"
    ),
    "waitress' ClientDisconnected": lambda: _through(_in("waitress.channel", "ClientDisconnected")),
    "django's UnreadablePostError": lambda: _through(_in("django.http.request", "UnreadablePostError", OSError)),
    "django's RequestAborted": lambda: _through(_in("django.core.exceptions", "RequestAborted")),
    "webob's DisconnectionError": lambda: _through(_in("webob.request", "DisconnectionError", OSError)),
    "aiohttp's closing transport": lambda: _through(
        lambda: ConnectionResetError("Cannot write to closing transport"),
        "aiohttp.web_response",
        "aiohttp.http_writer",
    ),
    "a protocol error towards the client": lambda: _through(
        _in("h11._util", "LocalProtocolError"), "uvicorn.protocols.http.h11_impl", "h11._connection"
    ),
    # What was no request.
    "aiohttp's BadHttpMessage": lambda: _aiohttp("BadHttpMessage"),
    "aiohttp's BadStatusLine": lambda: _aiohttp("BadStatusLine"),
    "aiohttp's LineTooLong": lambda: _aiohttp("LineTooLong"),
    "websockets' InvalidMessage": lambda: _websockets("InvalidMessage", "InvalidHandshake"),
    "websockets' InvalidUpgrade": lambda: _websockets("InvalidUpgrade", "InvalidHandshake"),
    "websockets' ConnectionClosedError": lambda: _websockets("ConnectionClosedError", "ConnectionClosed"),
    "websockets' ConnectionClosedOK": lambda: _websockets("ConnectionClosedOK", "ConnectionClosed"),
    "DisallowedHost": lambda: _through(_in("django.core.exceptions", "DisallowedHost")),
    # Cancelled.
    "asyncio's CancelledError": lambda: _through(asyncio.CancelledError),
    "a future that was cancelled": lambda: _cancelled_future,
    # What only looks like it.
    "an own class named ClientDisconnected": lambda: _own("ClientDisconnected"),
    "an own class named DisallowedHost": lambda: _own("DisallowedHost"),
    "an own class named SystemExit": lambda: _own("SystemExit"),
    "a connection of the application that was reset": lambda: _through(_reset, "shop.db", "socket"),
    "a pipe of the application that broke": lambda: _through(_pipe, "shop.mail", "ssl"),
    "a broken connection of redis": lambda: _through(_reset, "redis.connection", "socket"),
    "a broken connection of pymysql": lambda: _through(_pipe, "pymysql.connections", "socket", "ssl"),
    "a broken connection of aiohttp's client": lambda: _through(
        lambda: ConnectionResetError("Cannot write to closing transport"),
        "aiohttp.client_reqrep",
        "aiohttp.http_writer",
    ),
    "a protocol error of the application's client": lambda: _through(
        _in("h11._util", "RemoteProtocolError"), "httpcore._sync.http11", "h11._connection"
    ),
    "write error on disk 2": lambda: _through(lambda: OSError("write error on disk 2")),
    "too many open files in the server": lambda: _through(
        lambda: OSError(24, "Too many open files"), "gunicorn.workers.sync", "socket"
    ),
    "a worker that was ended because it hung": _hung,
}
