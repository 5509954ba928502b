"""Error logs: taken whatever the host does to its handlers, and printed as always."""

from __future__ import annotations

import logging
import logging.config
import logging.handlers
import queue
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest
from children import run_program
from events import raised
from loopback import Platform

import aiops_sdk
from aiops_sdk import scope
from aiops_sdk.scope import RequestScope
from aiops_sdk.testing import CapturedEvents, capture_events


@pytest.fixture
def events() -> Iterator[CapturedEvents]:
    with capture_events() as captured:
        yield captured


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger that prints nothing, and is as before afterwards."""
    logger = logging.getLogger("shop.orders")
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = False
    yield logger
    logger.handlers[:] = []
    logger.propagate = True
    logger.disabled = False


def test_an_error_is_reported(events: CapturedEvents, log: logging.Logger):
    log.error("order %d failed: %s", 7, "no stock")
    (event,) = events
    assert (event["signal_type"], event["source"], event["error_type"]) == ("log_error", "logging", "ERROR")
    assert (event["message"], event["template"]) == ("order 7 failed: no stock", "order %d failed: %s")
    assert (event["logger"], event["level"], event["stack_trace"]) == ("shop.orders", "error", "")
    assert event["contexts"]["log"]["function"] == "test_an_error_is_reported"


def test_critical_is_reported_as_critical(events: CapturedEvents, log: logging.Logger):
    log.critical("disk full")
    assert [(event["error_type"], event["level"]) for event in events] == [("CRITICAL", "critical")]


def test_a_level_of_one_s_own_above_error_is_reported(events: CapturedEvents, log: logging.Logger):
    log.log(45, "quite bad")
    assert [(event["error_type"], event["level"]) for event in events] == [("Level 45", "error")]


def test_a_warning_is_not(events: CapturedEvents, log: logging.Logger):
    log.warning("almost")
    log.log(39, "nearly")
    assert list(events) == []


def test_with_an_exception_the_traceback_is_told(events: CapturedEvents, log: logging.Logger):
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        log.exception("cannot count")
    (event,) = events
    assert event["message"] == "cannot count"
    assert event["stack_trace"].endswith("ZeroDivisionError: division by zero\n")
    assert event["exceptions"][0]["type"] == "ZeroDivisionError"


def test_an_exception_handed_over_by_itself_is_told(events: CapturedEvents, log: logging.Logger):
    log.error("failed", exc_info=raised(ValueError("handed over")))
    assert events[0]["exceptions"][0]["value"] == "handed over"


def test_an_exception_without_a_message_is_told_by_its_text(events: CapturedEvents, log: logging.Logger):
    log.error("", exc_info=raised(ValueError("handed over")))
    assert events[0]["message"] == "ValueError: handed over"


def test_an_empty_line_is_nothing(events: CapturedEvents, log: logging.Logger):
    log.error(" ")
    assert list(events) == []


def test_where_there_is_no_exception_exc_info_does_no_harm(events: CapturedEvents, log: logging.Logger):
    log.error("nothing is handled", exc_info=True)
    assert events[0]["stack_trace"] == ""


def test_stack_info_is_the_traceback_where_there_is_no_other(events: CapturedEvents, log: logging.Logger):
    log.error("how did we get here", stack_info=True)
    assert events[0]["stack_trace"].startswith("Stack (most recent call last):")


def test_a_logger_that_does_not_propagate_is_heard(events: CapturedEvents, log: logging.Logger):
    log.propagate = False
    log.error("heard")
    assert len(events) == 1


def test_configuring_logging_anew_silences_nothing(events: CapturedEvents, log: logging.Logger):
    root = logging.getLogger()
    before = root.handlers[:]
    try:
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}})
        logging.basicConfig(force=True, handlers=[logging.NullHandler()])
        log.error("heard")
    finally:
        root.handlers[:] = before
    assert len(events) == 1


def test_handlers_that_hand_records_on_change_nothing(events: CapturedEvents, log: logging.Logger):
    """A queue handler finishes the record for its journey, and the listener logs it a second time, without the logger."""
    waiting: queue.Queue[Any] = queue.Queue()
    log.handlers[:] = [logging.handlers.QueueHandler(waiting)]
    log.error("failed: %s", "x", exc_info=raised(ValueError("once")))
    (event,) = events
    assert (event["message"], event["exceptions"][0]["value"]) == ("failed: x", "once")


class HandingOn(logging.Handler):
    """Passes each record on to the logger of its name, or another one, as logging's own cookbook does it."""

    def __init__(self, to: str = "") -> None:
        super().__init__()
        self.to = to

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger(self.to or record.name).handle(record)


@pytest.mark.parametrize("queued", [False, True])
def test_a_record_that_is_handed_on_to_another_logger_is_one_event(
    events: CapturedEvents, log: logging.Logger, queued: bool
):
    sink = logging.getLogger("shop.sink")
    sink.propagate = False
    waiting: queue.Queue[Any] = queue.Queue()
    listener = logging.handlers.QueueListener(waiting, HandingOn("shop.sink"))
    log.addHandler(logging.handlers.QueueHandler(waiting) if queued else HandingOn("shop.sink"))
    listener.start()
    for number in range(2):
        log.error("order %d is late", number)
    try:
        raise ValueError("no stock")
    except ValueError:
        log.exception("failed")
    listener.stop()
    assert [(event["logger"], event["message"]) for event in events] == [
        ("shop.orders", message) for message in ("order 0 is late", "order 1 is late", "failed")
    ]
    assert len(events[2]["exceptions"]) == 1


ACROSS = """
    import logging, logging.handlers, multiprocessing
    import aiops_sdk

    def listen(queue):
        for record in iter(queue.get, None):
            logging.getLogger(record.name).handle(record)

    def work(queue):
        root = logging.getLogger()
        root.handlers[:] = [logging.handlers.QueueHandler(queue)]
        logging.getLogger("shop").error("of the worker")
        aiops_sdk.flush(10)

    class Names(logging.Formatter):
        def format(self, record):
            return " ".join(name for name in vars(record) if "aiops" in name) + "."

    if __name__ == "__main__":
        aiops_sdk.init()
        handler = logging.StreamHandler()
        handler.setFormatter(Names())
        logging.getLogger().addHandler(handler)
        there = multiprocessing.get_context("fork")
        queue = there.Queue()
        listener = there.Process(target=listen, args=(queue,))
        listener.start()
        worker = there.Process(target=work, args=(queue,))
        worker.start()
        worker.join()
        queue.put(None)
        listener.join()
        logging.getLogger("shop").error("of the parent")
        print(aiops_sdk.flush(10))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_record_that_goes_to_another_process_is_one_event_and_arrives_there_as_it_was(
    platform: Platform, tmp_path: Path
):
    ended = run_program(tmp_path, ACROSS, platform_url=platform.url)
    assert (ended.out, ended.err, ended.code) == ("True\n", ".\n.\n", 0)
    assert sorted(event["message"] for event in platform.events) == ["of the parent", "of the worker"]


def test_a_handler_that_raises_still_raises_and_the_event_is_taken(events: CapturedEvents, log: logging.Logger):
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise ZeroDivisionError

    log.handlers[:] = [Broken()]
    with pytest.raises(ZeroDivisionError):
        log.error("reported")
    assert [event["message"] for event in events] == ["reported"]


def test_a_handler_that_strips_the_exception_does_not_hide_it(events: CapturedEvents, log: logging.Logger):
    class Stripping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            record.exc_info = None

    log.handlers[:] = [Stripping()]
    log.error("failed", exc_info=raised(ValueError("kept")))
    assert events[0]["exceptions"][0]["value"] == "kept"


@pytest.mark.parametrize("argument", [object(), [1], {"a": 1}, None, 3])
def test_a_template_that_does_not_fit_its_arguments_is_told_as_it_is(
    events: CapturedEvents, log: logging.Logger, monkeypatch: pytest.MonkeyPatch, argument: Any
):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log.error("%d and %d", argument)  # noqa: PLE1206
    assert events[0]["message"] == "%d and %d"


def test_a_message_of_another_type_is_told(events: CapturedEvents, log: logging.Logger):
    log.error(ValueError("as a message"))
    log.error({"a": 1})
    assert [event["message"] for event in events] == ["as a message", "{'a': 1}"]


def test_a_hostile_argument_does_not_hurt(events: CapturedEvents, log: logging.Logger, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)

    class Rude:
        def __str__(self) -> str:
            raise ZeroDivisionError

        __repr__ = __str__

    log.error("failed: %s", Rude())
    assert events[0]["message"] == "failed: %s"


def test_an_object_that_logs_while_it_is_being_printed_does_not_recurse(events: CapturedEvents, log: logging.Logger):
    class Chatty(Exception):
        def __str__(self) -> str:
            log.error("asked for my text", exc_info=self)
            return "chatty"

    aiops_sdk.capture_exception(raised(Chatty()))
    assert [event["message"] for event in events] == ["chatty"]


def test_one_exception_logged_in_two_places_is_one_event(events: CapturedEvents, log: logging.Logger):
    error = raised(ValueError("once"))
    log.error("below", exc_info=error)
    log.error("above", exc_info=error)
    assert [event["message"] for event in events] == ["below"]


def test_every_line_without_an_exception_is_an_event(events: CapturedEvents, log: logging.Logger):
    for _ in range(3):
        log.error("again")
    assert len(events) == 3


@pytest.mark.parametrize("name", ["werkzeug", "urllib3.connectionpool", "requests", "aiops_sdk", "aiops_sdk.delivery"])
def test_noisy_loggers_are_not_heard(events: CapturedEvents, name: str):
    logging.getLogger(name).error("noise")
    assert list(events) == []


@pytest.mark.parametrize("name", ["myapp.requests", "aiops_sdk_demo", "urllib3x", "root"])
def test_loggers_whose_names_only_look_like_it_are_heard(events: CapturedEvents, name: str):
    logging.getLogger(name).error("heard")
    assert len(events) == 1


def test_a_line_logged_in_a_request_carries_it(events: CapturedEvents, log: logging.Logger):
    request = RequestScope(
        "POST",
        "/orders/7",
        url="http://shop/orders/7?token=abc",
        route="/orders/<int:id>",
        query="token=abc",
        headers={"Host": "shop"},
    )
    token = scope.begin(request)
    log.error("in a request")
    scope.end(token)
    (event,) = events
    assert (event["request_path"], event["route"]) == ("/orders/7", "/orders/<int:id>")
    assert event["request"] == {
        "method": "POST",
        "url": "http://shop/orders/7?token=[hidden]",
        "query": "token=[hidden]",
        "headers": {"Host": "shop"},
    }
    assert request.log.messages == ["in a request"]


def test_nothing_is_captured_in_a_silent_request(events: CapturedEvents, log: logging.Logger):
    token = scope.begin(RequestScope("GET", "/health", silent=True))
    log.error("in a silent request")
    aiops_sdk.capture_exception(ValueError("so is this"))
    scope.end(token)
    assert list(events) == []


def test_afterwards_everything_is_as_before():
    before = logging.Logger.callHandlers
    with capture_events():
        assert logging.Logger.callHandlers is not before
    assert logging.Logger.callHandlers is before


def test_what_the_host_prints_does_not_change(platform: Platform, tmp_path: Path):
    program = """
        import logging
        import aiops_sdk
        aiops_sdk.init()
        log = logging.getLogger("shop")
        log.error("without any configuration")
        log.warning("and a warning")
        logging.basicConfig(format="%(levelname)s %(name)s %(funcName)s %(lineno)d %(message)s")
        log.error("with arguments %d", 3)
        try:
            1 / 0
        except ZeroDivisionError:
            log.exception("with a traceback")
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    without = run_program(tmp_path, program.replace("aiops_sdk.init()", "pass"), platform_url=platform.url)
    assert ended.out == without.out
    assert ended.err == without.err
    assert len(platform.wait_for_events(3)) == 3


def test_logging_complains_of_a_broken_line_as_before(platform: Platform, tmp_path: Path):
    program = """
        import logging
        import aiops_sdk
        aiops_sdk.init()
        logging.basicConfig()
        logging.error("broken %d", "x")
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert ended.err.count("--- Logging error ---") == 1
    assert platform.wait_for_events()[0]["message"] == "broken %d"


def test_a_program_whose_main_thread_ends_inside_a_handler_s_lock_ends(platform: Platform, tmp_path: Path):
    program = """
        import logging, sys
        import aiops_sdk
        aiops_sdk.init()
        class Slow(logging.Handler):
            def emit(self, record):
                logging.getLogger("inner").error("from within a handler")
        logging.getLogger().addHandler(Slow())
        logging.getLogger("outer").error("outer")
        sys.exit(0)
    """
    program = program.replace("addHandler(Slow())", 'addHandler(Slow()); logging.getLogger("inner").propagate = False')
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert ended.code == 0
    assert sorted(event["message"] for event in platform.events) == ["from within a handler", "outer"]
