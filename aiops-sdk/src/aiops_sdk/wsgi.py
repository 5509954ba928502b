"""One WSGI request: in the words that all frameworks share, and watched until the last byte of its answer."""

from __future__ import annotations

import time
from wsgiref.util import request_uri

from aiops_sdk import _safety, listening, scope
from aiops_sdk.answers import AnsweredRequest
from aiops_sdk.scope import RequestScope, WorkLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, Iterator, Mapping, Optional

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from aiops_sdk.client import Client
    from aiops_sdk.listening import Listener

FAILURES = ("4", "5")
"""How the status of an answer begins that is reported or counted."""

_HEADERS_WITHOUT_PREFIX = ("CONTENT_TYPE", "CONTENT_LENGTH")


class WsgiRequest(AnsweredRequest):
    """A request, read from its environ when it is asked for.

    Whether it is silent, the listener says. What the app may change in its environ is taken at the beginning.
    """

    environ: WSGIEnvironment
    route = None

    #: The status line as the server was given it.
    status: str = ""
    #: The headers of an answer that failed, by their names in small letters.
    answer_headers: Mapping[str, str] = {}
    #: The body of the answer is made while it is sent.
    streams: bool = False

    def __init__(self, environ: WSGIEnvironment, listener: Listener) -> None:
        self.environ = environ
        self.began = time.monotonic()
        self._listener = listener
        self._method = environ.get("REQUEST_METHOD")
        self._path = environ.get("PATH_INFO")


class StreamedBody:
    """A body that is made while it is sent: what happens meanwhile still belongs to its request.

    The request is in scope only while a piece is made, so nothing leaks when the server never finishes.
    """

    def __init__(
        self, body: Iterable[bytes], request: RequestScope, capture: Callable[[BaseException], object]
    ) -> None:
        self._body = body
        self._pieces: Optional[Iterator[bytes]] = None
        self._request = request
        self._capture = capture

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = scope.begin(self._request)
        try:
            if self._pieces is None:
                self._pieces = iter(self._body)
            return next(self._pieces)
        except StopIteration:
            raise
        except BaseException as exc:
            self._capture(exc)
            raise
        finally:
            scope.end(token)

    def close(self) -> None:
        """Close what it was made from, as WSGI demands."""
        token = scope.begin(self._request)
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException as exc:
            self._capture(exc)
            raise
        finally:
            scope.end(token)


def noting_status(start_response: StartResponse, request: WsgiRequest) -> StartResponse:
    """The same as ``start_response``; what the app tells it, the request learns."""

    def start(status: str, *rest: Any, **named: Any) -> Callable[[bytes], object]:
        request.status = status if isinstance(status, str) else ""
        if (rest or named) and request.status[:1] in FAILURES:
            _note_more(request, *rest, **named)
        return start_response(status, *rest, **named)

    return start


@_safety.harmless
def _note_more(request: WsgiRequest, headers: Any = (), exc_info: Any = None) -> None:
    request.answer_headers = {str(name).lower(): value for name, value in headers}
    if exc_info is not None and request.notes.handled is None:
        request.notes.handled = exc_info[1]


def is_for_fixers(client: Optional[Client], environ: WSGIEnvironment) -> bool:
    """Whether this is what the platform posts to have a fixer run: only where one is registered."""
    return (
        client is not None
        and client.fixes is not None
        and environ.get("PATH_INFO") == client.fixes.path
        and environ.get("REQUEST_METHOD") == "POST"
    )


def is_about(outer: Optional[RequestScope], environ: WSGIEnvironment) -> bool:
    """Whether ``outer``, in whose midst this environ comes to an app, is the same request, come to an app around that one.

    Of an app that is none of WSGI's, as one of ASGI's in which this one is mounted, it is told by what both say. An app may
    also ask itself for something else.
    """
    if isinstance(outer, WsgiRequest):
        return outer.environ is environ
    return isinstance(outer, AnsweredRequest) and not outer.ended and _say_the_same(outer, environ) is True


@_safety.harmless
def _say_the_same(outer: AnsweredRequest, environ: WSGIEnvironment) -> bool:
    path = path_of(environ.get("PATH_INFO"))
    return (
        outer.method == method_of(environ.get("REQUEST_METHOD"))
        and (outer.query or "") == environ.get("QUERY_STRING", "")
        and (outer_path_of(environ) or path).endswith(outer.path)
    )


def method_of(given: Optional[str]) -> str:
    """The method in capitals, from what an environ says."""
    return str(given or "GET").upper()


def path_of(path_info: Optional[str]) -> str:
    """The path within the app, without the query, decoded, from what an environ says."""
    return "/" + _decoded(path_info or "").lstrip("/")


def outer_path_of(environ: WSGIEnvironment) -> Optional[str]:
    """The path as the client knows it, where the app is mounted below a prefix; otherwise None."""
    prefix = environ.get("SCRIPT_NAME")
    return _decoded(prefix).rstrip("/") + path_of(environ.get("PATH_INFO")) if prefix else None


def headers_of(environ: WSGIEnvironment) -> Mapping[str, str]:
    """The request's headers, under the names that people write."""
    found: Dict[str, str] = {}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            found[_header(key[5:])] = str(value)
        elif key in _HEADERS_WITHOUT_PREFIX and value:
            found[_header(key)] = str(value)
    return found


def base_url_of(environ: WSGIEnvironment) -> Optional[str]:
    """The address under which this service was reached, or None if what the request says has not the shape of one."""
    return listening.base_url(
        environ.get("wsgi.url_scheme"),
        environ.get("HTTP_HOST") or _server(environ),
        environ.get("HTTP_X_FORWARDED_PROTO"),
        environ.get("HTTP_X_FORWARDED_HOST"),
    )


def _server(environ: WSGIEnvironment) -> str:
    return "{}:{}".format(environ.get("SERVER_NAME", ""), environ.get("SERVER_PORT", ""))


def _decoded(text: str) -> str:
    # WSGI hands bytes over as if they were latin-1.
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")


def _header(key: str) -> str:
    return "-".join(word.capitalize() for word in key.split("_"))


WsgiRequest.FOUND_OUT = {
    "log": lambda _: WorkLog(),
    "method": lambda request: method_of(request._method),
    "path": lambda request: path_of(request._path),
    "silent": lambda request: request._listener.skips(request.method, request.path, outer_path_of(request.environ)),
    "url": lambda request: request_uri(request.environ),
    "query": lambda request: request.environ.get("QUERY_STRING") or None,
    "headers": lambda request: headers_of(request.environ),
    "remote_addr": lambda request: request.environ.get("REMOTE_ADDR") or None,
}
