"""One failure is one event, whatever saw it; the event says who else did."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import sys
import threading
import traceback
from typing import Any, Callable, Iterator, List

import pytest
from children import run_program
from loopback import Platform

import aiops_sdk
from aiops_sdk import Config, scope
from aiops_sdk import client as clients
from aiops_sdk.scope import RequestScope, TaskScope
from aiops_sdk.testing import CapturedEvents, capture_events


@pytest.fixture
def events() -> Iterator[CapturedEvents]:
    with capture_events() as captured:
        yield captured


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger that prints nothing."""
    logger = logging.getLogger("shop.orders")
    logger.handlers[:], logger.propagate = [logging.NullHandler()], False
    yield logger
    logger.handlers[:], logger.propagate = [], True


def framework(handler: Callable[[], Any], kind: str = "celery") -> None:
    """Runs it as a framework does that reports what leaves its handler."""
    token = scope.begin(TaskScope(kind, "pay") if kind != "flask" else RequestScope("GET", "/orders"))
    try:
        handler()
    except BaseException as exc:
        client = clients.current()
        assert client is not None
        client.capture_exception(exc, mechanism=kind)
    finally:
        scope.end(token)


def fail(text: str = "no stock left") -> Any:
    raise ValueError(text)


# Logged, and raised on.


@pytest.mark.parametrize(
    "say",
    [
        lambda log, exc: log.exception("order 7 failed"),
        lambda log, exc: log.error("order 7 failed", exc_info=exc),
        lambda log, exc: log.error("order 7 failed: %s", exc),
        lambda log, exc: log.error("order %s failed: %r", 7, exc),
        lambda log, exc: log.error("order failed: %(why)s", {"why": exc}),
        lambda log, exc: log.error(exc),
        lambda log, exc: log.error(f"order 7 failed: {exc}"),
        lambda log, exc: log.error(f"order 7 failed ({exc!r})"),
        lambda log, exc: log.error("order 7 failed: " + str(exc)),
        lambda log, exc: log.error(traceback.format_exc()),
        lambda log, exc: log.error("order 7 failed\n%s", traceback.format_exc()),
    ],
)
def test_what_is_logged_and_raised_on_is_one_event_with_its_traceback(
    events: CapturedEvents, log: logging.Logger, say: Callable[[logging.Logger, BaseException], None]
):
    def handler() -> None:
        try:
            fail()
        except ValueError as exc:
            say(log, exc)
            raise

    framework(handler)
    (event,) = events
    assert (event["signal_type"], event["also_seen_by"]) == ("log_error", ["celery"])
    assert event["exceptions"][0]["value"] == "no stock left"
    assert event["exceptions"][0]["frames"][-1]["function"] == "fail"


@pytest.mark.parametrize(
    "kind", [KeyError("sku"), ValueError(), ValueError("7"), RuntimeError("failed"), Exception("x: y")]
)
def test_short_and_missing_texts_are_recognised_too(events: CapturedEvents, log: logging.Logger, kind: Exception):
    def handler() -> None:
        try:
            raise kind
        except Exception as exc:
            log.error(f"order failed: {exc!r}")
            raise

    framework(handler)
    assert [event["also_seen_by"] for event in events] == [["celery"]]


def test_a_line_about_something_else_is_an_event_of_its_own(events: CapturedEvents, log: logging.Logger):
    def handler() -> None:
        try:
            fail()
        except ValueError:
            log.error("the cache is full")
            raise

    framework(handler)
    assert [event["signal_type"] for event in events] == ["log_error", "exception"]
    assert [event.get("also_seen_by") for event in events] == [None, None]


def test_an_exception_that_was_never_raised_is_just_a_word(events: CapturedEvents, log: logging.Logger):
    never = ValueError("never raised")
    log.error("one could say: %s", never)
    aiops_sdk.capture_exception(never)
    assert [event["signal_type"] for event in events] == ["log_error", "exception"]
    assert "exceptions" not in events[0]


def test_a_new_exception_raised_from_a_logged_one_is_the_same_failure(events: CapturedEvents, log: logging.Logger):
    def handler() -> None:
        try:
            fail()
        except ValueError as old:
            log.exception("order 7 failed")
            raise RuntimeError("the order failed") from old

    framework(handler)
    (event,) = events
    assert (event["message"], event["also_seen_by"]) == ("order 7 failed", ["celery"])


def test_also_where_its_context_is_hidden(events: CapturedEvents, log: logging.Logger):
    def handler() -> None:
        try:
            fail()
        except ValueError as old:
            log.error("order 7 failed: %s", old)
            raise RuntimeError("the order failed") from None

    framework(handler)
    assert [event["also_seen_by"] for event in events] == [["celery"]]


def test_whoever_sees_it_is_named_once(events: CapturedEvents, log: logging.Logger):
    client = clients.current()
    assert client is not None

    def handler() -> None:
        try:
            fail()
        except ValueError as exc:
            aiops_sdk.capture_exception(exc)
            for _ in range(3):
                log.exception("order 7 failed")
                aiops_sdk.capture_exception(exc)
                client.capture_exception(exc, mechanism="flask")
            raise

    framework(handler, "flask")
    (event,) = events
    assert (event["source"], event["also_seen_by"]) == ("manual", ["logging", "flask"])


def test_a_framework_s_own_line_is_the_same_failure(events: CapturedEvents, log: logging.Logger):
    client = clients.current()
    assert client is not None

    def handler() -> None:
        try:
            fail()
        except ValueError as exc:
            client.capture_exception(exc, mechanism="celery")
            log.error("Task %s[%s] raised unexpected: %r", "pay", 1, exc, exc_info=True)

    framework(handler)
    (event,) = events
    assert (event["signal_type"], event["also_seen_by"]) == ("exception", ["logging"])


# Tried again.


def tries(log: logging.Logger, say: Callable[[int, BaseException], None]) -> None:
    last: List[BaseException] = []
    for number in range(3):
        try:
            fail()
        except ValueError as exc:
            say(number, exc)
            last.append(exc)
    raise last[-1]


@pytest.mark.parametrize("counts", [True, False])
def test_a_failure_that_is_tried_again_and_raised_in_the_end_is_one_event_that_counts(
    log: logging.Logger, counts: bool
):
    def say(number: int, exc: BaseException) -> None:
        if counts:
            log.error("try %d failed: %s", number, exc)
        else:
            log.exception("a try failed")

    with capture_events(Config(api_key="test")) as events:
        framework(lambda: tries(log, say))
        (event,) = events
    assert (event["repeat_count"], event["also_seen_by"]) == (3, ["celery"])
    assert event["first_at"] < event["last_at"]


@pytest.mark.parametrize("counts", [True, False])
def test_slow_tries_are_the_first_one_at_once_and_one_event_of_all_others(
    log: logging.Logger, platform: Platform, counts: bool
):
    """Nobody waits for what may come: the first one has left when the second is tried."""
    aiops_sdk.init("key", platform_url=platform.url)

    def say(number: int, exc: BaseException) -> None:
        log.error("try %d failed: %s", number if counts else 0, exc)
        platform.wait_for_events(1)

    framework(lambda: tries(log, say))
    assert aiops_sdk.flush(60.0)
    first, others = platform.wait_for_events(2)
    assert (first.get("repeat_count", 1), first.get("also_seen_by")) == (1, None)
    assert (others["repeat_count"], others["also_seen_by"]) == (2, ["celery"])


def test_tries_that_fail_for_different_reasons_are_different_events(log: logging.Logger):
    def handler() -> None:
        for number in range(3):
            try:
                fail(f"no stock of {number}")
            except ValueError as exc:
                log.error("try %d failed: %s", number, exc)

    with capture_events(Config(api_key="test")) as events:
        framework(handler)
        assert len(events) == 3


def test_two_requests_that_fail_alike_are_two_occurrences_and_not_one_tried_again(log: logging.Logger):
    def handler() -> None:
        try:
            fail()
        except ValueError as exc:
            log.error("order failed: %s", exc)

    with capture_events(Config(api_key="test")) as events:
        framework(handler)
        framework(handler)
        told = list(events)
    assert sum(event.get("repeat_count", 1) for event in told) == 2
    assert len(told) == 2


def test_a_last_exception_raised_from_the_last_try_is_the_same_failure(log: logging.Logger):
    def handler() -> None:
        last = None
        for _ in range(3):
            try:
                fail()
            except ValueError as exc:
                log.exception("a try failed")
                last = exc
        raise RuntimeError("gave up") from last

    with capture_events(Config(api_key="test")) as events:
        framework(handler)
        assert [(event["repeat_count"], event["also_seen_by"]) for event in events] == [(3, ["celery"])]


# Raised again elsewhere.


def test_what_a_job_of_an_executor_logs_and_its_future_raises_is_one_event(events: CapturedEvents, log: logging.Logger):
    def job() -> None:
        try:
            fail()
        except ValueError:
            log.exception("the job failed")
            raise

    def handler() -> None:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(job).result()

    framework(handler)
    assert [event["message"] for event in events] == ["the job failed"]


def test_what_a_task_of_asyncio_logs_and_whoever_awaits_it_raises_is_one_event(
    events: CapturedEvents, log: logging.Logger
):
    async def job() -> None:
        try:
            fail()
        except ValueError as exc:
            log.error("the job failed: %s", exc)
            raise

    async def main() -> None:
        await asyncio.gather(job())

    framework(lambda: asyncio.run(main()))
    assert [event["also_seen_by"] for event in events] == [["celery"]]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="task groups came with 3.11")
def test_a_group_of_what_was_logged_is_one_event_for_each_of_them(events: CapturedEvents, log: logging.Logger):
    async def job(number: int) -> None:
        try:
            fail(f"no stock of number {number}")
        except ValueError as exc:
            log.error("the job failed: %s", exc)
            raise

    async def main() -> None:
        async with asyncio.TaskGroup() as group:  # type: ignore[attr-defined]
            for number in range(2):
                group.create_task(job(number))

    framework(lambda: asyncio.run(main()))
    assert [event["signal_type"] for event in events] == ["log_error", "log_error"]


def test_an_exception_that_ends_a_thread_after_it_was_logged_is_one_event(events: CapturedEvents, log: logging.Logger):
    def run() -> None:
        try:
            fail()
        except ValueError as exc:
            log.error("the thread failed: %s", exc)
            raise

    def handler() -> None:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    earlier, threading.excepthook = threading.excepthook, lambda *_: None
    try:
        with capture_events() as heard:
            framework(handler)
            (event,) = heard
    finally:
        threading.excepthook = earlier
    assert event["signal_type"] == "log_error"


def test_what_a_child_process_tells_and_its_parent_raises_again_is_one_event(platform: Platform, tmp_path: Any):
    program = """
        import concurrent.futures, logging, multiprocessing
        import aiops_sdk
        aiops_sdk.init()
        def job():
            try:
                raise ValueError("no stock left")
            except ValueError as exc:
                logging.getLogger("shop").error("the job failed: %s", exc)
                raise
        if __name__ == "__main__":
            fork = multiprocessing.get_context("fork")
            with concurrent.futures.ProcessPoolExecutor(1, mp_context=fork) as pool:
                pool.submit(job).result()
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert ended.code == 1
    assert [event["message"] for event in platform.wait_for_events(1)] == ["the job failed: no stock left"]


# What waits, and what does not.


def test_what_happened_in_a_request_waits_for_who_sees_it_next_and_is_not_lost_at_the_end(
    platform: Platform, tmp_path: Any
):
    program = """
        import logging
        import aiops_sdk
        from aiops_sdk import scope
        from aiops_sdk.scope import RequestScope
        client = aiops_sdk.init()
        token = scope.begin(RequestScope("GET", "/orders"))
        try:
            raise ValueError("no stock left")
        except ValueError as exc:
            logging.getLogger("shop").error("failed: %s", exc)
            client.capture_exception(exc, mechanism="flask")
        scope.end(token)
    """
    run_program(tmp_path, program, platform_url=platform.url)
    (event,) = platform.wait_for_events(1)
    assert (event["message"], event["also_seen_by"]) == ("failed: no stock left", ["flask"])


def test_what_happened_in_a_request_leaves_by_itself(platform: Platform):
    aiops_sdk.init(api_key="key", platform_url=platform.url)
    framework(fail, "flask")
    assert [event["message"] for event in platform.wait_for_events(1)] == ["no stock left"]
