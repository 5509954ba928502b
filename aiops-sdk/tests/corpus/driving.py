"""Sends the corpus through an application, and looks what became of each case."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Tuple
from urllib.parse import unquote

from corpus import failing, reading
from corpus.reading import RequestCase

from aiops_sdk import Config
from aiops_sdk import client as clients
from aiops_sdk.deciding import CAPTURED, Decision
from aiops_sdk.testing import CapturedEvents, capture_events

SKIPPED = frozenset({"/admin/health", "/internal/ping/", "ops/ready"})

#: Asks an application that is made for this case, and gives the status of its answer.
Send = Callable[[RequestCase], int]


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


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch from here on."""
    with capture_events(Config(api_key="key-of-the-test", aggregate_repeats=False, skip_paths=SKIPPED)) as events:
        yield Watch(events)


def not_silent(watch: Watch, send: Send) -> List[Any]:
    """The requests that must stay silent and do not, or do by another rule than the one that says why."""
    wrong = []
    for case in reading.requests("silent"):
        survive(send, case)
        number, rules = watch.outcome()
        is_told = case.status >= 400 or case.raises is not None
        if number or (case.rule not in rules if is_told else rules):
            wrong.append((case.text, number, rules))
    return wrong


def not_reported_once(watch: Watch, send: Send) -> List[Any]:
    """The requests that must be reported, and are not, or not once."""
    wrong = []
    for case in reading.requests("heard"):
        survive(send, case)
        number, rules = watch.outcome()
        if number != 1:
            wrong.append((case.text, number, rules))
    return wrong


def survive(send: Send, case: RequestCase) -> None:
    """Send it; what the application raises reaches the server, which lives on."""
    try:
        status = send(case)
    except BaseException:
        if case.raises is None:
            raise
    else:
        assert case.raises is not None or status == case.status, (case.text, status)


def happen(case: RequestCase) -> None:
    """What the application does before it answers."""
    if case.logs is not None:
        logging.getLogger("shop").error(case.logs)
    if case.raises is not None:
        failing.named(case.raises)()


def ask(app: Any, case: RequestCase) -> int:
    """What an ASGI app answers, as a server would ask it."""
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
    asyncio.run(app(connection, receive, send))
    return statuses[0]
