"""structlog, printing by itself and through the standard library: an error is one event, with what it was told."""

from __future__ import annotations

import io
import logging
import threading
from typing import Any, Dict, Iterator, List

import pytest
from events import DEADLINE, a_client

from aiops_sdk import client as clients
from aiops_sdk.client import Client
from aiops_sdk.integrations import logging as our_logging
from aiops_sdk.integrations import structlog as ours

structlog = pytest.importorskip("structlog")


@pytest.fixture
def client() -> Iterator[Client]:
    """A current client that hears structlog and the standard library."""
    running = a_client()
    clients.make_current(running)
    undos = [ours.install(running), our_logging.install(running)]
    yield running
    for undo in undos:
        undo()
    clients.make_current(None)
    structlog.reset_defaults()


def told(client: Client) -> List[Dict[str, Any]]:
    client.flush(5.0)
    return client._transport.bodies  # type: ignore[union-attr]  # made by hand


def printing(*processors: Any) -> Any:
    out = io.StringIO()
    structlog.configure(
        processors=[*processors, structlog.processors.KeyValueRenderer(sort_keys=True)],
        wrapper_class=structlog.BoundLogger,
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    return out


def through_logging(*processors: Any) -> None:
    structlog.configure(
        processors=[*processors, structlog.processors.KeyValueRenderer(sort_keys=True)],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def test_an_error_is_an_event_with_its_key_values(client: Client):
    out = printing()
    log = structlog.get_logger().bind(order=7)
    log.info("fine")
    log.error("payment failed", shop="apples", password="hunter2")
    (event,) = told(client)
    assert (event["signal_type"], event["message"], event["level"]) == ("log_error", "payment failed", "error")
    assert event["contexts"]["structlog"]["order"] == 7
    assert event["contexts"]["structlog"]["shop"] == "apples"
    assert "hunter2" not in repr(event)
    assert event["contexts"]["log"]["file"] == __file__
    assert "event='payment failed'" in out.getvalue()


def test_an_exception_is_told_with_its_traceback_once(client: Client):
    printing(structlog.processors.format_exc_info)
    try:
        raise ValueError("of the shop")
    except ValueError as error:
        structlog.get_logger().exception("it went wrong", exc_info=True)
        client.capture_exception(error)
    (event,) = told(client)
    assert (event["message"], event["exceptions"][0]["type"]) == ("it went wrong", "ValueError")


def test_through_the_standard_library_it_is_one_event_too(client: Client, caplog: pytest.LogCaptureFixture):
    through_logging()
    structlog.get_logger("shop.payments").bind(order=7).error("payment of %s failed", "apples")
    (event,) = told(client)
    assert (event["logger"], event["message"]) == ("shop.payments", "payment of apples failed")
    assert event["contexts"]["structlog"] == {"order": 7}
    (record,) = caplog.records
    # Nothing of ours shows in what the host prints.
    assert (record.pathname, record.funcName) == (
        __file__,
        "test_through_the_standard_library_it_is_one_event_too",
    )
    logging.getLogger("shop").error("of the standard library")
    assert len(told(client)) == 2


def test_what_a_processor_drops_and_what_the_level_forbids_is_no_event(client: Client):
    def drop(*_: Any) -> Any:
        raise structlog.DropEvent

    printing(drop)
    structlog.get_logger().error("dropped")
    through_logging()
    logging.getLogger("shop.quiet").setLevel(logging.CRITICAL)
    structlog.get_logger("shop.quiet").error("not printed")
    assert told(client) == []


def test_an_event_that_cannot_say_what_it_is_is_waited_for_shortly(client: Client):
    asked = threading.Event()

    class Slow:
        def __repr__(self) -> str:
            return "quick"

        def __str__(self) -> str:
            asked.wait(DEADLINE)
            return "slow"

    printing()
    structlog.get_logger().error(Slow())
    asked.set()
    (event,) = told(client)
    assert event["message"] == "<Slow without a usable text>"


def test_in_the_end_nothing_of_ours_is_left():
    from structlog._base import BoundLoggerBase

    before = dict(vars(BoundLoggerBase))
    running = a_client()
    undo = ours.install(running)
    assert dict(vars(BoundLoggerBase)) != before
    undo()
    assert dict(vars(BoundLoggerBase)) == before
