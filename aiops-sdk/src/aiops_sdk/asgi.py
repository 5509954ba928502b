"""One ASGI connection: a request in the words that all frameworks share, and heard until its app is done with it.

Nothing is held back or changed that goes through: a message is looked at, and passed on. No framework is imported; what
they leave in the connection's scope, which is called ``connection`` here, tells which route was taken.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

from aiops_sdk import _safety, answers, hostile, listening, noise, scope
from aiops_sdk.answers import AnsweredRequest
from aiops_sdk.scope import Work, WorkLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Awaitable, Callable, Dict, List, Mapping, MutableMapping, Optional, Tuple, Type

    from aiops_sdk.client import Client, Fixes
    from aiops_sdk.listening import Ears, Listener

    Connection = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

#: Says "500" to an exception that it has no handler for, and raises it on.
STARLETTE = "starlette"

# Closing codes of websockets that say that the server failed: RFC 6455's, and Litestar's (4000 + 500).
_FAILED = frozenset({1011, 4500})

_PHRASES = {status.value: status.phrase for status in HTTPStatus}

# What frameworks raise to answer. Named, not imported: whoever raises one has its module loaded.
_ANSWERS = (
    ("starlette.exceptions", "HTTPException"),
    ("starlette.exceptions", "WebSocketException"),
    ("litestar.exceptions", "HTTPException"),
    ("litestar.exceptions", "WebSocketException"),
    ("werkzeug.exceptions", "HTTPException"),
)


class AsgiRequest(AnsweredRequest):
    """A request, or a websocket, read from its connection's scope when it is asked for.

    Whether it is silent, the listener says. What the app may change in the scope is taken at the beginning.
    """

    #: What the framework itself has as its request, where an integration has learnt it.
    original: Any = None

    _route: Optional[str] = None

    def __init__(self, connection: Connection, listener: Listener) -> None:
        self.connection = connection
        self.began = time.monotonic()
        self._listener = listener
        self._path = connection.get("path")
        root_path = connection.get("root_path")
        self._root_path = root_path if isinstance(root_path, str) else ""
        self._headers = connection.get("headers")

    def is_about(self, connection: Connection) -> bool:
        """Whether this connection is that of the request: an app that is mounted in another gets a copy of its scope."""
        return connection is self.connection or (
            self._headers is not None and connection.get("headers") is self._headers
        )

    @property
    def route(self) -> Optional[str]:  # type: ignore[override]  # it is found out while the request runs
        """The framework's pattern for the path."""
        if self._route is None:
            self._route = self._find_route()
        return self._route

    @_safety.harmless
    def _find_route(self) -> Optional[str]:
        # Quart keeps it to itself.
        rule = getattr(getattr(self.original, "url_rule", None), "rule", None)
        return rule or route_of(self.connection, self.path, self._root_path)


def watched(
    call: Callable[..., Awaitable[Any]], mechanism: str, ears: Optional[Ears] = None
) -> Callable[..., Awaitable[Any]]:
    """A method that is an ASGI app, the same as ``call``, and heard. Apps in it that are watched, too, leave it to this one.

    Where no ``ears`` are given, the object has its own.
    """

    @functools.wraps(call)
    async def heard(self: Any, scope: Connection, receive: Receive, send: Send) -> Any:
        fixes = _fixes(self.ears if ears is None else ears, scope, self)
        if fixes is not None:
            return await fixes.answer_asgi(scope, receive, send)
        exchange = _begin(self.ears if ears is None else ears, scope, receive, send, mechanism)
        try:
            if exchange is None:
                return await call(self, scope, receive, send)
            return await call(self, scope, exchange.receive, exchange.send)
        except BaseException as exc:
            listening.step_aside(exc)
            if exchange is not None:
                exchange.failed(exc)
            raise
        finally:
            if exchange is not None:
                exchange.end()

    return heard


@_safety.harmless
def _begin(ears: Ears, connection: Connection, receive: Receive, send: Send, mechanism: str) -> Optional[Any]:
    listener, kind = ears.listener(), connection.get("type")
    if listener is None:
        return None
    if kind == "lifespan":
        return _Lifespan(listener.client, receive, send, mechanism)
    outer = scope.current_request()
    if kind not in ("http", "websocket"):
        return None
    if isinstance(outer, AsgiRequest) and outer.is_about(connection):
        return _Inside(listener.client, outer, receive, send, mechanism)
    if not listener.knows_base_url:
        _learn_base_url(listener, connection)
    request = AsgiRequest(connection, listener)
    if kind == "http":
        return _Exchange(listener.client, request, receive, send, mechanism)
    return _Websocket(listener.client, request, receive, send, mechanism)


@_safety.harmless
def _fixes(ears: Ears, connection: Connection, app: object) -> Optional[Fixes]:
    """What answers this connection instead of the app: it is the platform's, which wants to have a fixer run."""
    listener = ears.listener()
    fixes = None if listener is None else listener.client.fixes
    if fixes is None or connection.get("type") != "http":
        return None
    if fixes.loop is None:
        fixes.meet_loop()
    path = path_of(connection.get("path"), connection.get("root_path"))
    if path != fixes.path or connection.get("method") != "POST":
        return None
    # A route of the app's own goes first.
    for each in (app, getattr(app, "app", None), connection.get("app")):
        if _route_in(getattr(each, "routes", ()), path, "POST") == path or listening.has_route(each, path):
            return None
    return fixes


@_safety.harmless
def _learn_base_url(listener: Listener, connection: Connection) -> None:
    listener.learn_base_url(base_url_of(connection))


class _Exchange:
    """A request, and the answer to it on its way out."""

    __slots__ = (
        "_client",
        "_headers",
        "_length",
        "_looks",
        "_mechanism",
        "_pass_on",
        "_pieces",
        "_status",
        "_token",
        "receive",
        "request",
    )

    def __init__(self, client: Client, request: AsgiRequest, receive: Receive, send: Send, mechanism: str) -> None:
        self._client = client
        self._mechanism = mechanism
        self._pass_on = send
        self._looks = True
        self._status = 0
        self.receive = receive
        self.request = request
        self._token = scope.begin(request)

    def send(self, message: Message) -> Awaitable[None]:
        """Look at what the app sends, and give what sends it."""
        # No coroutine of its own: that would cost more than all else that we do for a request.
        if self._looks:
            self._look(message)
        return self._pass_on(message)

    def failed(self, exc: BaseException) -> None:
        """The app raised this."""
        _raised(self._client, self.request, exc, self._mechanism)

    def end(self) -> None:
        """The app is done with it."""
        if self._looks and self._status:
            # It began to answer, and never came to the end.
            self._settle(None)
        scope.end(self._token)
        self.request.forget_handled()

    @_safety.harmless
    def _look(self, message: Message) -> None:
        kind = message.get("type")
        if kind == "http.response.start":
            status = message.get("status")
            if not isinstance(status, int) or status < 400:
                self._looks = False
                if self._client.fixes is not None:
                    answers.went_well(self._client.fixes, self.request)
            else:
                self._answers(status, message)
        elif self._status and kind == "http.response.body":
            self._takes(message)

    def _answers(self, status: int, message: Message) -> None:
        if self.request.notes.answered:
            # By an app within this one, which knows more.
            self._looks = False
            return
        if not noise.counts_as_failure(status):
            self._looks = False
            answers.count(self._client, self.request, status)
            return
        self._status = status
        self._headers = headers_of(message.get("headers"))
        self._pieces: List[bytes] = []
        self._length = 0
        _note_handled(self._client, self.request, status, self._mechanism)
        if not answers.is_json(self._headers.get("Content-Type")):
            self._settle(None)

    def _takes(self, message: Message) -> None:
        piece = message.get("body", b"")
        self._length += len(piece) if isinstance(piece, (bytes, bytearray, memoryview)) else answers.MAX_BODY + 1
        if self._length > answers.MAX_BODY:
            self._settle(None)
            return
        self._pieces.append(bytes(piece))
        if not message.get("more_body", False):
            body, headers = b"".join(self._pieces), self._headers
            self._settle(answers.message_in(body, headers.get("Content-Type"), headers.get("Content-Encoding")))

    def _settle(self, message: Optional[str]) -> None:
        self._looks = False
        self._pieces = []
        ways, phrase = _answer_types(), _PHRASES.get(self._status)
        if message is None or message == phrase:
            # Told as a plain text, or not at all: Litestar keeps it to itself.
            detail = getattr(self.request.notes.handled, "detail", None) if self._is_one_of(ways) else None
            message = detail if isinstance(detail, str) and detail != phrase else message
        answers.report(
            self._client, self.request, self._status, message or None, answers=ways, mechanism=self._mechanism
        )

    def _is_one_of(self, ways: Tuple[Type[BaseException], ...]) -> bool:
        return isinstance(self.request.notes.handled, ways)


class _Inside:
    """The same request, on its way through an app within the one that is heard.

    What is answered here may come to the other one by way of a task that knows nothing of the exception behind it.
    """

    __slots__ = ("_client", "_mechanism", "_pass_on", "_request", "receive")

    def __init__(self, client: Client, request: AsgiRequest, receive: Receive, send: Send, mechanism: str) -> None:
        self._client = client
        self._mechanism = mechanism
        self._pass_on = send
        self._request = request
        self.receive = receive

    def send(self, message: Message) -> Awaitable[None]:
        """Look whether an exception is behind what the app sends, and give what sends it."""
        self._look(message)
        return self._pass_on(message)

    def failed(self, exc: BaseException) -> None:
        """This exception is on its way out: what is around here may make an answer of it."""
        self._request.notes.handled = exc

    def end(self) -> None:
        """The other one knows better."""

    @_safety.harmless
    def _look(self, message: Message) -> None:
        status = message.get("status")
        if isinstance(status, int) and status >= 400 and noise.counts_as_failure(status):
            _note_handled(self._client, self._request, status, self._mechanism)


def _note_handled(client: Client, request: AsgiRequest, status: int, mechanism: str) -> None:
    """Note which exception is being turned into an answer with this status."""
    # Now, because the server's frameworks let go of it, or of its traceback, as soon as they have answered.
    raised, handled = sys.exc_info()[1], request.notes.handled
    if raised is not None and raised is not handled:
        request.notes.handled = raised
        if mechanism == STARLETTE and status >= 500 and not isinstance(raised, _answer_types()):
            _raised(client, request, raised, mechanism)


def _raised(client: Client, request: AsgiRequest, exc: BaseException, mechanism: str) -> None:
    answers.raised(client, exc, mechanism)
    # Also when it was noise, or known already: the answer is no failure of its own.
    request.log.has_exception = True


class _Websocket:
    """A websocket: what is raised in it."""

    __slots__ = ("_client", "_mechanism", "_pass_on", "_token", "receive", "request")

    def __init__(self, client: Client, request: AsgiRequest, receive: Receive, send: Send, mechanism: str) -> None:
        self._client = client
        self._mechanism = mechanism
        self._pass_on = send
        self.receive = receive
        self.request = request
        self._token = scope.begin(request)

    def send(self, message: Message) -> Awaitable[None]:
        """Look whether it is closed because of an exception, and give what sends the message."""
        self._look(message)
        return self._pass_on(message)

    def failed(self, exc: BaseException) -> None:
        """The app raised this."""
        answers.raised(self._client, exc, self._mechanism)

    def end(self) -> None:
        """The app is done with it."""
        scope.end(self._token)
        self.request.forget_handled()

    @_safety.harmless
    def _look(self, message: Message) -> None:
        if message.get("type") != "websocket.close":
            return
        exc = sys.exc_info()[1]
        if message.get("code") in _FAILED and exc is not None and not isinstance(exc, _answer_types()):
            self.failed(exc)


class _Lifespan:
    """An app's beginning and end. What it raises before it has asked for the first message only says that it knows none."""

    __slots__ = ("_ask", "_asked", "_client", "_mechanism", "_pass_on")

    def __init__(self, client: Client, receive: Receive, send: Send, mechanism: str) -> None:
        self._asked = False
        self._ask = receive
        self._client = client
        self._mechanism = mechanism
        self._pass_on = send

    def receive(self) -> Awaitable[Message]:
        """Give what receives the next message."""
        self._asked = True
        return self._ask()

    def send(self, message: Message) -> Awaitable[None]:
        """Look whether it says that the app failed, and give what sends it."""
        exc = sys.exc_info()[1]
        if exc is None or not str(message.get("type")).endswith(".failed"):
            return self._pass_on(message)
        answers.raised(self._client, exc, self._mechanism)
        return self._in_silence(message)

    async def _in_silence(self, message: Message) -> None:
        """The server logs the traceback as a text now."""
        silent = Work()
        silent.silent = True
        token = scope.begin(silent)
        try:
            await self._pass_on(message)
        finally:
            scope.end(token)

    def failed(self, exc: BaseException) -> None:
        """The app raised this."""
        if self._asked:
            answers.raised(self._client, exc, self._mechanism)

    def end(self) -> None:
        """The app is done with it."""


def _answer_types() -> Tuple[Type[BaseException], ...]:
    known = [vars(sys.modules[module]).get(name) for module, name in _ANSWERS if module in sys.modules]
    return tuple([kind for kind in known if isinstance(kind, type)])


# What a connection says.


def path_of(path: Optional[str], root_path: Optional[str]) -> str:
    """The path within the app. Servers differ in whether the prefix below which it is mounted is part of the path."""
    whole, root = "/" + str(path or "").lstrip("/"), str(root_path or "").rstrip("/")
    return "/" + whole[len(root) :].lstrip("/") if root and (whole + "/").startswith(root + "/") else whole


def headers_of(raw: object) -> Dict[str, str]:
    """Headers, under the names that people write; those that came several times as one. What is no header is left out."""
    found: Dict[str, str] = {}
    # What can be walked through only once is the server's.
    for pair in raw if isinstance(raw, Sequence) else ():
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            continue
        name, value = pair
        key = "-".join([word.capitalize() for word in _text(name).split("-")])
        text = _text(value)
        found[key] = text if key not in found else found[key] + ("; " if key == "Cookie" else ", ") + text
    return found


def _text(raw: object) -> str:
    return raw.decode("latin-1") if isinstance(raw, bytes) else hostile.text_of(raw)


def base_url_of(connection: Connection) -> Optional[str]:
    """The address under which this service was reached, or None if what the request says has not the shape of one."""
    headers = headers_of(connection.get("headers"))
    return listening.base_url(
        _http(connection.get("scheme")),
        headers.get("Host") or _server(connection),
        headers.get("X-Forwarded-Proto"),
        headers.get("X-Forwarded-Host"),
    )


def route_of(connection: Connection, path: str, root_path: str) -> Optional[str]:
    """The pattern of the route that was taken, as Litestar, FastAPI and Starlette leave it, or None."""
    template = connection.get("path_template")
    if isinstance(template, str):
        # Of a route without parameters, Litestar before 2.12 says nothing.
        return template or path
    own = _included(connection) or getattr(connection.get("route"), "path", None)
    mounted = str(connection.get("root_path") or "")[len(root_path) :]
    if isinstance(own, str) and not mounted:
        return own
    router = connection.get("router") or connection.get("app")
    found = _route_in(getattr(router, "routes", ()), path, str(connection.get("method", "")))
    return found or (mounted + own if isinstance(own, str) else None)


def _included(connection: Connection) -> Optional[str]:
    """What the newer FastAPIs say of a route in a router that was included below a prefix."""
    told = connection.get("fastapi")
    found = getattr(told.get("effective_route_context"), "path", None) if isinstance(told, dict) else None
    return found if isinstance(found, str) and found else None


def _route_in(routes: Any, path: str, method: str) -> Optional[str]:
    for route in routes:
        match = getattr(getattr(route, "path_regex", None), "match", lambda _: None)(path)
        methods = getattr(route, "methods", None)
        if match is None or (methods and method and method not in methods):
            continue
        rest = match.groupdict().get("path")
        inner = getattr(route, "routes", None)
        if inner is None or rest is None:
            return str(route.path)
        found = _route_in(inner, "/" + str(rest), method)
        if found is not None or not inner:
            return str(route.path) + (found or "")
    return None


def _url(request: AsgiRequest) -> Optional[str]:
    connection = request.connection
    host = request.headers.get("Host") or _server(connection)
    address = "{}://{}{}".format(
        connection.get("scheme") or "http", host, quote(_whole_path(request), safe="/;=,~:@&+$!*'()")
    )
    return address + "?" + request.query if request.query else address


def _whole_path(request: AsgiRequest) -> str:
    return request._root_path.rstrip("/") + request.path


def _query(request: AsgiRequest) -> Optional[str]:
    return _text(request.connection.get("query_string") or b"") or None


def _remote_addr(request: AsgiRequest) -> Optional[str]:
    found = request.connection.get("client")
    return str(found[0]) if isinstance(found, (list, tuple)) and found else None


def _server(connection: Connection) -> str:
    server = connection.get("server")
    # A server at a Unix socket says its path.
    name, port = server if isinstance(server, (list, tuple)) and len(server) == 2 else ("", None)
    return "{}:{}".format(name, port) if port is not None else str(name)


def _http(scheme: object) -> str:
    known = scheme if isinstance(scheme, str) and scheme else "http"
    return {"ws": "http", "wss": "https"}.get(known, known)


def _is_silent(request: AsgiRequest) -> bool:
    return request._listener.skips(request.method, request.path, _whole_path(request) if request._root_path else None)


_FOUND_OUT: Mapping[str, Callable[[AsgiRequest], object]] = {
    "log": lambda _: WorkLog(),
    # A websocket begins with a GET.
    "method": lambda request: str(request.connection.get("method") or "GET").upper(),
    "path": lambda request: path_of(request._path, request._root_path),
    "silent": _is_silent,
    "url": _url,
    "query": _query,
    "headers": lambda request: headers_of(request._headers),
    "remote_addr": _remote_addr,
}
AsgiRequest.FOUND_OUT = _FOUND_OUT
