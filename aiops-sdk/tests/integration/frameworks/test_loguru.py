"""loguru: an error is one event, whatever sinks there are, and whoever hands lines to whom."""

from __future__ import annotations

import logging
import multiprocessing
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from children import DEADLINE, PATIENT, environment
from events import a_client
from loopback import Platform

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


class PropagateHandler(logging.Handler):
    """Hands on what it is given to the standard library's logging, as loguru's own documentation does it."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger(record.name).handle(record)


@pytest.mark.parametrize("sinks", ["one", "several", "handed on", "handed on by a function"])
def test_what_goes_through_a_queue_is_one_event_each(client: Client, sinks: str):
    seen: List[Any] = []
    loguru.logger.remove()
    loguru.logger.add(seen.append, enqueue=True)
    if sinks == "several":
        loguru.logger.add(seen.append)
        loguru.logger.add(seen.append, enqueue=True)
    elif sinks == "handed on":
        loguru.logger.add(PropagateHandler(), format="{message}", enqueue=True)
    elif sinks == "handed on by a function":
        loguru.logger.add(lambda line: logging.getLogger("shop").error(str(line)), level="ERROR", enqueue=True)
    try:
        raise KeyError("sku")
    except KeyError as error:
        loguru.logger.exception("the order failed")
        client.capture_exception(error)
    loguru.logger.error("and so did another")
    loguru.logger.info("that is all")
    # It waits for the queues.
    loguru.logger.remove()

    events = told(client)
    assert [event["message"] for event in events] == ["the order failed", "and so did another"]
    assert events[0]["exceptions"][0]["type"] == "KeyError"
    assert len(seen) == (9 if sinks == "several" else 3)
    assert not any("aiops" in name for message in seen for name in message.record)


def test_what_a_sink_behind_a_queue_says_itself_is_heard(client: Client):
    def sink(line: Any) -> None:
        if line.record["level"].no < 40:
            logging.getLogger("shop").error("the sink is full")

    loguru.logger.remove()
    loguru.logger.add(sink, enqueue=True)
    loguru.logger.info("a line")
    loguru.logger.remove()
    assert [event["message"] for event in told(client)] == ["the sink is full"]


PARENT_AND_CHILD = """
import logging, multiprocessing, sys
import aiops_sdk
from loguru import logger

class PropagateHandler(logging.Handler):
    def emit(self, record):
        logging.getLogger(record.name).handle(record)

def child(logger):
    logger.error("said in the child")
    logger.complete()

if __name__ == "__main__":
    logger.remove()
    aiops_sdk.init(service_name="shop")
    context = multiprocessing.get_context(sys.argv[1])
    {add}
    process = context.Process(target=child, args=(logger,))
    process.start(); process.join()
    assert process.exitcode == 0
    logger.remove()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_what_a_child_says_through_the_queue_of_its_parent_is_one_event(
    tmp_path: Path, platform: Platform, method: str
):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("There is no fork on this system")
    named = "context=context"
    if tuple(map(int, loguru.__version__.split(".")[:2])) < (0, 7):
        if method != "fork":
            pytest.skip("This loguru has one way to begin a process")
        named = "level=0"
    add = 'logger.add(PropagateHandler(), format="{message}", enqueue=True, ' + named + ")"
    script = tmp_path / "program.py"
    script.write_text(PARENT_AND_CHILD.replace("{add}", add))
    ended = subprocess.run(
        [sys.executable, str(script), method],
        env=environment(platform.url, PATIENT),
        cwd=tmp_path,
        capture_output=True,
        timeout=DEADLINE,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    assert [event["message"] for event in platform.events] == ["said in the child"]


def test_in_the_end_nothing_of_ours_is_left():
    from loguru._handler import Handler

    before = vars(Handler)["emit"]
    undo = ours.install(a_client())
    assert vars(Handler)["emit"] is not before
    undo()
    assert vars(Handler)["emit"] is before
