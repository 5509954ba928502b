"""In programs with fixers, what is answered well is counted by the route, as the events of a failure there name it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any, Callable, Iterator, List, Tuple
from wsgiref.util import setup_testing_defaults

import pytest
from asking import fresh_fixers

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk.testing import CapturedEvents, capture_events

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="fixers need a lock that ends with its process")

# The method, the path, and whether it is to fail.
Asked = Tuple[str, str, bool]


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[CapturedEvents]:
    fresh_fixers(monkeypatch)
    with capture_events() as made:
        yield made


def offer_fixers() -> None:
    client = clients.current()
    assert client is not None
    aiops_sdk.fixing.install(client)


def counted() -> List[Tuple[object, object, object]]:
    fixes: Any = clients.current().fixes  # type: ignore[union-attr]  # there is one
    return [(each.get("method"), each["route"], each["count"]) for each in fixes._answered.told(str)]


class BrokenError(Exception):
    pass


def ask_wsgi(app: Any, *asked: Asked) -> None:
    for method, path, fails in asked:
        environ = {
            "HTTP_HOST": "shop.example",
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "fail=1" if fails else "",
        }
        setup_testing_defaults(environ)
        with contextlib.suppress(BrokenError):
            answer = app(environ, lambda *_: lambda _: None)
            list(answer)
            getattr(answer, "close", lambda: None)()


def ask_asgi(app: Any, *asked: Asked) -> None:
    for method, path, fails in asked:
        connection = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"fail=1" if fails else b"",
            "client": ("127.0.0.1", 4711),
            "server": ("shop.example", 80),
            "headers": [(b"host", b"shop.example")],
        }
        with contextlib.suppress(BrokenError):
            asyncio.run(_connected(app, connection))


async def _connected(app: Any, connection: Any) -> None:
    """One request without a body; once it is answered, the client goes, as servers tell an app that still listens."""
    asked, answered = [{"type": "http.request", "body": b"", "more_body": False}], asyncio.Event()

    async def receive() -> Any:
        if asked:
            return asked.pop()
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            answered.set()

    await app(connection, receive, send)


def flask_app() -> Tuple[Callable[..., None], Any]:
    import flask

    app = flask.Flask("shop")

    @app.route("/password/<int:number>", methods=["GET", "POST"])
    def order(number: int) -> str:
        if flask.request.args.get("fail"):
            raise BrokenError
        return "well"

    @app.route("/health")
    def health() -> str:
        return "well"

    return ask_wsgi, app


def quart_app() -> Tuple[Callable[..., None], Any]:
    quart = pytest.importorskip("quart")
    app = quart.Quart("shop")

    @app.route("/password/<int:number>", methods=["GET", "POST"])
    async def order(number: int) -> str:
        if quart.request.args.get("fail"):
            raise BrokenError
        return "well"

    @app.route("/health")
    async def health() -> str:
        return "well"

    return ask_asgi, app


def starlette_app() -> Tuple[Callable[..., None], Any]:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    async def order(request: Any) -> Any:
        if request.query_params.get("fail"):
            raise BrokenError
        return PlainTextResponse("well")

    inner = Route("/{number:int}", order, methods=["GET", "POST"])
    return ask_asgi, Starlette(routes=[Mount("/password", routes=[inner]), Route("/health", order)])


def fastapi_app() -> Tuple[Callable[..., None], Any]:
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()

    @app.api_route("/password/{number}", methods=["GET", "POST"])
    async def order(number: int, fail: int = 0) -> str:
        if fail:
            raise BrokenError
        return "well"

    @app.get("/health")
    async def health() -> str:
        return "well"

    return ask_asgi, app


def litestar_app() -> Tuple[Callable[..., None], Any]:
    litestar = pytest.importorskip("litestar")

    async def order(request: Any) -> str:
        if request.query_params.get("fail"):
            raise BrokenError
        return "well"

    # Known only here, where Litestar does not look for them.
    order.__annotations__ = {"request": litestar.Request, "return": str}
    paths = ["/password/{number:int}", "/health"]
    handler = litestar.route(paths, http_method=["GET", "POST"], status_code=200, media_type="text/plain")(order)
    return ask_asgi, litestar.Litestar([handler])


@pytest.mark.parametrize("make", [flask_app, quart_app, starlette_app, fastapi_app, litestar_app])
def test_what_is_answered_well_is_counted_by_its_route(make: Any, events: CapturedEvents):
    ask, app = make()
    ask(app, ("GET", "/password/1", False))
    offer_fixers()
    ask(app, ("GET", "/password/1", False), ("POST", "/password/2", False), ("GET", "/password/3", False))
    ask(app, ("GET", "/health", False), ("GET", "/nowhere", False), ("GET", "/password/4", True))
    (event,) = events
    assert (event["request"]["method"], event["route"][:10]) == ("GET", "/password/")
    assert counted() == [("GET", event["route"], 2), ("POST", event["route"], 1)]


def test_so_is_it_in_a_django_project(events: CapturedEvents):
    pytest.importorskip("django")
    import django_shop

    django_shop.begin_anew()
    from django.core.handlers.wsgi import WSGIHandler

    app = WSGIHandler()
    ask_wsgi(app, ("GET", "/view", False))
    offer_fixers()
    ask_wsgi(app, ("GET", "/view", False), ("POST", "/view", False), ("GET", "/health", False), ("GET", "/no", False))
    django_shop.view.does = lambda _: 7 // 0
    ask_wsgi(app, ("GET", "/view", True))
    assert counted() == [("GET", "/view", 1), ("POST", "/view", 1)]
    (event,) = events
    assert (event["request"]["method"], event["route"]) == ("GET", "/view")


def test_so_is_it_in_apps_of_aiohttp(events: CapturedEvents):
    pytest.importorskip("aiohttp")
    from aiohttp import ClientSession, web
    from aiohttp.test_utils import TestServer

    async def order(request: Any) -> Any:
        if request.query.get("fail"):
            raise BrokenError
        return web.Response(text="well")

    async def serve() -> None:
        app = web.Application()
        app.router.add_route("*", "/password/{number}", order)
        app.router.add_get("/health", order)
        async with TestServer(app) as server, ClientSession() as session:
            for method, path in (("GET", "password/1"), ("POST", "password/2"), ("GET", "health"), ("GET", "nowhere")):
                async with session.request(method, server.make_url("/" + path)):
                    pass
            async with session.get(server.make_url("/password/3?fail=1")):
                pass

    offer_fixers()
    asyncio.run(asyncio.wait_for(serve(), 60))
    assert counted() == [("GET", "/password/{number}", 1), ("POST", "/password/{number}", 1)]
    (event,) = events
    assert (event["request"]["method"], event["route"]) == ("GET", "/password/{number}")
