"""What fails in the apps of aiohttp's server. After ``init()`` each is listened to; ``middleware`` listens to one.

Used together, each failure is reported once. aiohttp is not imported: of its objects only that is asked which they have.
"""

from __future__ import annotations

import functools
import time

from aiops_sdk import _safety, answers, listening, modules, noise, scope
from aiops_sdk.answers import AnsweredRequest
from aiops_sdk.listening import Ears, step_aside
from aiops_sdk.scope import WorkLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Awaitable, Callable, Mapping, Optional

    from aiops_sdk.client import Client
    from aiops_sdk.listening import Listener

_NAME = "aiohttp"


def install(_: Client) -> Callable[[], None]:
    """Listen to all apps of this process whose server starts from now on; the returned function ends it."""
    return modules.hook(("aiohttp.web_app", "Application", _listen))


class AiohttpRequest(AnsweredRequest):
    """A request, read from aiohttp's when it is asked for."""

    def __init__(self, original: Any, listener: Listener) -> None:
        self.original = original
        self.began = time.monotonic()
        self._listener = listener

    @property
    def route(self) -> Optional[str]:  # type: ignore[override]  # it is found out while the request runs
        """Aiohttp's pattern for the path."""
        taken = getattr(getattr(self.original, "_match_info", None), "route", None)
        found = getattr(getattr(taken, "resource", None), "canonical", None)
        return found if isinstance(found, str) else None


class _Exchange:
    """A request, and what it ends with."""

    __slots__ = ("_client", "_request", "_token")

    def __init__(self, client: Client, request: AiohttpRequest) -> None:
        self._client = client
        self._request = request
        self._token = scope.begin(request)

    def failed(self, exc: Any) -> None:
        """It ended with this exception, which may be a way to answer."""
        if getattr(type(exc), "__http_exception__", False):
            self._request.notes.handled = exc
            self.answered(exc)
        else:
            answers.raised(self._client, exc, _NAME)

    @_safety.harmless
    def answered(self, answer: Any) -> None:
        """It ended with this answer."""
        status = getattr(answer, "status", 0)
        if noise.counts_as_failure(status):
            handled = self._request.notes.handled
            ways = (type(handled),) if getattr(type(handled), "__http_exception__", False) else ()
            message = _message_in(answer)
            answers.report(self._client, self._request, status, message, answers=ways, mechanism=_NAME)  # type: ignore[arg-type]  # it is an exception's
        elif type(status) is int and status >= 400:
            answers.count(self._client, self._request, status)
        elif self._client.fixes is not None:
            answers.went_well(self._client.fixes, self._request)

    def end(self) -> None:
        """It is over."""
        scope.end(self._token)
        self._request.forget_handled()


class _Inside:
    """The same request, heard by another of us already: what a middleware around this place makes an answer of, it learns here."""

    __slots__ = ("_request",)

    def __init__(self, request: AiohttpRequest) -> None:
        self._request = request

    def failed(self, exc: Any) -> None:
        """This exception is on its way out."""
        self._request.notes.handled = exc

    def answered(self, answer: Any) -> None:
        """That is for the other one to see."""

    def end(self) -> None:
        """The other one knows better."""


def _heard(call: Callable[[Any, Any], Awaitable[Any]], request_of: int, ears: Ears) -> Callable[..., Awaitable[Any]]:
    """The same as ``call``, which answers one of its two arguments, a request; and heard."""

    @functools.wraps(call)
    async def heard(first: Any, handler: Any) -> Any:
        # aiohttp calls a middleware with this name; of a method it is the request.
        exchange = _begin(ears, (first, handler)[request_of])
        try:
            answer = await call(first, handler)
        except BaseException as exc:
            step_aside(exc)
            if exchange is not None:
                exchange.failed(exc)
            raise
        else:
            if exchange is not None:
                exchange.answered(answer)
            return answer
        finally:
            if exchange is not None:
                exchange.end()

    return heard


@_safety.harmless
def _begin(ears: Ears, original: Any) -> Optional[Any]:
    listener = ears.listener()
    if listener is None:
        return None
    outer = scope.current_request()
    if isinstance(outer, AiohttpRequest) and outer.original.protocol is original.protocol:
        return _Inside(outer)
    if not listener.knows_base_url:
        listener.learn_base_url(_base_url_of(original))
    return _Exchange(listener.client, AiohttpRequest(original, listener))


def _listen(web_app: Any) -> Callable[[], None]:
    kind = web_app.Application
    return modules.replace(kind, "_handle", _heard(kind._handle, 1, Ears()))


def _pass_on(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Awaitable[Any]:
    return handler(request)


#: Reports what fails in an app: ``web.Application(middlewares=[middleware])``. The last of several sees most.
middleware = _heard(_pass_on, 0, Ears())
middleware.__name__ = middleware.__qualname__ = "middleware"
middleware.__middleware_version__ = 1  # type: ignore[attr-defined]  # what aiohttp's own decorator does


def _message_in(answer: Any) -> Optional[str]:
    body = getattr(answer, "body", None)
    if not isinstance(body, (bytes, bytearray)):
        return None
    return answers.message_in(bytes(body), answer.content_type, answer.headers.get("Content-Encoding"))


def _base_url_of(original: Any) -> Optional[str]:
    headers = original.headers
    return listening.base_url(
        original.scheme, original.host, headers.get("X-Forwarded-Proto"), headers.get("X-Forwarded-Host")
    )


_FOUND_OUT: Mapping[str, Callable[[AiohttpRequest], object]] = {
    "log": lambda _: WorkLog(),
    "method": lambda request: str(request.original.method).upper(),
    "path": lambda request: str(request.original.path),
    "silent": lambda request: request._listener.skips(request.method, request.path, None),
    "url": lambda request: str(request.original.url),
    "query": lambda request: request.original.rel_url.raw_query_string or None,
    "headers": lambda request: dict(request.original.headers),
    "remote_addr": lambda request: request.original.remote,
}
AiohttpRequest.FOUND_OUT = _FOUND_OUT
