"""What the page's picture "How It Works" promises of the way to the platform; the filters have tests of their own."""

from __future__ import annotations

import threading
from typing import Any

import flask
import pytest
from loopback import EVENTS, HEARTBEATS, Answer, Platform

import aiops_sdk


@pytest.fixture
def app(platform: Platform) -> flask.Flask:
    aiops_sdk.init("key", platform_url=platform.url)
    app = flask.Flask("shop")
    aiops_sdk.init_flask(app)

    @app.route("/crash")
    def crash() -> str:
        raise RuntimeError("it broke")

    return app


@pytest.fixture
def events(platform: Platform) -> Any:
    def all_events() -> Any:
        assert aiops_sdk.flush(10)
        return platform.events

    return all_events


def test_real_exceptions_with_their_full_stack_trace(app: flask.Flask, events: Any) -> None:
    """got_request_exception ──► capture_exception() ──► send_async() ──► queue (real exceptions, full stack trace)"""
    app.test_client().get("/crash")
    (event,) = events()
    assert (event["signal_type"], event["source"], event["error_type"]) == ("exception", "manual", "RuntimeError")
    assert ", in crash\n" in event["stack_trace"]


def test_the_background_worker_posts_to_one_address(app: flask.Flask, events: Any, platform: Platform) -> None:
    """drains queue → POST /v1/sdk/exception"""
    app.test_client().get("/crash")
    events()
    assert {received.path for received in platform.received} <= {EVENTS, HEARTBEATS}
    assert EVENTS == "/v1/sdk/exception"


def test_three_attempts_one_and_two_seconds_apart(app: flask.Flask, platform: Platform) -> None:
    """(retry 3×, backoff 1s/2s)"""
    platform.always_answer(Answer(503), EVENTS)
    app.test_client().get("/crash")
    assert aiops_sdk.flush(20)
    first, second, third = [received.at for received in platform.received if received.path == EVENTS]
    assert second - first >= 1.0
    assert third - second >= 2.0
    assert aiops_sdk.stats()["spooled"] == 1


def test_the_worker_is_a_daemon(platform: Platform) -> None:
    """Background worker (daemon thread)"""
    aiops_sdk.init("key", platform_url=platform.url)
    aiops_sdk.capture_exception(ValueError())
    platform.wait_for_events()
    platform.wait_for_heartbeats()
    ours = [thread for thread in threading.enumerate() if thread.name.startswith("aiops-")]
    assert {thread.name for thread in ours} == {"aiops-delivery", "aiops-heartbeats"}
    assert all(thread.daemon for thread in ours)
