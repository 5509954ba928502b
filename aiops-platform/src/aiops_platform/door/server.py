"""uvicorn as the door needs it: sockets from outside, ready when it says so, a stop that answers what is in flight."""

import asyncio
import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import uvicorn
import uvloop

from aiops_platform.door.connection import Connection
from aiops_platform.door.streams import EndingStreams
from aiops_platform.process import memory
from aiops_platform.process.asgi import App, AtOnce
from aiops_platform.process.lifeline import Lifeline
from aiops_platform.process.sockets import BACKLOG

# Longer than the SDK's 30 s between heartbeats, twice over: so its one connection stays open.
KEEP_ALIVE_SECONDS = 75
# What is in flight at the end gets this long; the supervisor's patience must be longer.
DRAIN_SECONDS = 5
_LAST_RESORT_SECONDS = 10

log = logging.getLogger(__name__)


def serve(
    app: App,
    sockets: list[socket.socket],
    lifeline: Lifeline | None,
    *,
    at_once: AtOnce | None = None,
    when_ready: Callable[[], None] = lambda: None,
) -> None:
    """Answers requests on these sockets until SIGTERM, SIGINT or the supervisor's end. Raises SystemExit if it cannot start.

    What `at_once` answers, `app` is not asked.
    """
    _allow_many_files()

    def ready() -> None:
        memory.settle()
        if lifeline is not None:
            lifeline.say_ready()
        when_ready()

    server = DoorServer(app, ready=ready, at_once=at_once)
    if lifeline is not None:
        lifeline.watch(server.stop, patience=_LAST_RESORT_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve(sockets))


def _allow_many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class DoorServer(uvicorn.Server):
    """`ready` is called when requests are answered."""

    def __init__(
        self,
        app: App,
        *,
        ready: Callable[[], None] = lambda: None,
        connection: type[Connection] = Connection,
        at_once: AtOnce | None = None,
    ) -> None:
        self._streams = EndingStreams(app)
        self._ready = ready
        super().__init__(_config(self._streams, partial(connection, at_once=at_once)))

    def stop(self) -> None:
        """Begins the end, from any thread."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn, and says when it is done."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn, and ends what would never end by itself."""
        self._streams.end()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """SIGTERM and SIGINT begin the end."""
        # uvicorn raises the signal again when all is done, which would turn a clean end into a killed process.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # SIGTERM may well come twice: from whoever ends the whole group, and from the supervisor.
        self.force_exit = self.should_exit and number == signal.SIGINT
        self.should_exit = True


def _config(app: App, connection: Callable[..., Connection]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=connection,  # type: ignore[arg-type]  # uvicorn only calls it
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Links and cookies are made from the configured public address; nothing here believes forwarded headers.
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=BACKLOG,
    )
