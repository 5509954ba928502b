"""What fails in FastAPI's apps."""

from __future__ import annotations

import logging
import warnings
from typing import Iterator

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

with warnings.catch_warnings():
    # Each Starlette has its own opinion on which client is the right one.
    warnings.simplefilter("ignore")
    from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, WebSocket
    from fastapi.testclient import TestClient
from starlette.responses import JSONResponse

import aiops_sdk
from aiops_sdk.testing import CapturedEvents, capture_events


@pytest.fixture
def reports() -> Iterator[CapturedEvents]:
    with capture_events() as events:
        yield events


@pytest.fixture
def app(reports) -> FastAPI:
    return FastAPI()


def get(app, path="/orders/17", **options):
    return TestClient(app, base_url="http://shop.example.com", raise_server_exceptions=False).get(path, **options)


def only(events):
    assert len(events) == 1, events
    return events[0]


def summary(event):
    return event["signal_type"], event["status_code"], event["error_type"], event["message"]


@pytest.mark.parametrize("kind", ["async", "in a thread"])
def test_an_endpoint_that_raises_is_one_event_with_its_route(app, reports, kind):
    if kind == "async":

        @app.get("/orders/{number}")
        async def order(number: int):
            return {"total": 7 // 0}
    else:

        @app.get("/orders/{number}")
        def order(number: int):
            return {"total": 7 // 0}

    assert get(app).status_code == 500

    event = only(reports)
    assert summary(event) == ("exception", 500, "ZeroDivisionError", "integer division or modulo by zero")
    assert event["exceptions"][0]["frames"][-1]["function"] == "order"
    assert (event["request_path"], event["route"]) == ("/orders/17", "/orders/{number}")


def test_the_route_in_a_router_and_in_a_mounted_app_is_told_whole(app, reports):
    router, inner = APIRouter(prefix="/v1"), FastAPI()

    @router.get("/orders/{number}")
    async def order(number: int):
        raise ValueError("x")

    @inner.get("/users/{name}")
    async def user(name: str):
        raise ValueError("y")

    app.include_router(router, prefix="/api")
    app.mount("/inner", inner)

    get(app, "/api/v1/orders/17")
    get(app, "/inner/users/jo")

    assert [event["route"] for event in reports] == ["/api/v1/orders/{number}", "/inner/users/{name}"]


def test_an_http_exception_tells_its_detail(app, reports):
    @app.get("/orders/{number}")
    async def order(number: int):
        try:
            raise ConnectionError("no route to host")
        except ConnectionError as error:
            raise HTTPException(503, detail="The warehouse cannot be reached") from error

    assert get(app).json() == {"detail": "The warehouse cannot be reached"}

    event = only(reports)
    assert summary(event)[:2] == ("http_error", 503)
    assert event["message"] == "The warehouse cannot be reached"
    assert [each["type"] for each in event["exceptions"]] == ["HTTPException", "ConnectionError"]
    assert event["route"] == "/orders/{number}"


@pytest.mark.parametrize("kind", ["async", "in a thread"])
def test_an_http_exception_after_a_line_in_the_same_except_block_adds_nothing(app, reports, kind):
    def fail():
        try:
            raise ConnectionError("no route to host")
        except ConnectionError:
            logging.getLogger("shop").error("the order was not placed")
            raise HTTPException(503, detail="The warehouse cannot be reached")  # noqa: B904 - as many do

    if kind == "async":

        @app.get("/orders/{number}")
        async def order(number: int):
            fail()
    else:

        @app.get("/orders/{number}")
        def order(number: int):
            fail()

    get(app)

    event = only(reports)
    assert (event["message"], event["also_seen_by"]) == ("the order was not placed", ["http"])


def test_an_http_exception_of_another_failure_than_the_one_of_the_line_is_an_event_of_its_own(app, reports):
    @app.get("/orders/{number}")
    async def order(number: int):
        try:
            raise ConnectionError("no route to host")
        except ConnectionError:
            logging.getLogger("shop").error("the cache is down")
        try:
            raise TimeoutError("too slow")
        except TimeoutError as error:
            raise HTTPException(503, detail="The warehouse cannot be reached") from error

    get(app)

    assert [event["message"] for event in reports] == ["the cache is down", "The warehouse cannot be reached"]


def test_an_http_exception_after_a_job_that_failed_in_the_request_adds_nothing(app, reports):
    @app.get("/orders/{number}")
    async def order(number: int):
        try:
            with aiops_sdk.monitor("import"):
                raise ValueError("no such file")
        except ValueError:
            pass
        raise HTTPException(503, detail="The import did not run")

    get(app)

    event = only(reports)
    assert (event["message"], event["also_seen_by"]) == ("no such file", ["http"])


def test_an_exception_handler_that_answers_is_one_event_with_the_frames(app, reports):
    @app.exception_handler(LookupError)
    async def sorry(request, exc):
        return JSONResponse({"message": f"No such cart: {exc}"}, status_code=500)

    @app.get("/orders/{number}")
    async def order(number: int):
        raise LookupError("17")

    get(app)

    event = only(reports)
    assert summary(event) == ("http_error", 500, "LookupError", "No such cart: 17")
    assert event["exceptions"][0]["frames"][-1]["function"] == "order"


def test_input_that_does_not_fit_is_no_event(app, reports):
    @app.get("/orders/{number}")
    async def order(number: int):
        return {}

    assert get(app, "/orders/x").status_code == 422
    assert get(app, "/nowhere").status_code == 404
    assert list(reports) == []


def test_a_dependency_that_raises_is_one_event(app, reports):
    async def database():
        raise ConnectionError("no database")

    @app.get("/orders/{number}")
    async def order(number: int, db=Depends(database)):  # noqa: B008 - as FastAPI wants it
        return {}

    get(app)

    event = only(reports)
    assert (event["error_type"], event["route"]) == ("ConnectionError", "/orders/{number}")


def test_a_dependency_that_lets_an_exception_pass_changes_nothing(app, reports):
    seen = []

    async def database():
        try:
            yield "db"
        except ValueError as error:
            seen.append(error)
            raise

    @app.get("/orders/{number}")
    async def order(number: int, db=Depends(database)):  # noqa: B008 - as FastAPI wants it
        raise ValueError("x")

    get(app)

    assert len(seen) == 1
    assert only(reports)["error_type"] == "ValueError"


def test_a_background_task_that_raises_is_one_event_of_the_request(app, reports):
    def mail():
        raise OSError("no mail server")

    @app.get("/orders/{number}")
    async def order(number: int, tasks: BackgroundTasks):
        tasks.add_task(mail)
        return {"ok": True}

    assert get(app).json() == {"ok": True}

    event = only(reports)
    assert (event["error_type"], event["route"]) == ("OSError", "/orders/{number}")


def test_an_answer_that_is_no_valid_one_is_one_event(app, reports):
    @app.get("/orders/{number}", response_model=int)
    async def order(number: int):
        return "no number"

    get(app)

    assert only(reports)["error_type"] == "ResponseValidationError" or only(reports)["error_type"] == "ValidationError"


def test_a_websocket_that_raises_is_one_event(app, reports):
    @app.websocket("/rooms/{room}")
    async def chat(websocket: WebSocket, room: str):
        await websocket.accept()
        raise ValueError("no such room")

    with pytest.raises(ValueError), TestClient(app).websocket_connect("/rooms/7") as session:
        session.receive_text()

    event = only(reports)
    assert (event["error_type"], event["route"]) == ("ValueError", "/rooms/{room}")
