"""What fails in the apps of aiohttp's server, over real connections."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import Iterator

import pytest

pytest.importorskip("aiohttp")

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk.integrations.aiohttp import middleware
from aiops_sdk.testing import CapturedEvents, capture_events

TestServer.__test__ = False
DEADLINE = 60.0


@pytest.fixture
def reports() -> Iterator[CapturedEvents]:
    with capture_events() as events:
        yield events


def only(events):
    assert len(events) == 1, events
    return events[0]


def summary(event):
    return event["signal_type"], event["status_code"], event["error_type"], event["message"]


def an_app(handler, **options):
    app = web.Application(**options)
    app.router.add_get("/orders/{number}", handler)
    return app


def serve(app, visit):
    """Run the app, and a visit to it."""

    async def run():
        async with TestServer(app) as server:
            return await visit(server)

    return asyncio.run(asyncio.wait_for(run(), DEADLINE))


def get(app, path="/orders/17?verbose=1", **options):
    async def visit(server):
        async with ClientSession() as session, session.get(server.make_url(path), **options) as answer:
            return answer.status, await answer.read()

    return serve(app, visit)


async def fails(request):
    return {"total": 7 // 0}


@pytest.mark.parametrize("options", [{}, {"middlewares": [middleware]}], ids=["by itself", "with the middleware"])
def test_a_handler_that_raises_is_one_event_with_traceback_path_and_route(reports, options):
    status, _ = get(an_app(fails, **options), headers={"X-Trace": "abc"})

    assert status == 500
    event = only(reports)
    assert summary(event) == ("exception", 500, "ZeroDivisionError", "integer division or modulo by zero")
    assert event["contexts"]["capture"]["mechanism"] == "aiohttp"
    assert event["exceptions"][0]["frames"][-1]["function"] == "fails"
    assert (event["request_path"], event["route"]) == ("/orders/17", "/orders/{number}")
    assert event["request"]["method"] == "GET"
    assert event["request"]["url"].endswith("/orders/17?verbose=1")
    assert event["request"]["query"] == "verbose=1"
    assert event["request"]["headers"]["X-Trace"] == "abc"
    assert event["request"]["remote_addr"] == "127.0.0.1"
    if sys.version_info >= (3, 11) or not options:
        assert "aiops_sdk" not in event["stack_trace"]


@pytest.mark.parametrize("status", [400, 401, 403, 500, 502, 503, 504])
def test_an_answer_that_says_failed_is_one_event_with_its_message(reports, status):
    async def order(request):
        return web.json_response({"error": "'NoneType' object has no attribute 'total'"}, status=status)

    assert get(an_app(order))[0] == status

    event = only(reports)
    assert summary(event) == ("http_error", status, "AttributeError", "'NoneType' object has no attribute 'total'")
    assert event["route"] == "/orders/{number}"


@pytest.mark.parametrize("status", [200, 404, 409, 422, 429])
def test_an_answer_that_is_meant_is_no_event(reports, status):
    async def order(request):
        return web.json_response({"error": "no"}, status=status)

    get(an_app(order))

    assert list(reports) == []


def test_an_http_exception_after_a_line_in_the_same_except_block_adds_nothing(reports):
    async def order(request):
        try:
            raise ConnectionError("no route to host")
        except ConnectionError:
            logging.getLogger("shop").error("the order was not placed")
            raise web.HTTPServiceUnavailable(text='{"error": "closed"}', content_type="application/json")  # noqa: B904

    get(an_app(order))

    event = only(reports)
    assert (event["message"], event["also_seen_by"]) == ("the order was not placed", ["http"])


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (web.HTTPFound("/"), []),
        (web.HTTPNotFound(), []),
        (web.HTTPForbidden(), [("http_error", 403)]),
        (web.HTTPServiceUnavailable(text=json.dumps({"message": "closed"}), content_type="application/json"),
         [("http_error", 503)]),
    ],
    ids=["redirect", "404", "403", "503"],
)  # fmt: skip
def test_an_http_exception_is_an_answer(reports, raised, expected):
    async def order(request):
        raise raised

    get(an_app(order), allow_redirects=False)

    assert [summary(event)[:2] for event in reports] == expected


def test_the_message_of_an_http_exception_is_told_with_what_it_was_raised_from(reports):
    async def order(request):
        try:
            raise ConnectionError("no route to host")
        except ConnectionError as error:
            body = json.dumps({"message": "The warehouse cannot be reached"})
            raise web.HTTPServiceUnavailable(text=body, content_type="application/json") from error

    get(an_app(order))

    event = only(reports)
    assert event["message"] == "The warehouse cannot be reached"
    assert [each["type"] for each in event["exceptions"]] == ["HTTPServiceUnavailable", "ConnectionError"]


def test_a_middleware_that_makes_an_answer_of_an_exception_is_one_event(reports):
    @web.middleware
    async def sorry(request, handler):
        try:
            return await handler(request)
        except LookupError as error:
            return web.json_response({"message": f"No such cart: {error}"}, status=500)

    async def order(request):
        raise LookupError("17")

    get(an_app(order, middlewares=[sorry]))
    get(an_app(order, middlewares=[sorry, middleware]))

    blind, seeing = reports
    assert blind["message"] == seeing["message"] == "No such cart: 17"
    assert seeing["error_type"] == "LookupError"
    assert seeing["exceptions"][0]["frames"][-1]["function"] == "order"


def test_the_route_in_an_app_within_an_app_is_told_whole(reports):
    app = web.Application()
    app.add_subapp("/api", an_app(fails))

    get(app, "/api/orders/17")

    event = only(reports)
    assert (event["request_path"], event["route"]) == ("/api/orders/17", "/api/orders/{number}")


def test_what_is_logged_and_said_belongs_to_the_request(reports):
    async def order(request):
        aiops_sdk.set_tag("shop", "eu")
        await asyncio.sleep(0)
        logging.getLogger("shop").error("no stock")
        return web.Response()

    get(an_app(order))

    event = only(reports)
    assert (event["request_path"], event["route"], event["tags"]) == ("/orders/17", "/orders/{number}", {"shop": "eu"})


def test_nothing_is_reported_of_a_silent_request(reports):
    app = web.Application()
    app.router.add_get("/health", fails)

    assert get(app, "/health")[0] == 500
    assert list(reports) == []


def test_a_client_that_hangs_up_is_no_failure(reports):
    begun = []

    async def order(request):
        begun.append(request)
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65536)
            await asyncio.sleep(0.001)

    async def visit(server):
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"GET /orders/17 HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.read(100)
        writer.transport.abort()
        while begun[0].transport is not None:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)

    serve(an_app(order), visit)

    assert list(reports) == []


def test_a_client_that_hangs_up_while_it_sends_is_no_failure(reports):
    done: asyncio.Event

    async def order(request):
        try:
            return web.json_response(await request.json())
        finally:
            done.set()

    async def visit(server):
        nonlocal done
        done = asyncio.Event()
        _, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"GET /orders/17 HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.wait_for(done.wait(), DEADLINE)

    serve(an_app(order), visit)

    assert list(reports) == []


def test_what_is_no_http_is_no_failure(reports):
    async def visit(server):
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        await reader.read(1000)
        writer.close()

    serve(an_app(fails), visit)

    assert list(reports) == []


def test_a_websocket_that_raises_is_one_event(reports):
    async def chat(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        raise ValueError("no such room")

    async def visit(server):
        async with ClientSession() as session, session.ws_connect(server.make_url("/orders/7")) as socket:
            await socket.receive()

    serve(an_app(chat), visit)

    event = only(reports)
    assert (event["error_type"], event["route"]) == ("ValueError", "/orders/{number}")


def test_without_a_client_nothing_is_heard():
    assert clients.current() is None
    assert get(an_app(fails, middlewares=[middleware]))[0] == 500


def test_a_frame_of_cython_is_a_library_s():
    """Which aiohttp brings along, compiled: it is named after a source that is not there."""
    from aiops_sdk import stacktrace

    quoting = pytest.importorskip("yarl._quoting_c")
    try:
        quoting._Quoter()(1.5)
    except TypeError as error:
        frame = stacktrace.describe(error).infos[0].frames[-1]
    assert frame.file.endswith(".pyx")
    assert not frame.in_app
