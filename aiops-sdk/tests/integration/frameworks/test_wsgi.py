"""What fails in a plain WSGI app behind the middleware: each failure is reported once, and nothing changes for the host."""

from __future__ import annotations

import gc
import io
import json
import logging
import sys
import threading
import traceback
import weakref
from http.client import HTTPConnection
from typing import Any, Iterator, List
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest

import aiops_sdk
from aiops_sdk import Config, scope
from aiops_sdk import client as clients
from aiops_sdk.integrations.wsgi import AIOpsMiddleware
from aiops_sdk.testing import CapturedEvents, capture_events

JSON = [("Content-Type", "application/json")]


@pytest.fixture
def reports() -> Iterator[CapturedEvents]:
    with capture_events() as events:
        yield events


class Server:
    """Calls an app as a server does, and keeps what it would send."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: List[Any] = []
        self.exc_info: Any = None
        self.body: Any = None
        self.sent: List[bytes] = []

    def start(self, status, headers, exc_info=None):
        self.status, self.headers, self.exc_info = status, headers, exc_info
        return self.sent.append

    def run(self, app, path="/orders", **environ):
        address, _, query = path.partition("?")
        environ = {"PATH_INFO": address, "QUERY_STRING": query, "HTTP_HOST": "shop.example", **environ}
        setup_testing_defaults(environ)
        self.body = app(environ, self.start)
        try:
            self.sent.extend(self.body)
        finally:
            if hasattr(self.body, "close"):
                self.body.close()
        return self


def ask(app, path="/orders", **environ):
    return Server().run(AIOpsMiddleware(app), path, **environ)


def answering(status, body=b"", headers=()):
    """An app that gives this answer."""

    def app(environ, start_response):
        start_response(status, list(headers))
        return [body]

    return app


def only(events):
    assert len(events) == 1, events
    return events[0]


def summary(event):
    return event["signal_type"], event["status_code"], event["error_type"], event["message"]


# One failure, one event.


def test_an_app_that_raises_is_one_event_with_traceback_and_request(reports):
    def app(environ, start_response):
        return [b"%d" % (7 // 0)]

    with pytest.raises(ZeroDivisionError):
        ask(app, "/orders/17?verbose=1", REQUEST_METHOD="POST", HTTP_X_TRACE="abc")

    event = only(reports)
    assert summary(event) == ("exception", 500, "ZeroDivisionError", "integer division or modulo by zero")
    assert event["contexts"]["capture"]["mechanism"] == "wsgi"
    assert event["exceptions"][0]["frames"][-1]["function"] == "app"
    assert "aiops_sdk" not in event["stack_trace"]
    assert event["request_path"] == "/orders/17"
    assert event["request"]["method"] == "POST"
    assert event["request"]["url"] == "http://shop.example/orders/17?verbose=1"
    assert event["request"]["headers"]["X-Trace"] == "abc"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="raised on, a traceback shows it again before Python 3.11")
def test_the_exception_passes_untouched(reports):
    raised = KeyError("sku")

    def app(environ, start_response):
        raise raised

    with pytest.raises(KeyError) as caught:
        ask(app)

    assert caught.value is raised
    told = "".join(traceback.format_tb(raised.__traceback__))
    assert "integrations" not in told


def test_an_exception_that_is_logged_and_raised_is_one_event(reports):
    def app(environ, start_response):
        try:
            raise ValueError("x")
        except ValueError:
            logging.getLogger("shop").exception("Could not load the cart")
            raise

    with pytest.raises(ValueError, match="x"):
        ask(app)

    assert only(reports)["request_path"] == "/orders"


def test_an_exception_of_which_the_app_makes_an_answer_is_told_with_its_frames(reports):
    def app(environ, start_response):
        try:
            raise LookupError("no such order in this shop")
        except LookupError:
            start_response("503 Service Unavailable", JSON, sys.exc_info())
            return [b'{"error": "come back later, please"}']

    assert ask(app).exc_info[0] is LookupError
    event = only(reports)
    assert summary(event) == ("http_error", 503, "LookupError", "come back later, please")
    assert event["exceptions"][0]["frames"][-1]["function"] == "app"


def test_an_answer_that_is_begun_anew_counts_as_it_ends(reports):
    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            raise LookupError("no such order in this shop")
        except LookupError:
            start_response("500 Internal Server Error", [], sys.exc_info())
            return [b"sorry"]

    assert ask(app).status == "500 Internal Server Error"
    assert summary(only(reports)) == ("exception", 500, "LookupError", "no such order in this shop")


# Answers.


@pytest.mark.parametrize("status", [400, 401, 403, 500, 502, 503, 504])
def test_an_answer_that_says_that_something_failed_is_one_event(reports, status):
    answer = ask(answering(f"{status} No", b'{"error": "no luck today"}', JSON))

    assert answer.sent == [b'{"error": "no luck today"}']
    assert summary(only(reports)) == ("http_error", status, "HTTPError", "no luck today")


def test_an_answer_without_a_message_says_what_was_asked_for(reports):
    ask(answering("503 No", b"<h1>Sorry</h1>", [("Content-Type", "text/html")]))

    assert summary(only(reports)) == ("http_error", 503, "HTTPError", "GET /orders returned HTTP 503")


@pytest.mark.parametrize("status", [404, 405, 410, 429, 501])
def test_other_answers_are_counted(reports, status):
    ask(answering(f"{status} No"))

    assert list(reports) == []
    assert clients.current().stats()["answers"] == {str(status): {"(none)": 1}}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\x1f\x8b", [*JSON, ("Content-Encoding", "gzip")]),
        (b'{"error": ', JSON),
        (json.dumps({"error": "x" * 70_000}).encode(), JSON),
    ],
)
def test_a_body_that_cannot_be_read_says_nothing(reports, body, headers):
    assert ask(answering("503 No", body, headers)).sent == [body]
    assert only(reports)["message"] == "GET /orders returned HTTP 503"


def test_what_is_written_goes_out_and_is_judged_by_its_status(reports):
    def app(environ, start_response):
        write = start_response("503 No", JSON)
        write(b'{"error": "no luck today"}')
        return []

    assert ask(app).sent == [b'{"error": "no luck today"}']
    assert summary(only(reports))[:2] == ("http_error", 503)


@pytest.mark.parametrize("status", [None, 503, "", "no"])
def test_a_status_that_is_none_changes_nothing(reports, status):
    assert ask(answering(status, b"x")).sent == [b"x"]
    assert list(reports) == []


# Noise.


@pytest.mark.parametrize(("path", "method"), [("/health", "GET"), ("/orders", "HEAD"), ("/app.css", "GET")])
def test_nothing_is_heard_of_probes(reports, path, method):
    def app(environ, start_response):
        logging.getLogger("shop").critical("The probe failed")
        raise RuntimeError("not healthy")

    with pytest.raises(RuntimeError):
        ask(app, path, REQUEST_METHOD=method)

    assert list(reports) == []


@pytest.mark.parametrize("name", ["/orders", "/shop/orders"])
def test_a_path_that_is_to_be_skipped_is_skipped_by_either_of_its_names(name):
    with capture_events(Config(api_key="x", skip_paths=frozenset({name}))) as events:
        ask(answering("503 No"), SCRIPT_NAME="/shop")
        assert list(events) == []


# Bodies.


def test_an_app_that_begins_with_its_first_piece_is_judged_by_its_status(reports):
    def app(environ, start_response):
        start_response("503 No", JSON)
        yield b'{"error": "no luck today"}'

    assert ask(app).sent == [b'{"error": "no luck today"}']
    assert summary(only(reports))[:2] == ("http_error", 503)


def test_a_stream_that_breaks_is_one_event_of_its_request(reports):
    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"first"
        raise ValueError("the stream broke")

    with pytest.raises(ValueError, match="the stream broke"):
        ask(app)

    event = only(reports)
    assert (event["error_type"], event["request_path"]) == ("ValueError", "/orders")


def test_a_stream_is_read_as_it_is_sent_and_closed(reports):
    said = []

    class Pieces:
        def __iter__(self):
            for number in range(3):
                said.append(number)
                assert scope.current_request() is not None
                yield b"%d" % number

        def close(self):
            said.append("closed")

    def app(environ, start_response):
        start_response("200 OK", [])
        return Pieces()

    environ: Any = {}
    setup_testing_defaults(environ)
    body = AIOpsMiddleware(app)(environ, lambda *_: None)
    assert said == []
    for piece in body:
        assert said[-1] == int(piece)
        assert scope.current_request() is None
    body.close()

    assert said == [0, 1, 2, "closed"]


def test_whoever_hangs_up_during_a_stream_is_no_failure(reports):
    def app(environ, start_response):
        start_response("200 OK", [])
        while True:
            yield b"x"

    environ: Any = {}
    setup_testing_defaults(environ)
    body = AIOpsMiddleware(app)(environ, lambda *_: None)
    next(iter(body))
    body.close()

    assert list(reports) == []


def test_what_is_complete_goes_out_as_it_is(reports):
    for complete in ([b"x"], (b"x",), FileWrapper(io.BytesIO(b"x")), io.BytesIO(b"x")):

        def app(environ, start_response, body=complete):
            start_response("200 OK", [])
            return body

        assert ask(app, **{"wsgi.file_wrapper": FileWrapper}).body is complete


# How it attaches.


def test_before_a_client_and_after_it_the_app_answers_unheard():
    app = AIOpsMiddleware(answering("503 No"))
    Server().run(app)
    with capture_events() as events:
        Server().run(app)
        assert len(events) == 1
    Server().run(app)

    assert len(events) == 1


def test_twice_is_once(reports):
    app = AIOpsMiddleware(AIOpsMiddleware(answering("503 No")))
    Server().run(app)

    only(reports)


def test_around_a_flask_app_each_failure_is_reported_by_flasks_own(reports):
    flask = pytest.importorskip("flask")
    app = flask.Flask("shop")
    aiops_sdk.init_flask(app)

    @app.route("/crash/<int:number>")
    def crash(number):
        return {"total": 7 // 0}

    @app.route("/refused")
    def refused():
        return "no", 403

    wrapped = AIOpsMiddleware(app)
    Server().run(wrapped, "/crash/17")
    Server().run(wrapped, "/refused")
    Server().run(wrapped, "/nowhere")

    assert [(event["signal_type"], event["route"]) for event in reports] == [
        ("exception", "/crash/<int:number>"),
        ("http_error", "/refused"),
    ]
    assert clients.current().stats()["answers"] == {"404": {"(none)": 1}}


def test_nothing_of_a_request_is_kept(reports):
    kept = []

    class Order:
        pass

    def app(environ, start_response):
        order = Order()
        kept.append(weakref.ref(order))
        try:
            raise LookupError(order)
        except LookupError:
            start_response("503 No", [], sys.exc_info())
        return [b""]

    ask(app)
    gc.collect()

    assert kept[0]() is None
    assert scope.current_work() is None


def test_it_keeps_to_the_rules_of_wsgi_behind_a_real_server(reports):
    def app(environ, start_response):
        start_response("503 No", [("Content-Type", "text/plain")])
        yield b"first "
        yield b"second"

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    server = make_server("127.0.0.1", 0, validator(AIOpsMiddleware(validator(app))), handler_class=Quiet)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request("GET", "/orders?x=1")
    answer = connection.getresponse()

    assert (answer.status, answer.read()) == (503, b"first second")
    connection.close()
    thread.join(20)
    server.server_close()
    assert only(reports)["request"]["url"] == f"http://127.0.0.1:{server.server_port}/orders?x=1"
    assert clients.current().base_url == f"http://127.0.0.1:{server.server_port}"
