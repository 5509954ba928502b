"""What is silent and what is not: hundreds of realistic requests and log lines, through real frameworks and real loggers."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any, Callable, Iterator, List, Tuple
from urllib.parse import unquote

import pytest
from corpus import failing, reading
from corpus.reading import LineCase, RequestCase

from aiops_sdk import Config, scope
from aiops_sdk import client as clients
from aiops_sdk.deciding import CAPTURED, Decision
from aiops_sdk.scope import RequestScope
from aiops_sdk.testing import CapturedEvents, capture_events

SKIPPED = frozenset({"/admin/health", "/internal/ping/", "ops/ready"})

Send = Callable[[RequestCase], None]


class Watch:
    """What became of one case after the other."""

    def __init__(self, events: CapturedEvents) -> None:
        self._events = events
        self._before = 0
        self._decisions: List[Decision] = []
        client = clients.current()
        assert client is not None
        client.on_decision(self._decisions.append)

    def outcome(self) -> Tuple[int, List[str]]:
        """How many events there are of what happened since the last call, and the rules by which the rest was ignored."""
        after = len(self._events)
        number, self._before = after - self._before, after
        rules = sorted({str(each.rule) for each in self._decisions if each.outcome != CAPTURED and each.rule})
        self._decisions.clear()
        return number, rules


@pytest.fixture
def watch() -> Iterator[Watch]:
    with capture_events(Config(api_key="test", aggregate_repeats=False, skip_paths=SKIPPED)) as events:
        yield Watch(events)


def test_the_corpus_is_large_and_each_case_has_its_reason():
    silent = [*reading.requests("silent"), *reading.lines("silent")]
    heard = [*reading.requests("heard"), *reading.lines("heard")]
    assert len({case.text for case in silent}) >= 300
    assert len({case.text for case in heard}) >= 200
    assert all(len(case.why) > 10 for case in [*silent, *heard])
    assert not {case.text for case in silent} & {case.text for case in heard}


# Requests.


def by_flask(case: RequestCase) -> None:
    flask = pytest.importorskip("flask")
    import aiops_sdk

    app = flask.Flask("shop", static_folder=None)
    aiops_sdk.init_flask(app)

    def answer(**_: object) -> Any:
        happen(case)
        return (case.says if case.says is not None else "", case.status)

    if case.refused:
        app.before_request(answer)
    if case.route is not None:
        app.add_url_rule(case.route, "view", answer, methods=[case.method], strict_slashes=True)
    answered = app.test_client().open(case.target, method=case.method)
    assert case.raises is not None or answered.status_code == case.status, answered.status


def by_starlette(case: RequestCase) -> None:
    applications = pytest.importorskip("starlette.applications")
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    from aiops_sdk.integrations.asgi import AIOpsMiddleware

    async def answer(_: object) -> Any:
        happen(case)
        return Response(status_code=case.status) if case.says is None else JSONResponse(case.says, case.status)

    class Refusing:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await (await answer(None))(scope, receive, send)

    route = re.sub(r"<(?:(\w+):)?(\w+)>", lambda found: in_braces(found[2], found[1]), case.route or "")
    app = applications.Starlette(
        routes=[Route(route, answer, methods=[case.method])] if route else [],
        middleware=[Middleware(Refusing)] if case.refused else [],
    )
    app.router.redirect_slashes = False
    status = asyncio.run(ask(AIOpsMiddleware(app), case))
    assert case.raises is not None or status == case.status, status


def in_braces(name: str, kind: str) -> str:
    return "{" + (name if kind is None else f"{name}:{kind}") + "}"


async def ask(app: Any, case: RequestCase) -> int:
    """What the app answers, as a server would ask it."""
    target, _, query = case.target.partition("?")
    statuses: List[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    connection = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": case.method,
        "scheme": "http",
        "path": unquote(target),
        "raw_path": target.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"shop.example.org")],
        "client": ("203.0.113.7", 51234),
        "server": ("shop.example.org", 80),
    }
    await app(connection, receive, send)
    return statuses[0]


def happen(case: RequestCase) -> None:
    if case.logs is not None:
        logging.getLogger("shop").error(case.logs)
    if case.raises is not None:
        failing.named(case.raises)()


@pytest.mark.parametrize("send", [by_flask, by_starlette])
def test_requests_that_must_stay_silent_do_by_the_rule_that_says_why(watch: Watch, send: Send):
    wrong = []
    for case in reading.requests("silent"):
        survive(send, case)
        number, rules = watch.outcome()
        is_told = case.status >= 400 or case.raises is not None
        if number or rules != ([case.rule] if is_told else []):
            wrong.append((case.text, number, rules))
    assert wrong == []


@pytest.mark.parametrize("send", [by_flask, by_starlette])
def test_requests_that_must_be_reported_are_once(watch: Watch, send: Send):
    wrong = []
    for case in reading.requests("heard"):
        survive(send, case)
        number, rules = watch.outcome()
        if number != 1:
            wrong.append((case.text, number, rules))
    assert wrong == []


def survive(send: Send, case: RequestCase) -> None:
    """Send it; what the application raises reaches the server, which lives on."""
    try:
        send(case)
    except BaseException:
        if case.raises is None:
            raise


# Log lines.


def write(case: LineCase) -> None:
    """Log the line as it says, printing nothing."""
    logger, level = logging.getLogger(case.logger), getattr(logging, case.level)
    before = logger.handlers[:], logger.propagate, logger.level
    logger.handlers[:], logger.propagate = [logging.NullHandler()], False
    logger.setLevel(logging.DEBUG)
    try:
        if case.exc is None:
            logger.log(level, case.message)
            return
        try:
            failing.named(case.exc)()
        except BaseException as exc:
            if case.how == "as an argument":
                logger.log(level, case.message.replace("{exc}", "%s"), exc)
            else:
                logger.log(level, case.message, exc_info=case.how != "being handled")
    finally:
        logger.handlers[:], logger.propagate, level = before
        logger.setLevel(level)


def answering(case: LineCase) -> None:
    token = scope.begin(RequestScope("GET", "/orders"))
    try:
        write(case)
    finally:
        scope.end(token)


def test_lines_that_must_stay_silent_do_by_the_rule_that_says_why(watch: Watch):
    wrong = []
    for case in reading.lines("silent"):
        (answering if case.answering else write)(case)
        number, rules = watch.outcome()
        if number or rules != ([] if case.rule == "-" else [case.rule]):
            wrong.append((case.text, number, rules))
    assert wrong == []


def test_lines_that_must_be_reported_are_once(watch: Watch):
    wrong = []
    for case in reading.lines("heard"):
        (answering if case.answering else write)(case)
        number, rules = watch.outcome()
        if number != 1:
            wrong.append((case.text, number, rules))
    assert wrong == []


def test_what_the_corpus_says_can_be_read_as_json():
    assert all(json.dumps(case.says) for name in ("silent", "heard") for case in reading.requests(name) if case.says)
