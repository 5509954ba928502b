"""One WSGI request: in the words that all frameworks share, and watched until the last byte of its answer.

What costs time is looked up only when something is captured: most requests succeed.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Callable, Dict, Iterable, Iterator, Mapping, Optional
from wsgiref.util import request_uri

from aiops_sdk import scope
from aiops_sdk.scope import RequestLog, RequestScope

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SCHEMES = frozenset({"http", "https"})
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_HEADERS_WITHOUT_PREFIX = ("CONTENT_TYPE", "CONTENT_LENGTH")


class Notes:
    """What is learnt about a request while it runs, and needed later. Apps mounted in one another share it."""

    __slots__ = ("answered", "handled", "message", "route", "status", "streams")

    def __init__(self) -> None:
        #: The framework's answer was looked at.
        self.answered: bool = False
        #: The exception that an error handler is turning into an answer.
        self.handled: Optional[BaseException] = None
        #: What the body of the answer said before others compressed it.
        self.message: Optional[str] = None
        self.route: Optional[str] = None
        #: The status line as the server was given it.
        self.status: str = ""
        #: The body of the answer is made while it is sent.
        self.streams: bool = False


class WsgiRequest(RequestScope):
    """A request, read from its environ when it is asked for."""

    environ: WSGIEnvironment
    notes: Notes

    def __init__(self, environ: WSGIEnvironment, method: str, path: str, *, silent: bool) -> None:
        # Past the frozen dataclass: its own way to set ten fields would cost more than all else here.
        vars(self).update(
            environ=environ,
            method=method,
            path=path,
            silent=silent,
            log=RequestLog(),
            notes=Notes(),
            began=time.monotonic(),
        )

    def is_inside(self, outer: WsgiRequest) -> None:
        """The app of this request is mounted in that of `outer`: a failure of one is the failure of both."""
        vars(self).update(log=outer.log, notes=outer.notes)

    @property
    def url(self) -> Optional[str]:
        """The whole address, as the server saw it."""
        return request_uri(self.environ)

    @property
    def route(self) -> Optional[str]:
        """The framework's pattern for the path, once it has been found."""
        return self.notes.route

    @property
    def query(self) -> Optional[str]:
        """What follows the question mark, undecoded."""
        return self.environ.get("QUERY_STRING") or None

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers, under the names that people write."""
        found: Dict[str, str] = {}
        for key, value in self.environ.items():
            if key.startswith("HTTP_"):
                found[_header(key[5:])] = str(value)
            elif key in _HEADERS_WITHOUT_PREFIX and value:
                found[_header(key)] = str(value)
        return found

    @property
    def remote_addr(self) -> Optional[str]:
        """The address of the client, or of the proxy before us."""
        return self.environ.get("REMOTE_ADDR") or None


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
        token = scope.begin_request(self._request)
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
            scope.end_request(token)

    def close(self) -> None:
        """Close what it was made from, as WSGI demands."""
        token = scope.begin_request(self._request)
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException as exc:
            self._capture(exc)
            raise
        finally:
            scope.end_request(token)


def method_of(environ: WSGIEnvironment) -> str:
    """The request's method in capitals."""
    return str(environ.get("REQUEST_METHOD", "GET")).upper()


def path_of(environ: WSGIEnvironment) -> str:
    """The path within the app, without the query, decoded."""
    return "/" + _decoded(environ.get("PATH_INFO", "")).lstrip("/")


def outer_path_of(environ: WSGIEnvironment) -> Optional[str]:
    """The path as the client knows it, where the app is mounted below a prefix; otherwise None."""
    prefix = environ.get("SCRIPT_NAME")
    return _decoded(prefix).rstrip("/") + path_of(environ) if prefix else None


def base_url_of(environ: WSGIEnvironment) -> Optional[str]:
    """The address under which this service was reached, or None if what the request says has not the shape of one.

    A proxy in front says it in X-Forwarded-Proto and X-Forwarded-Host; of a list, the first was added nearest the client.
    """
    scheme = _first(environ.get("HTTP_X_FORWARDED_PROTO")).lower()
    host = _first(environ.get("HTTP_X_FORWARDED_HOST"))
    scheme = scheme if scheme in _SCHEMES else str(environ.get("wsgi.url_scheme", "")).lower()
    host = host if _HOST.fullmatch(host) else environ.get("HTTP_HOST") or _server(environ)
    return "{}://{}".format(scheme, host) if scheme in _SCHEMES and _HOST.fullmatch(host) else None


def _server(environ: WSGIEnvironment) -> str:
    return "{}:{}".format(environ.get("SERVER_NAME", ""), environ.get("SERVER_PORT", ""))


def _first(listed: Optional[str]) -> str:
    return (listed or "").partition(",")[0].strip()


def _decoded(text: str) -> str:
    # WSGI hands bytes over as if they were latin-1.
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")


def _header(key: str) -> str:
    return "-".join(word.capitalize() for word in key.split("_"))
