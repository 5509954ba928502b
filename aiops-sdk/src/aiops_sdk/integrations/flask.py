"""What fails in a Flask app: exceptions that nobody caught, and answers that say that something failed.

Works with Flask 2.0 (without blinker too) to the newest. It uses no setup method of Flask's, because those refuse to be
called once the app serves; and nothing it puts in raises, reads a streamed body, or changes an answer.
"""

from __future__ import annotations

import functools
import logging
import sys
import weakref
from types import FunctionType
from typing import TYPE_CHECKING, Any, Callable, Iterable, Optional, Tuple, TypeVar

import flask
from werkzeug.exceptions import HTTPException

from aiops_sdk import _safety, answers, chain, listening, modules, noise, scope, wsgi
from aiops_sdk import client as clients
from aiops_sdk.client import Client
from aiops_sdk.wsgi import StreamedBody, WsgiRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from aiops_sdk.listening import Listener

_NAME = "aiops_sdk"
_WATCHED = "__aiops_sdk_watched__"
_FAILED = 400
_ANSWERS = (HTTPException,)
# As a text: this may be imported in the midst of Flask's own import.
_AnyResponse = TypeVar("_AnyResponse", bound="flask.Response")

# The names under which Flask's configuration has what init() takes under another one.
_SETTINGS = {"env": "environment", "service_base_url": "base_url"}


def install(_: Client) -> Callable[[], None]:
    """Report what fails in all apps that are made from now on; the returned function ends that."""
    return modules.hook(("flask.app", "Flask", _greet))


class AIOps:
    """Flask's way to add an extension: ``AIOps(app)``, or ``AIOps()`` and later ``init_app(app)``.

    Does what ``init()`` and ``init_flask(app)`` do. Where ``init()`` was not called before, its options are taken from the
    app's configuration, under the names of the environment variables, and then from these.
    """

    def __init__(self, app: Optional[flask.Flask] = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask) -> None:
        """Report what fails in this app. Raises ``RuntimeError`` if nothing says the API key, as ``init()`` does."""
        if clients.current() is None:
            options = {
                name[len("AIOPS_") :].lower(): value for name, value in app.config.items() if name.startswith("AIOPS_")
            }
            # As the application would call it: that is not for what lies below it to know.
            sys.modules["aiops_sdk"].init(**{_SETTINGS.get(name, name): value for name, value in options.items()})
        init_flask(app)


def init_flask(app: flask.Flask) -> None:
    """Report what fails in this app, to the client that `aiops_sdk.init()` made or will make.

    May be called before or after `init()`, repeatedly, for several apps, and while the app already serves.
    """
    with _safety.guarded():
        found = app._get_current_object() if hasattr(app, "_get_current_object") else app
        if not isinstance(found, flask.Flask):
            logging.getLogger(_NAME).warning("init_flask() needs a Flask app, and got: %s", type(found).__name__)
        elif _NAME not in found.extensions:
            found.extensions[_NAME] = hooks = _Hooks(found)
            hooks.attach(found)


class _FlaskRequest(WsgiRequest):
    """A request that knows Flask's pattern for it."""

    _rule: Any = None

    @property
    def route(self) -> Optional[str]:  # type: ignore[override]  # it is found out while the request runs
        """Flask's pattern for the path."""
        self.note_route()
        return getattr(self._rule, "rule", None)

    def note_route(self) -> None:
        """Take the pattern from Flask, which forgets it before the last error can happen."""
        # Where Werkzeug leaves it; asking flask.request would cost more than all else that we do for a request.
        rule = getattr(self.environ.get("werkzeug.request"), "url_rule", None)
        if rule is not None:
            self._rule = rule
        elif flask.has_request_context():
            self._rule = flask.request.url_rule or self._rule


class _Hooks:
    """The ears in one app. They ask for the current client each time, and are deaf while there is none.

    They hold on to no app, so that one goes as soon as nobody needs it, as Flask promises.
    """

    def __init__(self, app: flask.Flask) -> None:
        self._app = weakref.ref(app)
        self._ears = listening.Ears()
        self._said = False
        self.stand_in_class = False

    def attach(self, app: flask.Flask) -> None:
        """Put the ears in. Functions are put into new lists: a request may be walking through the old one."""
        look_last = _safety.glancing(self._look_at)
        app.after_request_funcs[None] = [look_last, *app.after_request_funcs.get(None, [])]
        self._listen_to_error_handling(app)
        self._listen_to_exceptions(app)
        self.stand_in_class = "wsgi_app" not in vars(app) and _watch_class_of(app)
        if not self.stand_in_class:
            # A middleware was put there, which is how Flask wants it. Now it is ours that stands there.
            app.wsgi_app = _watched(app.wsgi_app, self)  # type: ignore[method-assign,assignment]  # see above

    def answer(
        self,
        wsgi_app: Callable[..., Iterable[bytes]],
        before: Tuple[object, ...],
        environ: WSGIEnvironment,
        start_response: StartResponse,
        others_answer: bool,
    ) -> Iterable[bytes]:
        """What ``wsgi_app`` answers, called with what comes ``before``. Whatever is done here, every request pays for."""
        client = clients.current()
        request: Optional[_FlaskRequest] = self._begin(environ, client)
        if client is None or request is None:
            return wsgi_app(*before, environ, start_response)
        if others_answer:
            start_response = wsgi.noting_status(start_response, request)
        token = scope.begin(request)
        try:
            body = wsgi_app(*before, environ, start_response)
        except BaseException as exc:
            answers.raised(client, exc, "flask")
            raise
        finally:
            scope.end(token)
            request.forget_handled()
        if others_answer and request.status[:1] in wsgi.FAILURES:
            self._answered_by_others(client, request)
        return self._body(body, client, request) if request.streams else body

    def _body(self, body: Iterable[bytes], client: Client, request: _FlaskRequest) -> Iterable[bytes]:
        # Others go out untouched: servers look for their own file wrapper, to send a file without reading it.
        return StreamedBody(body, request, functools.partial(client.capture_exception, mechanism="flask"))

    @_safety.harmless
    def _begin(self, environ: WSGIEnvironment, client: Optional[Client]) -> Optional[_FlaskRequest]:
        known = self._ears.listener()
        if client is None or known is None:
            self._say_that_nobody_hears()
            return None
        if not known.knows_base_url:
            self._meet(environ, known)
        request, outer = _FlaskRequest(environ, known), scope.current_request()
        if outer is not None and wsgi.is_about(outer, environ):
            request.is_inside(outer)  # type: ignore[arg-type]  # that is what it is then
        return request

    def _meet(self, environ: WSGIEnvironment, known: Listener) -> None:
        """At the first request that the client hears, and until one has said where it was reached."""
        self._be_first_too()
        known.learn_base_url(wsgi.base_url_of(environ))

    def _say_that_nobody_hears(self) -> None:
        """Once for each app, unless there was a client before: then it was closed, which is somebody's decision."""
        if not self._ears.has_heard() and not self._said:
            self._said = True
            logging.getLogger(_NAME).warning(
                "init_flask() was called for the app %r, but init() was not (or is still to come): nothing is reported.",
                getattr(self._app(), "name", None),
            )

    def _be_first_too(self) -> None:
        """Look at answers before other functions change them, too. Done at the first request: by then all are there."""
        app = self._app()
        functions = app.after_request_funcs.get(None, []) if app is not None else []
        if app is not None and len(functions) > 1 and self._look_first not in functions:
            app.after_request_funcs[None] = [*functions, self._look_first]

    def _request_here(self) -> Optional[_FlaskRequest]:
        """The request that Flask is answering; made only now if the client came after the request."""
        request = scope.current_request()
        if isinstance(request, _FlaskRequest):
            request.note_route()
            return request
        environ = flask.request.environ
        late: Optional[_FlaskRequest] = environ.get(_NAME) or self._begin_late(environ)
        if late is not None:
            late.note_route()
        return late

    def _begin_late(self, environ: WSGIEnvironment) -> Optional[_FlaskRequest]:
        request = environ[_NAME] = self._begin(environ, clients.current())
        return request

    # Exceptions.

    def _listen_to_exceptions(self, app: flask.Flask) -> None:
        try:
            flask.got_request_exception.connect(self._on_exception, app)
        except RuntimeError:  # Flask before 2.3, and blinker is not installed.
            _precede(app, "log_exception", self._on_exception)

    def _listen_to_error_handling(self, app: flask.Flask) -> None:
        # Not handle_user_exception(), which raises through: that would put a frame of ours into everybody's tracebacks.
        if hasattr(app, "_find_error_handler"):
            _precede(app, "_find_error_handler", self._on_error_handling)

    def _on_exception(self, *told: object, exception: Optional[BaseException] = None, **_: object) -> None:
        client, exc = clients.current(), exception or _exception_in(told)
        request: Optional[_FlaskRequest] = None
        with _safety.guarded():
            request = self._request_here()
        if client is None or request is None or exc is None:
            return
        if isinstance(exc, HTTPException):
            # An answer in the making: extensions send the signal for abort(404) too. Its status will tell.
            request.notes.handled = exc
            return
        token = scope.begin(request)
        try:
            client.capture_exception(exc, mechanism="flask")
        finally:
            scope.end(token)
        # Also when it was noise, or known already: the answer that follows is no failure of its own.
        request.log.has_exception = True

    def _on_error_handling(self, *told: object, **_: object) -> None:
        with _safety.guarded():
            request = self._request_here()
            if request is not None:
                handled = _exception_in(told)
                request.notes.handled = None if handled is None else chain.behind(handled)

    # Answers.

    def _look_first(self, response: _AnyResponse) -> _AnyResponse:
        if noise.counts_as_failure(response.status_code):
            with _safety.guarded():
                request = self._request_here()
                if request is not None:
                    request.notes.message = _message_in(response)
        return response

    def _look_at(self, response: flask.Response) -> None:
        request = scope.current_request()
        if isinstance(request, _FlaskRequest):
            request.note_route()
        else:
            request = self._request_here()
            if request is None:
                return
        if type(response.response) is not list:
            request.streams = _is_streamed(response)
        if response.status_code >= _FAILED:
            self._answered(request, response)

    def _answered(self, request: _FlaskRequest, response: flask.Response) -> None:
        client, message = clients.current(), None
        request.notes.answered = True
        if not noise.counts_as_failure(response.status_code):
            if client is not None:
                answers.count(client, request, response.status_code)
            return
        with _safety.guarded():
            message = _message_in(response) or request.notes.message
        if client is not None:
            answers.report(client, request, response.status_code, message, answers=_ANSWERS, mechanism="flask")

    def _answered_by_others(self, client: Client, request: _FlaskRequest) -> None:
        """Flask did not answer, but something between it and us: a middleware, or another app mounted in it."""
        status = request.status[:3]
        if status.isdecimal():
            answers.judge(client, request, int(status), answers=_ANSWERS, mechanism="flask")


def _is_streamed(response: flask.Response) -> bool:
    return not isinstance(response.response, (list, tuple)) and not response.direct_passthrough


def _message_in(response: flask.Response) -> Optional[str]:
    """What a JSON body says, if it is all there: nothing is read that is still to be made, or that somebody encoded."""
    pieces = response.response
    if response.direct_passthrough or not isinstance(pieces, (list, tuple)) or not response.is_json:
        return None
    if sum(map(len, pieces)) > answers.MAX_BODY:
        return None
    body = b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
    return answers.message_in(body, response.content_type, response.headers.get("Content-Encoding"))


def _exception_in(told: Tuple[object, ...]) -> Optional[BaseException]:
    """The exception among the arguments, or in a triple as of sys.exc_info(): their order differs between Flasks."""
    for thing in told:
        if isinstance(thing, BaseException):
            return thing
        if isinstance(thing, tuple) and len(thing) == 3 and isinstance(thing[1], BaseException):
            return thing[1]
    return None


def _greet(module: Any) -> Callable[[], None]:
    """Be there when an app is made, and outside of the middleware that is put around it later."""
    kind = module.Flask
    make, call = kind.__init__, kind.__call__

    @functools.wraps(make)
    def making(self: flask.Flask, *args: Any, **named: Any) -> None:
        make(self, *args, **named)
        init_flask(self)

    @functools.wraps(call)
    def called(self: flask.Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        own = self.__dict__.get("wsgi_app")
        hooks: Optional[_Hooks] = self.extensions.get(_NAME) if own is not None else None
        if hooks is not None and not hasattr(own, _WATCHED):
            return hooks.answer(call, (self,), environ, start_response, True)
        answer: Iterable[bytes] = call(self, environ, start_response)
        return answer

    undos = [modules.replace(kind, "__init__", making), modules.replace(kind, "__call__", called)]

    def undo() -> None:
        for each in undos:
            each()

    return undo


def _watched(wsgi_app: WSGIApplication, hooks: _Hooks) -> WSGIApplication:
    """The same as ``wsgi_app``, heard."""

    @functools.wraps(wsgi_app)
    def watched(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return hooks.answer(wsgi_app, (), environ, start_response, True)

    setattr(watched, _WATCHED, True)
    return watched


def _watch_class_of(app: flask.Flask) -> bool:
    """Hear what the method ``wsgi_app`` of this app does; False if it is no plain method. Other apps of the class go unheard.

    In the class, not in the app: there it would have to hold on to the app in which it stands, for ever.
    """
    owner = next(kind for kind in type(app).__mro__ if "wsgi_app" in vars(kind))
    method = vars(owner)["wsgi_app"]
    if hasattr(method, _WATCHED):
        return True
    if not isinstance(method, FunctionType):
        return False
    # Otherwise Flask itself answers, and nobody between it and us.
    others_answer = method.__module__ != "flask.app"

    @functools.wraps(method)
    def wsgi_app(self: flask.Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        hooks: Optional[_Hooks] = self.extensions.get(_NAME)
        if hooks is not None and hooks.stand_in_class:
            return hooks.answer(method, (self,), environ, start_response, others_answer)
        answer: Iterable[bytes] = method(self, environ, start_response)
        return answer

    setattr(wsgi_app, _WATCHED, True)
    owner.wsgi_app = wsgi_app  # type: ignore[attr-defined]  # it has one
    return True


def _precede(app: flask.Flask, name: str, listener: Callable[..., None]) -> None:
    """Let ``listener`` hear the arguments of a method of this app first."""
    method, held = getattr(app, name), weakref.ref(app)
    function = getattr(method, "__func__", None)
    if function is not None and method.__self__ is app:

        @functools.wraps(function)
        def both(*args: Any, **named: Any) -> Any:
            listener(*args, *named.values())
            return function(held(), *args, **named)

    else:

        @functools.wraps(method)
        def both(*args: Any, **named: Any) -> Any:
            listener(*args, *named.values())
            return method(*args, **named)

    setattr(app, name, both)
