"""What asyncio would only log: tasks that nobody awaits, callbacks that raise."""

from __future__ import annotations

import asyncio
import gc
import logging
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from children import run_program
from loopback import Platform

from aiops_sdk.testing import CapturedEvents, capture_events


@pytest.fixture
def events() -> Iterator[CapturedEvents]:
    with capture_events() as captured:
        yield captured


async def fail() -> None:
    raise ValueError("in a task")


async def forget_a_task() -> None:
    asyncio.get_running_loop().create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()


def test_a_task_that_nobody_awaits_is_one_event(events: CapturedEvents, caplog: pytest.LogCaptureFixture):
    asyncio.run(forget_a_task())
    (event,) = events
    assert (event["signal_type"], event["source"], event["error_type"]) == ("exception", "process", "ValueError")
    assert event["contexts"]["capture"] == {"mechanism": "asyncio"}
    assert event["exceptions"][0]["frames"][-1]["function"] == "fail"
    assert "Task exception was never retrieved" in caplog.text


def test_a_task_that_is_awaited_is_its_caller_s_business(events: CapturedEvents):
    async def main() -> None:
        with pytest.raises(ValueError):
            await asyncio.get_running_loop().create_task(fail())
        results = await asyncio.gather(fail(), return_exceptions=True)
        assert isinstance(results[0], ValueError)

    asyncio.run(main())
    gc.collect()
    assert list(events) == []


def test_a_callback_that_raises_is_reported(events: CapturedEvents):
    async def main() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert [event["error_type"] for event in events] == ["ZeroDivisionError"]


def test_a_handler_of_the_application_s_own_is_called_and_heard(events: CapturedEvents):
    handled: List[Dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: handled.append(context))
        await forget_a_task()

    asyncio.run(main())
    assert [str(context["exception"]) for context in handled] == ["in a task"]
    assert [event["message"] for event in events] == ["in a task"]


def test_what_a_handler_logs_is_not_a_second_event(events: CapturedEvents):
    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: logging.getLogger("shop").error("a task failed", exc_info=context["exception"])
        )
        await forget_a_task()

    asyncio.run(main())
    assert [event["signal_type"] for event in events] == ["exception"]


def test_a_failure_that_the_task_logged_is_not_a_second_event(events: CapturedEvents):
    async def log_and_fail() -> None:
        try:
            await fail()
        except ValueError:
            logging.getLogger("shop").exception("failed")
            raise

    async def main() -> None:
        asyncio.get_running_loop().create_task(log_and_fail())
        await asyncio.sleep(0.01)
        gc.collect()

    asyncio.run(main())
    assert [event["signal_type"] for event in events] == ["log_error"]


def test_a_task_that_is_cancelled_is_silent(events: CapturedEvents):
    async def main() -> None:
        sleeping = asyncio.get_running_loop().create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        sleeping.cancel()
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "cancelled", "exception": asyncio.CancelledError()})

    handled: List[object] = []
    logger = logging.getLogger("asyncio")
    keep_out = lambda record: bool(handled.append(record))  # noqa: E731
    logger.addFilter(keep_out)
    try:
        asyncio.run(main())
    finally:
        logger.removeFilter(keep_out)
    assert list(events) == []


@pytest.mark.parametrize(
    "context", [{}, {"exception": None}, {"exception": "text"}, {"message": "odd", "exception": 3}]
)
def test_a_context_without_an_exception_does_no_harm(context: Dict[str, Any]):
    seen: List[object] = []
    with capture_events() as events:
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda loop, given: seen.append(given))
        loop.call_exception_handler(context)
        loop.close()
        assert (list(events), seen) == ([], [context])


def test_afterwards_everything_is_as_before():
    before = asyncio.BaseEventLoop.call_exception_handler
    with capture_events():
        assert asyncio.BaseEventLoop.call_exception_handler is not before
    assert asyncio.BaseEventLoop.call_exception_handler is before


ORDERS = {
    "asyncio first": "import asyncio\nimport aiops_sdk\naiops_sdk.init()\n",
    "asyncio later": "import aiops_sdk\naiops_sdk.init()\nimport sys\nassert 'asyncio' not in sys.modules\nimport asyncio\n",
}
UNHEARD = """
async def fail():
    raise ValueError("in a task")

async def main():
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: print("handled", context["exception"]))
    task = asyncio.ensure_future(fail())
    await asyncio.sleep(0.01)
    del task

loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
"""


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_it_works_whichever_comes_first(platform: Platform, tmp_path: Path, order: str):
    ended = run_program(tmp_path, order + UNHEARD, platform_url=platform.url)
    assert ended.out == "handled in a task\n", ended.err
    assert [event["contexts"]["capture"] for event in platform.events] == [{"mechanism": "asyncio"}]


def test_a_task_that_the_program_holds_until_its_end_is_reported_and_printed(platform: Platform, tmp_path: Path):
    program = """
        import asyncio
        import aiops_sdk
        aiops_sdk.init()

        async def fail():
            raise ValueError("in a task")

        async def main():
            global held
            held = asyncio.ensure_future(fail())
            await asyncio.sleep(0.01)

        asyncio.run(main())
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    # 3.13 stumbles over itself so late; what it needs for that has been loaded by us.
    assert (ended.err.count("never retrieved"), ended.code) == (1, 0)
    assert [event["message"] for event in platform.events] == ["in a task"]


def test_under_uvloop_its_log_lines_are_the_net(platform: Platform, tmp_path: Path):
    pytest.importorskip("uvloop")
    program = """
        import asyncio, gc
        import aiops_sdk
        aiops_sdk.init()
        import uvloop

        async def fail():
            raise ValueError("in a task")

        async def main():
            asyncio.get_running_loop().create_task(fail())
            asyncio.get_running_loop().call_soon(lambda: 1 / 0)
            await asyncio.sleep(0.01)
            gc.collect()

        loop = uvloop.new_event_loop()
        loop.run_until_complete(main())
        loop.close()
    """
    run_program(tmp_path, program, platform_url=platform.url)
    assert sorted(event["exceptions"][0]["type"] for event in platform.events) == ["ValueError", "ZeroDivisionError"]
