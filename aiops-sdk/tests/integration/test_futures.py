"""Jobs that failed while nobody looked: each is one event, and one that somebody asked about is none."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import logging
import os
import threading
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest
from children import run_program
from loopback import Platform

from aiops_sdk.testing import CapturedEvents, capture_events


@pytest.fixture
def events() -> Iterator[CapturedEvents]:
    with capture_events() as captured:
        yield captured


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


def fail(message: str = "in a job") -> None:
    raise ValueError(message)


def let_it_finish(pool: ThreadPoolExecutor) -> None:
    """All that was submitted before is done, and its workers have let go of it."""
    barrier = threading.Barrier(3)
    for _ in range(2):
        pool.submit(barrier.wait, 20)
    barrier.wait(20)
    gc.collect()


def failed(pool: ThreadPoolExecutor) -> Future[None]:
    """A future that has failed already."""
    future = pool.submit(fail)
    let_it_finish(pool)
    assert future.done()
    return future


def test_a_job_that_nobody_looks_at_is_one_event(events: CapturedEvents, pool: ThreadPoolExecutor):
    pool.submit(fail)
    let_it_finish(pool)
    (event,) = events
    assert (event["signal_type"], event["source"], event["error_type"]) == ("exception", "process", "ValueError")
    assert (event["message"], event["contexts"]["capture"]) == ("in a job", {"mechanism": "futures"})
    assert event["exceptions"][0]["frames"][-1]["function"] == "fail"


def test_it_is_reported_only_when_the_future_is_gone(events: CapturedEvents, pool: ThreadPoolExecutor):
    future = failed(pool)
    assert list(events) == []
    assert "raised ValueError" in repr(future)
    del future
    gc.collect()
    assert len(events) == 1


def ask_for_the_result(future: Future[None]) -> None:
    with pytest.raises(ValueError, match="in a job"):
        future.result(20)


def ask_for_the_exception(future: Future[None]) -> None:
    assert str(future.exception(20)) == "in a job"


def add_a_callback_that_asks(future: Future[None]) -> None:
    asked: concurrent.futures.Future[Any] = Future()
    future.add_done_callback(lambda done: asked.set_result(done.exception()))
    assert str(asked.result(20)) == "in a job"


def wait_for_it(future: Future[None]) -> None:
    assert concurrent.futures.wait([future], 20).done == {future}


def iterate_as_completed(future: Future[None]) -> None:
    assert list(concurrent.futures.as_completed([future], 20)) == [future]


def await_it(future: Future[None]) -> None:
    async def main() -> None:
        with pytest.raises(ValueError):
            await asyncio.wrap_future(future)

    asyncio.run(main())


def cancel_too_late(future: Future[None]) -> None:
    future.cancel()


ASKING = [
    ask_for_the_result,
    ask_for_the_exception,
    add_a_callback_that_asks,
    wait_for_it,
    iterate_as_completed,
    await_it,
]


@pytest.mark.parametrize("ask", [*ASKING, cancel_too_late])
def test_asking_after_the_failure_is_asking(
    events: CapturedEvents, pool: ThreadPoolExecutor, ask: Callable[[Future[None]], None]
):
    ask(failed(pool))
    gc.collect()
    assert list(events) == []


@pytest.mark.parametrize("ask", ASKING)
def test_asking_before_the_failure_is_asking(
    events: CapturedEvents, pool: ThreadPoolExecutor, ask: Callable[[Future[None]], None]
):
    go = threading.Event()

    def fail_later() -> None:
        go.wait(20)
        fail()

    future = pool.submit(fail_later)
    asking = threading.Thread(target=ask, args=(future,))
    asking.start()
    go.set()
    asking.join(20)
    assert not asking.is_alive()
    del asking, future
    let_it_finish(pool)
    assert list(events) == []


def test_a_callback_that_does_not_ask_is_nobody(events: CapturedEvents, pool: ThreadPoolExecutor):
    running: set = set()
    for _ in range(2):
        future = pool.submit(fail)
        running.add(future)
        future.add_done_callback(running.discard)
        del future
    let_it_finish(pool)
    assert len(events) == 2


def test_asking_twice_gives_the_same_answer(events: CapturedEvents, pool: ThreadPoolExecutor):
    future = failed(pool)
    ask_for_the_result(future)
    ask_for_the_exception(future)
    assert future.exception() is future.exception()
    assert "raised ValueError" in repr(future)


def test_what_result_raises_has_no_frame_of_ours(events: CapturedEvents, pool: ThreadPoolExecutor):
    try:
        failed(pool).result()
    except ValueError as error:
        names, tb = [], error.__traceback__
        while tb is not None:
            names.append(tb.tb_frame.f_code.co_filename)
            tb = tb.tb_next
    assert not any("aiops_sdk" in name for name in names)


def test_map_reports_what_is_never_iterated_and_nothing_else(events: CapturedEvents, pool: ThreadPoolExecutor):
    with pytest.raises(ValueError, match="first"):
        list(pool.map(fail, ["first", "second", "third"]))
    let_it_finish(pool)
    assert list(events) == []


def test_in_an_executor_of_asyncio_the_awaiting_is_asking_also_when_it_is_cancelled(
    events: CapturedEvents, pool: ThreadPoolExecutor
):
    go = threading.Event()

    def fail_later() -> None:
        go.wait(20)
        fail()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(ValueError):
            await loop.run_in_executor(pool, fail)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(loop.run_in_executor(pool, fail_later), 0.01)

    asyncio.run(main())
    go.set()
    let_it_finish(pool)
    assert list(events) == []


def test_a_coroutine_of_another_thread_s_loop_that_nobody_looks_at_is_one_event(events: CapturedEvents):
    async def fail_there() -> None:
        raise ValueError("in a coroutine")

    loop = asyncio.new_event_loop()
    running = threading.Thread(target=loop.run_forever)
    running.start()
    asyncio.run_coroutine_threadsafe(fail_there(), loop)
    loop.call_soon_threadsafe(lambda: loop.call_later(0.05, loop.stop))
    running.join(20)
    loop.close()
    gc.collect()
    assert [event["message"] for event in events] == ["in a coroutine"]


def test_a_failure_that_was_logged_in_the_job_is_not_a_second_event(events: CapturedEvents, pool: ThreadPoolExecutor):
    def log_and_fail() -> None:
        try:
            fail()
        except ValueError:
            logging.getLogger("shop").exception("failed")
            raise

    pool.submit(log_and_fail)
    let_it_finish(pool)
    assert [event["signal_type"] for event in events] == ["log_error"]


@pytest.mark.parametrize("exc", [SystemExit(1), KeyboardInterrupt(), concurrent.futures.CancelledError()])
def test_an_end_that_is_meant_is_silent(events: CapturedEvents, exc: BaseException):
    future: Future[None] = Future()
    future.set_exception(exc)
    del future
    gc.collect()
    assert list(events) == []


def test_a_future_that_was_cancelled_before_takes_no_exception_as_ever(events: CapturedEvents):
    future: Future[None] = Future()
    future.cancel()
    with pytest.raises(concurrent.futures.InvalidStateError):
        future.set_exception(ValueError())
    assert future._waiters == []


def test_an_exception_that_refers_to_its_own_future_goes_with_it(events: CapturedEvents):
    def make() -> weakref.ref[Any]:
        future: Future[None] = Future()
        try:
            raise ValueError("in a cycle")
        except ValueError as error:
            future.set_exception(error)  # Its traceback refers to this frame, and that to the future.
        return weakref.ref(future)

    gone = make()
    gc.collect()
    assert gone() is None
    assert [event["message"] for event in events] == ["in a cycle"]


def test_an_exception_is_kept_no_longer_than_its_future(events: CapturedEvents, pool: ThreadPoolExecutor):
    class Big(Exception):
        pass

    def fail_big() -> None:
        raise Big

    future = pool.submit(fail_big)
    let_it_finish(pool)
    reference = weakref.ref(future.exception())
    del future
    gc.collect()
    assert reference() is None


def test_afterwards_everything_is_as_before(pool: ThreadPoolExecutor):
    before = dict(vars(Future)), concurrent.futures._base._AcquireFutures
    with capture_events() as events:
        kept = failed(pool)
    assert (dict(vars(Future)), concurrent.futures._base._AcquireFutures) == before
    assert vars(kept)["_exception"] is kept.exception()
    assert len(events) == 0


def test_many_threads_ask_at_once_and_each_gets_it(events: CapturedEvents, pool: ThreadPoolExecutor):
    def ask_from_four_threads() -> None:
        future: Future[None] = Future()
        got: List[object] = []
        threads = [threading.Thread(target=lambda: got.append(future.exception(20))) for _ in range(4)]
        for thread in threads:
            thread.start()
        error = ValueError()
        future.set_exception(error)
        for thread in threads:
            thread.join(20)
        assert got == [error] * 4

    for _ in range(50):
        ask_from_four_threads()
    gc.collect()
    assert list(events) == []


LATER = """
import sys
import aiops_sdk
aiops_sdk.init()
assert "concurrent.futures" not in sys.modules
from concurrent.futures import ThreadPoolExecutor
"""
FIRST = "from concurrent.futures import ThreadPoolExecutor\nimport aiops_sdk\naiops_sdk.init()\n"
FORGET = """
def fail():
    raise ValueError("in a job")

with ThreadPoolExecutor(1) as pool:
    pool.submit(fail)
"""


@pytest.mark.parametrize("order", [FIRST, LATER], ids=["futures first", "futures later"])
def test_it_works_whichever_comes_first(platform: Platform, tmp_path: Path, order: str):
    ended = run_program(tmp_path, order + FORGET, platform_url=platform.url)
    assert (ended.code, ended.err) == (0, "")
    assert [event["contexts"]["capture"] for event in platform.events] == [{"mechanism": "futures"}]


def test_a_future_that_the_program_holds_until_its_end_is_reported(platform: Platform, tmp_path: Path):
    program = FIRST + FORGET.replace("    pool.submit", "    held = pool.submit")
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert (ended.code, ended.err) == (0, "")
    assert [event["message"] for event in platform.events] == ["in a job"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork on this system")
def test_a_child_says_nothing_of_its_parent_s_futures(platform: Platform, tmp_path: Path):
    program = FIRST + FORGET.replace("    pool.submit", "    held = pool.submit")
    program += "\nimport os\nchild = os.fork()\nif child:\n    os.waitpid(child, 0)\n"
    run_program(tmp_path, program, platform_url=platform.url)
    assert [event["message"] for event in platform.events] == ["in a job"]


def test_a_job_in_another_process_is_one_event(platform: Platform, tmp_path: Path):
    program = """
        from concurrent.futures import ProcessPoolExecutor
        import aiops_sdk
        aiops_sdk.init()

        def fail():
            raise ValueError("in a job")

        if __name__ == "__main__":
            with ProcessPoolExecutor(1) as pool:
                pool.submit(fail)
                assert pool.submit(len, "abc").result(30) == 3
    """
    ended = run_program(tmp_path, program, platform_url=platform.url)
    assert ended.code == 0, ended.err
    assert [event["message"] for event in platform.events] == ["in a job"]
