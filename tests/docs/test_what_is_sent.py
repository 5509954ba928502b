"""The page on what is sent shows a real event: each field of it, and no other."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import flask

import aiops_sdk
from aiops_sdk.config import Config
from aiops_sdk.integrations.flask import init_flask
from aiops_sdk.testing import capture_events

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "what-is-sent.md"


def shown() -> dict[str, Any]:
    """The event on the page."""
    found = re.search(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    event: dict[str, Any] = json.loads(found.group(1))
    return event


def happened() -> dict[str, Any]:
    """The same, caused now."""
    app, log = flask.Flask("shop"), logging.getLogger("shop.orders")
    log.setLevel(logging.INFO)

    @app.post("/orders/<int:number>")
    def order(number: int) -> str:
        aiops_sdk.set_user(7, email="ada@example.com")
        aiops_sdk.set_tag("shop", "north")
        log.info("order of %s teapots", number)
        raise LookupError("only 1 of teapot left")

    init_flask(app)
    # Without a folder nobody knows what is new since an earlier start on this machine.
    config = Config.load(api_key="key", service_name="shop", release="2026.11.3", aggregate_repeats=False, spool=False)
    with capture_events(config) as events:
        app.test_client().post("/orders/3?coupon=NEW&token=abc", headers={"Authorization": "Bearer abcdefgh12345678"})
        (event,) = events
    return event


def test_the_event_on_the_page_has_the_fields_of_a_real_one() -> None:
    page, real = shown(), happened()
    assert set(page) == set(real)
    for name in ("instance", "sdk", "user", "tags", "contexts"):
        assert set(page[name]) == set(real[name]), name
    assert set(page["request"]) == set(real["request"])
    assert set(page["exceptions"][0]) == set(real["exceptions"][0])
    assert set(page["exceptions"][0]["frames"][-1]) == set(real["exceptions"][0]["frames"][-1])
    same = ("signal_type", "source", "status_code", "request_path", "error_type", "message", "level", "route", "user")
    assert {name: page[name] for name in same} == {name: real[name] for name in same}
    assert page["also_seen_by"] == real["also_seen_by"]
    assert page["request"]["query"] == real["request"]["query"]
