"""What is never an incident: data, rules with their reasons, and pure questions about them.

Requests, answers, exceptions, loggers and log records. Who asks, and when, is the business of the client and the
integrations. The page ``docs/reference/noise.md`` is made from the rules.
"""

from __future__ import annotations

import builtins
import errno

from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from types import TracebackType
    from typing import Dict, FrozenSet, Iterable, Optional, Tuple, Type, Union


class Rule(Frozen):
    """Why something is never an incident. ``about`` says what kind of thing it judges, ``name`` never changes."""

    name: str
    about: str
    reason: str


REQUESTS, ANSWERS, EXCEPTIONS, TASKS, LINES = "requests", "answers", "exceptions", "tasks", "log lines"

QUIET_METHOD = Rule(
    name="quiet-method",
    about=REQUESTS,
    reason="browsers ask for permission with OPTIONS and monitors probe with HEAD: nobody waits for the content",
)
HEALTH_PATH = Rule(
    name="health-path",
    about=REQUESTS,
    reason="orchestrators, load balancers and crawlers ask for it all the time, and draw their own conclusions",
)
SKIPPED_PATH = Rule(
    name="skipped-path",
    about=REQUESTS,
    reason="the path is listed in skip_paths or AIOPS_SKIP_PATHS",
)
STATIC_FILE = Rule(
    name="static-file",
    about=REQUESTS,
    reason="it is a part of a page, which browsers, old links and bots ask for whether it exists or not",
)
EXPECTED_ANSWER = Rule(
    name="expected-answer",
    about=ANSWERS,
    reason="with this status the application answers as it is meant to; it is counted, by route",
)
SCANNER = Rule(
    name="scanner",
    about=ANSWERS,
    reason="no route leads there, and it is refused: somebody looks for holes in software that does not run here",
)
STOP = Rule(
    name="stop",
    about=EXCEPTIONS,
    reason="it is how Python stops a program, a thread or a generator that somebody wanted to stop",
)
CLIENT_GONE = Rule(
    name="client-gone",
    about=EXCEPTIONS,
    reason="whoever had asked hung up before the answer was complete, and nothing here can change that",
)
NOT_HTTP = Rule(
    name="not-http",
    about=EXCEPTIONS,
    reason="what came over the connection was no proper request: a port scan, TLS on a plain port, a broken client",
)
WRONG_HOST = Rule(
    name="wrong-host",
    about=EXCEPTIONS,
    reason="scanners ask by address or under a made-up name, and Django refuses them as it should",
)
CANCELLED = Rule(
    name="cancelled",
    about=EXCEPTIONS,
    reason="the server cancelled the request, because its client is gone or the server is being stopped",
)
NOT_DONE = Rule(
    name="not-done",
    about=TASKS,
    reason="the task says that it will be tried again, or that nobody shall wait for its result: it has not failed",
)
EXPECTED_ERROR = Rule(
    name="expected-error",
    about=TASKS,
    reason="the task itself says, in throws, that this is part of its business",
)
QUIET_LOGGER = Rule(
    name="quiet-logger",
    about=LINES,
    reason="the library tells its callers by exceptions; what it logs besides is about connections and bots",
)
ACCESS_LOG = Rule(
    name="access-log",
    about=LINES,
    reason="it tells of an answer again that is judged by its status already",
)
STOP_LINE = Rule(
    name="stop-line",
    about=LINES,
    reason="a worker ended because it was asked to, as with every deployment",
)
ANSWER_LINE = Rule(
    name="answer-line",
    about=LINES,
    reason="the framework tells of an answer to the current request, which is judged by its status",
)
ECHO_LINE = Rule(
    name="echo-line",
    about=LINES,
    reason="the server says what follows from a failure that it has told of in the line before",
)

RULES = (
    QUIET_METHOD,
    HEALTH_PATH,
    SKIPPED_PATH,
    STATIC_FILE,
    EXPECTED_ANSWER,
    SCANNER,
    STOP,
    CLIENT_GONE,
    NOT_HTTP,
    WRONG_HOST,
    CANCELLED,
    NOT_DONE,
    EXPECTED_ERROR,
    QUIET_LOGGER,
    ACCESS_LOG,
    STOP_LINE,
    ANSWER_LINE,
    ECHO_LINE,
)

# Where no client waits, none can have hung up, sent what is no request or asked under a wrong name: there, an exception of
# those tells of something else.
_OF_CLIENTS = (CLIENT_GONE, NOT_HTTP, WRONG_HOST)

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

# The lines that servers write for each request, some of them at ERROR for 5xx.
ACCESS_LOGGERS = frozenset({"aiohttp.access", "django.server", "gunicorn.access", "hypercorn.access", "uvicorn.access"})

# What only those ask for who look for holes: software in other languages, hidden files, other people's consoles.
SCANNED_EXTENSIONS = frozenset(
    {"asp", "aspx", "ashx", "asmx", "cfm", "cgi", "jsp", "jspx", "php", "php5", "php7", "phtml"}
)
SCANNED_FOLDERS = frozenset(
    {
        *("wordpress", "wp-admin", "wp-content", "wp-includes", "wp-json", "joomla", "drupal", "magento", "adminer"),
        *("phpmyadmin", "pma", "myadmin", "mysqladmin", "phpinfo", "phpunit", "_ignition", "_profiler", "telescope"),
        *("cgi-bin", "server-status", "server-info", "boaform", "goform", "gponform", "hnap1", "evox", "webfig"),
        *("actuator", "jolokia", "jenkins", "hudson", "solr", "struts", "druid", "nacos", "geoserver", "jmx-console"),
        *(
            "owa",
            "ecp",
            "autodiscover",
            "reportserver",
            "dana-na",
            "global-protect",
            "+cscoe+",
            "sslvpn",
            "nginx_status",
        ),
        *("nmaplowercheck", "sitecore", "umbraco"),
    }
)

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
        ("django.core.exceptions", "RequestAborted"),
        ("starlette.websockets", "WebSocketDisconnect"),
        ("uvicorn.protocols.utils", "ClientDisconnected"),
        ("webob.request", "DisconnectionError"),
    }
)

# Servers raise them where the application reads what was sent.
_NOT_HTTP_CLASSES = frozenset(
    ("gunicorn.http.errors", name)
    for name in (
        *(
            "ChunkMissingTerminator",
            "ForbiddenProxyRequest",
            "InvalidChunkExtension",
            "InvalidChunkSize",
            "InvalidHeader",
        ),
        *("InvalidHeaderName", "InvalidHTTPVersion", "InvalidProxyLine", "InvalidRequestLine", "InvalidRequestMethod"),
        *(
            "InvalidSchemeHeaders",
            "LimitRequestHeaders",
            "LimitRequestLine",
            "ObsoleteFolding",
            "UnsupportedTransferCoding",
        ),
    )
)

_WRONG_HOST_CLASSES = frozenset({("django.core.exceptions", "DisallowedHost")})

# A connection that is in no state to be written to any more. Clients use that library, too.
_PROTOCOL_CLASSES = frozenset({("h11._util", "LocalProtocolError"), ("h11._util", "RemoteProtocolError")})

# Two of that name, neither derived from the other.
_CANCELLATIONS_OF_TASKS = frozenset({("asyncio.exceptions", "CancelledError")})
_CANCELLATIONS = _CANCELLATIONS_OF_TASKS | {("concurrent.futures._base", "CancelledError")}

_BY_CLASS: Dict[Tuple[str, str], Rule] = {
    **dict.fromkeys(_HANG_UP_CLASSES, CLIENT_GONE),
    **dict.fromkeys(_NOT_HTTP_CLASSES, NOT_HTTP),
    **dict.fromkeys(_WRONG_HOST_CLASSES, WRONG_HOST),
}

_HANG_UP_ERRNOS = frozenset(
    {errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED, errno.ENOTCONN, errno.ESHUTDOWN, errno.ETIMEDOUT}
)
_HANG_UP_OS_ERRORS = frozenset({"timeout", "TimeoutError", "SSLEOFError", "SSLZeroReturnError"})

# Exception groups came with Python 3.11.
_GROUP: Optional[Type[BaseException]] = getattr(builtins, "BaseExceptionGroup", None)

# Code that talks to the client of this service, and to nobody else.
_SERVERS = frozenset(
    {
        "aiohttp.web_fileresponse",
        "aiohttp.web_protocol",
        "aiohttp.web_request",
        "aiohttp.web_response",
        "aiohttp.web_ws",
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
_CARRIERS = frozenset(
    {
        *("_socket", "asyncio", "eventlet.greenio", "gevent", "h11", "io", "selectors", "socket", "ssl", "uvloop"),
        *("aiohttp.abc", "aiohttp.base_protocol", "aiohttp.http_writer", "aiohttp.streams", "aiohttp._websocket"),
    }
)


class _Line(Frozen):
    """Lines of one logger: how they begin, what they have one of, and, where that decides, of which classes their exception is."""

    begins: str
    rule: Rule
    has: Tuple[str, ...] = ("",)
    classes: FrozenSet[Tuple[str, str]] = frozenset()


# Of servers that also write what is worth knowing.
_LINES: Dict[str, Tuple[_Line, ...]] = {
    "gunicorn.error": (
        _Line(
            begins="Worker (pid:",
            has=("was sent SIGTERM!", "was sent SIGINT!", "was sent SIGQUIT!", "was sent SIGHUP!"),
            rule=STOP_LINE,
        ),
        _Line(
            begins="Error handling request (no URI read)",
            classes=frozenset({("builtins", "SystemExit")}),
            rule=ECHO_LINE,
        ),
    ),
    # Celery's pool.
    "multiprocessing": (_Line(begins="Process ", has=("signal 15 (SIGTERM)", "signal 2 (SIGINT)"), rule=STOP_LINE),),
    "aiohttp.server": (
        _Line(
            begins="Error handling request",
            classes=frozenset({("aiohttp.http_exceptions", "BadHttpMessage")}),
            rule=NOT_HTTP,
        ),
    ),
    "uvicorn.error": (
        _Line(begins="Application ", has=("startup failed. Exiting.", "shutdown failed. Exiting."), rule=ECHO_LINE),
        _Line(begins="Cancel ", has=("timeout graceful shutdown exceeded",), rule=STOP_LINE),
    ),
    "websockets.server": (
        _Line(
            begins="opening handshake failed",
            classes=frozenset(
                {
                    ("websockets.exceptions", "InvalidHandshake"),
                    ("websockets.exceptions", "ConnectionClosed"),
                    ("builtins", "EOFError"),
                }
            ),
            rule=NOT_HTTP,
        ),
        _Line(
            begins="connection handler failed",
            classes=frozenset({("websockets.exceptions", "ConnectionClosed")}),
            rule=CLIENT_GONE,
        ),
    ),
    "django.security.DisallowedHost": (_Line(begins="", rule=WRONG_HOST),),
}

# They say nothing but that there was an answer, where there is no exception.
_ANSWER_LOGGERS = frozenset({"django.request"})


def is_noisy_request(method: str, path: str, extra_paths: FrozenSet[str] = frozenset()) -> bool:
    """Is this request never an incident, whatever happens in it?

    `path` has no query. Paths are compared exactly, but for a trailing slash; `extra_paths` come from `skip_paths`.
    """
    return request_rule(method, path, extra_paths) is not None


def request_rule(method: str, path: str, extra_paths: FrozenSet[str] = frozenset()) -> Optional[Rule]:
    """The rule by which this request is never an incident, if there is one."""
    if method.upper() in QUIET_METHODS:
        return QUIET_METHOD
    plain = _without_slash(path)
    if plain in HEALTH_PATHS:
        return HEALTH_PATH
    if plain in extra_paths:
        return SKIPPED_PATH
    return STATIC_FILE if _is_static(path) else None


def skip_paths(paths: Union[str, Iterable[str], None]) -> FrozenSet[str]:
    """The paths in `AIOPS_SKIP_PATHS` (comma-separated) or in a list, in the form in which they are compared."""
    listed = paths.split(",") if isinstance(paths, str) else paths or ()
    trimmed = (path.strip() for path in listed)
    return frozenset(_without_slash("/" + path.lstrip("/")) for path in trimmed if path)


def counts_as_failure(status: int) -> bool:
    """Is a response with this status reported? 404 and 429 are not: they are expected answers."""
    return status in FAILURE_STATUSES


def answer_rule(status: int, path: str = "", route: Optional[str] = None) -> Optional[Rule]:
    """The rule by which an answer with this status is no failure, if there is one. `route` is what led to it, if anything did."""
    if status not in FAILURE_STATUSES:
        return EXPECTED_ANSWER
    return SCANNER if status < 500 and not route and is_scanned(path) else None


def is_scanned(path: str) -> bool:
    """Is this a path that only scanners ask a Python program for? Routes of the application come first: ask them before."""
    parts = path.lower().strip("/").split("/")
    _, dot, extension = parts[-1].rpartition(".")
    if parts[0] in SCANNED_FOLDERS or (dot and extension in SCANNED_EXTENSIONS):
        return True
    return any(part.startswith(".") and part != ".well-known" for part in parts)


def silence_rule(work: object, extra_paths: FrozenSet[str]) -> Rule:
    """The rule by which a silent request, or what is part of one, is silent."""
    method, path = getattr(work, "method", None), getattr(work, "path", None)
    found = request_rule(method, path, extra_paths) if isinstance(method, str) and isinstance(path, str) else None
    # By the path that the client knows, where the application is mounted below another one.
    return found or SKIPPED_PATH


def is_noisy_logger(name: str) -> bool:
    """Is everything that this logger says noise: the HTTP server's lines, an HTTP client's, or our own?"""
    return name in QUIET_LOGGERS or name.startswith(_QUIET_CHILDREN)


def is_noisy_record(record: logging.LogRecord) -> bool:
    """Is this log line never an incident? Its level is not looked at, nor, but for some servers, its wording: anybody may quote."""
    return record_rule(record) is not None


def record_rule(
    record: logging.LogRecord, exc: Optional[BaseException] = None, *, in_request: bool = False, in_task: bool = False
) -> Optional[Rule]:
    """The rule by which this log line is never an incident, if there is one.

    `exc` is the exception that it carries where that is known, else it is looked for in `exc_info`. `in_request` says
    that it was logged while a request was answered whose answer is looked at; `in_task` is as in `exception_rule`.
    """
    name = record.name
    if is_noisy_logger(name):
        return None if tells_of_a_crash(record) else QUIET_LOGGER
    if exc is None and type(record.exc_info) is tuple and len(record.exc_info) == 3:
        exc = record.exc_info[1]
    for line in _LINES.get(name, ()):
        if _is_said(line, record) and _carries_one_of(exc, line.classes):
            return line.rule
    if exc is None:
        if name in ACCESS_LOGGERS:
            return ACCESS_LOG
        return ANSWER_LINE if in_request and name in _ANSWER_LOGGERS else None
    return None if is_failed_exit(exc) else exception_rule(exc, in_task=in_task)


_CRASHES = {"werkzeug": "Error on request:\n", "aiohttp.server": "Error handling request"}


def tells_of_a_crash(record: logging.LogRecord) -> bool:
    """Is this how a server says that the application itself raised? No access line, no bad request.

    It is logged while that exception is being handled, but without it: by werkzeug always, by aiohttp where time ran out.
    """
    beginning = _CRASHES.get(record.name)
    if beginning is None or type(record.msg) is not str or not record.msg.startswith(beginning):
        return False
    return record.name == "werkzeug" or not record.exc_info


def is_noisy_exception(exc: Optional[BaseException]) -> bool:
    """Is this a way to stop (Ctrl-C, SystemExit, a closed generator), or a client of this service that hung up or spoke no HTTP?

    A connection that the application itself had opened and that broke, to its database say, is no noise.
    """
    return exception_rule(exc) is not None


def exception_rule(exc: Optional[BaseException], *, in_request: bool = False, in_task: bool = False) -> Optional[Rule]:
    """The rule by which this exception is never an incident, if there is one; of a group, that of its last member.

    `in_request` says that it ended a request: then asyncio's cancellation means that nobody waits for the answer.
    `in_task` says that it ended a task or a job, which no client waits for: what is said of clients does not hold there.
    """
    rule = None if exc is None else _rule_of(exc, in_request=in_request)
    return None if in_task and rule in _OF_CLIENTS else rule


def _rule_of(exc: BaseException, *, in_request: bool) -> Optional[Rule]:
    # By its type, here and below: what an exception says of itself in attributes can be code that fails.
    kind = type(exc)
    if issubclass(kind, (KeyboardInterrupt, SystemExit, GeneratorExit)):
        return STOP
    named = _rule_of_class(kind, in_request=in_request)
    if named is not None or _is_hang_up(exc):
        return named or CLIENT_GONE
    if _GROUP is None or not issubclass(kind, _GROUP):
        return None
    rules = [_rule_of(member, in_request=in_request) for member in _GROUP.__dict__["exceptions"].__get__(exc)]
    return rules[-1] if None not in rules else None


def is_failed_exit(exc: Optional[BaseException]) -> bool:
    """A server that ends a hanging worker raises SystemExit(1) in it and logs where it hung: that line is told."""
    return type(exc) is SystemExit and exc.code not in (None, 0)


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


def _rule_of_class(kind: type, *, in_request: bool) -> Optional[Rule]:
    # The interpreter's own classes have no such rule, and most exceptions are of those.
    if not _FLAGS(kind) & _MADE_BY_PYTHON_CODE:
        return None
    for base in _MRO(kind):
        if _FLAGS(base) & _MADE_BY_PYTHON_CODE:
            rule = _BY_CLASS.get(_full_name(base))
            if rule is not None:
                return rule
    return CANCELLED if in_request and _is_one_of(kind, _CANCELLATIONS_OF_TASKS) else None


def _carries_one_of(exc: Optional[BaseException], classes: FrozenSet[Tuple[str, str]]) -> bool:
    return not classes or (exc is not None and any(_full_name(base) in classes for base in _MRO(type(exc))))


def _is_said(line: _Line, record: logging.LogRecord) -> bool:
    said = _said(record)
    return said.startswith(line.begins) and any(part in said for part in line.has)


def _said(record: logging.LogRecord) -> str:
    """What a server's line says, as far as that needs nobody else's code."""
    template, arguments = record.msg, record.args
    if type(template) is not str:
        return ""
    if type(arguments) is not tuple or not all(type(each) in (str, int) for each in arguments):
        return template
    try:
        return template % arguments if arguments else template
    except (TypeError, ValueError):
        return template


def _is_hang_up(exc: BaseException) -> bool:
    kind = type(exc)
    if not issubclass(kind, OSError):
        return _is_one_of(kind, _PROTOCOL_CLASSES) and _talks_to_client(exc)
    number = OSError.__dict__["errno"].__get__(exc)
    if kind is OSError and number is None:
        return _says_hang_up(BaseException.__dict__["args"].__get__(exc))
    known = type(number) is int and number in _HANG_UP_ERRNOS
    broken = issubclass(kind, ConnectionError) or known or _full_name(kind)[1] in _HANG_UP_OS_ERRORS
    return broken and _talks_to_client(exc)


def _talks_to_client(exc: BaseException) -> bool:
    """Whether what failed was the connection to a client of this service, and not one of the application's own."""
    return _whose_connection(BaseException.__dict__["__traceback__"].__get__(exc)) in _SERVERS


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
