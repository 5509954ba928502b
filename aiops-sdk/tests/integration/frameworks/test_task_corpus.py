"""What is silent and what is not, in tasks: the corpus through Celery's own tracer, as a worker's process runs them."""

from __future__ import annotations

import builtins
import contextvars
import logging
import uuid
from contextlib import suppress
from typing import Any, Dict, Iterator, List

import pytest
from corpus import driving, failing, reading
from corpus.driving import Watch
from corpus.reading import TaskCase

from aiops_sdk import Config
from aiops_sdk.testing import capture_events

pytest.importorskip("celery")

LAST_TRY = 3


@pytest.fixture
def watch() -> Iterator[Watch]:
    with driving.watching() as watching:
        yield watching


@pytest.fixture(autouse=True)
def _unprinted() -> Iterator[None]:
    """What Celery and the tasks log is heard, and not printed."""
    names = ("celery", "shop")
    for name in names:
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    yield
    for name in names:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def test_the_corpus_has_tasks_with_their_reasons():
    silent, heard = reading.tasks("silent"), reading.tasks("heard")
    assert (len(silent) >= 25, len(heard) >= 50) == (True, True)
    assert all(len(case.why) > 10 for case in [*silent, *heard])
    assert not {case.text for case in silent} & {case.text for case in heard}


def test_tasks_that_must_stay_silent_do_by_the_rule_that_says_why(watch: Watch):
    wrong: List[Any] = []
    for case in reading.tasks("silent"):
        run(case)
        number, rules = watch.outcome()
        if number or rules != ([] if case.rule == "-" else [case.rule]):
            wrong.append((case.text, number, rules))
    assert wrong == []


def test_tasks_that_must_be_reported_are_once(watch: Watch):
    wrong: List[Any] = []
    for case in reading.tasks("heard"):
        run(case)
        number, rules = watch.outcome()
        if number != 1:
            wrong.append((case.text, number, rules))
    assert wrong == []


def test_a_task_in_the_midst_of_a_request_is_done_for_its_client(watch: Watch):
    from aiops_sdk import scope

    token = scope.begin(scope.RequestScope("GET", "/orders"))
    try:
        run(next(case for case in reading.tasks("heard") if case.text == "raises ClientDisconnected"))
    finally:
        scope.end(token)
    assert watch.outcome() == (0, ["client-gone"])


def test_what_celery_logs_of_an_ignored_error_is_silent_too_where_that_cannot_travel():
    """It logs a stand-in then."""
    config = Config(api_key="key-of-the-test", ignore_errors=("*it broke*",))
    with capture_events(config) as events:
        run(next(case for case in reading.tasks("heard") if case.text == "raises InvalidChunkSize"))
    assert len(events) == 0


def run(case: TaskCase) -> None:
    """Run a task that does this, as a worker does that got it from a queue. What ends the worker ends here."""

    def begin() -> None:
        with suppress(SystemExit, KeyboardInterrupt, GeneratorExit):
            _run(case)

    contextvars.copy_context().run(begin)


def _run(case: TaskCase) -> None:
    from celery import Celery
    from celery.app.trace import build_tracer

    app = Celery("shop", broker="memory://", backend="cache+memory://", set_as_current=False)
    options: Dict[str, Any] = {"max_retries": LAST_TRY, "default_retry_delay": 0}
    if case.throws:
        options["throws"] = (getattr(builtins, case.throws),)
    if case.how == "retries by itself after":
        options.update(autoretry_for=(Exception,), retry_backoff=False)

    @app.task(bind=True, name="shop.work", **options)
    def work(self: Any) -> None:
        if case.logs is not None:
            logging.getLogger("shop").error(case.logs)
        _do(self, case)

    request = {
        "retries": LAST_TRY if case.how == "gives up after" else 0,
        "delivery_info": {"routing_key": "orders"},
        "is_eager": False,
        "hostname": "worker@here",
        "id": str(uuid.uuid4()),
    }
    build_tracer(work.name, work, app=app)(request["id"], (), {}, request)


def _do(task: Any, case: TaskCase) -> None:
    from celery.exceptions import Ignore, Reject

    if case.how == "retries":
        raise task.retry()
    if case.how == "ignores itself":
        raise Ignore
    if case.how in ("rejects itself", "asks to come back"):
        raise Reject("not now", requeue=case.how == "asks to come back")
    if case.exc is None:
        return
    fail = failing.named(case.exc)
    if case.how in ("retries after", "gives up after"):
        try:
            fail()
        except BaseException as exc:
            raise task.retry(exc=exc) from exc
    if case.how == "logs and raises":
        try:
            fail()
        except BaseException:
            logging.getLogger("shop").exception("it went wrong")
            raise
    if case.how == "raises in a subtask":
        inner = task.app.task(lambda: fail(), name="shop.inner")
        inner.apply(throw=True)
    fail()
