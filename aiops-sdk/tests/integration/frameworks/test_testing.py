"""``capture_events()`` hears the frameworks that ``init()`` hears, and lets go of them."""

from __future__ import annotations

import pytest

from aiops_sdk.testing import capture_events


def test_a_flask_app_that_is_made_in_the_block_is_heard_and_what_is_silent_says_why():
    flask = pytest.importorskip("flask")

    def made() -> flask.Flask:
        app = flask.Flask("shop")
        app.add_url_rule("/orders", "orders", lambda: 1 / 0)
        app.add_url_rule("/health", "health", lambda: ("down", 500))
        return app

    with capture_events() as events:
        client = made().test_client()
        assert client.get("/orders").status_code == 500
        assert client.get("/health").status_code == 500
        (event,) = events
        assert (event["error_type"], event["request_path"], event["route"]) == (
            "ZeroDivisionError",
            "/orders",
            "/orders",
        )
        assert any(decision.outcome == "ignored" and decision.rule == "health-path" for decision in events.ignored), (
            events
        )
    made().test_client().get("/orders")
    assert len(events) == 1


def test_a_fastapi_app_that_is_made_in_the_block_is_heard():
    fastapi = pytest.importorskip("fastapi")
    testclient = pytest.importorskip("fastapi.testclient")
    with capture_events() as events:
        app = fastapi.FastAPI()

        @app.get("/orders/{number}")
        def order(number: int) -> None:
            raise ValueError(number)

        answer = testclient.TestClient(app, raise_server_exceptions=False).get("/orders/7")
        assert answer.status_code == 500
        assert [(event["error_type"], event["route"]) for event in events] == [("ValueError", "/orders/{number}")]
