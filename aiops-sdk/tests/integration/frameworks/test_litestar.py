"""What fails in Litestar's apps."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import Any, Iterator

import pytest

pytest.importorskip("litestar")

from litestar import Litestar, MediaType, Response, Router, WebSocket, get, websocket
from litestar.exceptions import HTTPException
from litestar.middleware import AbstractMiddleware
from litestar.testing import TestClient

from aiops_sdk.testing import CapturedEvents, capture_events

# Each version deprecates another way of writing these few handlers.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def reports() -> Iterator[CapturedEvents]:
    with capture_events() as events:
        yield events


def only(events):
    assert len(events) == 1, events
    return events[0]


def summary(event):
    return event["signal_type"], event["status_code"], event["error_type"], event["message"]


def fetch(*handlers, path="/orders/17", **options):
    with TestClient(
        Litestar(list(handlers), **options), base_url="http://shop.example.com", raise_server_exceptions=False
    ) as browser:
        return browser.get(path)


@get("/orders/{number:int}")
async def broken(number: int) -> dict:
    return {"total": 7 // 0}


@get("/orders/{number:int}", sync_to_thread=True)
def broken_in_a_thread(number: int) -> dict:
    return {"total": 7 // 0}


@pytest.mark.parametrize("handler", [broken, broken_in_a_thread])
@pytest.mark.parametrize("debug", [True, False])
def test_a_handler_that_raises_is_one_event_with_traceback_path_and_route(reports, handler, debug):
    assert fetch(handler, debug=debug).status_code == 500

    event = only(reports)
    assert event["error_type"] == "ZeroDivisionError" or event["exceptions"][0]["type"] == "ZeroDivisionError"
    assert event["exceptions"][0]["frames"][-1]["function"].startswith("broken")
    assert (event["request_path"], event["route"]) == ("/orders/17", "/orders/{number}")
    assert "aiops_sdk" not in event["stack_trace"]


def test_what_litestar_answers_itself_leaves_the_word_to_the_exception(reports):
    answer = fetch(broken)

    assert answer.json() == {"status_code": 500, "detail": "Internal Server Error"}
    assert summary(only(reports)) == ("exception", 500, "ZeroDivisionError", "integer division or modulo by zero")


def test_a_handler_of_exceptions_that_answers_is_one_event_with_the_frames(reports):
    def sorry(request: Any, exc: Exception) -> Response:
        return Response({"message": f"No such cart: {exc}"}, status_code=500)

    @get("/orders/{number:int}")
    async def order(number: int) -> dict:
        raise LookupError("17")

    fetch(order, exception_handlers={LookupError: sorry})

    event = only(reports)
    assert summary(event) == ("http_error", 500, "LookupError", "No such cart: 17")
    assert event["exceptions"][0]["frames"][-1]["function"] == "order"


@pytest.mark.parametrize(("status", "events"), [(500, 1), (503, 1), (401, 1), (404, 0), (422, 0), (429, 0)])
def test_an_http_exception_tells_its_detail_where_it_counts(reports, status, events):
    @get("/orders/{number:int}")
    async def order(number: int) -> dict:
        raise HTTPException("The warehouse is closed", status_code=status)

    assert fetch(order).status_code == status

    told = [summary(event) for event in reports]
    assert told == [("http_error", status, "HTTPError", "The warehouse is closed")] * events


def test_an_answer_that_says_failed_is_one_event_with_its_route(reports):
    @get("/users/{name:str}")
    async def user(name: str) -> Response:
        return Response({"error": "name 'cart' is not defined"}, status_code=500)

    fetch(Router("/api", route_handlers=[user]), path="/api/users/jo")

    event = only(reports)
    assert summary(event) == ("http_error", 500, "NameError", "name 'cart' is not defined")
    assert event["route"] == "/api/users/{name}"


def test_what_a_handler_logs_and_raises_is_one_event(reports):
    @get("/orders/{number:int}")
    async def order(number: int) -> dict:
        try:
            raise ValueError("x")
        except ValueError:
            logging.getLogger("shop").exception("Could not load the cart")
            raise

    fetch(order)

    assert only(reports)["exceptions"][0]["type"] == "ValueError"


def test_nothing_is_reported_of_a_silent_request(reports):
    @get("/health", media_type=MediaType.TEXT)
    async def health() -> str:
        raise ValueError("x")

    fetch(health, path="/health")

    assert list(reports) == []


def test_middleware_that_raises_is_one_event(reports):
    class Broken(AbstractMiddleware):
        async def __call__(self, scope, receive, send):
            raise ValueError("in the middle")

    fetch(broken, middleware=[Broken])

    assert only(reports)["error_type"] == "ValueError"


def test_a_websocket_that_raises_is_one_event(reports):
    @websocket("/rooms/{room:int}")
    async def chat(socket: WebSocket, room: int) -> None:
        await socket.accept()
        raise ValueError("no such room")

    browser = TestClient(Litestar([chat]), raise_server_exceptions=False)
    # That it was closed; how that is said differs.
    with browser, suppress(Exception), browser.websocket_connect("/rooms/7") as session:
        session.receive_text(timeout=5)

    event = only(reports)
    assert (event["error_type"], event["request_path"], event["route"]) == ("ValueError", "/rooms/7", "/rooms/{room}")


def test_a_websocket_whose_client_goes_is_no_failure(reports):
    @websocket("/rooms/{room:int}")
    async def chat(socket: WebSocket, room: int) -> None:
        await socket.accept()
        while True:
            await socket.receive_text()

    browser = TestClient(Litestar([chat]), raise_server_exceptions=False)
    with browser, suppress(Exception), browser.websocket_connect("/rooms/7") as session:
        session.send_text("hello")

    assert list(reports) == []


def test_a_start_that_fails_is_one_event(reports):
    @asynccontextmanager
    async def lifespan(app):
        raise ConnectionError("no database")
        yield

    async def serve():
        async def receive():
            return {"type": "lifespan.startup"}

        async def send(message):
            logging.getLogger("uvicorn.error").error(message["message"])

        with suppress(Exception):
            await Litestar([broken], lifespan=[lifespan])({"type": "lifespan", "state": {}}, receive, send)

    asyncio.run(serve())

    assert "ConnectionError" in [each["type"] for each in only(reports)["exceptions"]]
