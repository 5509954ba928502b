"""Why something was reported, or was not: one line for each decision, for who asks; nothing for who does not."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from children import run_program
from loopback import Platform

import aiops_sdk
from aiops_sdk import answers, scope
from aiops_sdk import client as clients
from aiops_sdk.client import Client
from aiops_sdk.config import Config
from aiops_sdk.deciding import Decision
from aiops_sdk.scope import RequestScope
from aiops_sdk.testing import CapturedEvents, capture_events

PROGRAM = """
    import logging, sys
    import flask
    import aiops_sdk
    aiops_sdk.init()
    logging.getLogger("shop").addHandler(logging.NullHandler())
    logging.getLogger("shop").propagate = False
    app = flask.Flask("web")
    aiops_sdk.init_flask(app)
    app.logger.disabled = True
    logging.getLogger("urllib3").addHandler(logging.NullHandler())

    @app.route("/orders/<int:number>")
    def order(number):
        if number == 404:
            flask.abort(404)
        try:
            raise ValueError("no stock left")
        except ValueError as exc:
            logging.getLogger("shop").error("order %d failed: %s", number, exc)
            raise

    @app.route("/health")
    def health():
        return "down", 503

    client = app.test_client()
    for path in ("/health", "/healthz", "/orders/404", "/nowhere", "/orders/7"):
        client.get(path)
    logging.getLogger("urllib3").error("a connection broke")
    aiops_sdk.capture_exception(KeyboardInterrupt())
    print(aiops_sdk.stats()["answers"], aiops_sdk.flush(10))
"""

DEBUG = {"AIOPS_DEBUG": "1"}


def test_with_aiops_debug_each_decision_is_one_line_on_standard_error(platform: Platform, tmp_path: Path):
    pytest.importorskip("flask")
    ended = run_program(tmp_path, PROGRAM, platform_url=platform.url, environ=DEBUG)
    (event,) = platform.wait_for_events(1)
    said = ended.err.splitlines()
    lines = [line.partition(", rule ")[0] + ", " + line.partition(", rule ")[2].partition(": ")[0] for line in said]
    event_id = event["event_id"]
    assert [line for line in lines if "merged" not in line] == [
        "aiops_sdk: ignored 503 on /health, health-path",
        "aiops_sdk: ignored 404 on /healthz, health-path",
        "aiops_sdk: counted 404 on /orders/<int:number>, expected-answer",
        "aiops_sdk: counted 404 on (none), expected-answer",
        f"aiops_sdk: captured shop: order 7 failed: no stock left as {event_id}, ",
        "aiops_sdk: ignored urllib3: a connection broke, quiet-logger",
        "aiops_sdk: ignored KeyboardInterrupt:, stop",
    ]
    assert {f"aiops_sdk: merged what {who} saw into {event_id}" for who in ("flask", "http")} <= set(said)
    assert ended.out == "{'404': {'(none)': 1, '/orders/<int:number>': 1}} True\n"


def test_without_it_nothing_is_said(platform: Platform, tmp_path: Path):
    pytest.importorskip("flask")
    ended = run_program(tmp_path, PROGRAM, platform_url=platform.url)
    assert ended.err == ""
    assert len(platform.wait_for_events(1)) == 1


def test_what_is_lost_is_told_with_the_reason(tmp_path: Path):
    program = """
        import aiops_sdk
        aiops_sdk.init(spool=False)
        aiops_sdk.capture_exception(ValueError("x"))
        aiops_sdk.close(0.1)
    """
    ended = run_program(tmp_path, program, platform_url="http://127.0.0.1:9", environ=DEBUG)
    assert "aiops_sdk: dropped 1 event(s): exit" in ended.err.splitlines()


def test_a_standard_error_that_logs_is_not_heard_again(platform: Platform, tmp_path: Path):
    program = """
        import logging, sys
        import aiops_sdk
        aiops_sdk.init()
        class Logging:
            def write(self, text):
                if text.strip():
                    logging.getLogger("stderr").error("%s", text.strip())
            def flush(self):
                pass
        logging.getLogger("stderr").addHandler(logging.StreamHandler(sys.stdout))
        logging.getLogger("stderr").propagate = False
        sys.stderr = Logging()
        aiops_sdk.capture_exception(ValueError("x"))
        aiops_sdk.flush(10)
        sys.stderr = sys.__stderr__
        print(aiops_sdk.stats()["captured"], aiops_sdk.stats()["dropped"])
    """
    ended = run_program(tmp_path, program, platform_url=platform.url, environ=DEBUG)
    assert ended.out.splitlines()[-1] == "1 {}"
    assert ended.out.count("captured ValueError") == 1
    assert len(platform.wait_for_events(1)) == 1


# For those who listen.


@pytest.fixture
def client() -> Iterator[Client]:
    with capture_events():
        found = clients.current()
        assert found is not None
        yield found


def decided(client: Client) -> List[Decision]:
    decisions: List[Decision] = []
    client.on_decision(decisions.append)
    return decisions


def test_whoever_listens_hears_until_he_has_enough(client: Client):
    decisions: List[Decision] = []
    stop = client.on_decision(decisions.append)
    aiops_sdk.capture_exception(ValueError("one"))
    stop()
    stop()
    aiops_sdk.capture_exception(ValueError("two"))
    assert [(each.outcome, each.what) for each in decisions] == [("captured", "ValueError: one")]


def test_a_listener_that_reports_something_itself_does_not_go_round_in_circles(client: Client):
    heard: List[Decision] = []

    def chatty(decision: Decision) -> None:
        heard.append(decision)
        aiops_sdk.capture_exception(ValueError("from within"))
        logging.getLogger("shop").error("from within")

    client.on_decision(chatty)
    assert aiops_sdk.capture_exception(ValueError("x")) is not None
    assert [each.what for each in heard] == ["ValueError: x"]


def test_what_happens_in_a_silent_request_is_told_with_the_rule(client: Client):
    decisions = decided(client)
    token = scope.begin(RequestScope("GET", "/health", silent=True))
    aiops_sdk.capture_exception(ValueError("x"))
    logging.getLogger("shop").error("y")
    scope.end(token)
    assert [(each.outcome, each.what, each.rule) for each in decisions] == [
        ("ignored", "ValueError: x", "health-path"),
        ("ignored", "shop: y", "health-path"),
    ]


def test_a_repeat_is_told_as_counted():
    from aiops_sdk import Config

    with capture_events(Config(api_key="test")):
        client = clients.current()
        assert client is not None
        decisions = decided(client)
        for _ in range(3):
            logging.getLogger("shop").error("again")
    # The second is the event that will tell of all that follow.
    assert [each.outcome for each in decisions] == ["captured", "captured", "counted"]
    assert decisions[1].event_id == decisions[2].event_id


def test_what_is_seen_again_of_something_ignored_is_ignored_too(client: Client):
    error = ValueError("x")
    answers.raised(client, KeyboardInterrupt(), "flask")
    token = scope.begin(RequestScope("GET", "/health", silent=True))
    answers.raised(client, error, "flask")
    scope.end(token)
    decisions = decided(client)
    # A server logs it where the request is over.
    logging.getLogger("gunicorn.error").error("Error handling request /health", exc_info=error)
    assert [(each.outcome, each.what, each.event_id) for each in decisions] == [("ignored", "ValueError: x", None)]


def test_a_worker_that_was_ended_because_it_hung_is_told_by_its_server_all_the_same(client: Client):
    hung = SystemExit(1)
    answers.raised(client, hung, "flask")
    decisions = decided(client)
    logging.getLogger("gunicorn.error").error("Error handling request /hang", exc_info=hung)
    assert [each.outcome for each in decisions] == ["captured"]


# What is counted.


def test_answers_that_are_no_incidents_are_counted_in_the_stats(client: Client):
    client.count_answer(404, None)
    client.count_answer(404, "/orders/<int:id>")
    client.count_answer(429, "/orders/<int:id>")
    assert client.stats()["answers"] == {"404": {"(none)": 1, "/orders/<int:id>": 1}, "429": {"/orders/<int:id>": 1}}


def test_a_scanner_that_is_refused_is_counted_and_not_reported(client: Client):
    def refused(path: str, route: Any = None) -> Any:
        request = RequestScope("GET", path, route=route)
        return client.capture_http_error(status_code=403, message="no", error_type="HTTPError", request=request)

    assert refused("/.env") is None
    assert refused("/.env", "/<path:name>") is not None
    assert refused("/orders") is not None
    assert client.stats()["answers"] == {"403": {"(none)": 1}}


def test_heartbeats_tell_of_them(platform: Platform):
    client = aiops_sdk.init(api_key="key", platform_url=platform.url)
    platform.wait_for_heartbeats(1)
    client.count_answer(404, None)
    aiops_sdk.close()
    assert platform.heartbeats[-1]["stats"]["answers"] == {"404": {"(none)": 1}}


def test_before_anything_was_counted_there_is_nothing(client: Client):
    assert client.stats()["answers"] == {}


def test_events_of_tests_say_why_something_was_ignored():
    with capture_events() as events:
        aiops_sdk.capture_exception(KeyboardInterrupt())
    ignored: Any = getattr(events, "ignored", None)
    assert isinstance(events, CapturedEvents)
    assert [each.rule for each in ignored] == ["stop"]


def test_what_is_written_for_aiops_debug_has_no_secrets(capsys: pytest.CaptureFixture[str]):
    with capture_events(Config(api_key="no-key-is-needed", platform_url="http://127.0.0.1:9", debug=True)):
        aiops_sdk.capture_exception(ValueError("login failed: password=hunter2 at postgres://shop:s3cretpw@db/shop"))
    told = capsys.readouterr().err
    assert "captured ValueError: login failed" in told
    assert "hunter2" not in told
    assert "s3cretpw" not in told


def test_the_address_in_the_host_s_log_is_told_without_a_password(caplog: pytest.LogCaptureFixture):
    client = Client(Config.load(api_key="key-of-the-test", platform_url="http://shop:s3cretpw@127.0.0.1:9/aiops"))
    client.voice.lost("nobody answers")
    assert caplog.messages == ["1 event(s) could not be delivered to http://127.0.0.1:9/aiops: nobody answers"]
