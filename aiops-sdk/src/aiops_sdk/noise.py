"""What is never an incident: data, and pure questions about it.

Requests, loggers, log records, exceptions and statuses. Who asks, and when, is the business of the client and the integrations.
"""

from __future__ import annotations

import builtins
import errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from types import TracebackType
    from typing import FrozenSet, Iterable, Optional, Tuple, Type, Union


QUIET_METHODS = frozenset({"OPTIONS", "HEAD"})

HEALTH_PATHS = frozenset(
    {
        "/health",
        "/healthz",
        "/ping",
        "/ready",
        "/alive",
        "/readiness",
        "/liveness",
        "/metrics",
        "/status",
        "/favicon.ico",
        "/robots.txt",
        # What today's orchestrators, frameworks and servers probe by default.
        "/livez",
        "/readyz",
        "/api/health",
        "/api/v1/healthz",
        "/health/live",
        "/health/ready",
        "/actuator/health",
        "/_health",
        "/-/healthy",
    }
)

# The parts that a page is made of. Not documents and data (.html, .json, .xml, .txt, .csv, .pdf, .zip): views make those.
STATIC_EXTENSIONS = frozenset(
    {
        *("js", "mjs", "cjs", "css", "map", "wasm", "webmanifest"),
        *("ico", "cur", "png", "apng", "jpg", "jpeg", "jfif", "gif", "bmp", "svg", "svgz", "webp", "avif", "jxl"),
        *("woff", "woff2", "ttf", "otf", "eot"),
        *("mp3", "m4a", "ogg", "ogv", "mp4", "m4v", "webm"),
    }
)
_COMPRESSED_EXTENSIONS = frozenset({"gz", "br", "zst"})

FAILURE_STATUSES = frozenset({400, 401, 403, 500, 502, 503, 504})

# Each with its children: "werkzeug.serving" is noise, "werkzeug_shop" is not.
QUIET_LOGGERS = ("werkzeug", "urllib3", "requests", "aiops_sdk")
_QUIET_CHILDREN = tuple(name + "." for name in QUIET_LOGGERS)

# By their texts, because these two servers raise a bare OSError: uWSGI and mod_wsgi, when writing and when reading.
_HANG_UP_TEXTS = frozenset({"write error", "failed to write data"})
_HANG_UP_BEGINNINGS = ("error during read(", "timeout during read(", "Apache/mod_wsgi ")

# Named, not imported: asking must not load a framework.
_HANG_UP_CLASSES = frozenset(
    {
        ("werkzeug.exceptions", "ClientDisconnected"),
        ("gunicorn.http.errors", "NoMoreData"),
        ("waitress.channel", "ClientDisconnected"),
        ("starlette.requests", "ClientDisconnect"),
        ("django.http.request", "UnreadablePostError"),
    }
)

# Two of that name, neither derived from the other.
_CANCELLATIONS = frozenset({("asyncio.exceptions", "CancelledError"), ("concurrent.futures._base", "CancelledError")})

_HANG_UP_ERRNOS = frozenset(
    {errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED, errno.ENOTCONN, errno.ESHUTDOWN, errno.ETIMEDOUT}
)
_HANG_UP_OS_ERRORS = frozenset({"timeout", "TimeoutError", "SSLEOFError", "SSLZeroReturnError"})

# Exception groups came with Python 3.11.
_GROUP: Optional[Type[BaseException]] = getattr(builtins, "BaseExceptionGroup", None)

# Code that talks to the client of this service, and to nobody else.
_SERVERS = frozenset(
    {
        "aiohttp.web_protocol",
        "bjoern",
        "cheroot",
        "daphne",
        "eventlet.wsgi",
        "gevent.baseserver",
        "gevent.pywsgi",
        "gunicorn",
        "http.server",
        "hypercorn",
        "meinheld",
        "socketserver",
        "uvicorn",
        "waitress",
        "werkzeug.formparser",
        "werkzeug.serving",
        "werkzeug.wsgi",
        "wsgiref",
    }
)
# Code that moves bytes for whoever calls it: it does not tell whose connection broke.
_CARRIERS = frozenset({"_socket", "eventlet.greenio", "gevent", "io", "selectors", "socket", "ssl"})


def is_noisy_request(method: str, path: str, extra_paths: FrozenSet[str] = frozenset()) -> bool:
    """Is this request never an incident, whatever happens in it?

    `path` has no query. Paths are compared exactly, but for a trailing slash; `extra_paths` come from `skip_paths`.
    """
    if method.upper() in QUIET_METHODS:
        return True
    plain = _without_slash(path)
    return plain in HEALTH_PATHS or plain in extra_paths or _is_static(path)


def skip_paths(paths: Union[str, Iterable[str], None]) -> FrozenSet[str]:
    """The paths in `AIOPS_SKIP_PATHS` (comma-separated) or in a list, in the form in which they are compared."""
    listed = paths.split(",") if isinstance(paths, str) else paths or ()
    trimmed = (path.strip() for path in listed)
    return frozenset(_without_slash("/" + path.lstrip("/")) for path in trimmed if path)


def counts_as_failure(status: int) -> bool:
    """Is a response with this status reported? 404 and 429 are not: they are expected answers."""
    return status in FAILURE_STATUSES


def is_noisy_logger(name: str) -> bool:
    """Is everything that this logger says noise: the HTTP server's lines, an HTTP client's, or our own?"""
    return name in QUIET_LOGGERS or name.startswith(_QUIET_CHILDREN)


def is_noisy_record(record: logging.LogRecord) -> bool:
    """Is this log line never an incident? Its level is not looked at, nor its wording, which anybody may quote."""
    if is_noisy_logger(record.name):
        return not tells_of_a_crash(record)
    if type(record.exc_info) is not tuple or len(record.exc_info) != 3:
        return False
    return is_noisy_exception(record.exc_info[1]) and not _is_failed_exit(record.exc_info[1])


def tells_of_a_crash(record: logging.LogRecord) -> bool:
    """Is this how the server of werkzeug says that the application itself raised? No access line, no bad request.

    It is logged while that exception is being handled, but without it.
    """
    return record.name == "werkzeug" and type(record.msg) is str and record.msg.startswith("Error on request:\n")


def is_noisy_exception(exc: Optional[BaseException]) -> bool:
    """Is this a way to stop (Ctrl-C, SystemExit, a closed generator), or a client of this service that hung up?

    A connection that the application itself had opened and that broke, to its database say, is no noise.
    """
    if exc is None:
        return False
    # By its type, here and below: what an exception says of itself in attributes can be code that fails.
    kind = type(exc)
    if issubclass(kind, (KeyboardInterrupt, SystemExit, GeneratorExit)) or _is_hang_up(exc):
        return True
    if _GROUP is None or not issubclass(kind, _GROUP):
        return False
    members = _GROUP.__dict__["exceptions"].__get__(exc)
    return all(map(is_noisy_exception, members))


def is_cancellation(exc: BaseException) -> bool:
    """Is this how a task or a future says that it was cancelled? Noise where nobody waits for it; elsewhere it may end a program."""
    return _is_one_of(type(exc), _CANCELLATIONS)


def _without_slash(path: str) -> str:
    return path.rstrip("/") or "/"


def _is_static(path: str) -> bool:
    stem, dot, extension = path.rpartition(".")
    extension = extension.lower()
    if extension in _COMPRESSED_EXTENSIONS:
        stem, dot, extension = stem.rpartition(".")
        extension = extension.lower()
    # A name that is nothing but an extension (/.css) is no static file, as os.path.splitext sees it too.
    return extension in STATIC_EXTENSIONS and bool(dot) and not stem.endswith("/")


def _is_failed_exit(exc: Optional[BaseException]) -> bool:
    """A server that ends a hanging worker raises SystemExit(1) in it and logs where it hung: that line is told."""
    return type(exc) is SystemExit and exc.code not in (None, 0)


def _is_hang_up(exc: BaseException) -> bool:
    kind = type(exc)
    if _is_one_of(kind, _HANG_UP_CLASSES):
        return True
    if not issubclass(kind, OSError):
        return False
    number = OSError.__dict__["errno"].__get__(exc)
    if kind is OSError and number is None:
        return _says_hang_up(BaseException.__dict__["args"].__get__(exc))
    known = type(number) is int and number in _HANG_UP_ERRNOS
    broken = issubclass(kind, ConnectionError) or known or _full_name(kind)[1] in _HANG_UP_OS_ERRORS
    return broken and _whose_connection(BaseException.__dict__["__traceback__"].__get__(exc)) in _SERVERS


def _says_hang_up(arguments: Tuple[object, ...]) -> bool:
    text = arguments[0] if len(arguments) == 1 else None
    return type(text) is str and (text in _HANG_UP_TEXTS or text.startswith(_HANG_UP_BEGINNINGS))


def _is_one_of(kind: type, named: FrozenSet[Tuple[str, str]]) -> bool:
    # The interpreter's own classes are none of them, and most exceptions are of those.
    return any(_FLAGS(base) & _MADE_BY_PYTHON_CODE and _full_name(base) in named for base in _MRO(kind))


def _full_name(kind: type) -> Tuple[str, str]:
    module, name = _MODULE(kind), _NAME(kind)
    return module if type(module) is str else "", name if type(name) is str else ""


_MRO = type.__dict__["__mro__"].__get__
_MODULE = type.__dict__["__module__"].__get__
_NAME = type.__dict__["__name__"].__get__
_FLAGS = type.__dict__["__flags__"].__get__
_MADE_BY_PYTHON_CODE = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def _whose_connection(traceback: Optional[TracebackType]) -> str:
    """The module, or its package, whose connection broke: the innermost one that does not just carry bytes."""
    owner = ""
    while traceback is not None:
        module = dict.get(traceback.tb_frame.f_globals, "__name__")
        name = module if type(module) is str else ""
        server = _within(name, _SERVERS)
        if server or not _within(name, _CARRIERS):
            owner = server or name
        traceback = traceback.tb_next
    return owner


def _within(name: str, packages: FrozenSet[str]) -> str:
    """The one of `packages` that the module `name` is or belongs to, else the empty string."""
    while name and name not in packages:
        name = name.rpartition(".")[0]
    return name
