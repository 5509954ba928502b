import asyncio

import pytest
from asgi_caller import call, part

from aiops_platform.api.front import Chore, Front
from aiops_platform.core.errors import PlatformError


class App:
    """Remembers what it was called for."""

    def __init__(self) -> None:
        self.called: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        self.called.append(scope.get("path", scope["type"]))
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})


def test_probes_are_asked_before_the_framework(reports, rest):
    probes = App()
    for path in ("/healthz", "/readyz", "/metrics"):
        asyncio.run(call(Front(reports, probes, rest), "GET", path, {}, [part()]))
    assert (probes.called, rest.called) == (["/healthz", "/readyz", "/metrics"], [])


class Life:
    """A server's start, and its end once `until` is set."""

    def __init__(self, until: asyncio.Event) -> None:
        self.sent: list[str] = []
        self._until = until
        self._messages = ["lifespan.startup", "lifespan.shutdown"]

    async def receive(self):
        if len(self._messages) == 1:
            await self._until.wait()
        return {"type": self._messages.pop(0)}

    async def send(self, message) -> None:
        self.sent.append(message["type"])


@pytest.fixture
def reports():
    return App()


@pytest.fixture
def rest():
    return App()


@pytest.mark.parametrize(
    ("path", "is_report"),
    [
        ("/v1/sdk/exception", True),
        ("/v1/sdk/heartbeat/", True),
        ("/v1/sdk/exceptions", False),
        ("/v1/sdk", False),
        ("/", False),
    ],
)
def test_reports_go_straight_to_the_ingest_and_all_else_to_the_rest(reports, rest, path, is_report):
    asyncio.run(call(Front(reports, App(), rest), "POST", path, {}, [part()]))

    assert (reports.called, rest.called) == (([path], []) if is_report else ([], [path]))


def live(rest, chore: Chore, *, until: asyncio.Event, closed: list[str]) -> list[str]:
    async def run() -> list[str]:
        life = Life(until)
        front = Front(App(), App(), rest, chores=[chore], close=lambda: closed.append("closed"))
        await asyncio.wait_for(front({"type": "lifespan"}, life.receive, life.send), 60)
        return life.sent

    return asyncio.run(run())


def test_chores_are_done_from_start_to_end_and_then_everything_is_closed(rest):
    done, closed, until = [], [], asyncio.Event()

    async def do() -> None:
        done.append(list(closed))
        if len(done) == 3:
            until.set()

    sent = live(rest, Chore("count", 0, do), until=until, closed=closed)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert len(done) >= 4
    assert all(each == [] for each in done), "Never after the end."
    assert closed == ["closed"]


def test_a_chore_that_fails_is_tried_again(rest):
    tries, until = [], asyncio.Event()

    async def do() -> None:
        tries.append(1)
        if len(tries) == 3:
            until.set()
        raise PlatformError("the disk is full")

    assert live(rest, Chore("fail", 0, do), until=until, closed=[])[-1] == "lifespan.shutdown.complete"
