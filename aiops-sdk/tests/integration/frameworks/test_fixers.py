"""Fixes that are pushed to apps of the frameworks: answered before the app, unless it has such a route itself."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import types
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple
from wsgiref.util import setup_testing_defaults

import pytest
from asking import PATH, a_fix, fresh_fixers, heard, posted
from events import wait_until

from aiops_sdk.client import Client

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="fixers need a lock that ends with its process")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> List[Any]:
    return fresh_fixers(monkeypatch)


@pytest.fixture
def client(calls: List[Any], tmp_path: Path) -> Iterator[Client]:
    with heard(tmp_path) as made:
        yield made


def ask_asgi(app: Any, asked: Mapping[str, Any], key: str = "key-of-the-test") -> Tuple[int, Dict[str, Any]]:
    """Post it as an ASGI server does."""
    headers, body = posted(asked, key=key)
    everything = {**headers, "host": "shop.example", "content-length": str(len(body))}
    connection = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": b"",
        "client": ("127.0.0.1", 4711),
        "server": ("shop.example", 80),
        "headers": [(name.encode(), value.encode()) for name, value in everything.items()],
    }
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    sent: List[Dict[str, Any]] = []

    async def receive() -> Dict[str, Any]:
        if messages:
            return messages.pop(0)
        # Who asked hangs up once all was answered.
        while not sent or sent[-1].get("more_body") or "body" not in sent[-1]:  # noqa: ASYNC110 - made before there is a loop
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message: Dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(connection, receive, send))
    text = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], json.loads(text) if text.startswith(b"{") else {"text": text.decode()}


def ask_django(asked: Mapping[str, Any], key: str = "key-of-the-test") -> Tuple[int, Dict[str, Any]]:
    """Post it as a WSGI server does."""
    import io

    from django.core.handlers.wsgi import WSGIHandler

    headers, body = posted(asked, key=key)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "HTTP_HOST": "shop.example",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()},
    }
    setup_testing_defaults(environ)
    started: List[str] = []
    answer = WSGIHandler()(environ, lambda status, headers, *_: started.append(status))
    text = b"".join(answer)
    answer.close()
    return int(started[0][:3]), json.loads(text) if text.startswith(b"{") else {"text": text.decode()}


@pytest.fixture
def shop(client: Client) -> Any:
    pytest.importorskip("django")
    import django_shop
    from django.core.signals import request_started

    django_shop.begin_anew()
    # As the first request does, which lays the hooks.
    __import__("django.core.handlers.base")
    request_started.send(sender=None)
    return django_shop


def test_a_django_project_is_asked_without_a_csrf_token(shop: Any, calls: List[Any]):
    status, told = ask_django(a_fix(params={"pool": "orders"}))
    assert (status in (200, 202), told["type"]) == (True, "result")
    wait_until(lambda: calls == ["orders"], "the fix")
    assert ask_django(a_fix(), key="another-key") == (401, {"error": "refused"})
    assert calls == ["orders"]


def test_so_is_one_that_is_asynchronous(shop: Any, client: Client, calls: List[Any]):
    import django

    if django.VERSION < (3, 1):
        pytest.skip("Django can be asynchronous from 3.1 on")
    from django.core.handlers.asgi import ASGIHandler

    status, told = ask_asgi(ASGIHandler(), a_fix())
    assert (status in (200, 202), told["type"]) == (True, "result")
    wait_until(lambda: calls == ["main"], "the fix")
    assert client.fixes is not None
    assert client.fixes.loop is not None


def test_a_url_of_the_project_goes_first(shop: Any, calls: List[Any], monkeypatch: pytest.MonkeyPatch):
    from django.http import HttpResponse
    from django.test import override_settings
    from django.urls import path, re_path
    from django.views.decorators.csrf import csrf_exempt

    view = csrf_exempt(lambda *_, **__: HttpResponse("its own"))
    for name, patterns in (("own", [path(PATH[1:], view)]), ("any", [re_path(r"^(?P<rest>.*)$", view)])):
        urls = types.ModuleType("urls_" + name)
        urls.urlpatterns = patterns  # type: ignore[attr-defined]  # that is what Django looks for
        monkeypatch.setitem(sys.modules, urls.__name__, urls)
    with override_settings(ROOT_URLCONF="urls_own"):
        assert ask_django(a_fix()) == (200, {"text": "its own"})
    assert calls == []
    with override_settings(ROOT_URLCONF="urls_any"):
        assert ask_django(a_fix())[1]["type"] == "result"


def starlette_app(*own: str) -> Any:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def page(_: Any) -> Any:
        return PlainTextResponse("its own")

    return Starlette(routes=[Route(path, page, methods=["POST"]) for path in own])


def quart_app(*own: str) -> Any:
    quart = pytest.importorskip("quart")
    app = quart.Quart("shop")

    async def page(rest: str = "") -> str:
        return "its own"

    for number, path in enumerate(own):
        rule = path.replace("{rest:path}", "<path:rest>")
        app.add_url_rule(rule, "page" + str(number), page, methods=["POST"])
    return app


def litestar_app(*own: str) -> Any:
    litestar = pytest.importorskip("litestar")

    @litestar.post([path for path in own if "{" not in path] or ["/other"], status_code=200, media_type="text/plain")
    async def page() -> str:
        return "its own"

    return litestar.Litestar([page])


@pytest.mark.parametrize("make", [starlette_app, quart_app, litestar_app])
def test_an_asgi_app_is_asked_unless_it_has_such_a_route(make: Any, client: Client, calls: List[Any]):
    assert ask_asgi(make(PATH), a_fix()) == (200, {"text": "its own"})
    assert calls == []
    app = make("/{rest:path}")
    status, told = ask_asgi(app, a_fix())
    assert (status in (200, 202), told["type"]) == (True, "result")
    wait_until(lambda: calls == ["main"], "the fix")
    assert ask_asgi(app, a_fix(), key="another-key") == (401, {"error": "refused"})
