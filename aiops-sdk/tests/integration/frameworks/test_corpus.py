"""What is silent and what is not, through frameworks: see ``tests/corpus``."""

from __future__ import annotations

import asyncio
import json
import re
from types import SimpleNamespace
from typing import Any, Iterator, List, Match
from urllib.parse import unquote
from wsgiref.util import setup_testing_defaults

import pytest
from corpus import driving, refusing
from corpus.driving import Send, Watch
from corpus.reading import RequestCase


@pytest.fixture
def watch() -> Iterator[Watch]:
    with driving.watching() as watching:
        yield watching


def by_starlette(case: RequestCase) -> int:
    from starlette.applications import Starlette
    from starlette.routing import Route

    answer = starlette_view(case)
    routes = [Route(in_braces(case.route), answer, methods=[case.method])] if case.route else []
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return driving.ask(refused(app, answer) if case.refused else app, case)


def by_fastapi(case: RequestCase) -> int:
    from fastapi import FastAPI
    from starlette.requests import Request

    answer = starlette_view(case)

    async def view(request: Request) -> Any:
        return await answer(request)

    view.__annotations__ = {"request": Request}
    app = FastAPI(openapi_url=None, redirect_slashes=False) if has_slashes() else FastAPI(openapi_url=None)
    if case.route:
        app.add_api_route(in_braces(case.route), view, methods=[case.method])
    return driving.ask(refused(app, answer) if case.refused else app, case)


def has_slashes() -> bool:
    """Whether this FastAPI can be told not to redirect."""
    import inspect

    from fastapi import FastAPI

    return "redirect_slashes" in inspect.signature(FastAPI.__init__).parameters


def starlette_view(case: RequestCase) -> Any:
    from starlette.responses import JSONResponse, Response

    async def answer(_: Any) -> Any:
        driving.happen(case)
        return Response(status_code=case.status) if case.says is None else JSONResponse(case.says, case.status)

    return answer


def refused(app: Any, answer: Any) -> Any:
    """The app, with a middleware that goes no further."""

    class Refusing:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await (await answer(None))(scope, receive, send)

    app.add_middleware(Refusing)
    return app


def in_braces(route: str) -> str:
    """As Starlette writes it."""

    def parameter(found: Match[str]) -> str:
        return "{" + found[2] + (":" + found[1] if found[1] else "") + "}"

    return re.sub(r"<(?:(\w+):)?(\w+)>", parameter, route)


def by_django(case: RequestCase) -> int:
    import django_shop  # noqa: F401 - it sets Django up
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse, JsonResponse
    from django.test import override_settings
    from django.urls import path

    def answer(_: Any, **__: Any) -> Any:
        driving.happen(case)
        return HttpResponse(status=case.status) if case.says is None else JsonResponse(case.says, status=case.status)

    refusing.answering[:] = [answer]
    urls = SimpleNamespace(urlpatterns=[path(case.route.lstrip("/"), answer)] if case.route else [])
    target, _, query = case.target.partition("?")
    environ: Any = {"REQUEST_METHOD": case.method, "PATH_INFO": unquote(target), "QUERY_STRING": query}
    setup_testing_defaults(environ)
    statuses: List[str] = []
    with override_settings(
        ROOT_URLCONF=Urls(urls), MIDDLEWARE=["corpus.refusing.refuse"] if case.refused else [], ALLOWED_HOSTS=["*"]
    ):
        body = WSGIHandler()(environ, lambda status, *_: statuses.append(status))
        b"".join(body)
        body.close()  # type: ignore[attr-defined]  # it is Django's
    return int(statuses[0][:3])


def by_aiohttp(case: RequestCase) -> int:
    return asyncio.run(asyncio.wait_for(_ask_aiohttp(case), 60.0))


async def _ask_aiohttp(case: RequestCase) -> int:
    """Over a real connection: aiohttp's server tells much of what went wrong itself."""
    from aiohttp import web

    async def answer(_: Any) -> Any:
        driving.happen(case)
        if case.says is None:
            return web.Response(status=case.status)
        return web.json_response(case.says, status=case.status)

    @web.middleware
    async def refusing_all(request: Any, handler: Any) -> Any:
        return await answer(request)

    app = web.Application(middlewares=[refusing_all] if case.refused else [])
    if case.route:
        app.router.add_route(case.method, in_patterns(case.route), answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
        head = "{} {} HTTP/1.1\r\nHost: shop.example.org\r\nConnection: close\r\n\r\n"
        writer.write(head.format(case.method, case.target).encode())
        line = await reader.readline()
        await reader.read()
        writer.close()
    finally:
        await runner.cleanup()
    return int(line.split()[1]) if line else 0


def in_patterns(route: str) -> str:
    """As aiohttp writes it."""
    patterns = {"int": r"\d+", "path": ".+", None: "[^/]+"}
    return re.sub(
        r"<(?:(\w+):)?(\w+)>", lambda found: "{" + found[2] + ":" + patterns.get(found[1], "[^/]+") + "}", route
    )


def by_wsgi(case: RequestCase) -> int:
    """An app without any framework, and so without routes."""
    from aiops_sdk.integrations.wsgi import AIOpsMiddleware

    def app(_: Any, start_response: Any) -> Any:
        driving.happen(case)
        headers = [] if case.says is None else [("Content-Type", "application/json")]
        start_response(f"{case.status} Something", headers)
        return [] if case.says is None else [json.dumps(case.says).encode()]

    target, _, query = case.target.partition("?")
    path = unquote(target, "latin-1")
    environ: Any = {"REQUEST_METHOD": case.method, "PATH_INFO": path, "QUERY_STRING": query}
    setup_testing_defaults(environ)
    statuses: List[str] = []
    body = AIOpsMiddleware(app)(environ, lambda status, *_: statuses.append(status))
    try:
        b"".join(body)
    finally:
        getattr(body, "close", lambda: None)()
    return int(statuses[0][:3])


class Urls:
    """A module of routes; Django wants to keep it as a key."""

    def __init__(self, urls: Any) -> None:
        self.urlpatterns = urls.urlpatterns


# An old FastAPI imports what has another name since.
pytestmark = pytest.mark.filterwarnings("ignore:Please use `import python_multipart`:PendingDeprecationWarning")

FRAMEWORKS = {
    "starlette": by_starlette,
    "fastapi": by_fastapi,
    "django": by_django,
    "aiohttp": by_aiohttp,
    "wsgiref": by_wsgi,
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_requests_that_must_stay_silent_do_by_the_rule_that_says_why(watch: Watch, framework: str):
    pytest.importorskip(framework)
    send: Send = FRAMEWORKS[framework]
    assert driving.not_silent(watch, send) == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_requests_that_must_be_reported_are_once(watch: Watch, framework: str):
    pytest.importorskip(framework)
    send: Send = FRAMEWORKS[framework]
    wrong = driving.not_reported_once(watch, send)
    if framework == "wsgiref":
        # Where no route is known, nobody can tell that the program itself has what scanners look for.
        wrong = [
            (text, number, rules) for text, number, rules in wrong if not (" via " in text and rules == ["scanner"])
        ]
    assert wrong == []
