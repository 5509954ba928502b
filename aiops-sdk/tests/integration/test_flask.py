"""What fails in Flask apps, and that each failure is reported once and changes nothing for the host."""

from __future__ import annotations

import contextvars
import gc
import gzip
import io
import json
import logging
import threading
import weakref
from contextlib import ExitStack
from typing import Any, Iterator

import flask
import pytest
from werkzeug.exceptions import ClientDisconnected, HTTPException, InternalServerError
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client as WsgiClient
from werkzeug.wrappers import Response

import aiops_sdk
from aiops_sdk import Config, scope
from aiops_sdk import client as clients
from aiops_sdk.answers import MAX_BODY
from aiops_sdk.integrations.flask import AIOps, init_flask
from aiops_sdk.testing import CapturedEvents, capture_events


@pytest.fixture
def reports() -> Iterator[CapturedEvents]:
    with capture_events() as events:
        yield events


@pytest.fixture
def app() -> flask.Flask:
    app = flask.Flask("shop")
    init_flask(app)
    return app


def only(events):
    assert len(events) == 1, events
    return events[0]


def summary(event):
    return event["signal_type"], event["status_code"], event["error_type"], event["message"]


# One failure, one event.


def test_a_view_that_raises_is_one_event_with_traceback_path_and_route(app, reports):
    @app.route("/orders/<int:number>", methods=["POST"])
    def order(number):
        return {"total": 7 // 0}

    answer = app.test_client().post("/orders/17?verbose=1", data="x", headers={"X-Trace": "abc"})

    assert answer.status_code == 500
    event = only(reports)
    assert summary(event) == ("exception", 500, "ZeroDivisionError", "integer division or modulo by zero")
    assert event["source"] == "manual"
    assert "in order" in event["stack_trace"]
    assert event["exceptions"][0]["frames"][-1]["function"] == "order"
    assert event["request_path"] == "/orders/17"
    assert event["route"] == "/orders/<int:number>"
    assert event["request"]["method"] == "POST"
    assert event["request"]["url"] == "http://localhost/orders/17?verbose=1"
    assert event["request"]["query"] == "verbose=1"
    assert event["request"]["headers"]["X-Trace"] == "abc"
    assert event["request"]["remote_addr"] == "127.0.0.1"


@pytest.mark.parametrize("setting", ["PROPAGATE_EXCEPTIONS", "TESTING", "DEBUG"])
def test_an_exception_that_flask_lets_through_is_one_event_and_passes_untouched(app, reports, setting):
    app.config[setting] = True
    if setting == "DEBUG":
        app.debug = True
    raised = KeyError("sku")

    @app.route("/orders/<number>")
    def order(number):
        raise raised

    with pytest.raises(KeyError) as caught:
        app.test_client().get("/orders/17")

    assert caught.value is raised
    event = only(reports)
    assert summary(event) == ("exception", 500, "KeyError", "'sku'")
    assert (event["request_path"], event["route"]) == ("/orders/17", "/orders/<number>")


def test_the_traceback_of_an_exception_shows_nothing_of_ours(app, reports):
    @app.route("/")
    def view():
        raise ValueError("x")

    app.test_client().get("/")

    assert "aiops_sdk" not in only(reports)["stack_trace"]


def test_an_exception_that_the_view_logs_and_raises_is_one_event(app, reports):
    @app.route("/")
    def view():
        try:
            raise ValueError("x")
        except ValueError:
            app.logger.exception("Could not load the cart")
            raise

    app.test_client().get("/")

    event = only(reports)
    assert "ValueError: x" in event["stack_trace"]
    assert event["request_path"] == "/"


def test_an_exception_that_the_view_swallowed_is_told_by_its_message(app, reports):
    @app.route("/cart")
    def cart():
        try:
            return {"first": []}["second"]
        except KeyError as e:
            return flask.jsonify({"message": str(e)}), 500

    app.test_client().get("/cart")

    event = only(reports)
    assert summary(event) == ("http_error", 500, "KeyError", "'second'")
    assert event["source"] == "http"
    assert (event["request_path"], event["route"]) == ("/cart", "/cart")


def test_an_answer_whose_message_was_logged_adds_nothing(app, reports):
    @app.route("/")
    def view():
        app.logger.error("Loading the cart failed: %s", "the database is down")
        return {"error": "the database is down"}, 503

    app.test_client().get("/")

    assert summary(only(reports))[0] == "log_error"


def test_an_answer_after_a_logged_exception_adds_nothing(app, reports):
    @app.route("/")
    def view():
        try:
            raise ValueError("the database is down")
        except ValueError:
            app.logger.exception("Loading the cart failed")
            return {"error": "Try again later"}, 500

    app.test_client().get("/")

    event = only(reports)
    assert summary(event)[0] == "log_error"
    assert "ValueError: the database is down" in event["stack_trace"]


def test_an_answer_after_a_captured_exception_adds_nothing(app, reports):
    @app.route("/")
    def view():
        try:
            raise ValueError("the database is down")
        except ValueError as e:
            clients.current().capture_exception(e)
            return {"error": "Try again later"}, 500

    app.test_client().get("/")

    assert summary(only(reports))[0] == "exception"


def test_an_answer_that_has_nothing_to_do_with_a_log_line_is_an_event_of_its_own(app, reports):
    @app.route("/")
    def view():
        app.logger.error("The cache is full")
        return {"error": "Token expired"}, 401

    app.test_client().get("/")

    assert [summary(event)[0] for event in reports] == ["log_error", "http_error"]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, {"error": "internal error"}, ["log_error"]),
        (502, {"error": "Payment failed"}, ["log_error"]),
        (500, "Sorry", ["log_error"]),
        (400, {"error": "The quantity must be a number"}, ["log_error", "http_error"]),
        (401, {"error": "Token expired"}, ["log_error", "http_error"]),
    ],
)
def test_an_answer_5xx_after_a_line_in_an_except_block_adds_nothing(app, reports, status, body, told):
    @app.route("/")
    def view():
        try:
            return {"total": 7 // 0}
        except ZeroDivisionError:
            app.logger.error("failed to process the order")
            return body, status

    app.test_client().get("/")

    assert [summary(event)[0] for event in reports] == told
    assert reports[0].get("also_seen_by") == (["http"] if len(told) == 1 else None)


@pytest.mark.parametrize("when", ["within", "behind"])
def test_an_abort_5xx_after_a_line_in_an_except_block_adds_nothing(app, reports, when):
    @app.route("/")
    def view():
        try:
            return {"total": 7 // 0}
        except ZeroDivisionError:
            app.logger.error("failed to process the order")
            if when == "within":
                flask.abort(flask.make_response({"error": "The warehouse is closed"}, 503))
        flask.abort(500, "no more of it")

    app.test_client().get("/")

    assert only(reports)["also_seen_by"] == ["http"]


def test_an_abort_of_another_failure_than_the_one_of_the_line_is_an_event_of_its_own(app, reports):
    @app.route("/")
    def view():
        try:
            return {"total": 7 // 0}
        except ZeroDivisionError:
            app.logger.error("the cache is down")
        try:
            return {"total": int("many")}
        except ValueError:
            flask.abort(500, "the database is down")

    app.test_client().get("/")

    assert [summary(event)[0] for event in reports] == ["log_error", "http_error"]


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (lambda: ({"error": "The import did not run"}, 500), 1),
        (lambda: ("Sorry", 503), 1),
        (lambda: flask.abort(500), 1),
        (lambda: ({"error": "Token expired"}, 401), 2),
        (lambda: {}["another"], 2),
        (lambda: "fine", 1),
    ],
)
def test_an_answer_5xx_after_a_job_that_failed_in_the_request_adds_nothing(app, reports, answer, count):
    @app.route("/")
    def view():
        try:
            with aiops_sdk.monitor("import"):
                raise ValueError("no such file")
        except ValueError:
            pass
        return answer()

    app.test_client().get("/")

    assert len(reports) == count
    assert reports[0]["message"] == "no such file"


@pytest.mark.parametrize(
    "tell", [lambda app: app.logger.exception("bad input"), lambda _: aiops_sdk.capture_exception()]
)
@pytest.mark.parametrize(("status", "count"), [(400, 1), (403, 2)])
def test_an_answer_400_after_an_exception_that_was_told_in_its_except_block_adds_nothing(
    app, reports, tell, status, count
):
    @app.route("/")
    def view():
        try:
            return {"quantity": int("many")}
        except ValueError:
            tell(app)
            return {"error": "The quantity must be a number"}, status

    app.test_client().get("/")

    assert len(reports) == count


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda: ("Sorry", 500), ["log_error"]),
        (lambda: flask.abort(503), ["log_error"]),
        (lambda: ({"error": "The warehouse is closed"}, 503), ["log_error", "http_error"]),
        (lambda: ("Sorry", 403), ["log_error", "http_error"]),
    ],
)
def test_an_answer_that_tells_of_nothing_adds_nothing_to_an_error_line(app, reports, answer, told):
    @app.route("/")
    def view():
        app.logger.error("the payment gateway returned nothing")
        return answer()

    app.test_client().get("/")

    assert [summary(event)[0] for event in reports] == told


@pytest.mark.parametrize("kind", [Exception, 500])
def test_what_an_error_handler_logs_is_about_what_it_handles(app, reports, kind):
    @app.errorhandler(kind)
    def sorry(e):
        app.logger.error("Server error")
        return {"error": "internal error"}, 500

    @app.route("/")
    def view():
        return {}["a"]

    app.test_client().get("/")

    event = only(reports)
    assert event["exceptions"][0]["type"] == "KeyError"
    assert "http" in event["also_seen_by"]


@pytest.mark.parametrize(
    ("logged", "message", "told"),
    [
        ("Loading failed: 'id'", "'id'", ["log_error"]),
        ("failed", "failed", ["log_error"]),
        ("Cache down a", "a", ["log_error", "http_error"]),
        ("order 1001 is late", "1", ["log_error", "http_error"]),
        ("Sending the mail failed twice", "failed", ["log_error", "http_error"]),
        ("Rates are unavailable", "available", ["log_error", "http_error"]),
    ],
)
def test_only_a_line_that_says_the_answers_message_makes_the_answer_known(app, reports, logged, message, told):
    @app.route("/")
    def view():
        app.logger.error(logged)
        return {"message": message}, 503

    app.test_client().get("/")

    assert [summary(event)[0] for event in reports] == told


def test_a_log_line_of_the_request_carries_path_and_route(app, reports):
    @app.route("/orders/<number>")
    def order(number):
        logging.getLogger("shop.orders").error("No stock for %s", number)
        return "ok"

    app.test_client().get("/orders/17")

    event = only(reports)
    assert (event["message"], event["request_path"]) == ("No stock for 17", "/orders/17")
    assert event["route"] == "/orders/<number>"


@pytest.mark.parametrize("status", [400, 401, 403, 500, 502, 503, 504])
def test_an_answer_with_a_status_that_counts_is_an_event(app, reports, status):
    @app.route("/<int:code>")
    def view(code):
        return "no", code

    app.test_client().get(f"/{status}")

    assert summary(only(reports)) == ("http_error", status, "HTTPError", f"GET /{status} returned HTTP {status}")


@pytest.mark.parametrize(
    "status", [200, 201, 204, 302, 304, 402, 404, 405, 409, 410, 413, 418, 422, 429, 501, 505, 507, 599]
)
def test_an_answer_with_another_status_is_none(app, reports, status):
    @app.route("/<int:code>")
    def view(code):
        return {"error": "connection refused"}, code

    assert app.test_client().get(f"/{status}").status_code == status
    assert len(reports) == 0


def test_pages_that_do_not_exist_and_methods_that_are_not_allowed_are_silent(app, reports):
    @app.route("/orders")
    def orders():
        return "ok"

    assert app.test_client().get("/nowhere").status_code == 404
    assert app.test_client().post("/orders").status_code == 405
    assert len(reports) == 0


# Where it fails.


def test_a_before_request_function_that_raises_is_one_event(app, reports):
    @app.before_request
    def authenticate():
        raise PermissionError("no token")

    @app.route("/orders/<number>")
    def order(number):
        return "ok"

    app.test_client().get("/orders/17")

    event = only(reports)
    assert summary(event) == ("exception", 500, "PermissionError", "no token")
    assert event["route"] == "/orders/<number>"


def test_a_before_request_function_that_refuses_is_one_event(app, reports):
    @app.before_request
    def authenticate():
        return {"message": "Token expired"}, 401

    app.test_client().get("/anything")

    assert summary(only(reports)) == ("http_error", 401, "HTTPError", "Token expired")


@pytest.mark.parametrize("fails", ["always", "once"])
def test_an_after_request_function_that_raises_is_one_event(app, reports, fails):
    calls = []

    @app.after_request
    def add_header(response):
        calls.append(1)
        if fails == "always" or len(calls) == 1:
            raise RuntimeError("no header")
        return response

    @app.route("/orders/<number>")
    def order(number):
        return "ok"

    assert app.test_client().get("/orders/17").status_code == 500
    event = only(reports)
    assert summary(event) == ("exception", 500, "RuntimeError", "no header")
    assert event["route"] == "/orders/<number>"


def test_a_teardown_function_that_raises_is_one_event_with_path_and_route(app, reports):
    @app.teardown_request
    def close_session(_):
        raise RuntimeError("no session")

    @app.route("/orders/<number>")
    def order(number):
        return "ok"

    with pytest.raises(Exception, match=r"no session|teardown"):  # Flask 3.2 raises a group
        app.test_client().get("/orders/17")

    event = only(reports)
    assert "RuntimeError: no session" in event["stack_trace"]
    assert (event["request_path"], event["route"]) == ("/orders/17", "/orders/<number>")


def test_a_view_that_returns_nonsense_is_one_event(app, reports):
    @app.route("/")
    def view():
        return None

    app.test_client().get("/")

    assert summary(only(reports))[:3] == ("exception", 500, "TypeError")


def test_a_session_that_cannot_be_saved_is_one_event(app, reports):
    @app.route("/")
    def view():
        flask.session["a"] = 1
        return "ok"

    app.test_client().get("/")

    assert summary(only(reports))[:3] == ("exception", 500, "RuntimeError")


@pytest.mark.parametrize("exc", [SystemExit(1), KeyboardInterrupt(), GeneratorExit()])
def test_a_view_that_ends_the_program_is_no_event(app, reports, exc):
    @app.route("/")
    def view():
        raise exc

    with pytest.raises(type(exc)):
        app.test_client().get("/")

    assert len(reports) == 0


# Error handlers.


def test_an_exception_that_a_handler_answers_is_one_event_with_its_traceback(app, reports):
    @app.errorhandler(LookupError)
    def missing(e):
        return {"message": "The cart is broken"}, 500

    @app.route("/cart")
    def cart():
        return ["abc"][int("7")]

    app.test_client().get("/cart")

    event = only(reports)
    assert summary(event) == ("http_error", 500, "IndexError", "The cart is broken")
    assert "IndexError: list index out of range" in event["stack_trace"]
    assert event["exceptions"][0]["frames"][-1]["function"] == "cart"


def test_a_blueprint_s_handler_counts_the_same(reports):
    blueprint = flask.Blueprint("orders", "orders", url_prefix="/orders")

    @blueprint.errorhandler(ValueError)
    def bad(e):
        return {"error": str(e)}, 400

    @blueprint.route("/<number>")
    def order(number):
        return str(int(number))

    app = flask.Flask("shop")
    init_flask(app)
    app.register_blueprint(blueprint)
    app.test_client().get("/orders/seven")

    event = only(reports)
    assert summary(event)[:3] == ("http_error", 400, "ValueError")
    assert "invalid literal for int()" in event["message"]
    assert event["route"] == "/orders/<number>"


def test_a_handler_that_logs_the_exception_and_answers_is_one_event(app, reports):
    @app.errorhandler(Exception)
    def any_error(e):
        app.logger.error("Unhandled", exc_info=e)
        return {"message": "Sorry"}, 400

    @app.route("/")
    def view():
        return {}["a"]

    app.test_client().get("/")

    event = only(reports)
    assert summary(event)[0] == "log_error"
    assert "KeyError: 'a'" in event["stack_trace"]


def test_a_handler_of_500_does_not_make_it_two(app, reports):
    @app.errorhandler(500)
    def sorry(e):
        return {"message": f"Sorry: {e.original_exception}"}, 500

    @app.route("/")
    def view():
        return {}["a"]

    assert app.test_client().get("/").get_json() == {"message": "Sorry: 'a'"}
    assert summary(only(reports))[0] == "exception"


@pytest.mark.parametrize("answer", [500, 400])
@pytest.mark.parametrize(
    "say", [lambda log, e: log.error("Unhandled: %s", e), lambda _, e: clients.current().capture_exception(e)]
)
@pytest.mark.parametrize("path", ["/", "/before", "/after", "/nothing"])
def test_a_handler_of_500_that_tells_of_what_it_was_given_does_not_make_it_two(app, reports, path, say, answer):
    @app.errorhandler(500)
    def sorry(e):
        say(app.logger, e)
        return {"message": "Something went wrong"}, answer

    @app.route("/")
    @app.route("/before")
    @app.route("/after")
    @app.route("/nothing")
    def view():
        return None if flask.request.path == "/nothing" else ("ok" if flask.request.path == "/after" else {}["a"])

    @app.before_request
    def before():
        if flask.request.path == "/before":
            raise LookupError("before")

    @app.after_request
    def after(response):
        if flask.request.path == "/after":
            raise LookupError("after")
        return response

    assert app.test_client().get(path).status_code == answer
    assert summary(only(reports))[0] == "exception"


def test_a_handler_that_answers_with_a_status_that_does_not_count_is_silent(app, reports):
    @app.errorhandler(LookupError)
    def missing(e):
        return "nothing here", 404

    @app.route("/")
    def view():
        return ["abc"][int("7")]

    app.test_client().get("/")

    assert len(reports) == 0


def test_a_handler_that_raises_is_one_event_that_shows_both(app, reports):
    @app.errorhandler(LookupError)
    def missing(e):
        raise RuntimeError("the handler is broken, too")

    @app.route("/")
    def view():
        return ["abc"][int("7")]

    app.test_client().get("/")

    event = only(reports)
    assert summary(event)[:3] == ("exception", 500, "RuntimeError")
    assert "IndexError" in event["stack_trace"]


def test_a_handler_of_every_http_exception_as_in_flask_s_manual(app, reports):
    @app.errorhandler(HTTPException)
    def as_json(e):
        response = e.get_response()
        response.data = json.dumps({"code": e.code, "name": e.name, "description": e.description})
        response.content_type = "application/json"
        return response

    @app.route("/")
    def view():
        flask.abort(403, description="Not for you.")

    app.test_client().get("/")

    assert summary(only(reports)) == ("http_error", 403, "HTTPError", "Not for you.")


def test_an_abort_is_told_by_the_default_sentence(app, reports):
    @app.route("/secret")
    def secret():
        flask.abort(403, description="Not for you.")

    app.test_client().get("/secret")

    assert summary(only(reports)) == ("http_error", 403, "HTTPError", "GET /secret returned HTTP 403")


def test_an_http_exception_that_hides_another_shows_it(app, reports):
    @app.route("/")
    def view():
        try:
            return {}["a"]
        except KeyError as e:
            raise InternalServerError from e

    app.test_client().get("/")

    assert "KeyError: 'a'" in only(reports)["stack_trace"]


def test_an_abort_that_an_extension_signals_as_an_exception_is_one_event(app, reports):
    @app.errorhandler(HTTPException)
    def as_json(e):
        flask.got_request_exception.send(app, exception=e)
        return {"message": "Not for you"}, e.code

    @app.route("/<int:code>")
    def view(code):
        flask.abort(code)

    app.test_client().get("/403")
    app.test_client().get("/404")

    event = only(reports)
    assert summary(event) == ("http_error", 403, "HTTPError", "Not for you")
    assert "in view" in event["stack_trace"]


def test_a_client_that_hung_up_while_sending_is_silent(app, reports):
    @app.route("/", methods=["POST"])
    def view():
        raise ClientDisconnected

    assert app.test_client().post("/").status_code == 400
    assert len(reports) == 0


def test_a_subclass_that_logs_exceptions_its_own_way_is_heard(reports):
    class Shop(flask.Flask):
        def log_exception(self, exc_info):
            pass

    app = Shop("shop")
    init_flask(app)

    @app.route("/")
    def view():
        return {}["a"]

    app.test_client().get("/")

    assert summary(only(reports))[:3] == ("exception", 500, "KeyError")


# Bodies.


def test_a_streamed_body_that_breaks_is_one_event_of_its_request(app, reports):
    @app.route("/export/<name>")
    def export(name):
        def lines():
            yield "first\n"
            logging.getLogger("shop").error("The second line is missing")
            raise ValueError("no second line")

        return flask.Response(lines())

    with pytest.raises(ValueError, match="no second line"):
        app.test_client().get("/export/orders").get_data()

    logged, raised = reports
    assert (logged["message"], logged["request_path"]) == ("The second line is missing", "/export/orders")
    assert summary(raised) == ("exception", 500, "ValueError", "no second line")
    assert (raised["request_path"], raised["route"]) == ("/export/orders", "/export/<name>")


def test_a_streamed_body_is_not_read_ahead(app, reports):
    made = []

    @app.route("/")
    def view():
        def pieces():
            for piece in (b'{"message": ', b'"streamed"}'):
                made.append(piece)
                yield piece

        return flask.Response(pieces(), 500, mimetype="application/json")

    answer = app.test_client().get("/")

    assert len(made) < 2
    assert answer.get_json() == {"message": "streamed"}
    assert summary(only(reports)) == ("http_error", 500, "HTTPError", "GET / returned HTTP 500")


def test_a_streamed_body_that_nobody_finishes_leaks_no_request(app, reports):
    @app.route("/health")
    def health():
        return flask.Response(iter([b"a", b"b"]))

    body = app({**environ("/health"), "wsgi.errors": io.StringIO()}, lambda *_: None)
    next(iter(body))
    logging.getLogger("shop").error("Told outside of the request")

    assert scope.current_request() is None
    assert only(reports)["message"] == "Told outside of the request"
    body.close()


def test_closing_a_streamed_body_closes_what_it_was_made_from(app, reports):
    closed = []

    @app.route("/")
    def view():
        def pieces():
            try:
                yield b"a"
                yield b"b"
            finally:
                closed.append(scope.current_request().path)

        response = flask.Response(pieces())
        response.call_on_close(lambda: closed.append("called"))
        return response

    body = app(environ("/"), lambda *_: None)
    next(iter(body))
    body.close()

    assert closed == ["/", "called"]
    assert len(reports) == 0


def test_a_streamed_body_that_breaks_while_it_is_closed_is_one_event(app, reports):
    @app.route("/")
    def view():
        def pieces():
            try:
                yield b"a"
            finally:
                raise ValueError("cannot close")

        return flask.Response(pieces())

    body = app(environ("/"), lambda *_: None)
    next(iter(body))
    with pytest.raises(ValueError, match="cannot close"):
        body.close()

    assert summary(only(reports)) == ("exception", 500, "ValueError", "cannot close")


class FileWrapper:
    """What a server puts into the environ to recognise files by."""

    def __init__(self, file: Any, size: int = 8192) -> None:
        self.file = file


def test_a_file_reaches_the_server_in_the_server_s_own_wrapper(app, reports):
    @app.route("/report")
    def report():
        return flask.send_file(io.BytesIO(b"a report"), mimetype="text/plain"), 500

    body = app({**environ("/report"), "wsgi.file_wrapper": FileWrapper}, lambda *_: None)

    assert type(body) is FileWrapper
    assert body.file.tell() == 0
    assert summary(only(reports))[:2] == ("http_error", 500)


ANSWERS = {
    "text": lambda: ("no", 500),
    "bytes": lambda: (b"\x00\xff", 502),
    "json": lambda: ({"message": "no"}, 503),
    "json of several pieces": lambda: flask.Response(['{"mess', b'age":', '"no"}'], 500, mimetype="application/json"),
    "broken json": lambda: flask.Response(b'{"message": ', 500, mimetype="application/json"),
    "json that is not utf-8": lambda: flask.Response(b'{"message": "\xff"}', 500, mimetype="application/json"),
    "deep json": lambda: flask.Response(b"[" * 50_000, 500, mimetype="application/json"),
    "long json": lambda: flask.Response(json.dumps({"message": "x" * MAX_BODY}), 500, mimetype="application/json"),
    "a number too long": lambda: flask.Response(b"1" * 9_999, 500, mimetype="application/json"),
    "empty json": lambda: flask.Response(b"", 500, mimetype="application/json"),
    "compressed": lambda: flask.Response(
        gzip.compress(b"{}", mtime=0), 500, {"Content-Encoding": "gzip"}, mimetype="application/json"
    ),
    "no body": lambda: ("", 204),
    "not modified": lambda: ("", 304),
    "stream": lambda: flask.Response(iter([b"a", b"", b"b"]), 500),
    "one piece": lambda: flask.Response(iter([b"a"]), 200),
    "redirect": lambda: flask.redirect("/elsewhere"),
    "cookies": lambda: flask.Response("a", 400, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]),
    "file": lambda: flask.send_file(io.BytesIO(b"abc"), mimetype="text/plain"),
    "odd status": lambda: flask.Response("a", "500 Because"),
}


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_client_receives_exactly_what_it_would_without_us(kind, method, reports):
    received = []
    for hooked in (False, True):
        app = flask.Flask("shop")
        app.add_url_rule("/", "view", ANSWERS[kind], methods=["GET", "POST"])
        if hooked:
            init_flask(app)
        answer = app.test_client().open("/", method=method)
        headers = [header for header in answer.headers if header[0] not in ("Date", "Last-Modified", "ETag", "Expires")]
        received.append((answer.status, headers, answer.get_data()))

    assert received[0] == received[1]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("json", "no"),
        ("json of several pieces", "no"),
        ("broken json", "GET / returned HTTP 500"),
        ("json that is not utf-8", "GET / returned HTTP 500"),
        ("deep json", "GET / returned HTTP 500"),
        ("long json", "GET / returned HTTP 500"),
        ("a number too long", "GET / returned HTTP 500"),
        ("empty json", "GET / returned HTTP 500"),
        ("compressed", "GET / returned HTTP 500"),
        ("odd status", "GET / returned HTTP 500"),
    ],
)
def test_what_an_answer_says(app, reports, kind, message):
    app.add_url_rule("/", "view", ANSWERS[kind])
    app.test_client().get("/")

    assert only(reports)["message"] == message


@pytest.mark.parametrize(
    "mimetype",
    ["application/json", "application/problem+json", "application/vnd.api+json", "application/json; charset=utf-8"],
)
def test_json_has_many_names(app, reports, mimetype):
    @app.route("/")
    def view():
        return flask.Response('{"title": "Out of credit"}', 403, content_type=mimetype)

    app.test_client().get("/")

    assert only(reports)["message"] == "Out of credit"


def test_only_json_is_read(app, reports):
    @app.route("/")
    def view():
        return '{"message": "a page that looks like JSON"}', 500

    app.test_client().get("/")

    assert only(reports)["message"] == "GET / returned HTTP 500"


@pytest.mark.parametrize("registered", ["before", "after"])
def test_an_answer_that_an_extension_compresses_is_understood(reports, registered):
    app = flask.Flask("shop")

    def compress(response):
        response.set_data(gzip.compress(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
        return response

    if registered == "before":
        app.after_request(compress)
    init_flask(app)
    if registered == "after":
        app.after_request(compress)

    @app.route("/")
    def view():
        return {"message": "The database is down"}, 500

    assert gzip.decompress(app.test_client().get("/").get_data()) == b'{"message":"The database is down"}\n'
    assert only(reports)["message"] == "The database is down"


def test_a_status_that_an_extension_changes_is_the_one_that_counts(app, reports):
    @app.after_request
    def hide(response):
        response.status_code = {500: 404, 404: 503}[response.status_code]
        return response

    @app.route("/")
    def view():
        return {"message": "hidden"}, 500

    app.test_client().get("/")
    assert len(reports) == 0

    app.test_client().get("/nowhere")
    assert summary(only(reports))[:2] == ("http_error", 503)


# Silence.


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"),
        ("GET", "/health/"),
        ("POST", "/livez"),
        ("GET", "/static.css"),
        ("HEAD", "/x"),
        ("OPTIONS", "/x"),
    ],
)
def test_nothing_is_reported_while_a_silent_request_runs(app, reports, method, path):
    seen = []

    @app.route("/<path:path>", methods=["GET", "POST", "OPTIONS"])
    def view(path):
        logging.getLogger("shop").critical("The probe failed")
        clients.current().capture_exception(ValueError("by hand"))
        try:
            raise ValueError("x")
        except ValueError:
            app.logger.exception("and logged")
        seen.append(path)
        return {}["crash"]

    assert app.test_client().open(path, method=method).status_code == 500
    assert len(seen) == 1
    assert len(reports) == 0


def test_a_silent_request_that_streams_stays_silent(app, reports):
    @app.route("/health")
    def health():
        def pieces():
            yield b"a"
            logging.getLogger("shop").error("while streaming")
            raise ValueError("x")

        return flask.Response(pieces())

    with pytest.raises(ValueError, match="x"):
        app.test_client().get("/health").get_data()

    assert len(reports) == 0


def test_after_a_silent_request_everything_is_heard_again(app, reports):
    app.test_client().get("/health")
    logging.getLogger("shop").error("Heard")

    assert only(reports)["message"] == "Heard"


def test_extra_paths_are_silent(app):
    with capture_events(Config.load(api_key="key", skip_paths="/admin/health/, internal/ping")) as reports:

        @app.route("/<path:path>")
        def view(path):
            return {}["crash"]

        for path in ("/admin/health", "/admin/health/", "/internal/ping"):
            app.test_client().get(path)
        assert len(reports) == 0

        app.test_client().get("/admin/health/7")
        assert only(reports)["request_path"] == "/admin/health/7"


def test_a_path_below_a_prefix_is_silent_by_either_name():
    app = flask.Flask("shop")
    init_flask(app)

    @app.route("/<path:path>")
    def view(path):
        return {}["crash"]

    with capture_events(Config.load(api_key="key", skip_paths="/shop/ping-me")) as reports:
        for path in ("/health", "/ping-me"):
            app.test_client().get(path, base_url="http://localhost/shop")
        assert len(reports) == 0


# Apps, and when they meet the SDK.


def crash(app: flask.Flask, path: str = "/crash") -> None:
    if "crash" not in app.view_functions:
        app.add_url_rule("/crash", "crash", lambda: {}["a"])
    app.test_client().get(path)


def test_twice_on_one_app_changes_nothing(app, reports):
    wsgi_app = app.wsgi_app
    init_flask(app)
    aiops_sdk.init_flask(app)

    crash(app)

    assert app.wsgi_app == wsgi_app
    assert summary(only(reports))[0] == "exception"


def test_several_apps_each_report(reports):
    for name in ("one", "two"):
        app = flask.Flask(name)
        init_flask(app)
        crash(app)

    assert len(reports) == 2


def test_an_app_goes_with_its_last_reference_as_without_us(reports):
    gc.disable()
    try:
        app = flask.Flask("shop")
        init_flask(app)
        assert app.view_functions["static"]
        gone = weakref.ref(app)
        del app
        assert gone() is None
    finally:
        gc.enable()


def test_an_app_stays_as_long_as_its_wsgi_app_is_needed(reports):
    def create_app():
        app = flask.Flask("shop")
        app.add_url_rule("/crash", "crash", lambda: {}["a"])
        init_flask(app)
        return app

    kept = ProxyFix(create_app().wsgi_app)
    gc.collect()

    assert WsgiClient(kept, Response).get("/crash").status_code == 500
    assert len(reports) == 1


def test_an_app_that_was_made_before_is_heard_where_it_is_handed_over():
    other, app = flask.Flask("other"), flask.Flask("shop")
    init_flask(app)
    with capture_events() as reports:
        crash(other)
        crash(app)

    # The other one only by its logger, as everything that is logged.
    assert [event["signal_type"] for event in reports] == ["log_error", "exception"]


def test_an_app_that_is_made_afterwards_is_heard_by_itself(reports):
    app = flask.Flask("shop")
    crash(app)

    assert only(reports)["signal_type"] == "exception"


def test_of_an_app_that_is_heard_by_itself_what_a_middleware_answers_is_heard_too(reports):
    class Guard:
        def __init__(self, inner):
            self.inner = inner

        def __call__(self, environ, start_response):
            if environ["PATH_INFO"] == "/secret":
                start_response("401 Unauthorized", [])
                return [b"no"]
            return self.inner(environ, start_response)

    app = flask.Flask("shop")
    app.wsgi_app = Guard(app.wsgi_app)
    app.add_url_rule("/broken", "broken", lambda: ("no", 503))
    app.test_client().get("/secret")
    app.test_client().get("/broken")

    assert [event["status_code"] for event in reports] == [401, 503]


def test_what_makes_apps_is_as_before_when_nothing_listens_any_more():
    before = flask.Flask.__init__, flask.Flask.__call__
    with capture_events():
        assert (flask.Flask.__init__, flask.Flask.__call__) != before
    assert (flask.Flask.__init__, flask.Flask.__call__) == before


# Flask's own way to add an extension.


def test_the_extension_reports_as_init_flask_does(reports):
    app = flask.Flask("shop")
    AIOps(app)
    crash(app)

    assert only(reports)["signal_type"] == "exception"


@pytest.mark.parametrize("late", [False, True])
def test_the_extension_takes_its_options_from_the_app_where_init_was_not_called(platform, late):
    app = flask.Flask("shop")
    app.config.update(
        AIOPS_API_KEY="key-of-the-app",
        AIOPS_PLATFORM_URL=platform.url,
        AIOPS_SERVICE_NAME="orders",
        AIOPS_ENV="staging",
        AIOPS_SERVICE_BASE_URL="https://shop.example.com",
    )
    if late:
        AIOps().init_app(app)
    else:
        AIOps(app)
    crash(app)
    aiops_sdk.flush(10)

    config = clients.current().config
    assert (config.api_key, config.service_name, config.environment) == ("key-of-the-app", "orders", "staging")
    assert config.base_url == "https://shop.example.com"
    assert only(platform.wait_for_events(1))["signal_type"] == "exception"


def test_the_extension_says_what_is_missing():
    with pytest.raises(RuntimeError, match="API key"):
        AIOps(flask.Flask("shop"))


def test_a_middleware_within_us_reports_once_whatever_else_is_attached(reports):
    app, other = flask.Flask("shop"), flask.Flask("other")
    app.wsgi_app = ProxyFix(app.wsgi_app)
    for each in (app, other):
        init_flask(each)
        each.add_url_rule("/refuse", "refuse", lambda: ("no", 401))
        each.test_client().get("/refuse")

    assert len(reports) == 2


def test_an_app_of_a_factory_reports_and_can_go(reports):
    def create_app():
        app = flask.Flask("shop")
        app.add_url_rule("/refuse", "refuse", lambda: ("no", 401))
        init_flask(app)
        return app

    app = create_app()
    app.test_client().get("/refuse")
    gone = weakref.ref(app)
    del app
    gc.collect()

    assert gone() is None
    assert len(reports) == 1


def test_before_init_nothing_happens_and_after_it_everything_does(app):
    assert clients.current() is None
    crash(app)

    with capture_events() as reports:
        crash(app)
        assert len(reports) == 1

    crash(app)
    with capture_events() as reports:
        crash(app)
        assert len(reports) == 1


def test_an_app_that_nobody_listens_to_says_so_once(app, caplog):
    for path in ("/", "/health", "/"):
        app.test_client().get(path)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "init_flask() was called for the app 'shop', but init() was not" in caplog.text


def test_an_app_whose_client_was_closed_says_nothing(app, caplog):
    with capture_events():
        app.test_client().get("/")
    app.test_client().get("/")

    assert caplog.text == ""


def test_an_app_that_serves_already_can_still_be_added(reports):
    app = flask.Flask("shop")
    crash(app)
    before = len(reports)
    init_flask(app)

    app.test_client().get("/crash")

    assert summary(reports[before])[:3] == ("exception", 500, "KeyError")
    assert len(reports) == before + 1


def test_an_app_can_be_added_while_it_answers(reports):
    app = flask.Flask("shop")

    @app.route("/")
    def view():
        init_flask(app)
        return {"message": "added on the way"}, 500

    assert app.test_client().get("/").get_json() == {"message": "added on the way"}
    app.test_client().get("/")
    assert [event["message"] for event in reports][-1] == "added on the way"


def test_the_client_can_come_while_the_app_answers():
    app = flask.Flask("shop")
    init_flask(app)
    started = []

    @app.route("/orders/<number>")
    def order(number):
        started.append(stack.enter_context(capture_events()))
        return {}["a"]

    with ExitStack() as stack:
        app.test_client().get("/orders/17")
        event = only(started[0])

    assert summary(event)[:3] == ("exception", 500, "KeyError")
    assert (event["request_path"], event["route"]) == ("/orders/17", "/orders/<number>")


def test_the_client_can_go_while_the_app_answers(app, reports):
    @app.route("/")
    def view():
        clients.make_current(None)
        return {}["a"]

    assert app.test_client().get("/").status_code == 500


def test_the_current_app_may_be_given(reports):
    app = flask.Flask("shop")
    with app.app_context():
        init_flask(flask.current_app)
    crash(app)

    assert len(reports) == 1


@pytest.mark.parametrize("thing", [None, 7, "app", object(), flask.Blueprint("a", "a")])
def test_what_is_no_flask_app_is_said_and_harms_nobody(thing, caplog):
    init_flask(thing)

    assert "init_flask() needs a Flask app" in caplog.text


def test_a_middleware_around_us_sees_what_it_would_without_us(app, reports):
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)

    @app.route("/")
    def view():
        return {}["a"]

    app.test_client().get("/", headers={"X-Forwarded-For": "203.0.113.7"})

    assert only(reports)["request"]["remote_addr"] == "203.0.113.7"


def test_a_middleware_within_us_keeps_its_attributes(reports):
    app = flask.Flask("shop")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=2)
    init_flask(app)

    assert app.wsgi_app.x_for == 2


@pytest.mark.parametrize("status", ["401 Unauthorized", "503 Service Unavailable"])
def test_what_a_middleware_answers_is_an_event(reports, status):
    app = flask.Flask("shop")
    app.wsgi_app = lambda environ, start_response: Response("no", status)(environ, start_response)
    init_flask(app)

    assert app.test_client().get("/orders").status == status
    code = int(status[:3])
    assert summary(only(reports)) == ("http_error", code, "HTTPError", f"GET /orders returned HTTP {code}")


@pytest.mark.parametrize("status", ["401 Unauthorized", "503 Service Unavailable"])
def test_what_an_app_s_own_class_answers_is_an_event(reports, status):
    class Shop(flask.Flask):
        def wsgi_app(self, environ, start_response):
            return Response("no", status)(environ, start_response)

    app = Shop("shop")
    init_flask(app)

    assert app.test_client().get("/orders").status == status
    assert summary(only(reports))[:2] == ("http_error", int(status[:3]))


@pytest.mark.parametrize(
    "status", ["404 Not Found", "200 OK", "999 ?", "4", "4xx", "5", "500", "x", "", "\u00b2\u00b2\u00b2"]
)
def test_a_middleware_may_answer_as_it_likes(reports, status):
    app = flask.Flask("shop")

    def middleware(environ, start_response):
        start_response(status, [("Content-Type", "text/plain")])
        return [b"ok"]

    app.wsgi_app = middleware
    init_flask(app)

    assert list(app(environ("/"), lambda *_: None)) == [b"ok"]


@pytest.mark.parametrize("order", ["outer first", "inner first"])
def test_an_app_mounted_in_another_reports_a_failure_once(reports, order):
    inner, outer = flask.Flask("inner"), flask.Flask("outer")
    inner.add_url_rule("/crash/<number>", "crash", lambda number: {}["a"])
    inner.add_url_rule("/refuse", "refuse", lambda: ({"message": "no"}, 401))
    inner.add_url_rule("/health", "health", lambda: {}["a"])
    for app in (outer, inner) if order == "outer first" else (inner, outer):
        if app is outer:
            outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/shop": inner})
        init_flask(app)

    outer.test_client().get("/shop/crash/17")
    outer.test_client().get("/shop/refuse")
    outer.test_client().get("/shop/health")

    crashed, refused = reports
    assert summary(crashed)[:3] == ("exception", 500, "KeyError")
    assert (crashed["request_path"], crashed["route"]) == ("/crash/17", "/crash/<number>")
    assert summary(refused) == ("http_error", 401, "HTTPError", "no")


def test_a_request_within_a_request_keeps_the_two_apart(app, reports):
    @app.route("/outer")
    def outer():
        app.test_client().get("/health")
        app.test_client().get("/inner")
        return {}["outer"]

    @app.route("/inner")
    def inner():
        return {}["inner"]

    app.test_client().get("/outer")

    found = {event["message"]: event["request_path"] for event in reports}
    assert found == {"'inner'": "/inner", "'outer'": "/outer"}


def test_requests_in_threads_do_not_mix(app, reports):
    together = threading.Barrier(8)

    @app.route("/<kind>/<int:number>")
    def view(kind, number):
        together.wait(10)
        logging.getLogger("shop").error("%s", number)
        together.wait(10)
        return {}[number]

    @app.route("/health")
    def health():
        together.wait(10)
        logging.getLogger("shop").error("silent")
        together.wait(10)
        return {}["silent"]

    paths = [f"/order/{number}" for number in range(6)] + ["/health", "/health"]
    threads = [threading.Thread(target=app.test_client().get, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    events = reports
    assert len(events) == 12
    assert all(event["request_path"] == f"/order/{event['message']}" for event in events)


def test_a_request_leaves_nothing_behind(app, reports):
    @app.route("/")
    def view():
        return {}["a"]

    app.test_client().get("/")

    assert scope.current_request() is None


class Heavy:
    """Something that a view uses."""


def test_a_handled_exception_does_not_keep_what_the_view_used(app, reports):
    heavy = []

    @app.errorhandler(KeyError)
    def missing(e):
        return "no", 500

    @app.route("/")
    def view():
        thing = Heavy()
        heavy.append(weakref.ref(thing))
        return {}["a"]

    app.test_client().get("/")
    gc.collect()

    assert heavy[0]() is None


def environ(path: str) -> dict:
    from werkzeug.test import EnvironBuilder

    return EnvironBuilder(path=path).get_environ()


# Our own errors.


@pytest.mark.parametrize(
    "broken",
    [
        "wsgi.base_url_of", "wsgi.path_of", "wsgi.method_of", "wsgi.headers_of", "noise.is_noisy_request", "noise.skip_paths", "noise.is_noisy_exception",
        "seen.known_event", "seen.mark", "stacktrace.describe", "responses.message_from", "responses.error_type_from",
        "capturing.add_surroundings",
        "hostile.name_of", "scope.current_work",
    ],
)  # fmt: skip
def test_an_error_of_ours_never_reaches_the_host(app, monkeypatch, broken):
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("an error of ours")

    @app.route("/crash")
    def crash():
        return {}["a"]

    @app.route("/handled")
    def handled():
        return ["abc"][int("7")]

    @app.errorhandler(IndexError)
    def too_far(e):
        return {"message": "too far"}, 500

    def as_in_production() -> None:
        """Without what makes our errors heard in tests."""
        with capture_events():
            monkeypatch.setattr("aiops_sdk." + broken, break_down)
            client = app.test_client()
            assert client.get("/crash").status_code == 500
            assert client.get("/handled").get_json() == {"message": "too far"}
            assert client.get("/nowhere").status_code == 404
            monkeypatch.undo()

    contextvars.Context().run(as_in_production)


def test_a_plain_wsgi_client_sees_no_difference(app, reports):
    @app.route("/")
    def view():
        return "ok"

    assert WsgiClient(app, Response).get("/").get_data() == b"ok"
    assert len(reports) == 0
