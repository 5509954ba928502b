"""What fails in a Flask app: exceptions that nobody caught, and answers that say that something failed.

Works with Flask 2.0 (without blinker too) to the newest. It uses no setup method of Flask's, because those refuse to be
called once the app serves; and nothing it puts in raises, reads a streamed body, or changes an answer.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import sys
import weakref
from types import FunctionType
from typing import TYPE_CHECKING, Any, Callable, Iterable, List, Optional, Tuple, TypeVar

import flask
from werkzeug.exceptions import HTTPException

from aiops_sdk import _safety, answers, chain, listening, modules, noise, scope, wsgi
from aiops_sdk import client as clients
from aiops_sdk.client import Client
from aiops_sdk.wsgi import StreamedBody, WsgiRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from aiops_sdk.listening import Listener

    _Function = weakref.ref[Callable[..., Any]]

_NAME = "aiops_sdk"
_WATCHED = "__aiops_sdk_watched__"
# On Flask's own class, as long as anything of ours is in an app.
_PUT = "__aiops_sdk_put__"
_FAILED = 400
_ANSWERS = (HTTPException,)
# As a text: this may be imported in the midst of Flask's own import.
_AnyResponse = TypeVar("_AnyResponse", bound="flask.Response")

# The names under which Flask's configuration has what init() takes under another one.
_SETTINGS = {"env": "environment", "service_base_url": "base_url"}


def install(_: Client) -> Callable[[], None]:
    """Report what fails in all apps that are made from now on; the returned function takes out of each what is ours.

    An app that was heard once is heard again by the next client.
    """
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
        else:
            hooks: _Hooks = found.extensions.setdefault(_NAME, _Hooks(found))
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
        # What leads here must not be led to from here: each goes with its app, and not with the garbage collector.
        self._look_last: Optional[_Function] = None
        self._put: List[Tuple[str, _Function]] = []
        self.is_attached = False
        self.stand_in_class = False

    def attach(self, app: flask.Flask) -> None:
        """Put the ears in, once. Functions are put into new lists: a request may be walking through the old one."""
        if self.is_attached:
            return
        self.is_attached = True
        _all_put().hooks.add(self)
        look_last = _safety.glancing(self._look_at)
        self._look_last = weakref.ref(look_last)
        app.after_request_funcs[None] = [look_last, *app.after_request_funcs.get(None, [])]
        self._listen_to_error_handling(app)
        self._listen_to_exceptions(app)
        self.stand_in_class = "wsgi_app" not in vars(app) and _watch_class_of(app)
        if not self.stand_in_class:
            # A middleware was put there, which is how Flask wants it. Now it is ours that stands there.
            ours = _watched(app.wsgi_app, self)
            app.wsgi_app = ours  # type: ignore[method-assign,assignment]  # see above
            self._put.append(("wsgi_app", weakref.ref(ours)))

    def detach(self) -> None:
        """Take the ears out again. What somebody has put around one of them stays, and ours below it does nothing."""
        self.is_attached = self.stand_in_class = False
        put, self._put, app = self._put, [], self._app()
        if app is None:
            return
        for name, held in put:
            _take_back(app, name, held)
        ours = (self._look_last() if self._look_last is not None else None, self._look_first)
        left = [each for each in app.after_request_funcs.get(None, []) if each not in ours]
        if left:
            app.after_request_funcs[None] = left
        else:
            app.after_request_funcs.pop(None, None)
        with contextlib.suppress(RuntimeError):
            flask.got_request_exception.disconnect(self._on_exception)

    def may_stand_in_class(self, app: flask.Flask) -> bool:
        """Whether what the class answers is to be heard; begun anew where there is a client again."""
        if not self.is_attached and clients.current() is not None:
            with _safety.guarded():
                self.attach(app)
        return self.stand_in_class

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
        if client is not None and client.fixes is not None and self._is_for_fixers(client, environ):
            return client.fixes.answer_wsgi(environ, start_response)
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
    def _is_for_fixers(self, client: Client, environ: WSGIEnvironment) -> bool:
        # A route of the app's own goes first.
        return wsgi.is_for_fixers(client, environ) and not listening.has_route(self._app(), environ["PATH_INFO"])

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
            self._precede(app, "log_exception", self._on_exception)

    def _listen_to_error_handling(self, app: flask.Flask) -> None:
        # Not handle_user_exception(), which raises through: that would put a frame of ours into everybody's tracebacks.
        if hasattr(app, "_find_error_handler"):
            self._precede(app, "_find_error_handler", self._on_error_handling)

    def _precede(self, app: flask.Flask, name: str, listener: Callable[..., None]) -> None:
        self._put.append((name, weakref.ref(_precede(app, name, listener))))

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
            return
        fixes = request._listener.client.fixes
        if fixes is not None:
            answers.went_well(fixes, request)

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
    active = [True]

    @functools.wraps(make)
    def making(self: flask.Flask, *args: Any, **named: Any) -> None:
        make(self, *args, **named)
        if active:
            init_flask(self)

    @functools.wraps(call)
    def called(self: flask.Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        hooks: Optional[_Hooks] = self.extensions.get(_NAME)
        if hooks is not None and active:
            if not hooks.is_attached:
                hooks.may_stand_in_class(self)
            own = self.__dict__.get("wsgi_app")
            if own is not None and not hasattr(own, _WATCHED):
                return hooks.answer(call, (self,), environ, start_response, True)
        answer: Iterable[bytes] = call(self, environ, start_response)
        return answer

    undos = [modules.replace(kind, "__init__", making), modules.replace(kind, "__call__", called)]

    def undo() -> None:
        active.clear()
        for each in undos:
            each()
        _take_all_back(kind)

    return undo


class _Put:
    """What of ours is in the apps of this process, and in their classes. It keeps none of them."""

    def __init__(self) -> None:
        self.hooks: weakref.WeakSet[_Hooks] = weakref.WeakSet()
        self.in_classes: List[Tuple[weakref.ref[type], _Function]] = []


def _all_put() -> _Put:
    kind = sys.modules["flask.app"].Flask
    found: Optional[_Put] = vars(kind).get(_PUT)
    if found is None:
        found = _Put()
        setattr(kind, _PUT, found)
    return found


def _take_all_back(kind: Any) -> None:
    put: Optional[_Put] = vars(kind).get(_PUT)
    if put is None:
        return
    delattr(kind, _PUT)
    for hooks in list(put.hooks):
        hooks.detach()
    for owner, held in reversed(put.in_classes):
        _take_back(owner(), "wsgi_app", held)


def _take_back(owner: Any, name: str, held: _Function) -> None:
    """Put back what was there before ours, unless somebody replaced ours."""
    ours = held()
    if owner is None or ours is None or vars(owner).get(name) is not ours:
        return
    earlier = vars(ours)["__wrapped__"]
    if getattr(type(owner), name, None) is earlier:
        delattr(owner, name)
    else:
        setattr(owner, name, earlier)


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
        if hooks is not None and (hooks.stand_in_class or hooks.may_stand_in_class(self)):
            return hooks.answer(method, (self,), environ, start_response, others_answer)
        answer: Iterable[bytes] = method(self, environ, start_response)
        return answer

    setattr(wsgi_app, _WATCHED, True)
    owner.wsgi_app = wsgi_app  # type: ignore[attr-defined]  # it has one
    _all_put().in_classes.append((weakref.ref(owner), weakref.ref(wsgi_app)))
    return True


def _precede(app: flask.Flask, name: str, listener: Callable[..., None]) -> Callable[..., Any]:
    """Let ``listener`` hear the arguments of a method of this app first; given back is what stands there now."""
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
    return both
