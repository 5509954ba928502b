"""After ``close()`` nothing of ours stands anywhere, and what somebody put around it in the meantime goes on as if it were gone."""

from __future__ import annotations

import importlib
import json

import pytest
from children import run_program

LOOK = """
import functools, json, logging, sys, types
logging.raiseExceptions = False
logging.basicConfig(stream=open("log", "w"))


def is_ours(value):
    kind = type(value)
    if kind in (staticmethod, classmethod, types.MethodType):
        return is_ours(value.__func__)
    if kind is property:
        return is_ours(value.fget)
    if kind is types.FunctionType:
        return "/aiops_sdk/" in value.__code__.co_filename
    return str((value if issubclass(kind, type) else kind).__module__).startswith("aiops_sdk")


def ours():
    \"\"\"Each place in a module or a class of others under which something of ours stands.\"\"\"
    seen, found = set(), []
    for module in list(sys.modules.values()):
        if not isinstance(module, types.ModuleType) or module.__name__.startswith(("aiops_sdk", "__main__")):
            continue
        for owner in [module, *[each for each in list(vars(module).values()) if isinstance(each, type)]]:
            if id(owner) in seen or str(getattr(owner, "__module__", "")).startswith("aiops_sdk"):
                continue
            seen.add(id(owner))
            found += [(owner, name) for name, value in list(vars(owner).items()) if is_ours(value)]
    return found


def names(places):
    return sorted("{}.{}".format(owner.__name__, name) for owner, name in places)


def put_around(owner, name):
    ours = vars(owner)[name]

    @functools.wraps(ours)
    def theirs(*args, **named):
        return ours(*args, **named)

    setattr(owner, name, theirs)


def main(fail, **options):
    from aiops_sdk.config import Config
    from aiops_sdk.testing import capture_events

    def heard(before=lambda: None):
        with capture_events(Config(api_key="test", aggregate_repeats=False, **options)) as events:
            before()
            fail()
            return [
                [event["error_type"], sum("crumb" in repr(each) for each in event.get("breadcrumbs", ()))]
                for event in events
            ]

    def others_come():
        for place in ours():
            if isinstance(vars(place[0])[place[1]], types.FunctionType):
                put_around(*place)

    assert ours() == [], ours()
    told = {"first": heard(), "left": names(ours())}
    fail()
    told.update(second=heard(others_come), still_left=names(ours()))
    fail()
    told.update(third=heard(), left_at_last=names(ours()))
    print(json.dumps(told))
"""

# What fails, in a way of each framework's own, and each time anew.
WAYS = {
    "flask": """
        import flask
        def shop():
            app = flask.Flask("shop")
            app.add_url_rule("/", "crash", lambda: {}["a"])
            return app
        old = shop()
        before = {name: value for name, value in vars(old).items() if name != "extensions"}
        hooks = dict(old.after_request_funcs)
        def fail(app=None):
            assert (app or old).test_client().get("/").status_code == 500
            assert shop().test_client().get("/").status_code == 500
        def ended():
            left = {name: value for name, value in vars(old).items() if name != "extensions"}
            assert left.keys() - before.keys() <= {"_got_first_request", "_check_setup_finished", "url_map", "logger"}, left
            assert dict(old.after_request_funcs) == hooks
            # Without blinker nobody can listen.
            listening = getattr(flask.got_request_exception, "receivers", {}).values()
            assert not [each for each in listening if is_ours(each() if callable(each) else each)]
    """,
    "starlette": """
        from starlette.applications import Starlette
        from starlette.routing import Route
        from starlette.testclient import TestClient
        def crash(request):
            return {}["a"]
        old = TestClient(Starlette(routes=[Route("/", crash)]), raise_server_exceptions=False)
        def fail():
            assert old.get("/").status_code == 500
    """,
    "fastapi": """
        from fastapi import FastAPI
        from fastapi.testclient import TestClient
        app = FastAPI()
        @app.get("/")
        def crash():
            return {}["a"]
        old = TestClient(app, raise_server_exceptions=False)
        def fail():
            assert old.get("/").status_code == 500
    """,
    "litestar": """
        import litestar
        from litestar.testing import TestClient
        @litestar.get("/", sync_to_thread=False)
        def crash() -> str:
            return {}["a"]
        app = litestar.Litestar([crash])
        def fail():
            with TestClient(app, raise_server_exceptions=False) as client:
                assert client.get("/").status_code == 500
    """,
    "quart": """
        import asyncio, quart
        app = quart.Quart("shop")
        @app.route("/")
        async def crash():
            return {}["a"]
        app.config["PROPAGATE_EXCEPTIONS"] = False
        def fail():
            async def run():
                assert (await app.test_client().get("/")).status_code == 500
            asyncio.run(run())
    """,
    "aiohttp": """
        import asyncio
        from aiohttp import ClientSession, web
        from aiohttp.test_utils import TestServer
        async def crash(request):
            return {}["a"]
        def fail():
            async def run():
                app = web.Application()
                app.router.add_get("/", crash)
                async with TestServer(app) as server, ClientSession() as session:
                    async with session.get(server.make_url("/")) as answer:
                        assert answer.status == 500
            asyncio.run(run())
    """,
    "django": """
        from django.conf import settings
        settings.configure(SECRET_KEY="of the test", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None,
            MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"])
        import django; django.setup()
        from django.core import signals
        from django.test import Client
        from django.urls import path
        urlpatterns = [path("", lambda request: {}["a"])]
        client = Client()
        def fail():
            try:
                client.get("/")
            except KeyError:
                pass  # The test's client raises it again, after it was answered.
        def ended():
            for signal in (signals.request_started, signals.got_request_exception):
                assert not [each for each in signal.receivers if is_ours(each[1]() if callable(each[1]) else each[1])]
            assert not list(filter(is_ours, client.handler._exception_middleware))
    """,
    "celery": """
        from celery import Celery, signals
        import celery.worker.request, billiard.pool
        app = Celery("shop", broker="memory://")
        app.conf.task_always_eager = True
        @app.task(name="crash")
        def crash():
            return {}["a"]
        def fail():
            crash.delay()
        def ended():
            for signal in (signals.task_prerun, signals.task_postrun, signals.task_failure, signals.worker_process_shutdown):
                assert not [each for each in signal.receivers or () if is_ours(each[1])]
            assert not logging.getLogger("celery.app.trace").filters
    """,
    "rq": """
        import unittest.mock
        import rq.job, rq.worker
        class Job(rq.job.Job):
            def __init__(self):
                self._id = "17"; self._func_name = "crash"; self._data = b""; self.origin = "orders"; self.retries_left = 0
            id = property(lambda self: self._id)
            func_name = property(lambda self: "crash")
            args = kwargs = ()
            timeout = ttl = None
            connection = unittest.mock.Mock()
            def prepare_for_execution(self, *rest): pass
            def heartbeat(self, *rest, **named): pass
            def _execute(self): return {}["a"]
            def cleanup(self, *rest, **named): pass
            def __del__(self): pass
        def fail():
            try:
                Job().perform()
            except KeyError:
                pass
    """,
    "structlog": """
        import structlog
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(open("lines", "w")))
        def fail():
            structlog.get_logger().error("it broke")
    """,
    "loguru": """
        from loguru import logger
        logger.remove(); logger.add(open("lines", "w"))
        def fail():
            logger.error("it broke")
    """,
    "gevent": """
        import gevent, os
        sys.stderr = open(os.devnull, "w")
        def crash():
            return {}["a"]
        def fail():
            gevent.spawn(crash).join()
    """,
    "logging": """
        import logging.handlers, queue
        def fail():
            lines = queue.Queue()
            log, end = logging.getLogger("shop"), logging.getLogger("end")
            log.handlers[:] = [logging.handlers.QueueHandler(lines)]
            log.propagate = False
            log.error("it broke")
            listener = logging.handlers.QueueListener(lines, end)
            listener.start(); listener.stop()
    """,
    "asyncio": """
        import asyncio, gc
        async def crash():
            return {}["a"]
        def fail():
            async def run():
                task = asyncio.ensure_future(crash())
                await asyncio.sleep(0); await asyncio.sleep(0)
                del task; gc.collect()
            asyncio.run(run())
    """,
    "concurrent.futures": """
        import concurrent.futures, gc
        def crash():
            return {}["a"]
        def fail():
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                pool.submit(crash)
            gc.collect()
    """,
    "threading": """
        import threading
        threading.excepthook = lambda args: None
        def crash():
            return {}["a"]
        def fail():
            thread = threading.Thread(target=crash)
            thread.start(); thread.join()
    """,
    "sys": """
        sys.unraisablehook = lambda args: None
        class Broken:
            def __del__(self):
                raise KeyError("a")
        def fail():
            Broken()
    """,
    "multiprocessing": """
        import multiprocessing, multiprocessing.process, warnings
        # Of a process that forks, newer Pythons say that it has threads.
        warnings.simplefilter("ignore")
        def fail():
            child = multiprocessing.get_context("fork").Process(target=int)
            child.start(); child.join()
            assert child.exitcode == 0
        def ended():
            assert "aiops_sdk" not in multiprocessing.process.current_process()._config
    """,
}
# What only leaves breadcrumbs: they are told with what is logged thereafter.
FAIL = """
def fail():
    do()
    logging.getLogger("shop").error("it broke")
"""
CRUMBS = {
    "httpx": """
        import httpx
        session = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200)))
        def do():
            session.get("http://shop.example/crumb")
    """,
    "aiohttp": """
        import asyncio
        from aiohttp import ClientSession
        async def run():
            async with ClientSession() as session:
                try:
                    await session.get("http://127.0.0.1:9/crumb")
                except OSError:
                    logging.getLogger("shop").error("it broke")
        def fail():
            asyncio.run(run())
    """,
    "http.client": """
        import http.client
        def do():
            try:
                http.client.HTTPConnection("127.0.0.1", 9).request("GET", "/crumb")
            except OSError:
                pass
    """,
    "sqlalchemy": """
        import sqlalchemy
        def do():
            with sqlalchemy.create_engine("sqlite://").connect() as connection:
                connection.execute(sqlalchemy.text("SELECT 1 AS crumb"))
    """,
    "django": """
        from django.conf import settings
        settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
        import django; django.setup()
        from django.db import connection
        def do():
            connection.cursor().execute("SELECT 1 AS crumb")
    """,
}


def _indented(code):
    lines = code.strip("\n").splitlines()
    depth = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[depth:] for line in lines) + "\n"


def _closed(tmp_path, program):
    ended = run_program(tmp_path, program + "\nif 'ended' in globals():\n    ended()\n")
    assert ended.code == 0, ended.err[-3000:]
    return json.loads(ended.out.strip().splitlines()[-1])


def _needs(name):
    try:
        importlib.import_module(name)
    except ImportError:
        pytest.skip(f"There is no {name} here")


@pytest.mark.parametrize("name", sorted(WAYS))
def test_nothing_is_left_behind_and_what_was_put_around_ours_goes_on(tmp_path, name):
    _needs(name)
    told = _closed(tmp_path, LOOK + _indented(WAYS[name]) + "main(fail)\n")

    assert (told["left"], told["still_left"], told["left_at_last"]) == ([], [], [])
    # Ours below theirs and ours anew, both in place: what fails is heard as at the first time.
    assert told["second"] == told["third"] == told["first"]
    assert len(told["first"]) == {"multiprocessing": 0, "flask": 2}.get(name, 1)


@pytest.mark.parametrize("name", sorted(CRUMBS))
def test_nothing_is_left_behind_of_what_leaves_breadcrumbs(tmp_path, name):
    _needs(name)
    told = _closed(
        tmp_path, LOOK + FAIL + _indented(CRUMBS[name]) + "main(fail, capture_http=True, capture_sql=True)\n"
    )

    assert (told["left"], told["still_left"], told["left_at_last"]) == ([], [], [])
    assert told["first"] == told["second"] == told["third"]

    assert told["first"] == [["ERROR", 1]]


INIT = """
import os, signal, time
import aiops_sdk

handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
aiops_sdk.init("key-of-the-test", platform_url="http://127.0.0.1:9", flush_on_sigterm=True)
assert signal.getsignal(signal.SIGTERM) is not handlers[signal.SIGTERM]
until = time.monotonic() + 50
# It is laid with the first sign of life.
while "os._exit" not in names(ours()) and time.monotonic() < until:
    time.sleep(0.01)
laid = names(ours())
aiops_sdk.close(0)
told = {"laid": laid, "left": names(ours()), "handlers": [each for each in handlers if signal.getsignal(each) is not handlers[each]]}
print(json.dumps(told))
"""


def test_of_what_init_itself_lays_nothing_is_left(tmp_path):
    told = _closed(tmp_path, LOOK + INIT)

    assert {"sys.excepthook", "threading.excepthook", "Logger.callHandlers", "os._exit"} <= set(told["laid"])
    assert (told["left"], told["handlers"]) == ([], [])
