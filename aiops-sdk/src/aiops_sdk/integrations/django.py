"""What fails in a Django project: exceptions that nobody caught, and answers that say that something failed.

Works with Django 2.2 to the newest, under WSGI and ASGI, and needs no line in the project: every handler of the process is
heard. Nothing is imported of Django: whoever answers a request has loaded what is looked at. And no query is made.
"""

from __future__ import annotations

import functools
import json
import sys
import weakref
from inspect import iscoroutinefunction

from aiops_sdk import _safety, answers, hostile, listening, modules, noise, scope, wsgi
from aiops_sdk import client as clients
from aiops_sdk.answers import AnsweredRequest
from aiops_sdk.asgi import AsgiRequest
from aiops_sdk.frozen import replace
from aiops_sdk.wsgi import StreamedBody, WsgiRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Mapping, MutableSet, Optional

    from aiops_sdk.client import Client, Fixes
    from aiops_sdk.listening import Listener
    from aiops_sdk.scope import Around

_MECHANISM = "django"
_LATE = "_aiops_sdk"
_HANDLERS = "django.core.handlers.base"


def install(_: Client) -> Callable[[], None]:
    """Listen to all handlers of this process; the returned function ends it."""
    return modules.hook(("django.core.signals", "setting_changed", _Hooks().await_requests))


def Middleware(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:  # noqa: N802 - Django's own are named so
    """Report what fails in the requests that come here. For those who want to see in the settings what listens.

    ``init()`` listens without it, and together they report each failure once. It belongs at the head of ``MIDDLEWARE``,
    as ``"aiops_sdk.integrations.django.Middleware"``.
    """
    hooks = _Hooks()
    with _safety.guarded():
        hooks.hear_exceptions(sys.modules["django.core.signals"])

    def go_on(_: object, request: Any) -> Any:
        return get_response(request)

    # Django asks which kind of function it gets.
    if iscoroutinefunction(get_response):
        later = hooks.heard_later(go_on)

        async def asynchronous(request: Any) -> Any:
            return await later(None, request)

        made: Any = asynchronous
    else:
        made = functools.partial(hooks.heard(go_on), None)
    made.process_exception = hooks.overhear
    return made  # type: ignore[no-any-return]  # one of the two


Middleware.sync_capable = Middleware.async_capable = True  # type: ignore[attr-defined]  # Django looks for them


class DjangoRequest(WsgiRequest):
    """A request that knows Django's pattern for it, and who its user is if the project has found that out.

    What Django makes of an ASGI connection looks like a WSGI environ, too.
    """

    def __init__(self, request: Any, listener: Listener) -> None:
        super().__init__(request.META, listener)
        self._path = request.path_info
        self._said: Around = scope.NOTHING
        self.original = request

    @property
    def route(self) -> Optional[str]:  # type: ignore[override]  # it is found out while the request runs
        """Django's pattern for the path, with the slash that it leaves out."""
        pattern = getattr(getattr(self.original, "resolver_match", None), "route", None)
        return "/" + pattern.lstrip("^/") if isinstance(pattern, str) else None

    @property
    def around(self) -> Around:
        """What the program says, and who the user is unless it says that, too."""
        said = self._said
        user = _user_of(self.original) if said.user is None else None
        return said if user is None else replace(said, user=user)

    @around.setter
    def around(self, said: Around) -> None:
        self._said = said

    @property
    def body(self) -> object:  # type: ignore[override]  # as above
        """The JSON that came with it, if the project has read it."""
        return _body_of(self.original)


class _Hooks:
    """The ears in all handlers. They ask for the current client each time, and are deaf while there is none."""

    def __init__(self) -> None:
        self._ears = listening.Ears()
        self._handlers: MutableSet[Any] = weakref.WeakSet()
        self._undos: List[Callable[[], None]] = []
        #: Always the same object, so that it can be told from others.
        self.overhear = _overhear

    # Laid at the first request: by then all modules are there, and each handler looks its methods up for each request.

    def await_requests(self, signals: Any) -> Callable[[], None]:
        """Lay the hooks when Django says that a request begins; the returned function takes them back."""
        started, waits = signals.request_started, [True]

        def first_request(**_: object) -> None:
            if _HANDLERS in sys.modules and waits:
                stop_waiting()
                with _safety.guarded():
                    self._lay(signals)

        def stop_waiting() -> None:
            waits.clear()
            started.disconnect(first_request)

        def undo() -> None:
            stop_waiting()
            for each in reversed(self._undos):
                each()
            for handler in list(self._handlers):
                handler._exception_middleware[:] = [
                    each for each in handler._exception_middleware if each is not self.overhear
                ]

        started.connect(first_request, weak=False)
        return undo

    def hear_exceptions(self, signals: Any) -> Callable[[], None]:
        """Hear of exceptions that Django answers with 500, as long as this lives; the returned function ends it before."""
        failed = signals.got_request_exception
        failed.connect(self._on_exception)
        return lambda: failed.disconnect(self._on_exception)

    def _lay(self, signals: Any) -> None:
        self._undos.append(self.hear_exceptions(signals))
        kind = sys.modules[_HANDLERS].BaseHandler
        self._undos.append(modules.replace(kind, "get_response", self.heard(kind.get_response)))
        if hasattr(kind, "get_response_async"):
            later = self.heard_later(kind.get_response_async)
            self._undos.append(modules.replace(kind, "get_response_async", later))
        self._undos.append(_hear_answering(sys.modules["django.core.handlers.exception"]))
        # That one may come later, with the first view that asks for it.
        self._undos.append(modules.hook(("django.middleware.csrf", "CsrfViewMiddleware", _hear_refusals)))

    # What every request pays for.

    def heard(self, method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """The same as this method of a handler, and heard."""

        @functools.wraps(method)
        def get_response(handler: Any, request: Any) -> Any:
            fixed = _fixed(request)
            if fixed is not None:
                return fixed
            work: Optional[DjangoRequest] = self._begin(handler, request)
            if work is None:
                return method(handler, request)
            token = scope.begin(work)
            try:
                response = method(handler, request)
            except BaseException as exc:
                listening.step_aside(exc)
                _capture(exc)
                raise
            finally:
                scope.end(token)
            _look_at(response, work)
            return response

        return get_response

    def heard_later(self, method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """The same for a method that is a coroutine function."""

        @functools.wraps(method)
        async def get_response_async(handler: Any, request: Any) -> Any:
            fixed = _fixed(request, _meet_loop)
            if fixed is not None:
                return fixed
            work: Optional[DjangoRequest] = self._begin(handler, request)
            if work is None:
                return await method(handler, request)
            token = scope.begin(work)
            try:
                response = await method(handler, request)
            except BaseException as exc:
                listening.step_aside(exc)
                _capture(exc)
                raise
            finally:
                scope.end(token)
            _look_at(response, work)
            return response

        return get_response_async

    @_safety.harmless
    def _begin(self, handler: Any, request: Any) -> Optional[DjangoRequest]:
        listener, outer = self._ears.listener(), scope.current_request()
        if listener is None or (isinstance(outer, DjangoRequest) and outer.original is request):
            return None
        if not listener.knows_base_url:
            listener.learn_base_url(_base_url_of(request))
        work = DjangoRequest(request, listener)
        if isinstance(outer, AnsweredRequest) and _is_around(outer, request):
            work.is_inside(outer)
        converters = getattr(handler, "_exception_middleware", None)
        if converters and converters[0] is not self.overhear:
            # Before all others: the first that makes an answer of an exception is the last that sees it.
            converters.insert(0, self.overhear)
            self._handlers.add(handler)
        return work

    @_safety.harmless
    def _begin_late(self, request: Any) -> Optional[DjangoRequest]:
        """Begun once, whoever else of us hears of it."""
        kept = vars(request)
        if _LATE not in kept:
            kept[_LATE] = self._begin(None, request)
        late: Optional[DjangoRequest] = kept[_LATE]
        return late

    # Exceptions.

    def _on_exception(self, request: Any = None, **_: object) -> None:
        exc, work = sys.exc_info()[1], scope.current_request()
        if exc is None:
            return
        if isinstance(work, DjangoRequest):
            _capture(exc)
            return
        # The client, or this, came while the request was being answered already.
        late = None if request is None else self._begin_late(request)
        token = scope.begin(late) if late is not None else None
        try:
            _capture(exc)
        finally:
            if token is not None:
                scope.end(token)


def _capture(exc: Optional[BaseException]) -> None:
    client, work = clients.current(), scope.current_request()
    if client is not None and exc is not None:
        client.capture_exception(exc, mechanism=_MECHANISM)
        if isinstance(work, DjangoRequest):
            # Also when it was noise, or known already: the answer that follows is no failure of its own.
            work.log.has_exception = True


def _overhear(_: object, exception: BaseException) -> None:
    """As Django calls the part of a middleware that may turn an exception into an answer; this one never does."""
    _note(exception)


@_safety.harmless
def _note(exc: BaseException) -> None:
    work = scope.current_request()
    if isinstance(work, DjangoRequest):
        work.notes.handled = exc


def _hear_answering(handling: Any) -> Callable[[], None]:
    """Note which exception Django is about to turn into an answer."""
    respond = handling.response_for_exception

    @functools.wraps(respond)
    def response_for_exception(request: Any, exc: BaseException) -> Any:
        _note(exc)
        if isinstance(exc, handling.SuspiciousOperation):
            _refused(exc)
        try:
            return respond(request, exc)
        except BaseException as raised:
            listening.step_aside(raised)
            raise

    return modules.replace(handling, "response_for_exception", response_for_exception)


@_safety.harmless
def _refused(exc: BaseException) -> None:
    """Somebody tries what nobody should: told before Django logs it as an error, without saying what was asked for."""
    client, work = clients.current(), scope.current_request()
    if client is not None and isinstance(work, DjangoRequest) and not noise.is_noisy_exception(exc):
        answers.report(client, work, 400, hostile.message_of(exc), mechanism=_MECHANISM)


def _hear_refusals(csrf: Any) -> Callable[[], None]:
    """Note why a form without its token is refused: the page does not say it."""
    kind = csrf.CsrfViewMiddleware
    reject = getattr(kind, "_reject", None)
    if reject is None:
        return lambda: None

    @functools.wraps(reject)
    def _reject(middleware: Any, request: Any, reason: Any) -> Any:
        work = scope.current_request()
        if isinstance(work, DjangoRequest):
            work.notes.message = "CSRF verification failed: {}".format(hostile.text_of(reason))
        return reject(middleware, request, reason)

    return modules.replace(kind, "_reject", _reject)


# Fixers.


@_safety.harmless
def _fixed(request: Any, meet: Callable[[Fixes], None] = lambda _: None) -> Any:
    """The answer to what the platform posts to have a fixer run; None for everything else."""
    client = clients.current()
    fixes = None if client is None else client.fixes
    if fixes is None:
        return None
    meet(fixes)
    if request.path_info != fixes.path or request.method != "POST" or _has_route(fixes.path):
        return None
    return _answer_of(fixes, request)


def _meet_loop(fixes: Fixes) -> None:
    if fixes.loop is None:
        fixes.meet_loop()


def _answer_of(fixes: Fixes, request: Any) -> Any:
    told: List[Any] = []
    body = fixes.answer_wsgi(
        # Its own input, which under ASGI it has instead of a server's.
        {**request.META, "wsgi.input": request},
        lambda status, headers, *_: told.append((int(status[:3]), headers)) or told.append,  # type: ignore[func-returns-value]  # as WSGI has it
    )
    status, headers = told[0]
    answer = sys.modules["django.http"].HttpResponse(b"".join(body), status=status)
    for name, value in headers:
        answer[name] = value
    return answer


def _has_route(path: str) -> bool:
    """Whether the project itself says this path, and not only that anything may stand there."""
    urls = sys.modules["django.urls"]
    try:
        match = urls.resolve(path)
    except urls.Resolver404:
        return False
    return not match.args and not match.kwargs


# Answers.


@_safety.harmless
def _look_at(response: Any, work: DjangoRequest) -> None:
    status = response.status_code
    if getattr(response, "streaming", False) and getattr(response, "file_to_stream", None) is None:
        # A file goes out untouched: servers have their own way to send it, without reading it.
        pieces, later = response.streaming_content, getattr(response, "is_async", False)
        response.streaming_content = _LaterPieces(pieces, work) if later else StreamedBody(pieces, work, _capture)
    if status >= 400:
        _answered(response, status, work)
        return
    fixes = work._listener.client.fixes
    if fixes is not None:
        answers.went_well(fixes, work)


def _answered(response: Any, status: int, work: DjangoRequest) -> None:
    client, handled = clients.current(), work.notes.handled
    if client is None or work.notes.answered:
        return
    work.notes.answered = True
    if not noise.counts_as_failure(status) or (handled is not None and noise.is_noisy_exception(handled)):
        client.count_answer(status, work.route)
    else:
        answers.report(client, work, status, _message_in(response, work), mechanism=_MECHANISM)
    work.forget_handled()


def _message_in(response: Any, work: DjangoRequest) -> Optional[str]:
    """What a JSON body says, else what Django was told or what was raised: its own pages say neither."""
    if not response.streaming:
        found = answers.message_in(response.content, response.get("Content-Type"), response.get("Content-Encoding"))
        if found is not None:
            return found
    handled = work.notes.handled
    return work.notes.message or (hostile.message_of(handled) if handled is not None else None) or None


class _LaterPieces:
    """As ``StreamedBody``, for a body that is made asynchronously."""

    def __init__(self, body: Any, work: DjangoRequest) -> None:
        self._pieces = body
        self._work = work

    def __aiter__(self) -> _LaterPieces:
        return self

    async def __anext__(self) -> Any:
        token = scope.begin(self._work)
        try:
            return await self._pieces.__anext__()
        except StopAsyncIteration:
            raise
        except BaseException as exc:
            _capture(exc)
            raise
        finally:
            scope.end(token)


# What a request says.


def _base_url_of(request: Any) -> Optional[str]:
    meta = request.META
    return listening.base_url(
        _scheme_of(request), _host_of(meta), meta.get("HTTP_X_FORWARDED_PROTO"), meta.get("HTTP_X_FORWARDED_HOST")
    )


def _scheme_of(request: Any) -> str:
    connection: Mapping[str, Any] = getattr(request, "scope", {})
    return str(request.META.get("wsgi.url_scheme") or connection.get("scheme") or "http")


def _host_of(meta: Mapping[str, Any]) -> str:
    # Not request.get_host(), which refuses what the project does not expect.
    return str(meta.get("HTTP_HOST") or "{}:{}".format(meta.get("SERVER_NAME", ""), meta.get("SERVER_PORT", "")))


def _is_around(outer: AnsweredRequest, request: Any) -> bool:
    """Whether a middleware that we have around the whole app hears this request, too."""
    if isinstance(outer, AsgiRequest) and outer.is_about(getattr(request, "scope", {})):
        return True
    return wsgi.is_about(outer, request.META)


@_safety.harmless
def _user_of(request: Any) -> Optional[Mapping[str, str]]:
    """The id of the user, if the project has looked that up already. Asking for it would be a query."""
    found = vars(request)
    user = found.get("_cached_user") or found.get("_acached_user")
    if user is None and "user" in found:
        # Made by somebody else: itself, or something that stands for it until it is asked for.
        user = found["user"]
        stands_for = object.__getattribute__(user, "__dict__")
        user = stands_for.get("_wrapped") if "_wrapped" in stands_for else user
    key = getattr(user, "pk", None)
    return None if key is None else {"id": hostile.text_of(key)}


@_safety.harmless
def _body_of(request: Any) -> object:
    raw = vars(request).get("_body")
    if (
        not isinstance(raw, bytes)
        or len(raw) > answers.MAX_BODY
        or not answers.is_json(request.META.get("CONTENT_TYPE"))
    ):
        return None
    return json.loads(raw)


DjangoRequest.FOUND_OUT = {
    **WsgiRequest.FOUND_OUT,
    "path": lambda request: "/" + request._path.lstrip("/"),
    "silent": lambda request: request._listener.skips(
        request.method, request.path, request.original.path if request.environ.get("SCRIPT_NAME") else None
    ),
    "url": lambda request: "{}://{}{}".format(
        _scheme_of(request.original), _host_of(request.environ), request.original.get_full_path()
    ),
}
