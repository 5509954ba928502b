"""What an ASGI connection's scope says of its request."""

from __future__ import annotations

import asyncio

import pytest
from events import HandMadeTransport, a_client

from aiops_sdk import asgi
from aiops_sdk import client as clients
from aiops_sdk.asgi import AsgiRequest
from aiops_sdk.listening import Ears, Listener


def a_connection(**more):
    usual = {
        "type": "http", "method": "get", "scheme": "https", "path": "/orders/17", "root_path": "", "query_string": b"a=1",
        "headers": [(b"host", b"shop.example.com"), (b"x-trace", b"7"), (b"accept", b"a"), (b"accept", b"b")],
        "client": ("203.0.113.7", 4711), "server": ("10.0.0.7", 8000),
    }  # fmt: skip
    return {**usual, **more}


def a_request(**more):
    return AsgiRequest(a_connection(**more), Listener(a_client()))


def test_a_request_tells_what_its_connection_says():
    request = a_request()

    assert (request.method, request.path, request.query) == ("GET", "/orders/17", "a=1")
    assert request.url == "https://shop.example.com/orders/17?a=1"
    assert request.headers == {"Host": "shop.example.com", "X-Trace": "7", "Accept": "a, b"}
    assert request.remote_addr == "203.0.113.7"
    assert request.route is None


def test_a_connection_that_says_nothing_harms_nobody():
    request = AsgiRequest({"type": "http"}, Listener(a_client()))

    assert (request.method, request.path, request.query, request.remote_addr) == ("GET", "/", None, None)
    assert (request.headers, request.url, request.silent) == ({}, "http:///", False)


@pytest.mark.parametrize(
    ("path", "root_path", "within"),
    [
        ("/api/orders", "/api", "/orders"),
        ("/orders", "/api", "/orders"),
        ("/apiary", "/api", "/apiary"),
        ("/api", "/api", "/"),
        ("", "", "/"),
    ],
)
def test_the_path_within_the_app_is_told_whatever_the_server_thinks_of_prefixes(path, root_path, within):
    request = a_request(path=path, root_path=root_path)

    assert request.path == within
    assert request.url.startswith("https://shop.example.com" + root_path.rstrip("/") + within)


def test_a_health_check_below_a_prefix_is_silent():
    assert a_request(path="/api/health", root_path="/api").silent


def test_what_the_app_changes_in_its_scope_is_not_told():
    connection = a_connection()
    request = AsgiRequest(connection, Listener(a_client()))
    connection.update(path="/other", headers=[], root_path="/mounted")

    assert (request.path, request.headers["X-Trace"]) == ("/orders/17", "7")


def test_a_mounted_app_s_scope_is_about_the_same_request():
    request = a_request()

    assert request.is_about({**request.connection, "path": "/17"})
    assert not request.is_about(a_connection())


def test_a_websocket_reaches_the_service_by_http():
    assert asgi.base_url_of(a_connection(scheme="wss")) == "https://shop.example.com"
    assert asgi.base_url_of(a_connection(headers=[])) == "https://10.0.0.7:8000"


@pytest.mark.parametrize(
    "odd",
    [
        {"server": 5}, {"server": ("only",)}, {"client": 5}, {"headers": 5}, {"headers": [(b"host", b"a", b"b")]},
        {"headers": [5, (b"x-trace", b"7")]}, {"path": 5}, {"path": None}, {"root_path": 5}, {"root_path": b"/a"},
        {"query_string": 5}, {"scheme": 5}, {"method": 5}, {"path_template": 5, "router": 5}, {"fastapi": 5, "route": 5},
    ],
    ids=repr,
)  # fmt: skip
def test_of_an_odd_connection_what_can_be_read_is_told(odd):
    events = HandMadeTransport()
    client = a_client(events)
    clients.make_current(client)
    messages = []

    async def app(_, connection, receive, send):
        raise ZeroDivisionError

    async def send(message):
        messages.append(message)

    try:
        with pytest.raises(ZeroDivisionError):
            asyncio.run(asgi.watched(app, "asgi", Ears())(None, a_connection(**odd), None, send))
    finally:
        clients.make_current(None)
    assert client.flush(60.0)
    (event,) = events.bodies
    assert (event["error_type"], event["exceptions"][0]["frames"][-1]["function"]) == ("ZeroDivisionError", "app")
    if "path" not in odd:
        assert event["request_path"] == "/orders/17"
    if odd.get("headers") == [5, (b"x-trace", b"7")]:
        assert event["request"]["headers"] == {"X-Trace": "7"}


def test_odd_messages_pass_and_the_headers_of_an_answer_remain_the_server_s():
    client = a_client()
    clients.make_current(client)
    passed = []

    async def app(_, connection, receive, send):
        for message in ({}, {"type": 5}, {"type": "websocket.close", "code": "5"}, {"type": "http.response.start"}):
            await send(message)
        await send({"type": "http.response.start", "status": 500, "headers": iter([(b"a", b"b")])})
        await send({"type": "http.response.body", "body": "no bytes"})

    async def send(message):
        passed.append(list(message["headers"]) if "headers" in message else message)

    try:
        for kind in ("http", "websocket", "lifespan"):
            asyncio.run(asgi.watched(app, "asgi", Ears())(None, a_connection(type=kind), None, send))
    finally:
        clients.make_current(None)
    assert len(passed) == 18
    assert passed.count([(b"a", b"b")]) == 3
