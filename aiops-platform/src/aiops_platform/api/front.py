"""What stands first behind the server: reports go straight to the ingest, probes to their answers, everything else to the framework."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiops_platform.api.ingest.handler import PATHS, URLS_AT_ONCE, Reception
from aiops_platform.api.pings import PREFIX as PINGED
from aiops_platform.api.probes import PATHS as PROBED
from aiops_platform.core.errors import PlatformError
from aiops_platform.process.asgi import App, Message, Receive, Reply, Scope, Send

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chore:
    """Something that the door does every so many seconds, and once more at the end. PlatformErrors only delay it."""

    name: str
    seconds: float
    do: Callable[[], Awaitable[None]]


class Front:
    """An ASGI application: reports, probes and pings here, all else to `rest`. Its chores run between the server's start and its end."""

    def __init__(
        self,
        reports: Reception,
        probes: App,
        rest: App,
        *,
        pings: App | None = None,
        chores: Sequence[Chore] = (),
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._reports = reports
        self._probes = probes
        self._rest = rest
        self._pings = pings or rest
        self._chores = chores
        self._close = close

    @property
    def urls(self) -> Collection[bytes]:
        """See `AtOnce`."""
        return URLS_AT_ONCE

    def answer(self, headers: Sequence[tuple[bytes, bytes]], body: bytes, tell: Callable[[Reply], None]) -> bool:
        """See `AtOnce`."""
        return self._reports.answer_at_once(headers, body, tell)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or follows the server's life."""
        if scope["type"] == "http" and scope["path"] in PATHS:
            await self._reports(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] in PROBED:
            await self._probes(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(PINGED):
            await self._pings(scope, receive, send)
        else:
            await self._rest(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with _running(self._chores) as running:

            async def send_last(message: Message) -> None:
                # The server waits for this message, not for our return.
                if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                    await _finish(running, self._chores)
                    await asyncio.to_thread(self._close)
                await send(message)

            await self._rest(scope, receive, send_last)


@asynccontextmanager
async def _running(chores: Sequence[Chore]) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(_repeat(chore), name=chore.name) for chore in chores]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()


async def _finish(running: list[asyncio.Task[None]], chores: Sequence[Chore]) -> None:
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    for chore in chores:
        await _once(chore)


async def _repeat(chore: Chore) -> None:
    while True:
        await _once(chore)
        await asyncio.sleep(chore.seconds)


async def _once(chore: Chore) -> None:
    try:
        await chore.do()
    except PlatformError as error:
        log.warning("Could not do a chore, trying again", extra={"chore": chore.name, "why": error})
