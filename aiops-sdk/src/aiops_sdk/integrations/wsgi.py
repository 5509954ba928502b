"""What fails in any WSGI app: ``AIOpsMiddleware(app)`` listens to it.

Flask's and Django's apps are listened to without it. Used together, each failure is reported once, by whoever knows more of
it. Nothing is held back or changed that goes through, and a file goes out as the server sends files.
"""

from __future__ import annotations

from aiops_sdk import _safety, answers, listening, scope, wsgi
from aiops_sdk import client as clients
from aiops_sdk.listening import Ears
from aiops_sdk.wsgi import StreamedBody, WsgiRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Optional

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from aiops_sdk.client import Client

_MECHANISM = "wsgi"


class AIOpsMiddleware:
    """A WSGI app that is ``app``, and reports what fails in it to the client that ``aiops_sdk.init()`` made or will make.

    Reported are exceptions that leave the app, also while its body is sent, and answers that say that something failed.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.ears = Ears()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """What the app answers."""
        client = clients.current()
        if client is not None and client.fixes is not None and _is_for_fixers(client, environ, self.app):
            return client.fixes.answer_wsgi(environ, start_response)
        request: Optional[_Request] = _begin(self.ears, environ)
        if request is None:
            return self.app(environ, start_response)
        token = scope.begin(request)
        try:
            body = self.app(environ, wsgi.noting_status(start_response, request))
        except BaseException as exc:
            listening.step_aside(exc)
            request.failed(exc)
            raise
        finally:
            scope.end(token)
        if _is_made_later(body, environ):
            return _Body(body, request)
        request.answered(body)
        return body


class _Request(WsgiRequest):
    """A request, and the client that hears of it."""

    client: Client

    def failed(self, exc: BaseException) -> None:
        """The app raised this."""
        self.client.capture_exception(exc, mechanism=_MECHANISM)
        # Also when it was noise, or known already: an answer that follows is no failure of its own.
        self.log.has_exception = True

    def answered(self, body: object = None) -> None:
        """The app has given its status, and perhaps its whole body."""
        if self.status[:1] in wsgi.FAILURES:
            self._judge(body)

    @_safety.harmless
    def _judge(self, body: object) -> None:
        status = self.status[:3]
        if status.isdecimal():
            answers.judge(self.client, self, int(status), _message_in(self, body), mechanism=_MECHANISM)
        self.forget_handled()


class _Body(StreamedBody):
    """A body that is made while it is sent. Some apps give their status only with its first piece."""

    def __init__(self, body: Iterable[bytes], request: _Request) -> None:
        super().__init__(body, request, request.failed)
        self._answered = request.answered
        self._is_looked_at = False

    def __next__(self) -> bytes:
        try:
            return super().__next__()
        finally:
            self._look()

    def close(self) -> None:
        """Close what it was made from, as WSGI demands."""
        try:
            super().close()
        finally:
            self._look()

    def _look(self) -> None:
        if not self._is_looked_at:
            self._is_looked_at = True
            self._answered()


@_safety.harmless
def _is_for_fixers(client: Client, environ: WSGIEnvironment, app: object) -> bool:
    return wsgi.is_for_fixers(client, environ) and not listening.has_route(app, str(environ.get("PATH_INFO")))


@_safety.harmless
def _begin(ears: Ears, environ: WSGIEnvironment) -> Optional[_Request]:
    listener, outer = ears.listener(), scope.current_request()
    if listener is None or (isinstance(outer, WsgiRequest) and outer.environ is environ):
        return None
    if not listener.knows_base_url:
        listener.learn_base_url(wsgi.base_url_of(environ))
    request = _Request(environ, listener)
    request.client = listener.client
    if outer is not None and wsgi.is_about(outer, environ):
        request.is_inside(outer)  # type: ignore[arg-type]  # that is what it is then
    return request


def _is_made_later(body: object, environ: WSGIEnvironment) -> bool:
    """Whether there is something to hear while the body is sent: what is complete goes out as it is, and so does a file."""
    if type(body) is list or hasattr(body, "__len__") or hasattr(body, "read"):
        return False
    wrapper: Any = environ.get("wsgi.file_wrapper")
    return not (isinstance(wrapper, type) and isinstance(body, wrapper))


def _message_in(request: _Request, body: object) -> Optional[str]:
    """What a JSON body says, if it is all there."""
    if not isinstance(body, (list, tuple)) or sum(map(len, body)) > answers.MAX_BODY:
        return None
    headers = request.answer_headers
    return answers.message_in(b"".join(body), headers.get("content-type"), headers.get("content-encoding"))
