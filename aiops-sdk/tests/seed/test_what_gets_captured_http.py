"""What the page promises of Flask apps: exceptions that nobody caught, and error responses."""

from __future__ import annotations

from typing import Any, Dict

import flask
import pytest
from loopback import Platform

import aiops_sdk


@pytest.fixture
def app(platform: Platform) -> flask.Flask:
    aiops_sdk.init(api_key="key", platform_url=platform.url)
    app = flask.Flask("shop")
    aiops_sdk.init_flask(app)
    return app


def the_only_event(platform: Platform) -> Dict[str, Any]:
    platform.wait_for_events()
    assert aiops_sdk.flush(10)
    assert len(platform.events) == 1, platform.events
    return platform.events[0]


def test_register_flask_integration_after_your_flask_app_is_created(platform: Platform) -> None:
    """from aiops_sdk.integrations.flask import init_flask

    # Register Flask integration (call after your Flask app is created)

    init_flask(app)
    """
    from aiops_sdk.integrations.flask import init_flask

    aiops_sdk.init(api_key="key", platform_url=platform.url)
    app = flask.Flask("shop")
    init_flask(app)
    app.add_url_rule("/", "home", lambda: {}["total"])

    app.test_client().get("/")

    assert the_only_event(platform)["error_type"] == "KeyError"


def test_flask_exceptions_full_stack_trace_preserved(app: flask.Flask, platform: Platform) -> None:
    """| Flask exceptions | `got_request_exception` signal | Full stack trace preserved |"""

    def total_of(prices: list[int]) -> int:
        return sum(prices) // len(prices)

    @app.route("/orders/<int:number>/total")
    def order_total(number: int) -> str:
        return str(total_of([]))

    assert app.test_client().get("/orders/17/total").status_code == 500

    event = the_only_event(platform)
    assert event["signal_type"] == "exception"
    assert event["source"] == "manual"
    assert event["status_code"] == 500
    assert event["error_type"] == "ZeroDivisionError"
    assert event["message"] == "integer division or modulo by zero"
    assert event["stack_trace"].startswith("Traceback (most recent call last):\n")
    assert "in order_total" in event["stack_trace"]
    assert "in total_of" in event["stack_trace"]
    assert event["stack_trace"].rstrip().endswith("ZeroDivisionError: integer division or modulo by zero")
    assert event["request_path"] == "/orders/17/total"


@pytest.mark.parametrize("status", [400, 401, 403, 500, 502, 503, 504])
def test_status_in_400_401_403_500_502_503_504(status: int, app: flask.Flask, platform: Platform) -> None:
    """└─ status in {400,401,403,500,502,503,504}"""

    @app.route("/pay", methods=["POST"])
    def pay() -> flask.typing.ResponseReturnValue:
        return "no", status

    assert app.test_client().post("/pay").status_code == status

    event = the_only_event(platform)
    assert event["signal_type"] == "http_error"
    assert event["source"] == "http"
    assert event["status_code"] == status
    assert event["request_path"] == "/pay"
    assert event["error_type"] == "HTTPError"
    assert event["message"] == f"POST /pay returned HTTP {status}"


@pytest.mark.parametrize("key", ["message", "error", "detail", "msg"])
def test_capture_every_error_response_with_the_real_error(key: str, app: flask.Flask, platform: Platform) -> None:
    """Capture every HTTP 4xx/5xx error response (extracts the real error from your JSON response body)

    | HTTP 4xx/5xx responses | `after_request` hook | Extracts real error from `jsonify` body |

    ├─ extract real error from jsonify({message/error/detail})
    """

    @app.route("/cart")
    def cart() -> flask.typing.ResponseReturnValue:
        try:
            return str({"a": 1}["total"])
        except KeyError as e:
            return flask.jsonify({key: f"Could not add up: {e!r}"}), 500

    assert app.test_client().get("/cart").get_json() == {key: "Could not add up: KeyError('total')"}

    event = the_only_event(platform)
    assert event["message"] == "Could not add up: KeyError('total')"
    assert event["error_type"] == "KeyError"


@pytest.mark.parametrize(
    ("message", "error_type"),
    [
        ("'NoneType' object has no attribute 'total'", "AttributeError"),
        ("'total'", "KeyError"),
        ("pymongo: not primary", "DatabaseError"),
        ("division by zero", "ZeroDivisionError"),
        ("'int' object is not subscriptable", "TypeError"),
        ("The shop is closed", "HTTPError"),
    ],
)
def test_infer_error_type(message: str, error_type: str, app: flask.Flask, platform: Platform) -> None:
    """├─ infer error type (AttributeError, KeyError, DatabaseError, …)"""
    app.add_url_rule("/cart", "cart", lambda: (flask.jsonify(message=message), 500))

    app.test_client().get("/cart")

    event = the_only_event(platform)
    assert (event["message"], event["error_type"]) == (message, error_type)


def test_dedup_guard_already_captured_by_signal(app: flask.Flask, platform: Platform) -> None:
    """├─ [dedup guard] already captured by signal → skip"""

    @app.errorhandler(500)
    def sorry(e: Exception) -> flask.typing.ResponseReturnValue:
        return flask.jsonify(message="Sorry"), 500

    app.add_url_rule("/cart", "cart", lambda: {}["total"])

    assert app.test_client().get("/cart").get_json() == {"message": "Sorry"}

    assert the_only_event(platform)["signal_type"] == "exception"


def test_the_response_goes_out_before_anything_is_delivered(platform: Platform) -> None:
    """└─► send_async() ──► queue"""
    platform.never_answer()
    aiops_sdk.init(api_key="key", platform_url=platform.url)
    app = flask.Flask("shop")
    aiops_sdk.init_flask(app)
    app.add_url_rule("/cart", "cart", lambda: {}["total"])

    assert app.test_client().get("/cart").status_code == 500

    assert aiops_sdk.stats()["delivered"] == 0
