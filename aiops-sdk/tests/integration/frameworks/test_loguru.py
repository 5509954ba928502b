"""loguru: an error is one event, whatever sinks there are, and whoever hands lines to whom."""

from __future__ import annotations

import logging
from typing import Any, Dict, Iterator, List

import pytest
from events import a_client

from aiops_sdk import client as clients
from aiops_sdk.client import Client
from aiops_sdk.integrations import logging as our_logging
from aiops_sdk.integrations import loguru as ours

loguru = pytest.importorskip("loguru")


@pytest.fixture
def client() -> Iterator[Client]:
    """A current client that hears loguru and the standard library."""
    running = a_client()
    clients.make_current(running)
    undos = [ours.install(running), our_logging.install(running)]
    yield running
    for undo in undos:
        undo()
    clients.make_current(None)


@pytest.fixture
def printed() -> Iterator[List[str]]:
    """What two sinks print, after all others were removed as most programs do it."""
    lines: List[str] = []
    loguru.logger.remove()
    for _ in range(2):
        loguru.logger.add(lambda message: lines.append(str(message)), format="{function}: {message}")
    yield lines
    loguru.logger.remove()


def told(client: Client) -> List[Dict[str, Any]]:
    client.flush(5.0)
    return client._transport.bodies  # type: ignore[union-attr]  # made by hand


def test_an_error_is_one_event_however_many_sinks_there_are(client: Client, printed: List[str]):
    loguru.logger.warning("not yet")
    loguru.logger.bind(order=7, password="hunter2").error("payment of {} failed", "apples")
    (event,) = told(client)
    assert (event["signal_type"], event["message"], event["level"]) == (
        "log_error",
        "payment of apples failed",
        "error",
    )
    assert event["contexts"]["extra"]["order"] == 7
    assert "hunter2" not in repr(event)
    assert event["contexts"]["log"]["function"] == "test_an_error_is_one_event_however_many_sinks_there_are"
    assert len(printed) == 4
    assert printed[-1] == "test_an_error_is_one_event_however_many_sinks_there_are: payment of apples failed\n"


def test_exceptions_are_told_with_their_traceback(client: Client, printed: List[str]):
    @loguru.logger.catch
    def fail() -> None:
        raise ValueError("caught")

    fail()
    try:
        raise KeyError("logged")
    except KeyError as error:
        loguru.logger.exception("it went wrong")
        client.capture_exception(error)
    loguru.logger.opt(exception=OSError("given")).error("it was given")
    assert [event["exceptions"][0]["type"] for event in told(client)] == ["ValueError", "KeyError", "OSError"]


def test_lines_of_the_standard_library_that_loguru_prints_are_one_event_each(client: Client, printed: List[str]):
    class InterceptHandler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            loguru.logger.opt(depth=6, exception=record.exc_info).log(record.levelname, record.getMessage())

    log = logging.getLogger("shop.orders")
    handler = InterceptHandler()
    log.addHandler(handler)
    try:
        log.error("of the standard library")
    finally:
        log.removeHandler(handler)
    assert [(event["logger"], event["message"]) for event in told(client)] == [
        ("shop.orders", "of the standard library")
    ]
    assert len(printed) == 2


@pytest.mark.parametrize("others", ["", "before", "after", "before and after"])
def test_lines_that_loguru_hands_to_the_standard_library_are_one_event_each(client: Client, others: str):
    class PropagateHandler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logging.getLogger(record.name).handle(record)

    loguru.logger.remove()
    if "before" in others:
        loguru.logger.add(lambda _: None)
    loguru.logger.add(PropagateHandler(), format="{message}")
    if "after" in others:
        loguru.logger.add(lambda _: None)
    loguru.logger.error("of loguru")
    loguru.logger.error("of loguru, again")
    loguru.logger.remove()
    logging.getLogger("shop").error("of the standard library")
    assert [event["message"] for event in told(client)] == ["of loguru", "of loguru, again", "of the standard library"]


def test_in_the_end_nothing_of_ours_is_left():
    from loguru._handler import Handler

    before = vars(Handler)["emit"]
    undo = ours.install(a_client())
    assert vars(Handler)["emit"] is not before
    undo()
    assert vars(Handler)["emit"] is before
