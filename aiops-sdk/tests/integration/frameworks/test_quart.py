"""What fails in Quart's apps."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Iterator

import pytest

pytest.importorskip("quart")

from quart import Blueprint, Quart, abort, jsonify, websocket

import aiops_sdk
from aiops_sdk.testing import CapturedEvents, capture_events


@pytest.fixture
def reports() -> Iterator[CapturedEvents]:
    with capture_events() as events:
        yield events


@pytest.fixture
def app(reports) -> Quart:
    return Quart("shop")


def ask(app, kind, path, first, last, **more):
    """As a server asks, from the first message to the last: Quart's own test client shows to nobody what it catches."""
    sent = []

    async def call():
        messages, done = [{"type": first, "body": b"", "more_body": False}], asyncio.Event()

        async def receive():
            if messages:
                return messages.pop()
            await done.wait()
            return {"type": last}

        async def send(message):
            sent.append(message)
            if message["type"] in ("http.response.body", "websocket.close") and not message.get("more_body"):
                done.set()

        connection = {
            "type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "extensions": {},
            "headers": [(b"host", b"shop.example.com")], "client": ("203.0.113.7", 4711), "server": ("10.0.0.7", 80),
        }  # fmt: skip
        await app({**connection, **more}, receive, send)

    asyncio.run(asyncio.wait_for(call(), 20))
    return sent


def get(app, path="/orders/17"):
    sent = ask(app, "http", path, "http.request", "http.disconnect", scheme="http")
    return sent[0]["status"] if sent else None


def only(events):
    assert len(events) == 1, events
    return events[0]


def summary(event):
    return event["signal_type"], event["status_code"], event["error_type"], event["message"]


@pytest.mark.parametrize("kind", ["async", "in a thread"])
def test_a_view_that_raises_is_one_event_with_traceback_path_and_route(app, reports, kind):
    if kind == "async":

        @app.route("/orders/<int:number>")
        async def order(number):
            return {"total": 7 // 0}
    else:

        @app.route("/orders/<int:number>")
        def order(number):
            return {"total": 7 // 0}

    assert get(app) == 500

    event = only(reports)
    assert summary(event) == ("exception", 500, "ZeroDivisionError", "integer division or modulo by zero")
    assert event["contexts"]["capture"]["mechanism"] == "quart"
    assert event["exceptions"][0]["frames"][-1]["function"] == "order"
    assert (event["request_path"], event["route"]) == ("/orders/17", "/orders/<int:number>")
    assert event["request"]["url"] == "http://shop.example.com/orders/17"
    assert "aiops_sdk" not in event["stack_trace"]


def test_an_exception_that_is_let_through_is_one_event(app, reports):
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.route("/orders/<int:number>")
    async def order(number):
        raise KeyError("sku")

    # Some answer it, nevertheless, and newer ones raise it in a group.
    with suppress(Exception):
        get(app)

    assert only(reports)["error_type"] == "KeyError"


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_an_answer_that_says_failed_is_one_event_with_its_message(app, reports, status):
    shop = Blueprint("shop", "shop", url_prefix="/api")

    @shop.route("/orders/<int:number>")
    async def order(number):
        return jsonify({"error": "'NoneType' object has no attribute 'total'"}), status

    app.register_blueprint(shop)
    assert get(app, "/api/orders/17") == status

    event = only(reports)
    assert summary(event) == ("http_error", status, "AttributeError", "'NoneType' object has no attribute 'total'")
    assert event["route"] == "/api/orders/<int:number>"


def test_a_handler_that_answers_is_one_event_with_the_frames(app, reports):
    @app.errorhandler(LookupError)
    async def sorry(error):
        return jsonify({"message": f"No such cart: {error}"}), 500

    @app.route("/orders/<int:number>")
    async def order(number):
        raise LookupError("17")

    get(app)

    event = only(reports)
    assert summary(event) == ("http_error", 500, "LookupError", "No such cart: 17")
    assert event["exceptions"][0]["frames"][-1]["function"] == "order"


@pytest.mark.parametrize(("status", "events"), [(404, 0), (429, 0), (503, 1)])
def test_abort_is_an_answer(app, reports, status, events):
    @app.route("/orders/<int:number>")
    async def order(number):
        abort(status)

    assert get(app) == status
    assert [event["signal_type"] for event in reports] == ["http_error"] * events


def test_what_is_logged_and_said_belongs_to_the_request(app, reports):
    @app.route("/orders/<int:number>")
    async def order(number):
        aiops_sdk.set_tag("shop", "eu")
        logging.getLogger("shop").error("no stock")
        return "ok"

    get(app)

    event = only(reports)
    assert (event["request_path"], event["route"], event["tags"]) == (
        "/orders/17",
        "/orders/<int:number>",
        {"shop": "eu"},
    )


def test_nothing_is_reported_of_a_silent_request(app, reports):
    @app.route("/health")
    async def health():
        raise ValueError("x")

    assert get(app, "/health") == 500
    assert list(reports) == []


def test_a_body_that_breaks_is_one_event(app, reports):
    @app.route("/orders/<int:number>")
    async def order(number):
        async def pieces():
            yield b"first"
            raise ValueError("in the middle")

        return pieces(), 200

    # Newer ones raise it in a group.
    with suppress(Exception):
        get(app)

    assert "ValueError" in [each["type"] for each in only(reports)["exceptions"]]


def test_a_websocket_that_raises_is_one_event(app, reports):
    @app.websocket("/rooms/<int:room>")
    async def chat(room):
        await websocket.accept()
        raise ValueError("no such room")

    # Some versions raise it, some answer it.
    with suppress(Exception):
        ask(app, "websocket", "/rooms/7", "websocket.connect", "websocket.disconnect", scheme="ws", subprotocols=[])

    event = only(reports)
    assert (event["error_type"], event["request_path"], event["route"]) == (
        "ValueError",
        "/rooms/7",
        "/rooms/<int:room>",
    )


def test_a_start_that_fails_is_one_event(app, reports):
    @app.before_serving
    async def connect():
        raise ConnectionError("no database")

    async def serve():
        messages = [{"type": "lifespan.shutdown"}, {"type": "lifespan.startup"}]

        async def receive():
            return messages.pop()

        async def send(message):
            if "message" in message:
                logging.getLogger("uvicorn.error").error(message["message"])

        await app({"type": "lifespan", "state": {}, "asgi": {"version": "3.0"}}, receive, send)

    asyncio.run(serve())

    assert only(reports)["exceptions"][0]["type"] == "ConnectionError"
