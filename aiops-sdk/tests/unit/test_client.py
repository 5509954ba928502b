"""What is captured, and what is not."""

from __future__ import annotations

import gc
import logging
import threading
from typing import Any, Dict, List

import pytest
from events import DEADLINE, HandMadeTransport, a_client, a_record, counts, raised

from aiops_sdk import _safety, scope
from aiops_sdk.client import Client
from aiops_sdk.config import Config
from aiops_sdk.scope import RequestScope


@pytest.fixture
def transport() -> HandMadeTransport:
    return HandMadeTransport()


@pytest.fixture
def client(transport: HandMadeTransport) -> Any:
    made = a_client(transport)
    yield made
    made.close(DEADLINE)


def captured(client: Client, transport: HandMadeTransport) -> List[Dict[str, Any]]:
    client.flush(DEADLINE)
    return transport.bodies


def test_an_event_says_where_it_comes_from(client: Client, transport: HandMadeTransport):
    client.capture_exception(raised(ValueError("it broke")), mechanism="flask")
    (event,) = captured(client, transport)
    assert (event["service"], event["level"], event["source"], event["signal_type"]) == (
        "shop",
        "error",
        "manual",
        "exception",
    )
    assert set(event["contexts"]) == {"runtime", "os", "process", "capture"}
    assert event["contexts"]["capture"] == {"mechanism": "flask"}
    assert event["contexts"]["process"]["thread"] == threading.current_thread().name


def test_an_exception_object_that_comes_again_much_later_has_failed_anew(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    out_of_stock = LookupError("out of stock")
    assert client.capture_exception(out_of_stock) is not None
    assert client.capture_exception(out_of_stock) is None
    monkeypatch.setattr("aiops_sdk.client.FAILURE_SECONDS", 0.0)
    assert client.capture_exception(out_of_stock) is not None


def test_an_exception_is_captured_once(client: Client, transport: HandMadeTransport):
    error = raised(ValueError("once"))
    assert client.capture_exception(error) is not None
    assert client.capture_exception(error) is None
    assert client.capture_log(a_record("again", exc_info=(ValueError, error, error.__traceback__))) is None
    assert len(captured(client, transport)) == 1


def test_the_event_of_an_exception_can_be_asked_for(client: Client):
    error = ValueError()
    assert client.event_of(error) is None
    event_id = client.capture_exception(error)
    assert client.event_of(error) == event_id


def test_an_exception_of_a_request_carries_it_and_the_request_knows(client: Client, transport: HandMadeTransport):
    request = RequestScope("GET", "/orders/7", route="/orders/<int:id>", headers={"Host": "shop", "Cookie": "a=b"})
    token = scope.begin(request)
    event_id = client.capture_exception(ValueError("in a request"))
    scope.end(token)
    (event,) = captured(client, transport)
    assert (event["request_path"], event["route"], event["request"]["method"]) == (
        "/orders/7",
        "/orders/<int:id>",
        "GET",
    )
    assert event["request"]["headers"] == {"Host": "shop", "Cookie": "[hidden]"}
    assert (request.log.event_ids, request.log.has_exception) == ([event_id], True)


def test_a_request_knows_of_an_exception_that_was_captured_outside_of_it(client: Client):
    request = RequestScope("GET", "/")
    error = ValueError("in a helper thread")
    client.capture_exception(error)
    token = scope.begin(request)
    assert client.capture_exception(error) is None
    scope.end(token)
    assert request.log.has_exception is True


def test_a_silent_request_is_silent(client: Client, transport: HandMadeTransport):
    token = scope.begin(RequestScope("GET", "/health", silent=True))
    assert client.capture_exception(ValueError()) is None
    assert client.capture_log(a_record()) is None
    assert client.capture_http_error(status_code=500, message="", error_type="HTTPError") is None
    scope.end(token)
    assert captured(client, transport) == []
    assert client.stats()["captured"] == 0


@pytest.mark.parametrize(("status", "level"), [(500, "error"), (503, "error"), (400, "warning"), (403, "warning")])
def test_a_failed_answer_is_an_event(client: Client, transport: HandMadeTransport, status: int, level: str):
    request = RequestScope("POST", "/orders")
    client.capture_http_error(status_code=status, message="no stock", error_type="ValueError", request=request)
    (event,) = captured(client, transport)
    assert (event["signal_type"], event["source"], event["status_code"], event["level"]) == (
        "http_error",
        "http",
        status,
        level,
    )
    assert (event["error_type"], event["message"], event["request_path"]) == ("ValueError", "no stock", "/orders")


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(1), GeneratorExit()])
def test_ways_to_stop_are_not_captured(client: Client, transport: HandMadeTransport, end: BaseException):
    assert client.capture_exception(end) is None
    assert captured(client, transport) == []


def test_what_before_send_drops_is_counted(transport: HandMadeTransport):
    client = Client(Config(api_key="key", before_send=lambda _: None), transport)
    client.capture_exception(ValueError())
    assert client.flush(DEADLINE)
    assert counts(client.stats()) == counts(captured=1, before_send=1)


class TestErrorsOfOurs:
    """They never reach the host."""

    @pytest.fixture(autouse=True)
    def our_errors_are_heard(self) -> None:
        """As in the field: the guard is shut."""

    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: Any) -> Any:
            raise RuntimeError("a bug")

        monkeypatch.setattr("aiops_sdk.capturing._thread", fail)

    @pytest.mark.usefixtures("broken")
    def test_they_are_swallowed_and_counted(self, client: Client):
        assert client.capture_exception(ValueError()) is None
        assert client.capture_log(a_record()) is None
        assert client.capture_http_error(status_code=500, message="", error_type="") is None
        assert counts(client.stats()) == counts(captured=3, sdk_error=3)

    @pytest.mark.usefixtures("broken")
    def test_under_our_own_tests_they_are_heard(self, client: Client):
        with _safety.strict(), pytest.raises(RuntimeError, match="a bug"):
            client.capture_exception(ValueError())

    @pytest.mark.parametrize("exc", [KeyboardInterrupt, SystemExit])
    def test_what_belongs_to_the_host_passes(self, client: Client, monkeypatch: pytest.MonkeyPatch, exc: Any):
        def interrupted(*_: Any) -> Any:
            raise exc

        monkeypatch.setattr("aiops_sdk.capturing._thread", interrupted)
        with pytest.raises(exc):
            client.capture_exception(ValueError())

    def test_a_handler_that_reports_while_we_work_does_not_recurse(self, client: Client, transport: HandMadeTransport):
        class Recursive(Exception):
            def __str__(self) -> str:
                client.capture_exception(ValueError("from within"))
                client.capture_log(a_record("from within"))
                return "outer"

        client.capture_exception(Recursive())
        assert [event["message"] for event in captured(client, transport)] == ["outer"]


def test_what_is_captured_by_the_garbage_collector_is_sent(client: Client, transport: HandMadeTransport):
    class Resource:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            client.capture_log(a_record("left open"))

    # What all other tests have left behind need not be looked through each time.
    gc.freeze()
    try:
        for _ in range(50):
            Resource()
            client.capture_exception(ValueError())
            gc.collect()
    finally:
        gc.unfreeze()
    sent = sum(event.get("repeat_count", 1) for event in captured(client, transport) if event["message"] == "left open")
    # The collector may also come by itself, while the SDK is at work: then the line is counted.
    dropped = client.stats()["dropped"]
    assert isinstance(dropped, dict)
    assert sent + dropped.get("reentrant", 0) == 50
    assert sent >= 40


def test_what_is_logged_while_the_sdk_is_at_work_is_counted(client: Client, transport: HandMadeTransport):
    with _safety.guarded():
        assert client.capture_log(a_record("left open")) is None
        assert client.capture_exception(ValueError("left open")) is None
    assert captured(client, transport) == []
    assert counts(client.stats()) == counts(captured=2, reentrant=2)


def test_captures_from_many_threads_all_arrive(client: Client, transport: HandMadeTransport):
    def work() -> None:
        for number in range(100):
            client.capture_log(a_record("number %d", number))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert sum(event.get("repeat_count", 1) for event in captured(client, transport)) == 800
    assert counts(client.stats()) == counts(captured=800, delivered=800)


def test_after_closing_everything_is_counted_as_lost(transport: HandMadeTransport):
    client = a_client(transport)
    assert client.close(DEADLINE)
    client.capture_exception(ValueError())
    assert counts(client.stats()) == counts(captured=1, exit=1)
    assert client.close(DEADLINE)


def test_a_captured_exception_is_not_kept_alive(client: Client):
    class Canary:
        pass

    def fail() -> None:
        canary = Canary()
        assert canary
        raise ValueError("with a frame")

    try:
        fail()
    except ValueError as error:
        client.capture_exception(error)
    client.flush(DEADLINE)
    gc.collect()
    assert not [thing for thing in gc.get_objects() if type(thing) is Canary]


def test_a_fork_that_nobody_told_us_of_is_noticed(client: Client, monkeypatch: pytest.MonkeyPatch):
    before = client.origin
    monkeypatch.setattr("os.getpid", lambda: before.pid + 1)
    client.capture_exception(ValueError())
    assert client.origin.pid == before.pid + 1
    assert client.origin.instance_id != before.instance_id


def test_the_address_is_the_configured_one_else_the_first_that_was_seen():
    client = a_client()
    assert client.base_url is None
    client.saw_base_url("http://shop/")
    client.saw_base_url("http://other")
    assert client.base_url == "http://shop"
    assert a_client(base_url="http://configured").base_url == "http://configured"


def test_record_levels_become_levels(client: Client, transport: HandMadeTransport):
    for level in (10, 20, 30, 40, 45, 50, 99):
        client.capture_log(a_record(str(level), level=level))
    assert [event["level"] for event in captured(client, transport)] == [
        "debug",
        "info",
        "warning",
        "error",
        "error",
        "critical",
        "critical",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"created": "yesterday"},
        {"created": float("nan")},
        {"created": 1e300},
        {"levelname": None},
        {"msg": None},
        {"args": object()},
        {"exc_info": "nonsense"},
        {"exc_info": (1, 2, 3)},
        {"exc_text": 42},
        {"stack_info": object()},
        {"pathname": None},
        {"lineno": object()},
        {"levelno": "x"},
        {"funcName": 3},
        {"msg": object()},
        {"exc_info": True},
        {"message": 42},
        {"msg": "%s %s", "args": (1,)},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_record_can_hold_anything(client: Client, transport: HandMadeTransport, fields: Dict[str, Any]):
    record = a_record("strange")
    record.__dict__.update(fields)
    client.capture_log(record)
    assert len(captured(client, transport)) == 1


def test_our_own_log_lines_are_never_captured(client: Client, transport: HandMadeTransport):
    client.capture_log(a_record(name="aiops_sdk", level=logging.ERROR))
    assert captured(client, transport) == []
