"""What the program says about its work, and what happened before: with the right events, and with no others."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import pickle
import threading
import uuid
from collections import OrderedDict
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pytest

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk import scope
from aiops_sdk.config import Config
from aiops_sdk.scope import RequestScope, TaskScope
from aiops_sdk.testing import capture_events

log = logging.getLogger("shop")


@pytest.fixture
def captured():
    with capture_events() as events:
        # A context of its own, so that nothing said in a test is said in the next.
        yield events


def apart(function: Any) -> Any:
    return contextvars.Context().run(function)


class TestWhatIsSaid:
    def test_a_block_says_what_it_is_about(self, captured):
        with aiops_sdk.context(order_id=7, shop="north", cart={"items": [1, 2], "paid": False}):
            aiops_sdk.capture_exception(ValueError("inside"))
        aiops_sdk.capture_exception(ValueError("after"))
        inside, after = captured
        assert inside["tags"] == {"order_id": "7", "shop": "north"}
        assert inside["contexts"]["cart"] == {"items": [1, 2], "paid": False}
        assert "tags" not in after
        assert "cart" not in after["contexts"]

    def test_an_exception_takes_along_what_its_blocks_were_about(self, captured):
        def work():
            with aiops_sdk.context(a=1, b=1), aiops_sdk.context(b=2, cart={"items": 3}):
                raise ValueError("inside")

        try:
            work()
        except ValueError as error:
            pickled = pickle.loads(pickle.dumps(error))
            aiops_sdk.capture_exception(error)
        assert str(pickled) == "inside"
        assert captured[0]["tags"] == {"a": "1", "b": "2"}
        assert captured[0]["contexts"]["cart"] == {"items": 3}

    def test_blocks_nest_and_the_inner_one_counts_more(self, captured):
        with aiops_sdk.context(a=1, b=1), aiops_sdk.context(b=2):
            aiops_sdk.capture_exception(ValueError("x"))
        assert captured[0]["tags"] == {"a": "1", "b": "2"}

    def test_a_block_may_be_entered_again(self, captured):
        block = aiops_sdk.context(a=1)
        with block, block:
            aiops_sdk.capture_exception(ValueError("x"))
        aiops_sdk.capture_exception(ValueError("y"))
        assert [event.get("tags") for event in captured] == [{"a": "1"}, None]

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (lambda: aiops_sdk.set_user(7), {"id": "7"}),
            (lambda: aiops_sdk.set_user("u-7", email="a@example.com"), {"id": "u-7", "email": "a@example.com"}),
            (lambda: aiops_sdk.set_user(id=7, name="Ada", ip_address="::1"), {"id": "7", "name": "Ada", "ip_address": "::1"}),
            (lambda: aiops_sdk.set_user({"id": 7, "username": "ada", "shoe_size": 38}), {"id": "7", "name": "ada"}),
        ],
    )  # fmt: skip
    def test_users(self, captured, said, told):
        def work():
            said()
            aiops_sdk.capture_exception(ValueError("x"))
            aiops_sdk.set_user(None)
            aiops_sdk.capture_exception(ValueError("y"))

        apart(work)
        assert [event.get("user") for event in captured] == [told, None]

    def test_values_become_text(self, captured):
        number = uuid.uuid4()

        class Stuck:
            def __str__(self):
                raise RuntimeError("no")

        def work():
            aiops_sdk.set_tag("id", number)
            aiops_sdk.set_tag("stuck", Stuck())
            aiops_sdk.set_tag("long", "x" * 5_000)
            aiops_sdk.capture_exception(ValueError("x"))

        apart(work)
        tags = captured[0]["tags"]
        assert tags["id"] == str(number)
        assert "Stuck" in tags["stuck"]
        assert len(tags["long"]) <= 1_000

    def test_objects_that_take_their_time_are_told_by_their_class(self, captured):
        released = threading.Event()

        class Slow:
            def __str__(self):
                released.wait(60)
                return "slow"

        class Key(str):  # noqa: SLOT000 - as people write them
            """One that could take its time."""

            def __hash__(self):
                asked.append("hash")
                return 7

            __eq__ = None

        asked = []
        user = {"id": 7, Key("name"): 8}
        ordered = OrderedDict(user)
        asked.clear()

        def work():
            aiops_sdk.set_user(user)
            aiops_sdk.capture_exception(ValueError("a dictionary"))
            aiops_sdk.set_user(ordered)
            aiops_sdk.capture_exception(ValueError("an ordered one"))
            aiops_sdk.set_user(MappingProxyType(ordered))
            aiops_sdk.set_tag("slow", Slow())
            aiops_sdk.capture_exception(ValueError("a view of it"))

        apart(work)
        released.set()
        assert asked == []
        assert [event["user"] for event in captured] == [{"id": "7"}] * 3
        assert captured[-1]["tags"] == {"slow": "<Slow without a usable text>"}

    def test_tags_of_the_whole_process(self):
        with capture_events(
            Config.load(api_key="k", tags={"region": "eu", "shard": 3}, aggregate_repeats=False)
        ) as events:
            with aiops_sdk.context(shard=4):
                aiops_sdk.capture_exception(ValueError("x"))
            assert events[0]["tags"] == {"region": "eu", "shard": "4"}

    def test_before_init_everything_may_be_said(self):
        aiops_sdk.add_breadcrumb("nobody listens")
        assert aiops_sdk.capture_message("nobody listens") is None
        with aiops_sdk.context(a=1):
            assert aiops_sdk.capture_exception(ValueError("x")) is None


class TestWhoSeesIt:
    def test_threads_do_not_mix(self, captured):
        together = threading.Barrier(4, timeout=20)

        def work(number: int) -> None:
            aiops_sdk.set_tag("number", number)
            aiops_sdk.set_user(number)
            aiops_sdk.add_breadcrumb(f"step {number}")
            together.wait()
            aiops_sdk.capture_exception(ValueError(f"thread {number}"))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(captured) == 4
        for event in captured:
            number = event["message"].split()[-1]
            assert event["tags"] == {"number": number}
            assert event["user"] == {"id": number}
            assert [crumb["message"] for crumb in event["breadcrumbs"]] == ["step " + number]

    def test_asyncio_tasks_do_not_mix(self, captured):
        async def work(number: int) -> None:
            aiops_sdk.set_tag("number", number)
            aiops_sdk.add_breadcrumb(f"step {number}")
            await asyncio.sleep(0.01)
            with aiops_sdk.context(deep=number):
                await asyncio.sleep(0.01)
                aiops_sdk.capture_exception(ValueError(f"task {number}"))

        async def main() -> None:
            aiops_sdk.add_breadcrumb("main")
            await asyncio.gather(*(work(number) for number in range(5)))

        apart(lambda: asyncio.run(main()))
        assert len(captured) == 5
        for event in captured:
            number = event["message"].split()[-1]
            assert event["tags"] == {"number": number, "deep": number}
            assert [crumb["message"] for crumb in event["breadcrumbs"]] == ["main", "step " + number]

    def test_greenlets_do_not_mix(self, captured):
        gevent = pytest.importorskip("gevent")

        def work(number: int) -> None:
            aiops_sdk.set_tag("number", number)
            gevent.sleep(0.01)
            aiops_sdk.capture_exception(ValueError(f"greenlet {number}"))

        gevent.joinall([gevent.spawn(work, number) for number in range(4)], timeout=20)
        assert len(captured) == 4
        assert all(event["tags"] == {"number": event["message"].split()[-1]} for event in captured)

    def test_what_is_said_within_a_request_ends_with_it(self, captured):
        token = scope.begin(RequestScope("GET", "/first"))
        aiops_sdk.set_user(7)
        aiops_sdk.add_breadcrumb("in the first")
        aiops_sdk.capture_exception(ValueError("first"))
        scope.end(token)
        token = scope.begin(RequestScope("GET", "/second"))
        aiops_sdk.capture_exception(ValueError("second"))
        scope.end(token)
        first, second = captured
        assert first["user"] == {"id": "7"}
        assert [crumb["message"] for crumb in first["breadcrumbs"]] == ["in the first"]
        assert "user" not in second
        assert "breadcrumbs" not in second

    def test_a_thread_of_a_request_says_it_for_the_whole_request(self, captured):
        # As a thread pool does it that runs a sync view for an async framework.
        token = scope.begin(RequestScope("GET", "/"))
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(aiops_sdk.set_user, 7))
        thread.start()
        thread.join(20)
        aiops_sdk.capture_exception(ValueError("x"))
        scope.end(token)
        assert captured[0]["user"] == {"id": "7"}

    def test_a_task_is_told(self, captured):
        token = scope.begin(TaskScope("celery", "shop.send", id="4711", data={"retries": 2}))
        aiops_sdk.capture_exception(ValueError("x"))
        scope.end(token)
        assert captured[0]["contexts"]["task"] == {"kind": "celery", "name": "shop.send", "id": "4711", "retries": 2}
        assert "request" not in captured[0]


class TestWhichOfThemCounts:
    def test_a_request_counts_more_than_what_was_said_before_it(self, captured):
        def work():
            aiops_sdk.set_user("startup")
            aiops_sdk.set_tag("tenant", "default")
            with aiops_sdk.context(tenant="of the server", server=1):
                token = scope.begin(RequestScope("GET", "/"))
                aiops_sdk.set_user(7)
                aiops_sdk.set_tag("tenant", "acme")
                aiops_sdk.capture_exception(ValueError("x"))
                aiops_sdk.set_user(None)
                aiops_sdk.capture_exception(ValueError("y"))
                scope.end(token)
                aiops_sdk.capture_exception(ValueError("z"))

        apart(work)
        assert [event.get("user") for event in captured] == [{"id": "7"}, None, {"id": "startup"}]
        assert [event["tags"]["tenant"] for event in captured] == ["acme", "acme", "of the server"]
        assert captured[0]["tags"]["server"] == "1"

    @pytest.mark.parametrize("within", [None, RequestScope("GET", "/")], ids=["a thread", "a request"])
    def test_what_is_said_last_within_a_block_counts_and_holds(self, captured, within):
        def work():
            token = None if within is None else scope.begin(within)
            with aiops_sdk.context(step="one", shop="north"):
                aiops_sdk.set_tag("step", "two")
                aiops_sdk.set_user(9)
                aiops_sdk.capture_message("inside")
                with aiops_sdk.context(step="three"):
                    aiops_sdk.capture_message("deeper")
            aiops_sdk.capture_message("after")
            if token is not None:
                scope.end(token)

        apart(work)
        told = [{"step": "two", "shop": "north"}, {"step": "three", "shop": "north"}, {"step": "two"}]
        assert [event["tags"] for event in captured] == told
        assert [event["user"] for event in captured] == [{"id": "9"}] * 3

    def test_a_job_within_a_request_tells_both_and_the_nearest_counts(self, captured):
        token = scope.begin(RequestScope("GET", "/m", route="/m"))
        aiops_sdk.set_tag("a", "request")

        @aiops_sdk.monitor("nightly")
        def job():
            aiops_sdk.set_tag("b", "job")
            raise ValueError("x")

        with pytest.raises(ValueError, match="x"), aiops_sdk.context(a="block", b="block", c="block"):
            job()
        scope.end(token)
        (event,) = captured
        assert (event["route"], event["request"]["method"]) == ("/m", "GET")
        assert event["contexts"]["task"]["name"] == "nightly"
        assert event["tags"] == {"a": "block", "b": "job", "c": "block"}

    def test_runs_that_begin_one_another_do_not_keep_each_other(self):
        works = [TaskScope("job", str(number)) for number in range(50)]

        def begin_all():
            scope.begin(RequestScope("GET", "/"))
            aiops_sdk.set_tag("tenant", "acme")
            for each in works:
                scope.inherit(each)
                scope.begin(each)
            return scope.said().tags

        assert apart(begin_all) == {"tenant": "acme"}
        assert isinstance(scope.request_of(works[-1]), RequestScope)
        assert max(each.depth for each in works) <= scope.DEEPEST

    def test_an_exception_that_is_raised_again_tells_what_it_is_about_now(self, captured):
        again = ValueError("made once")
        for number in (1, 2):
            order = aiops_sdk.context(**{f"order_{number}": number})
            with pytest.raises(ValueError, match="once"), aiops_sdk.monitor("j"), aiops_sdk.context(
                batch=number
            ), order:
                raise again
        assert [event["tags"] for event in captured] == [
            {"batch": "1", "order_1": "1"},
            {"batch": "2", "order_2": "2"},
        ]

    def test_an_exception_that_was_swallowed_in_one_request_tells_nothing_of_it_in_another(self, captured):
        again = ValueError("made once")

        def answer(*, reports: bool) -> None:
            token = scope.begin(RequestScope("GET", "/"))
            try:
                if reports:
                    raise again
                with aiops_sdk.context(order_id=7):
                    raise again
            except ValueError as error:
                if reports:
                    aiops_sdk.capture_exception(error)
            scope.end(token)

        answer(reports=False)
        answer(reports=True)
        assert "tags" not in captured[0]

    def test_an_exception_from_a_future_takes_along_what_both_sides_were_about(self, captured):
        def load():
            with aiops_sdk.context(source="stock", part=1):
                raise ValueError("x")

        try:
            load()
        except ValueError as error:
            failure = error
        with pytest.raises(ValueError, match="x"), aiops_sdk.context(part=2, batch=3):
            raise failure
        aiops_sdk.capture_exception(failure)
        assert captured[0]["tags"] == {"source": "stock", "part": "2", "batch": "3"}

    @pytest.mark.parametrize("explicit", [True, False])
    def test_what_an_exception_led_to_tells_what_it_was_about(self, captured, explicit):
        try:
            try:
                with aiops_sdk.context(order_id=7, step="load"):
                    raise KeyError("a")
            except KeyError as cause:
                with aiops_sdk.context(step="answer"):
                    if explicit:
                        raise RuntimeError("b") from cause
                    raise RuntimeError("b")  # noqa: B904 - as people write it
        except RuntimeError as error:
            aiops_sdk.capture_exception(error)
        assert captured[0]["tags"] == {"order_id": "7", "step": "answer"}

    def test_generators_leave_their_blocks_in_any_order(self, captured):
        def about(name: str) -> Any:
            with aiops_sdk.context(**{name: name}):
                yield

        def work():
            first, second = about("first"), about("second")
            next(first)
            next(second)
            first.close()
            aiops_sdk.capture_message("one is open")
            second.close()
            aiops_sdk.capture_message("none is")

        apart(work)
        assert [event.get("tags") for event in captured] == [{"second": "second"}, None]

    def test_blocks_that_are_never_left_are_not_all_kept(self):
        def work():
            for _ in range(1_000):
                aiops_sdk.context(a=1).__enter__()
            return len(scope._blocks.get())

        assert apart(work) == scope.KEPT


class TestBreadcrumbs:
    def test_what_happened_before_is_told_oldest_first(self, captured):
        def work():
            aiops_sdk.add_breadcrumb("by hand", category="cart", level="debug", data={"items": 3})
            log.setLevel(logging.INFO)
            log.debug("not told")
            log.info("order %s of %s", 7, "Ada")
            log.warning("slow")
            log.error("it broke")
            log.error("it broke again")

        apart(work)
        first, second = captured
        told = [(crumb["category"], crumb["level"], crumb["message"]) for crumb in first["breadcrumbs"]]
        assert told == [("cart", "debug", "by hand"), ("shop", "info", "order 7 of Ada"), ("shop", "warning", "slow")]
        assert first["breadcrumbs"][0]["data"] == {"items": 3}
        assert datetime.fromisoformat(first["breadcrumbs"][1]["at"][:-1]).year >= 2026
        assert second["breadcrumbs"][-1]["message"] == "it broke"

    def test_the_last_fifty_are_kept(self, captured):
        def work():
            for number in range(200):
                aiops_sdk.add_breadcrumb(str(number))
            aiops_sdk.capture_exception(ValueError("x"))

        apart(work)
        token = scope.begin(RequestScope("GET", "/"))
        work()
        scope.end(token)
        assert len(captured) == 2
        for event in captured:
            assert [crumb["message"] for crumb in event["breadcrumbs"]] == [str(number) for number in range(150, 200)]

    def test_none_are_kept_where_none_are_wanted(self):
        with capture_events(Config.load(api_key="k", max_breadcrumbs=0)) as events:
            aiops_sdk.add_breadcrumb("x")
            log.warning("x")
            aiops_sdk.capture_exception(ValueError("x"))
            assert "breadcrumbs" not in events[0]

    def test_what_a_line_was_made_from_is_not_kept_alive(self, captured):
        import gc
        import weakref

        class Order:
            def __repr__(self):
                raise AssertionError("nobody asked for it")

            __str__ = __repr__

        orders = [Order()]
        gone = weakref.ref(orders[0])

        def work():
            log.setLevel(logging.INFO)
            handlers, log.propagate = log.handlers, False
            log.handlers = []
            try:
                log.info("an order: %s", orders[0])
                aiops_sdk.capture_exception(ValueError("x"))
            finally:
                log.handlers, log.propagate = handlers, True

        apart(work)
        assert captured[0]["breadcrumbs"][0]["message"] == "an order: <Order>"
        orders.clear()
        gc.collect()
        assert gone() is None


class TestMessages:
    def test_a_message_is_reported_with_the_calls_that_led_to_it(self, captured):
        event_id = aiops_sdk.capture_message("the stock is negative", level="warning")
        event = captured[0]
        assert event["event_id"] == event_id
        assert (event["message"], event["level"], event["signal_type"]) == (
            "the stock is negative",
            "warning",
            "log_error",
        )
        assert event["exceptions"][0]["frames"][-1]["function"].startswith("test_a_message")

    @pytest.mark.parametrize("level", ["loud", None, 7])
    def test_a_level_that_is_none_is_an_error(self, captured, level):
        aiops_sdk.capture_message("x", level=level)
        assert captured[0]["level"] == "error"


class TestReleases:
    def test_the_variable_of_a_platform_is_taken(self):
        assert Config.load(api_key="k", environ={"GITHUB_SHA": "abc"}).release == "abc"
        assert Config.load(api_key="k", environ={"GITHUB_SHA": "abc", "AIOPS_RELEASE": "1.2"}).release == "1.2"
        assert Config.load(api_key="k", release="2.0", environ={"AIOPS_RELEASE": "1.2"}).release == "2.0"


class TestWhatOthersFound:
    """Each of these once went wrong."""

    def test_what_a_silent_request_has_started_is_heard_when_it_is_over(self, captured):
        request = RequestScope("GET", "/health", silent=True)
        token = scope.begin(request)
        context = contextvars.copy_context()
        aiops_sdk.capture_exception(ValueError("within it"))
        scope.end(token)
        context.run(aiops_sdk.capture_exception, ValueError("after it"))
        assert [event["message"] for event in captured] == ["after it"]

    def test_one_block_in_two_threads_ends_in_both(self, captured):
        block, inside, over = aiops_sdk.context(component="cache"), threading.Event(), threading.Event()

        def first():
            with block:
                inside.set()
                over.wait(20)
            aiops_sdk.capture_exception(ValueError("first"))

        def second():
            inside.wait(20)
            with block:
                pass
            over.set()
            aiops_sdk.capture_exception(ValueError("second"))

        threads = [threading.Thread(target=each) for each in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert [event.get("tags") for event in captured] == [None, None]

    def test_a_block_that_was_not_entered_may_be_left(self, captured):
        def work():
            aiops_sdk.context(a=1).__exit__(None, None, None)
            aiops_sdk.capture_message("none is open")

        apart(work)
        assert [event.get("tags") for event in captured] == [None]

    def test_a_fingerprint_is_no_pair_of_name_and_value(self, captured):
        client = clients.current()
        client.capture_exception(ValueError("x"), fingerprint=["session-store", "timeout"])
        assert captured[0]["fingerprint"] == ["session-store", "timeout"]

    def test_a_line_whose_arguments_are_somebodys_mapping(self, captured):
        class Arguments(dict):
            def __len__(self):
                raise AssertionError("nobody asks it")

        record = logging.LogRecord("shop", logging.INFO, __file__, 1, "order %(a)s", None, None)
        record.args = Arguments(a=1)

        def work():
            logging.Logger("alone").callHandlers(record)
            aiops_sdk.capture_exception(ValueError("x"))

        apart(work)
        assert captured[0]["breadcrumbs"][0]["message"] in ("order 1", "order %(a)s")
