"""What fails in functions on AWS Lambda: called as AWS calls them, and under its own runtime against a service of ours."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from children import environment
from loopback import Answer

import aiops_sdk
from aiops_sdk import Client, Config, scope
from aiops_sdk import client as clients
from aiops_sdk.integrations.aws_lambda import handler
from aiops_sdk.testing import CapturedEvents, InMemoryTransport, capture_events

DEADLINE = 60.0

# As the documentation shows them, shortened.
REST = {
    "resource": "/orders/{number}",
    "path": "/orders/17",
    "httpMethod": "POST",
    "headers": {"Host": "api.shop.example", "X-Forwarded-Proto": "https", "content-type": "application/json"},
    "multiValueHeaders": {"Host": ["api.shop.example"]},
    "queryStringParameters": {"verbose": "1"},
    "multiValueQueryStringParameters": {"verbose": ["1", "2"]},
    "requestContext": {"identity": {"sourceIp": "192.0.2.7"}, "stage": "prod", "requestId": "a"},
    "body": '{"cart": [7]}',
    "isBase64Encoded": False,
}
HTTP = {
    "version": "2.0",
    "routeKey": "GET /orders/{number}",
    "rawPath": "/orders/17",
    "rawQueryString": "verbose=1",
    "headers": {"host": "api.shop.example", "x-forwarded-proto": "https"},
    "requestContext": {"http": {"method": "GET", "path": "/orders/17", "sourceIp": "192.0.2.7"}, "stage": "$default"},
    "isBase64Encoded": False,
}
BALANCER = {
    "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:…"}},
    "httpMethod": "GET",
    "path": "/orders/17",
    "queryStringParameters": {},
    "headers": {"host": "shop.example", "x-forwarded-proto": "http"},
    "body": "",
    "isBase64Encoded": False,
}
ADDRESS = {**HTTP, "routeKey": "$default"}


class Context:
    """What AWS hands over with an event, under the names that its documentation says."""

    function_name = "orders"
    function_version = "7"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:orders"
    memory_limit_in_mb = "128"
    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
    log_group_name = "/aws/lambda/orders"
    log_stream_name = "2026/11/22/[7]a1"
    identity = None
    client_context = None

    def __init__(self, milliseconds: int = 3_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.fixture
def reports() -> Iterator[CapturedEvents]:
    with capture_events() as events:
        yield events


def only(events):
    assert len(events) == 1, events
    return events[0]


def summary(event):
    return event["signal_type"], event["status_code"], event["error_type"], event["message"]


@handler
def divide(event, context):
    """Divides."""
    return {"result": 7 // event.get("by", 0)}


def answering(answer):
    @handler
    def function(event, context):
        return answer

    return function


# Called as AWS calls it.


def test_a_function_that_raises_is_one_event_that_says_which_call_it_was(reports):
    with pytest.raises(ZeroDivisionError):
        divide({"by": 0}, Context())

    event = only(reports)
    assert summary(event) == ("exception", 500, "ZeroDivisionError", "integer division or modulo by zero")
    assert event["exceptions"][0]["frames"][-1]["function"] == "divide"
    assert "integrations/aws_lambda" not in event["stack_trace"]
    assert event["contexts"]["capture"]["mechanism"] == "aws_lambda"
    assert event["contexts"]["task"] == {"kind": "aws_lambda", "name": "orders", "id": Context.aws_request_id}
    assert event["contexts"]["aws_lambda"] == {
        "function_name": "orders",
        "function_version": "7",
        "invoked_function_arn": Context.invoked_function_arn,
        "memory_limit_in_mb": "128",
        "log_stream_name": Context.log_stream_name,
        "request_id": Context.aws_request_id,
    }


def test_a_function_that_succeeds_is_nothing_and_stays_what_it_was(reports):
    assert divide({"by": 7}, Context()) == {"result": 1}
    assert (divide.__name__, divide.__doc__) == ("divide", "Divides.")
    assert list(reports) == []
    assert scope.current_work() is None


@pytest.mark.parametrize("context", [None, object()])
def test_it_may_be_called_by_a_test_without_a_context(reports, context):
    with pytest.raises(ZeroDivisionError):
        divide({"by": 0}, context)

    assert only(reports)["contexts"]["task"]["name"] == "function"


def test_what_is_logged_and_raised_is_one_event(reports):
    @handler
    def function(event, context):
        try:
            raise ValueError("x")
        except ValueError:
            logging.getLogger().exception("Could not load the cart")
            raise

    with pytest.raises(ValueError, match="x"):
        function({}, Context())

    only(reports)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (REST, ("POST", "/orders/{number}", "https://api.shop.example/orders/17?verbose=1&verbose=2", "192.0.2.7")),
        (HTTP, ("GET", "/orders/{number}", "https://api.shop.example/orders/17?verbose=1", "192.0.2.7")),
        (ADDRESS, ("GET", None, "https://api.shop.example/orders/17?verbose=1", "192.0.2.7")),
        (BALANCER, ("GET", None, "http://shop.example/orders/17", None)),
    ],
)
def test_a_request_is_told_in_whatever_format_it_came(reports, event, said):
    @handler
    def function(event, context):
        raise KeyError("sku")

    with pytest.raises(KeyError):
        function(event, Context())

    event = only(reports)
    request = event["request"]
    assert event["request_path"] == "/orders/17"
    assert (request["method"], event.get("route"), request["url"], request.get("remote_addr")) == said
    assert event["contexts"]["aws_lambda"]["request_id"] == Context.aws_request_id


def test_a_body_is_told_if_that_is_wanted():
    @handler
    def function(event, context):
        raise KeyError("sku")

    with capture_events(Config(api_key="x", capture_body=True)) as events:
        with pytest.raises(KeyError):
            function(REST, Context())
        assert only(events)["request"]["body"] == {"cart": [7]}


@pytest.mark.parametrize("event", [REST, HTTP, ADDRESS, BALANCER])
@pytest.mark.parametrize("status", [400, 403, 500, 502, "503"])
def test_an_answer_that_says_that_something_failed_is_one_event(reports, event, status):
    answer = {"statusCode": status, "body": json.dumps({"message": "no luck today"})}

    assert answering(answer)(event, Context()) is answer
    assert summary(only(reports)) == ("http_error", int(status), "HTTPError", "no luck today")


@pytest.mark.parametrize("status", [404, 429])
def test_other_answers_are_counted(reports, status):
    answering({"statusCode": status})(REST, Context())

    assert list(reports) == []
    assert clients.current().stats()["answers"] == {str(status): {"/orders/{number}": 1}}


@pytest.mark.parametrize(
    "answer",
    [None, 503, "no", {}, {"statusCode": None}, {"statusCode": True}, {"statusCode": "no"}, {"statusCode": 200}, [503]],
)
def test_an_answer_that_says_nothing_of_the_kind_is_nothing(reports, answer):
    assert answering(answer)(REST, Context()) is answer
    assert list(reports) == []


def test_a_status_in_an_answer_to_no_request_is_nothing(reports):
    answering({"statusCode": 503})({"Records": []}, Context())

    assert list(reports) == []


def test_nothing_is_heard_of_probes(reports):
    answering({"statusCode": 503})({**REST, "path": "/health"}, Context())

    assert list(reports) == []


@pytest.mark.parametrize("event", [None, [], "x", {"requestContext": None}, {"httpMethod": None, "headers": None}])
def test_any_event_goes_through(reports, event):
    assert answering("fine")(event, Context()) == "fine"


# The time that is left.


def test_what_was_captured_is_sent_before_the_call_is_over(platform):
    client = Client(Config(api_key="key", platform_url=platform.url))
    before = clients.make_current(client)
    try:
        with pytest.raises(ZeroDivisionError):
            divide({"by": 0}, Context())
        assert len(platform.events) == 1
    finally:
        clients.make_current(before)
        client.close(0.0)


def test_what_is_said_of_jobs_is_sent_before_the_call_is_over(platform, monkeypatch):
    platform.take_jobs()
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "orders")
    aiops_sdk.init("key", platform_url=platform.url, spool=False)

    @handler
    @aiops_sdk.monitor("divide")
    def watched(event, context):
        return 7 // event["by"]

    assert watched({"by": 7}, Context()) == 1
    assert [job["state"] for job in platform.jobs] == ["started", "succeeded"]
    with pytest.raises(ZeroDivisionError):
        watched({"by": 0}, Context())
    (event,) = platform.events
    assert [(job["state"], job.get("event_id")) for job in platform.jobs][2:] == [
        ("started", None),
        ("failed", event["event_id"]),
    ]
    # What the platform can was asked once, and nothing is owed after that.
    assert [beat["closing"] for beat in platform.heartbeats] == [True]
    assert aiops_sdk.close(DEADLINE)


def test_a_platform_that_is_away_is_not_asked_in_each_call(platform, monkeypatch):
    platform.stop()
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "orders")
    client = aiops_sdk.init("key", platform_url=platform.url, spool=False)
    watched = handler(aiops_sdk.monitor("divide")(lambda event, context: 7))
    try:
        watched({}, Context())
        platform.start_again()
        platform.take_jobs()
        watched({}, Context())
        assert platform.received == []
        assert client.stats()["jobs"]["queued"] == 4
    finally:
        aiops_sdk.close(DEADLINE)


def test_a_call_that_has_no_time_left_is_not_held_up():
    class Slow(InMemoryTransport):
        def send(self, path, body, *, compress=False):
            released.wait(DEADLINE)
            return super().send(path, body, compress=compress)

    released = threading.Event()
    client = Client(Config(api_key="key"), Slow())
    before = clients.make_current(client)
    try:
        with pytest.raises(ZeroDivisionError):
            divide({"by": 0}, Context(milliseconds=400))
        assert not released.is_set()
    finally:
        released.set()
        clients.make_current(before)
        client.close(5.0)


def test_on_lambda_there_are_no_heartbeats_the_service_has_the_functions_name_and_the_spool_is_in_tmp(
    platform, monkeypatch, tmp_path
):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "orders")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("HOME", "/home/sbx_user1051")
    monkeypatch.delenv("AIOPS_SPOOL")
    client = aiops_sdk.init("key", platform_url=platform.url)

    assert client.config.service_name == "orders"
    assert [Path(folder).parent for folder in client.config.spool] == [tmp_path]
    assert [thread.name for thread in threading.enumerate() if thread.name == "aiops-heartbeats"] == []
    with pytest.raises(ZeroDivisionError):
        divide({"by": 0}, Context())
    aiops_sdk.close()

    assert platform.heartbeats == []
    assert len(platform.events) == 1


# Under the runtime.

FUNCTION = """
import aiops_sdk
from aiops_sdk.integrations.aws_lambda import handler

aiops_sdk.init()


@handler
def divide(event, context):
    return {"result": 7 // event["by"]}
"""


class Runtime:
    """The service that AWS's runtime asks for the next call: three addresses, as documented ("Lambda runtime API")."""

    def __init__(self, events: List[Dict[str, Any]]) -> None:
        self.answers: List[Tuple[str, Any]] = []
        self.done = threading.Event()
        runtime = self
        waiting = list(enumerate(events))

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                assert self.path == "/2018-06-01/runtime/invocation/next"
                if not waiting:
                    runtime.done.set()
                    # AWS lets the process stand still here.
                    released.wait(DEADLINE)
                    return
                number, event = waiting.pop(0)
                self.respond(
                    200,
                    json.dumps(event).encode(),
                    {
                        "Lambda-Runtime-Aws-Request-Id": f"request-{number}",
                        "Lambda-Runtime-Deadline-Ms": "4102444800000",
                        "Lambda-Runtime-Invoked-Function-Arn": Context.invoked_function_arn,
                        "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9;Sampled=0",
                        "Content-Type": "application/json",
                    },
                )

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                runtime.answers.append((self.path.rpartition("/invocation/")[2], json.loads(body)))
                self.respond(202, b'{"status": "OK"}', {})

            def respond(self, status: int, body: bytes, headers: Dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        released = threading.Event()
        self.release = released.set
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self.release()
        self.server.shutdown()
        self.server.server_close()


def test_under_amazons_own_runtime_each_failed_call_is_delivered_when_its_answer_is(platform, tmp_path):
    pytest.importorskip("awslambdaric")
    (tmp_path / "shop.py").write_text(FUNCTION)
    platform.answer(Answer(503, headers={"Retry-After": "0"}))
    runtime = Runtime([{"by": 7}, {"by": 0}, {"by": 1}, {"by": 0}])
    process = subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", "shop.divide"],
        env=environment(
            platform.url,
            {
                "AWS_LAMBDA_RUNTIME_API": runtime.address,
                "AWS_LAMBDA_FUNCTION_NAME": "orders",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
                "AWS_LAMBDA_LOG_STREAM_NAME": Context.log_stream_name,
                "LAMBDA_TASK_ROOT": str(tmp_path),
                "_HANDLER": "shop.divide",
                "TMPDIR": str(tmp_path),
            },
        ),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert runtime.done.wait(DEADLINE), process.communicate(timeout=1)
        # Now AWS may stop it for good, and does not ask.
        process.kill()
        said, _ = process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
        runtime.stop()

    assert [path for path, _ in runtime.answers] == [
        "request-0/response",
        "request-1/error",
        "request-2/response",
        "request-3/error",
    ], said
    assert runtime.answers[0][1] == {"result": 1}
    assert runtime.answers[1][1]["errorType"] == "ZeroDivisionError"
    delivered = [event for event in platform.accepted if event["error_type"] == "ZeroDivisionError"]
    ids = [event["contexts"]["aws_lambda"]["request_id"] for event in delivered]
    assert sorted(ids) == ["request-1", "request-3"], said
    assert {event["service"] for event in delivered} == {"orders"}
    assert platform.heartbeats == []
