"""Real input 3: our SDK against a server that knows nothing but the two old endpoints."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from e2e.programs import eventually
from e2e.shops import running_shop

KNOWN = {"/v1/sdk/exception", "/v1/sdk/heartbeat"}
KEY = "a-key-of-the-old-server"


@dataclass(kw_only=True)
class OldServer:
    """What it was told. Anything that the old protocol does not know is in `strange`."""

    events: list[dict[str, Any]] = field(default_factory=list)
    beats: list[dict[str, Any]] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    url: str = ""

    def one(self, message: str) -> dict[str, Any]:
        found = [event for event in self.events if message in event["message"]]
        assert len(found) == 1, found
        return found[0]


def handler(server: OldServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # As the old server, it closes after each answer.
        protocol_version = "HTTP/1.0"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path not in KNOWN or self.headers["Content-Type"] != "application/json":
                self.refuse(404)
            elif self.headers["Authorization"] != f"Bearer {KEY}":
                self.refuse(401)
            else:
                (server.beats if self.path.endswith("heartbeat") else server.events).append(json.loads(body))
                self.answer(200, b'{"status": "ok"}')

        def do_GET(self) -> None:
            self.refuse(404)

        def refuse(self, status: int) -> None:
            server.strange.append(f"{self.command} {self.path} {dict(self.headers)}")
            self.answer(status, b"")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's own name
            """Say nothing."""

    return Handler


@pytest.fixture(scope="module", params=["gunicorn", "flask"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldServer]:
    """What an old server has been told once the shop was asked for all that fails by itself, and has ended."""
    old = OldServer()
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler(old))
    old.url = f"http://127.0.0.1:{listening.server_address[1]}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    folder: Path = tmp_path_factory.mktemp("old")
    with running_shop(request.param, folder, platform_url=old.url, key=KEY) as shop:
        for button in shop.buttons():
            # What is broken until somebody asks for a fix fails again and again; an old server never asks.
            if button.startswith(("fail-", "silent-")):
                shop.press(button)
        eventually(lambda: old.beats, what="a heartbeat")
        eventually(lambda: len(old.events) >= 7, what="an event for each way to fail")
        shop.program.end()
    yield old
    listening.shutdown()
    listening.server_close()
    thread.join(10)


def test_it_is_asked_for_nothing_that_it_does_not_know(told: OldServer) -> None:
    assert told.strange == []


def test_each_failure_arrives_once_and_nothing_else_does(told: OldServer) -> None:
    assert sorted(event["error_type"] for event in told.events) == sorted(
        ["KeyError", "ZeroDivisionError", "HTTPError", "ERROR", "ERROR", "IndexError", "IntegrityError"]
    )


def test_every_body_has_the_fields_that_it_reads(told: OldServer) -> None:
    for body in told.events + told.beats:
        assert body["service"] == "shop"
        assert body["environment"] == "production"
        assert isinstance(body["host"], str)
        assert isinstance(body["timestamp"], int)
        assert {"signal_type", "status_code", "request_path"} <= body.keys()


def test_an_unhandled_exception_is_an_exception_with_its_traceback(told: OldServer) -> None:
    event = told.one("42")

    assert (event["signal_type"], event["source"], event["status_code"]) == ("exception", "manual", 500)
    assert "in show_order" in event["stack_trace"]
    assert event["stack_trace"].rstrip().endswith("KeyError: 42")


def test_a_swallowed_exception_is_an_http_error(told: OldServer) -> None:
    event = told.one("division by zero")

    assert (event["signal_type"], event["source"]) == ("http_error", "http")
    assert (event["status_code"], event["request_path"]) == (500, "/quote/0")


def test_a_refusal_is_an_http_error(told: OldServer) -> None:
    event = told.one("GET /admin/prices returned HTTP 403")

    assert (event["signal_type"], event["error_type"], event["status_code"]) == ("http_error", "HTTPError", 403)


def test_a_logged_error_is_a_log_error(told: OldServer) -> None:
    event = told.one("The payment provider declined order 1002")

    assert (event["signal_type"], event["source"], event["stack_trace"]) == ("log_error", "logging", "")


def test_a_logged_error_carries_its_traceback(told: OldServer) -> None:
    assert "in weigh" in told.one("No label could be printed for order 1002")["stack_trace"]


def test_a_heartbeat_is_a_heartbeat(told: OldServer) -> None:
    assert {beat["signal_type"] for beat in told.beats} == {"heartbeat"}
    assert all("base_url" in beat for beat in told.beats)
