"""A job is watched, and nothing about it changes. What is said of it is looked at where it waits to be sent."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import sys
import threading
import time
import warnings
from typing import Any, AsyncIterator, Dict, Iterator, List

import pytest
from events import a_client

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk import scope
from aiops_sdk.client import Client
from aiops_sdk.delivery.transport import Accepted


@pytest.fixture
def client() -> Iterator[Client]:
    running = a_client()
    clients.make_current(running)
    yield running
    clients.make_current(None)


def told(client: Client) -> List[Dict[str, Any]]:
    """The bodies of all that was said, oldest first."""
    bodies: List[Dict[str, Any]] = []
    if client.words is not None:
        client.words.send(lambda word: (bodies.append(word.to_wire(client.origin, 0.0)), Accepted())[1], 0.0)
    return bodies


def states(client: Client) -> List[str]:
    return [body["state"] for body in told(client)]


def captured(client: Client) -> List[Dict[str, Any]]:
    client.flush(5.0)
    return client._transport.bodies  # type: ignore[union-attr]  # made by hand


def fail() -> None:
    raise KeyError("stock")


def test_a_run_says_that_it_started_and_that_it_succeeded(client: Client):
    @aiops_sdk.monitor("nightly-import", schedule="0  3 * * *")
    def import_everything(what: str) -> str:
        return what.upper()

    assert import_everything("apples") == "APPLES"
    started, ended = told(client)
    assert (started["job"], started["state"], "duration" in started) == ("nightly-import", "started", False)
    assert (ended["job"], ended["state"], ended["run_id"]) == ("nightly-import", "succeeded", started["run_id"])
    assert ended["duration"] >= 0
    assert started["schedule"] == ended["schedule"] == {"cron": "0 3 * * *"}
    assert started["signal_type"] == "job"
    assert captured(client) == []


def test_each_run_has_an_id_of_its_own(client: Client):
    @aiops_sdk.monitor("tick")
    def tick() -> None: ...

    tick()
    tick()
    assert len({body["run_id"] for body in told(client)}) == 2


def test_a_run_that_fails_is_one_event_which_it_names_and_the_exception_passes_on(client: Client):
    failure = KeyError("stock")

    @aiops_sdk.monitor("nightly-import")
    def import_everything() -> None:
        raise failure

    with pytest.raises(KeyError) as caught:
        import_everything()
    assert caught.value is failure
    client.capture_exception(failure)
    (event,) = captured(client)
    _, ended = told(client)
    assert (ended["state"], ended["event_id"]) == ("failed", event["event_id"])
    assert event["contexts"]["task"] == {"kind": "job", "name": "nightly-import", "id": ended["run_id"]}
    assert event["contexts"]["capture"] == {"mechanism": "monitor"}


def test_a_failure_that_was_reported_before_is_named_and_not_reported_again(client: Client):
    @aiops_sdk.monitor("import")
    def report_and_raise() -> None:
        try:
            fail()
        except KeyError as error:
            client.capture_exception(error)
            raise

    with pytest.raises(KeyError):
        report_and_raise()
    (reported,) = [event["event_id"] for event in captured(client)]
    assert told(client)[-1]["event_id"] == reported


@pytest.mark.parametrize("code", [0, None])
def test_an_exit_without_a_failure_is_none(client: Client, code: object):
    with pytest.raises(SystemExit), aiops_sdk.monitor("import"):
        raise SystemExit(code)
    assert states(client) == ["started", "succeeded"]


@pytest.mark.parametrize("stop", [SystemExit(2), KeyboardInterrupt(), asyncio.CancelledError()], ids=repr)
def test_what_stops_a_run_fails_it_and_is_no_incident(client: Client, stop: BaseException):
    with pytest.raises(type(stop)), aiops_sdk.monitor("import"):
        raise stop
    assert states(client) == ["started", "failed"]
    assert captured(client) == []


def test_a_coroutine_function_stays_one_and_runs_when_it_is_awaited(client: Client):
    @aiops_sdk.monitor("sync-prices")
    async def sync_prices(shop: str, *, full: bool = False) -> str:
        await asyncio.sleep(0)
        work = scope.current_work()
        assert isinstance(work, scope.TaskScope)
        return shop + str(full)

    assert inspect.iscoroutinefunction(sync_prices)
    assert list(inspect.signature(sync_prices).parameters) == ["shop", "full"]
    assert sync_prices.__name__ == "sync_prices"
    unawaited = sync_prices("x")
    assert told(client) == []
    assert asyncio.run(unawaited) == "xFalse"
    assert states(client) == ["started", "succeeded"]


def test_an_object_whose_call_is_a_coroutine_runs_when_it_is_awaited(client: Client):
    class Import:
        async def __call__(self, what: str) -> str:
            assert states(client) == ["started"]
            return what.upper()

    watched = aiops_sdk.monitor("import")(Import())
    assert inspect.iscoroutinefunction(watched)
    assert asyncio.run(watched("apples")) == "APPLES"
    assert states(client) == ["succeeded"]


def test_runs_of_one_job_at_the_same_time_are_told_apart(client: Client):
    watched = aiops_sdk.monitor("sync")

    async def sync(number: int) -> None:
        async with watched:
            await asyncio.sleep(0.001 * (3 - number))
            if number == 1:
                raise ValueError("of the first")

    async def all_of_them() -> None:
        await asyncio.gather(*map(sync, range(3)), return_exceptions=True)

    asyncio.run(all_of_them())
    runs: Dict[str, List[str]] = {}
    for body in told(client):
        runs.setdefault(body["run_id"], []).append(body["state"])
    assert sorted(runs.values()) == [["started", "failed"], ["started", "succeeded"], ["started", "succeeded"]]
    (event,) = captured(client)
    assert runs[event["contexts"]["task"]["id"]] == ["started", "failed"]


def test_one_context_manager_serves_many_threads(client: Client):
    watched, both_in = aiops_sdk.monitor("sync"), threading.Barrier(2, timeout=10)

    def run(fails: bool) -> None:
        try:
            with watched:
                both_in.wait()
                if fails:
                    fail()
        except KeyError:
            assert fails

    threads = [threading.Thread(target=run, args=(fails,)) for fails in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(states(client)) == ["failed", "started", "started", "succeeded"]


def test_a_generator_is_one_run_until_it_is_used_up_and_what_happens_between_is_not_its_own(client: Client):
    @aiops_sdk.monitor("export")
    def export() -> Iterator[int]:
        for number in range(2):
            assert scope.current_work() is not None
            yield number
        return "done"

    assert inspect.isgeneratorfunction(export)
    made = export()
    assert told(client) == []
    for _ in range(2):
        next(made)
        assert scope.current_work() is None
    with pytest.raises(StopIteration) as stop:
        next(made)
    assert stop.value.value == "done"
    assert states(client) == ["started", "succeeded"]


def test_a_generator_gets_what_is_sent_and_thrown_into_it(client: Client):
    @aiops_sdk.monitor("export")
    def export() -> Any:
        try:
            got = yield "first"
        except LookupError:
            got = "thrown"
        while True:
            got = yield got

    made = export()
    assert next(made) == "first"
    assert made.throw(KeyError("x")) == "thrown"
    assert made.send("sent") == "sent"
    with pytest.raises(ValueError, match="out"):
        made.throw(ValueError("out"))
    assert states(client) == ["started", "failed"]
    assert len(captured(client)) == 1


def test_a_generator_that_nobody_wants_more_of_has_succeeded_and_is_closed(client: Client):
    closed = []

    @aiops_sdk.monitor("export")
    def export() -> Iterator[int]:
        try:
            yield 1
        finally:
            closed.append(True)

    made = export()
    next(made)
    made.close()
    assert closed == [True]
    assert states(client) == ["started", "succeeded"]
    assert captured(client) == []


def test_an_asynchronous_generator_does_all_that_too(client: Client):
    @aiops_sdk.monitor("export")
    async def export(fails: bool) -> AsyncIterator[Any]:
        try:
            got = yield 1
        except LookupError:
            got = "thrown"
        yield got
        if fails:
            fail()

    async def use() -> None:
        assert [number async for number in export(False)] == [1, None]
        sent: Any = export(False)
        assert await sent.__anext__() == 1
        assert scope.current_work() is None
        assert await sent.asend("sent") == "sent"
        await sent.aclose()
        thrown: Any = export(True)
        await thrown.__anext__()
        assert await thrown.athrow(KeyError("x")) == "thrown"
        with pytest.raises(KeyError, match="stock"):
            await thrown.__anext__()

    assert inspect.isasyncgenfunction(export)
    asyncio.run(use())
    assert states(client) == ["started", "succeeded"] * 2 + ["started", "failed"]
    assert len(captured(client)) == 1


def test_methods_of_every_kind_can_be_watched(client: Client):
    class Shop:
        @aiops_sdk.monitor("a")
        def method(self) -> object:
            return self

        @aiops_sdk.monitor("b")
        @staticmethod
        def static() -> int:
            return 2

        @aiops_sdk.monitor("c")
        @classmethod
        def of_class(cls) -> object:
            return cls

    shop = Shop()
    assert (shop.method(), shop.static(), shop.of_class()) == (shop, 2, Shop)
    assert [body["job"] for body in told(client)] == ["a", "a", "b", "b", "c", "c"]


def test_a_job_within_other_work_knows_what_is_said_of_that_and_leaves_nothing_there(client: Client):
    outer = scope.TaskScope("celery", "nightly")
    token = scope.begin(outer)
    aiops_sdk.set_tag("tenant", "acme")

    @aiops_sdk.monitor("import")
    def second_step() -> None:
        aiops_sdk.set_tag("step", "2")
        fail()

    with pytest.raises(KeyError):
        second_step()
    assert scope.current_work() is outer
    assert outer.around.tags == {"tenant": "acme"}
    scope.end(token)
    (event,) = captured(client)
    assert event["tags"] == {"tenant": "acme", "step": "2"}


def test_before_init_a_job_just_runs():
    @aiops_sdk.monitor("import")
    def run() -> int:
        return 7

    assert run() == 7
    with pytest.raises(KeyError), aiops_sdk.monitor("import"):
        fail()


def test_a_name_that_was_forgotten_is_asked_for():
    with pytest.raises(TypeError, match="monitor\\('nightly-import'\\)"):
        aiops_sdk.monitor(fail)  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, None),
        ("", None),
        ("*/5 * * * *", {"cron": "*/5 * * * *"}),
        ("0,30 8-18/2 L * mon-fri,SUN 15", {"cron": "0,30 8-18/2 L * mon-fri,SUN 15"}),
        ("0 3 ? JAN-MAR 5#2", {"cron": "0 3 ? JAN-MAR 5#2"}),
        ("@daily", {"cron": "0 0 * * *"}),
        ("0 0 31 12 7 59", {"cron": "0 0 31 12 7 59"}),
        ("*/90 3 LW * 5L", {"cron": "*/90 3 LW * 5L"}),
        (60, {"every": 60}),
        (0.5, {"every": 0.5}),
        ({"cron": "0  3 * * *", "timezone": "Europe/Berlin"}, {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}),
        ({"on_calendar": "Mon 02:00", "grace": 0}, {"on_calendar": "Mon 02:00", "grace": 0}),
        ({"timezone": "Europe/Berlin", "grace": 60}, None),
    ],
)
def test_a_schedule_is_told(client: Client, given: Any, sent: object):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watched = aiops_sdk.monitor("import", schedule=given)
    with watched:
        pass
    assert [body.get("schedule") for body in told(client)] == [sent, sent]


def test_how_late_it_may_start_and_how_long_it_may_take_is_told(client: Client):
    with aiops_sdk.monitor("import", schedule=3600, grace=300, max_run=60.5):
        pass
    with aiops_sdk.monitor("clean-up", max_run=60):
        pass
    sent: Any = [{"every": 3600, "grace": 300, "max_run": 60.5}, {"max_run": 60}]
    assert [body["schedule"] for body in told(client)] == [sent[0], sent[0], sent[1], sent[1]]
    with pytest.warns(UserWarning, match="'max_run': -1"):
        aiops_sdk.monitor("import", max_run=-1)


@pytest.mark.parametrize(
    ("given", "named", "sent"),
    [
        ("every day", "{'cron': 'every day'}", None),
        ("every day at 3 am", "{'cron': 'every day at 3 am'}", None),
        ("@sometimes", "{'cron': '@sometimes'}", None),
        ("61 * * * *", "{'cron': '61 * * * *'}", None),
        ("0 8-24 * * *", "{'cron': '0 8-24 * * *'}", None),
        ("0 3 0 * *", "{'cron': '0 3 0 * *'}", None),
        pytest.param(
            {"cron": "0 3 * * *", "timezone": "Nope/Zone"},
            "{'timezone': 'Nope/Zone'}",
            {"cron": "0 3 * * *"},
            marks=pytest.mark.skipif(sys.version_info < (3, 9), reason="Python knows no timezones"),
        ),
        (True, "{'every': True}", None),
        (0, "{'every': 0}", None),
        (float("nan"), "{'every': nan}", None),
        ({"every": "soon"}, "{'every': 'soon'}", None),
        ({"cron": "tomorrow", "timezone": "Europe/Berlin"}, "{'cron': 'tomorrow'}", None),
        ({"every": 60, "evry": 60}, "{'evry': 60}", {"every": 60}),
    ],
)
def test_what_is_no_schedule_is_said_and_left_out(client: Client, given: Any, named: str, sent: object):
    with pytest.warns(UserWarning, match="a cron expression") as warned:
        watched = aiops_sdk.monitor("import", schedule=given)
    (warning,) = warned
    assert named in str(warning.message)
    assert warning.filename == __file__
    with watched:
        pass
    assert [body.get("schedule") for body in told(client)] == [sent, sent]


def test_a_long_name_is_shortened_and_an_empty_one_replaced(client: Client):
    for name in ("x" * 300, "  "):
        with aiops_sdk.monitor(name):
            pass
    assert [body["job"] for body in told(client)] == ["x" * 200] * 2 + ["unnamed"] * 2


def test_how_long_a_run_took_does_not_hold_what_was_loaded_for_it(client: Client, monkeypatch: pytest.MonkeyPatch):
    say, said = client.say_of_job, []

    def slowly(word: Any) -> None:
        said.append(word)
        if len(said) == 1:
            time.sleep(0.2)
        say(word)

    monkeypatch.setattr(client, "say_of_job", slowly)
    began = time.monotonic()
    with aiops_sdk.monitor("import"):
        took_before = time.monotonic() - began
    assert took_before >= 0.2
    assert told(client)[-1]["duration"] <= time.monotonic() - began - 0.2


def test_what_happened_before_a_job_of_its_own_is_told_and_stays_outside(client: Client):
    def run() -> None:
        aiops_sdk.add_breadcrumb("before")
        with aiops_sdk.monitor("import"):
            aiops_sdk.add_breadcrumb("within")
            aiops_sdk.capture_message("in it")
        aiops_sdk.capture_message("after it")

    contextvars.Context().run(run)
    crumbs = {event["message"]: [each["message"] for each in event["breadcrumbs"]] for event in captured(client)}
    assert crumbs == {"in it": ["before", "within"], "after it": ["before"]}
