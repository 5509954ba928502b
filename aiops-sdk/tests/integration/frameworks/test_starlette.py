"""What fails in Starlette's apps: each failure is reported once, and nothing changes for the host."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import sys
import warnings
from contextlib import asynccontextmanager, suppress
from typing import Iterator

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute

with warnings.catch_warnings():
    # Each Starlette has its own opinion on which client is the right one.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk.integrations import starlette
from aiops_sdk.integrations.asgi import AIOpsMiddleware
from aiops_sdk.testing import CapturedEvents, capture_events


@pytest.fixture
def reports() -> Iterator[CapturedEvents]:
    with capture_events() as events:
        yield events


def only(events):
    assert len(events) == 1, events
    return events[0]


def summary(event):
    return event["signal_type"], event["status_code"], event["error_type"], event["message"]


def an_app(endpoint, path="/orders/{number:int}", **options):
    return Starlette(routes=[Route(path, endpoint, methods=["GET", "POST"])], **options)


def a_browser(app):
    return TestClient(app, base_url="http://shop.example.com", raise_server_exceptions=False)


def get(app, path="/orders/17", **options):
    return a_browser(app).get(path, **options)


async def fails(request):
    return {"total": 7 // 0}


# One failure, one event.


def test_an_endpoint_that_raises_is_one_event_with_traceback_path_and_route(reports):
    answer = get(an_app(fails), "/orders/17?verbose=1", headers={"X-Trace": "abc"})

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    event = only(reports)
    assert summary(event) == ("exception", 500, "ZeroDivisionError", "integer division or modulo by zero")
    assert event["contexts"]["capture"]["mechanism"] == "starlette"
    assert event["exceptions"][0]["frames"][-1]["function"] == "fails"
    assert (event["request_path"], event["route"]) == ("/orders/17", "/orders/{number:int}")
    assert event["request"]["method"] == "GET"
    assert event["request"]["url"] == "http://shop.example.com/orders/17?verbose=1"
    assert event["request"]["query"] == "verbose=1"
    assert event["request"]["headers"]["X-Trace"] == "abc"


def test_an_exception_passes_untouched_and_shows_no_call_of_ours(reports):
    raised = KeyError("sku")

    async def order(request):
        raise raised

    with pytest.raises(KeyError) as caught:
        TestClient(an_app(order)).get("/orders/17")

    assert caught.value is raised
    assert "aiops_sdk" not in only(reports)["stack_trace"]
    if sys.version_info >= (3, 11):
        assert not [entry for entry in caught.traceback if "aiops_sdk/asgi" in str(entry.path)]


def test_a_failing_endpoint_without_async_that_runs_in_a_thread_is_one_event(reports):
    def order(request):
        logging.getLogger("shop").error("no stock")
        raise ValueError("x")

    get(an_app(order))

    assert [summary(event)[0] for event in reports] == ["log_error", "exception"]
    assert {event["request_path"] for event in reports} == {"/orders/17"}


def test_an_exception_that_is_logged_and_raised_is_one_event(reports):
    async def order(request):
        try:
            raise ValueError("x")
        except ValueError:
            logging.getLogger("shop").exception("Could not load the cart")
            raise

    get(an_app(order))

    assert only(reports)["exceptions"][0]["type"] == "ValueError"


def test_what_a_server_logs_of_it_is_the_same_failure(reports):
    async def serve(app):
        """As uvicorn does it."""
        try:
            await app(a_connection(), nothing_received(), into([]))
        except BaseException as exc:
            logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=exc)

    asyncio.run(serve(an_app(fails)))

    assert only(reports)["signal_type"] == "exception"


def test_two_requests_that_fail_are_two_events(reports):
    browser = a_browser(an_app(fails))
    browser.get("/orders/1")
    browser.get("/orders/2")

    assert [event["request_path"] for event in reports] == ["/orders/1", "/orders/2"]


# Exceptions that handlers turn into answers.


def test_a_handler_that_answers_500_is_one_event_with_its_message_and_the_frames(reports):
    def sorry(request, exc):
        return JSONResponse({"message": f"The cart cannot be loaded: {exc}"}, status_code=500)

    async def order(request):
        raise LookupError("no cart")

    answer = get(an_app(order, exception_handlers={LookupError: sorry}))

    assert answer.json() == {"message": "The cart cannot be loaded: no cart"}
    event = only(reports)
    assert summary(event) == ("http_error", 500, "LookupError", "The cart cannot be loaded: no cart")
    assert event["exceptions"][0]["frames"][-1]["function"] == "order"
    assert event["route"] == "/orders/{number:int}"


def test_a_handler_that_answers_no_more_than_500_leaves_the_word_to_the_exception(reports):
    def sorry(request, exc):
        return PlainTextResponse("sorry", status_code=500)

    async def order(request):
        raise LookupError("no cart")

    get(an_app(order, exception_handlers={LookupError: sorry}))

    assert summary(only(reports)) == ("exception", 500, "LookupError", "no cart")


def test_a_handler_of_all_exceptions_that_answers_json_is_one_event_of_the_exception(reports):
    def sorry(request, exc):
        return JSONResponse({"message": "Something broke"}, status_code=500)

    answer = get(an_app(fails, exception_handlers={Exception: sorry}))

    assert answer.json() == {"message": "Something broke"}
    assert summary(only(reports))[:3] == ("exception", 500, "ZeroDivisionError")


@pytest.mark.parametrize("kind", [Exception, ZeroDivisionError, 500])
def test_what_an_error_handler_logs_is_about_what_it_handles(reports, kind):
    async def sorry(request, exc):
        logging.getLogger("shop").error("Server error")
        return JSONResponse({"error": "internal error"}, status_code=500)

    get(an_app(fails, exception_handlers={kind: sorry}))

    event = only(reports)
    assert event["exceptions"][0]["type"] == "ZeroDivisionError"
    assert "http" in event["also_seen_by"]


def test_an_exception_that_is_handled_as_expected_is_none(reports):
    def missing(request, exc):
        return JSONResponse({"message": "no such order"}, status_code=404)

    async def order(request):
        raise LookupError("17")

    assert get(an_app(order, exception_handlers={LookupError: missing})).status_code == 404
    assert list(reports) == []


def test_a_handled_exception_is_known_behind_middleware_that_runs_the_app_in_a_task_of_its_own(reports):
    async def pass_on(request, call_next):
        return await call_next(request)

    def sorry(request, exc):
        return JSONResponse({"message": "The cart cannot be loaded"}, status_code=500)

    async def order(request):
        raise LookupError("no cart")

    get(
        an_app(
            order,
            exception_handlers={LookupError: sorry},
            middleware=[Middleware(BaseHTTPMiddleware, dispatch=pass_on)],
        )
    )

    event = only(reports)
    assert summary(event) == ("http_error", 500, "LookupError", "The cart cannot be loaded")
    assert event["exceptions"][0]["frames"][-1]["function"] == "order"


def test_an_exception_behind_such_middleware_is_one_event(reports):
    async def pass_on(request, call_next):
        return await call_next(request)

    get(an_app(fails, middleware=[Middleware(BaseHTTPMiddleware, dispatch=pass_on)] * 2))

    event = only(reports)
    assert event["error_type"] == "ZeroDivisionError"
    assert event["route"] == "/orders/{number:int}"


@pytest.mark.parametrize("kind", [lambda app: app, AIOpsMiddleware], ids=["an app", "an app with the middleware"])
def test_what_a_mounted_app_raises_behind_such_middleware_is_one_event(reports, kind):
    async def pass_on(request, call_next):
        return await call_next(request)

    behind = [Middleware(BaseHTTPMiddleware, dispatch=pass_on)]
    get(Starlette(routes=[Mount("/shop", app=kind(an_app(fails)))], middleware=behind), "/shop/orders/17")

    event = only(reports)
    assert event["error_type"] == "ZeroDivisionError"
    assert event["also_seen_by"] == ["http"]


def test_an_answer_of_a_mounted_app_behind_such_middleware_is_one_event_with_its_message_and_the_frames(reports):
    async def pass_on(request, call_next):
        return await call_next(request)

    async def answering(scope, receive, send):
        try:
            raise LookupError("no cart")
        except LookupError:
            await JSONResponse({"message": "The cart cannot be loaded"}, status_code=500)(scope, receive, send)

    behind = [Middleware(BaseHTTPMiddleware, dispatch=pass_on)]
    get(Starlette(routes=[Mount("/shop", app=AIOpsMiddleware(answering))], middleware=behind), "/shop/orders/17")

    event = only(reports)
    assert summary(event) == ("http_error", 500, "LookupError", "The cart cannot be loaded")


@pytest.mark.filterwarnings("ignore:starlette.middleware.wsgi is deprecated")
@pytest.mark.parametrize("kind", ["flask", "wsgi"])
def test_what_an_app_of_wsgi_raises_that_is_mounted_is_one_event(reports, kind):
    from starlette.middleware.wsgi import WSGIMiddleware

    def failing(environ, start_response):
        raise LookupError("no cart")

    if kind == "flask":
        app = pytest.importorskip("flask").Flask("shop")
        app.add_url_rule("/orders/<int:number>", view_func=lambda number: failing({}, None))
        aiops_sdk.init_flask(app)
    else:
        from aiops_sdk.integrations import wsgi

        app = wsgi.AIOpsMiddleware(failing)

    get(Starlette(routes=[Mount("/shop", app=WSGIMiddleware(app))]), "/shop/orders/17?again=1")

    event = only(reports)
    assert event["error_type"] == "LookupError"
    assert event["request_path"].endswith("/orders/17")


# Answers.


@pytest.mark.parametrize("status", [400, 401, 403, 500, 502, 503, 504])
def test_an_answer_that_says_failed_is_one_event_with_the_message_in_its_body(reports, status):
    async def order(request):
        return JSONResponse({"error": "'NoneType' object has no attribute 'total'"}, status_code=status)

    get(an_app(order))

    event = only(reports)
    assert summary(event) == ("http_error", status, "AttributeError", "'NoneType' object has no attribute 'total'")
    assert event["level"] == ("error" if status >= 500 else "warning")
    assert event["route"] == "/orders/{number:int}"


@pytest.mark.parametrize("status", [200, 204, 301, 404, 405, 409, 422, 429, 501])
def test_an_answer_that_is_meant_is_no_event(reports, status):
    async def order(request):
        return JSONResponse({"error": "no"}, status_code=status)

    assert get(an_app(order), follow_redirects=False).status_code == status
    assert list(reports) == []


def test_an_http_exception_tells_what_it_says(reports):
    async def order(request):
        raise HTTPException(503, detail="The warehouse is closed")

    get(an_app(order))

    assert summary(only(reports)) == ("http_error", 503, "HTTPError", "The warehouse is closed")


def test_an_http_exception_that_is_meant_is_no_event(reports):
    async def order(request):
        raise HTTPException(404)

    get(an_app(order))

    assert list(reports) == []


def test_a_swallowed_exception_that_was_logged_and_answered_is_one_event(reports):
    async def order(request):
        try:
            raise ConnectionError("The warehouse cannot be reached")
        except ConnectionError as error:
            logging.getLogger("shop").exception("Order failed: %s", error)
            return JSONResponse({"message": str(error)}, status_code=500)

    get(an_app(order))

    assert only(reports)["exceptions"][0]["type"] == "ConnectionError"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"x" * 10, {"content-type": "text/plain"}),
        (b"{", {"content-type": "application/json"}),
        (json.dumps({"message": "x" * 70_000}).encode(), {"content-type": "application/json"}),
        (b"\xff" * 10, {"content-type": "application/json", "content-encoding": "br"}),
    ],
)
def test_a_body_that_says_nothing_is_told_by_its_status(reports, body, headers):
    async def order(request):
        return PlainTextResponse(body, status_code=502, headers=headers)

    answer = get(an_app(order), headers={"Accept-Encoding": "identity"}) if "br" not in headers.values() else None
    if answer is None:
        asyncio.run(an_app(order)(a_connection(), nothing_received(), into([])))
    else:
        assert answer.content == body

    assert summary(only(reports)) == ("http_error", 502, "HTTPError", "GET /orders/17 returned HTTP 502")


def test_a_compressed_body_is_read_too(reports):
    async def order(request):
        return JSONResponse({"message": "no stock of that"}, status_code=500)

    answer = get(an_app(order, middleware=[Middleware(GZipMiddleware, minimum_size=1)]))

    assert answer.headers["content-encoding"] == "gzip"
    assert only(reports)["message"] == "no stock of that"


def test_a_compressed_body_that_grows_without_end_is_not_read(reports):
    async def order(request):
        bomb = gzip.compress(b'{"message": "' + b"x" * 50_000_000 + b'"}')
        return PlainTextResponse(
            bomb, status_code=500, headers={"content-type": "application/json", "content-encoding": "gzip"}
        )

    asyncio.run(an_app(order)(a_connection(), nothing_received(), into([])))

    assert only(reports)["message"] == "GET /orders/17 returned HTTP 500"


def test_a_body_in_pieces_is_read_while_it_passes_and_never_held_back(reports):
    async def order(request):
        async def pieces():
            for piece in ('{"mess', 'age": "no stock', ' of that"}'):
                seen_outside.append(len(sent))
                yield piece

        return StreamingResponse(pieces(), status_code=500, media_type="application/json")

    sent, seen_outside = [], []
    asyncio.run(an_app(order)(a_connection(), nothing_received(), into(sent)))

    assert [message.get("body") for message in sent if message.get("body")] == [
        b'{"mess', b'age": "no stock', b' of that"}',
    ]  # fmt: skip
    assert seen_outside == [1, 2, 3]
    assert only(reports)["message"] == "no stock of that"


def test_a_stream_that_breaks_is_one_event(reports):
    async def order(request):
        async def pieces():
            yield b"first"
            raise ValueError("in the middle")

        return StreamingResponse(pieces())

    with suppress(Exception):
        TestClient(an_app(order)).get("/orders/17")

    event = only(reports)
    assert "in the middle" in event["stack_trace"]
    assert event["route"] == "/orders/{number:int}"


def test_a_failed_answer_that_breaks_is_one_event(reports):
    async def order(request):
        async def pieces():
            yield b'{"message": '
            raise ValueError("in the middle")

        return StreamingResponse(pieces(), status_code=500, media_type="application/json")

    with suppress(Exception):
        TestClient(an_app(order)).get("/orders/17")

    assert "in the middle" in only(reports)["stack_trace"]


def test_a_task_in_the_background_that_raises_is_one_event_of_the_request(reports):
    def mail():
        raise OSError("no mail server")

    async def order(request):
        return JSONResponse({"ok": True}, background=BackgroundTask(mail))

    answer = get(an_app(order))

    assert answer.json() == {"ok": True}
    event = only(reports)
    assert (event["error_type"], event["request_path"]) == ("OSError", "/orders/17")


# Noise.


@pytest.mark.parametrize(("method", "path"), [("GET", "/health"), ("GET", "/app.js"), ("OPTIONS", "/orders")])
def test_nothing_is_reported_while_a_silent_request_runs(reports, method, path):
    async def view(request):
        logging.getLogger("shop").critical("The probe failed")
        raise ValueError("x")

    app = Starlette(routes=[Route(path, view, methods=[method])])
    a_browser(app).request(method, path)

    assert list(reports) == []


@pytest.mark.parametrize("gone", [ClientDisconnect(), asyncio.CancelledError()])
def test_a_client_that_hangs_up_is_no_failure(reports, gone):
    async def order(request):
        raise gone

    async def serve():
        with pytest.raises(type(gone)):
            await an_app(order)(a_connection(), nothing_received(), into([]))

    asyncio.run(serve())

    assert list(reports) == []


def test_a_client_that_hangs_up_while_it_sends_is_no_failure(reports):
    async def order(request):
        return JSONResponse(await request.json())

    async def hangs_up():
        return {"type": "http.disconnect"}

    async def serve():
        with pytest.raises(ClientDisconnect):
            await an_app(order)(a_connection(), hangs_up, into([]))

    asyncio.run(serve())

    assert list(reports) == []


# Websockets and the lifespan.


def test_a_websocket_that_raises_is_one_event_with_its_route(reports):
    async def chat(websocket):
        await websocket.accept()
        raise ValueError("no such room")

    app = Starlette(routes=[WebSocketRoute("/rooms/{room}", chat)])
    with pytest.raises(ValueError), a_browser(app).websocket_connect("/rooms/7") as session:
        session.receive_text()

    event = only(reports)
    assert (event["error_type"], event["request_path"], event["route"]) == ("ValueError", "/rooms/7", "/rooms/{room}")
    assert event["request"]["url"].startswith("ws://")
    assert event["request"]["url"].endswith("/rooms/7")


def test_a_websocket_whose_client_goes_is_no_failure(reports):
    async def chat(websocket):
        await websocket.accept()
        while True:
            await websocket.receive_text()

    app = Starlette(routes=[WebSocketRoute("/rooms/{room}", chat)])
    # Some versions hand it to their test client.
    with suppress(Exception), a_browser(app).websocket_connect("/rooms/7") as session:
        session.send_text("hello")

    assert list(reports) == []


def test_a_start_that_fails_is_one_event_with_what_the_server_logs_of_it(reports):
    @asynccontextmanager
    async def lifespan(app):
        raise ConnectionError("no database")
        yield

    sent = []

    async def send(message):
        """As uvicorn does it."""
        sent.append(message["type"])
        logging.getLogger("uvicorn.error").error(message["message"])

    async def serve():
        messages = iter([{"type": "lifespan.startup"}])

        async def receive():
            return next(messages)

        with pytest.raises(ConnectionError):
            await Starlette(lifespan=lifespan)({"type": "lifespan", "state": {}}, receive, send)
        logging.getLogger("uvicorn.error").error("Application startup failed. Exiting.")

    asyncio.run(serve())

    assert sent == ["lifespan.startup.failed"]
    assert summary(only(reports)) == ("exception", 500, "ConnectionError", "no database")


def test_a_lifespan_that_goes_well_passes_through(reports):
    lived = []

    @asynccontextmanager
    async def lifespan(app):
        lived.append("begin")
        yield {"pool": 7}
        lived.append("end")

    async def order(request):
        return PlainTextResponse(str(request.state.pool))

    with a_browser(an_app(order, lifespan=lifespan)) as browser:
        assert browser.get("/orders/17").text == "7"
    assert lived == ["begin", "end"]
    assert list(reports) == []


# Apps within apps, and the middleware.


def test_the_route_of_a_mounted_app_is_told_with_its_prefix(reports):
    inner = Starlette(routes=[Route("/orders/{number}", fails)])
    app = Starlette(routes=[Mount("/tenants/{tenant}", app=inner), Mount("/other", routes=[Route("/x", fails)])])

    get(app, "/tenants/acme/orders/17")
    get(app, "/other/x")

    assert [event["route"] for event in reports] == ["/tenants/{tenant}/orders/{number}", "/other/x"]
    assert [event["request_path"] for event in reports] == ["/tenants/acme/orders/17", "/other/x"]


@pytest.mark.parametrize("how", ["around", "inside", "both"])
def test_with_the_middleware_too_each_failure_is_one_event(reports, how):
    options = {"middleware": [Middleware(AIOpsMiddleware)]} if how != "around" else {}
    app = an_app(fails, **options)
    if how != "inside":
        app = AIOpsMiddleware(app)

    get(app)

    event = only(reports)
    assert (event["error_type"], event["route"]) == ("ZeroDivisionError", "/orders/{number:int}")


def test_what_is_said_in_the_request_is_told_with_its_failure(reports):
    async def order(request):
        aiops_sdk.set_user("7")
        aiops_sdk.set_tag("shop", "eu")
        raise ValueError("x")

    get(an_app(order))

    event = only(reports)
    assert (event["user"], event["tags"]) == ({"id": "7"}, {"shop": "eu"})


def test_requests_at_the_same_time_each_have_their_own_events(reports):
    async def order(request):
        number = request.path_params["number"]
        logging.getLogger("shop").error("looking for %s", number)
        await asyncio.sleep(0.01)
        raise ValueError(str(number))

    async def serve():
        app = an_app(order)
        calls = [app(a_connection(path=f"/orders/{n}"), nothing_received(), into([])) for n in range(20)]
        await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(serve())

    told = [(event["request_path"], event["message"]) for event in reports]
    assert sorted(told) == sorted((f"/orders/{n}", text) for n in range(20) for text in (f"looking for {n}", str(n)))


def test_after_the_end_everything_is_as_it_was():
    from starlette.middleware.errors import ServerErrorMiddleware

    before = ServerErrorMiddleware.__call__
    with capture_events():
        undo = starlette.install(clients.current())
        undo()
    assert ServerErrorMiddleware.__call__ is before


def a_connection(path="/orders/17", **more):
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [(b"host", b"shop.example.com")],
        "client": ("203.0.113.7", 4711), "server": ("10.0.0.7", 8000), **more,
    }  # fmt: skip


def nothing_received():
    """What a client sends that then waits for the answer."""
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        if not messages:
            await asyncio.sleep(3600)
        return messages.pop()

    return receive


def into(sent):
    async def send(message):
        sent.append(message)

    return send
