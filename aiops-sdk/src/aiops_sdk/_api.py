"""The functions that most programs need: shortcuts to the current client."""

from __future__ import annotations

import _thread
import atexit
import sys

from aiops_sdk import _safety, client, hosting, modules, scope
from aiops_sdk.client import Client
from aiops_sdk.config import Config
from aiops_sdk.loading import LOADER, late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Tuple, Union

    from flask import Flask

    from aiops_sdk import heartbeats, saying
    from aiops_sdk.delivery.transport import Transport
    from aiops_sdk.integrations import faults
else:
    heartbeats, saying, faults = late("heartbeats", "saying", "integrations.faults")

#: What init() installs; frameworks have a function of their own.
INTEGRATIONS = ("excepthook", "threading", "logging", "unraisable")

#: What it installs once this module, and in it this name, is there: a program that does without pays nothing.
AWAITED = {
    "asyncio": ("asyncio.base_events", "BaseEventLoop"),
    "futures": ("concurrent.futures._base", "Future"),
    "multiprocessing": ("multiprocessing.process", "_current_process"),
    "gevent": ("gevent.hub", "Hub"),
    "celery": ("celery.signals", "worker_process_shutdown"),
    "rq": ("rq.job", "Job"),
    "structlog": ("structlog._base", "BoundLoggerBase"),
    "loguru": ("loguru._handler", "Handler"),
    "flask": ("flask.app", "Flask"),
    "starlette": ("starlette.middleware.errors", "ServerErrorMiddleware"),
    "litestar": ("litestar.app", "Litestar"),
    "quart": ("quart.app", "Quart"),
    "aiohttp": ("aiohttp.web_app", "Application"),
    "django": ("django.core.signals", "setting_changed"),
}

#: What it installs likewise where this option says so.
CHOSEN = {
    "httpx": ("capture_http", "httpx._client", "AsyncClient"),
    "aiohttp_client": ("capture_http", "aiohttp.client", "ClientSession"),
    "sqlalchemy": ("capture_sql", "sqlalchemy", "create_engine"),
    "django_sql": ("capture_sql", "django.db.backends.utils", "CursorWrapper"),
}

_starting = _thread.allocate_lock()


def init(
    api_key: Optional[str] = None,
    *,
    service_name: Optional[str] = None,
    environment: Optional[str] = None,
    platform_url: Optional[str] = None,
    base_url: Optional[str] = None,
    skip_paths: Union[str, Iterable[str], None] = None,
    release: Optional[str] = None,
    tags: Optional[Mapping[str, object]] = None,
    aggregate_repeats: Optional[bool] = None,
    spool: Union[str, bool, None] = None,
    flush_on_sigterm: Optional[bool] = None,
    shutdown_timeout: Optional[int] = None,
    max_breadcrumbs: Optional[int] = None,
    capture_sql: Optional[bool] = None,
    capture_http: Optional[bool] = None,
    capture_locals: Optional[bool] = None,
    capture_body: Optional[bool] = None,
    debug: Optional[bool] = None,
    before_send: Optional[Callable[[Dict[str, object]], Optional[Dict[str, object]]]] = None,
    ignore_errors: Union[str, type, Iterable[object], None] = None,
    scrub_names: Union[str, Iterable[str], None] = None,
    scrub_values: Union[str, Iterable[str], None] = None,
    proxy: Optional[str] = None,
    ca_file: Optional[str] = None,
    transport: Optional[Transport] = None,
    **unknown: object,
) -> Client:
    """Begin to report: crashes, dying threads, error logs, heartbeats. Call it once, early.

    What is not given is taken from the environment, read now: ``AIOPS_API_KEY``, ``AIOPS_SERVICE_NAME``, ``AIOPS_ENV``,
    ``AIOPS_PLATFORM_URL``, ``AIOPS_SERVICE_BASE_URL``, ``AIOPS_SKIP_PATHS``, ``AIOPS_RELEASE`` and the like; the page on
    options lists and explains them all. Called again, it changes nothing and returns the same client; ``close()`` first
    to begin anew.

    Raises ``RuntimeError`` if there is no API key, or an address that cannot be one.
    """
    options: Dict[str, Any] = {name: value for name, value in locals().items() if name != "unknown"}
    _warn_of(unknown, tuple(options))
    with _starting:
        running = client.current()
        return running if running is not None else _start(Client(Config.load(**options)))


def init_flask(app: Flask) -> None:
    """Report the failing requests of a Flask application. Before or after ``init()``, once or twice, for any number of apps."""
    from aiops_sdk.integrations import flask

    flask.init_flask(app)


def capture_exception(exc: object = None, *, fingerprint: Optional[Iterable[str]] = None) -> Optional[str]:
    """Report an exception that you caught; without an argument the one that is being handled.

    ``fingerprint`` decides alone which incident it belongs to: texts, the same for what is the same problem.

    Returns the event's id, or None if nothing was captured: before ``init()``, outside an ``except`` block,
    or because the same exception was captured before. Never raises, never waits.
    """
    running, found = client.current(), exc if exc is not None else sys.exc_info()[1]
    if running is None or found is None:
        return None
    return running.capture_exception(found, fingerprint=fingerprint)


def capture_message(message: str, level: str = "error") -> Optional[str]:
    """Report something that is no exception, with the calls that led here.

    ``level`` is one of debug, info, warning, error and critical. Returns the event's id, or None before ``init()`` and in
    requests that are never reported. Never raises, never waits.
    """
    running = client.current()
    return None if running is None else running.capture_message(message, level)


def context(**values: object) -> scope.saying:
    """Say what a block is about: ``with aiops_sdk.context(order_id=7, cart={"items": 3}):``.

    A mapping is told as a context under its name, any other value is a tag. Events of the block carry them, also of
    asyncio tasks that it starts; of threads only what runs in a copy of the context.
    """
    return _safety.attempt(lambda: scope.saying(saying.around(values)), scope.saying(scope.NOTHING))


def set_user(
    user: Union[str, int, Mapping[str, object], None] = None,
    *,
    id: Union[str, int, None] = None,  # noqa: A002 - what everybody calls it
    email: Optional[str] = None,
    name: Optional[str] = None,
    ip_address: Optional[str] = None,
) -> None:
    """Say who is served: ``set_user(7)``, ``set_user(id=7, email="a@example.com")``, or a mapping of these; None for nobody.

    It holds until the request, task or job ends in which it is said; outside of one for this thread or asyncio task.
    """
    given = {"id": id, "email": email, "name": name, "ip_address": ip_address}
    _safety.attempt(lambda: saying.user(user, given), None)


def set_tag(name: str, value: object) -> None:
    """Say something short by which events can be searched. It holds as long as what ``set_user`` says."""
    _safety.attempt(lambda: saying.tag(name, value), None)


def add_breadcrumb(
    message: str, *, category: str = "manual", level: str = "info", data: Optional[Mapping[str, object]] = None
) -> None:
    """Note something that happened: an event that follows tells it, with the last 50 of its request, task or thread."""
    running = client.current()
    if running is not None and running.config.max_breadcrumbs:
        limit = running.config.max_breadcrumbs
        _safety.attempt(lambda: scope.leave(saying.crumb(message, category, level, data), limit), None)


def flush(timeout: Optional[float] = client.EXIT_SECONDS) -> bool:
    """Wait until what was captured, and said of jobs, is delivered or given up; False if ``timeout`` seconds were not enough."""
    running = client.current()
    return True if running is None else running.flush(timeout)


def close(timeout: Optional[float] = client.EXIT_SECONDS) -> bool:
    """Undo what ``init()`` did, after sending what is queued within ``timeout`` seconds. At exit it happens by itself.

    What this thread or asyncio task said outside of any work is forgotten, too.
    """
    _safety.attempt(scope.forget, None)
    running = client.make_current(None)
    if running is None:
        return True
    atexit.unregister(_at_exit)
    return running.close(timeout)


def stats() -> Dict[str, object]:
    """What became of everything that was captured in this process since ``init()``: see ``Client.stats``."""
    running = client.current()
    return client.no_stats() if running is None else running.stats()


def listen(listener: Client) -> None:
    """Lay every hook by which failures, and what came before them, are heard. Until this client closes."""
    for name in INTEGRATIONS:
        _install(listener, name)
    for name, (module, attribute) in AWAITED.items():
        listener.on_close(modules.when_loaded(module, attribute, _installing(listener, name)))
    for name, (option, module, attribute) in CHOSEN.items():
        if getattr(listener.config, option):
            listener.on_close(modules.when_loaded(module, attribute, _installing(listener, name)))
    if listener.config.capture_http:
        _install(listener, "http_client")


def _start(started: Client) -> Client:
    listen(started)
    if hosting.uwsgi() is not None:
        _install(started, "uwsgi")
    if started.config.flush_on_sigterm:
        _install(started, "sigterm")
    if started.config.spool:
        host_uses_it = "faulthandler" in sys.modules
        started.watch_ends(lambda: faults.Faults(host_uses_it))
    client.make_current(started)
    # After ours, and also where close() was called: threads of ours may still be at work.
    atexit.unregister(LOADER.end)
    atexit.register(LOADER.end)
    atexit.register(_at_exit)
    if "aiops_sdk.fixing" in sys.modules:
        sys.modules["aiops_sdk.fixing"].install(started)
    if started.config.freezes:
        heartbeats.install_silence(started)
    else:
        heartbeats.install(started)
    return started


def _installing(started: Client, name: str) -> Callable[[object], None]:
    return lambda _: _install(started, name)


def _install(started: Client, name: str) -> None:
    # Not by the loader: this may be called in the midst of an import, for which it may be waiting.
    name = "aiops_sdk.integrations." + name
    __import__(name)
    started.on_close(sys.modules[name].install(started))


def _at_exit() -> None:
    running = client.make_current(None)
    if running is not None:
        # Not guarded(): in there nothing is captured, and some things can be told only now.
        _safety.whatever(lambda: running.close(running.exit_seconds), False)


def _warn_of(unknown: Dict[str, object], known: Tuple[str, ...]) -> None:
    for name in unknown:
        import warnings
        from difflib import get_close_matches

        nearest = get_close_matches(name, known, n=1)
        names = ", ".join(known)
        hint = "Did you mean {!r}?".format(nearest[0]) if nearest else "The options are {}.".format(names)
        warnings.warn("aiops_sdk.init() has no option {!r} and goes on without it. {}".format(name, hint), stacklevel=3)
