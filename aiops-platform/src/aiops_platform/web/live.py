"""One stream per open page: it says which topic has moved, never what. The store's revision is watched once for all."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping

from litestar.types import Receive, Send

from aiops_platform.ports import Reads

TOPICS = ("incidents", "services", "jobs", "buried", "fixes")
_AFTER_FAILURE = 1.0
# A page whose stream made room for another's comes back late: two pages must not push each other out all the time.
_MADE_ROOM = b"retry: 60000\n\n"
_SIGNED_OUT = b"event: signed-out\ndata: -\n\n"

_log = logging.getLogger(__name__)


class Stream:
    """An open page's end of it: what the page has been told, and a bell for "look again"."""

    def __init__(self, project_id: int, session: str, told: Mapping[str, int] | None) -> None:
        self.project_id = project_id
        self.session = session
        self.told = told
        self.bell = asyncio.Event()
        self.last_words: bytes | None = None

    def end(self, last_words: bytes) -> None:
        """Its messages end with these, soon."""
        self.last_words = last_words
        self.bell.set()


class Live:
    """Watches revisions while anyone listens, and rings those whose topics have moved. Lives in one event loop."""

    def __init__(
        self,
        reads: Reads,
        *,
        period: float = 0.25,
        keep_alive: float = 15,
        most: int = 500,
        most_of_a_session: int = 30,
    ) -> None:
        self._reads = reads
        self._period = period
        self._keep_alive = keep_alive
        self._most = most
        self._most_of_a_session = most_of_a_session
        # In the order in which they were opened.
        self._streams: dict[Stream, None] = {}
        self._known: dict[int, dict[str, int]] = {}
        self._watcher: asyncio.Task[None] | None = None

    @staticmethod
    def mark(revision: Mapping[str, int]) -> str:
        """What a page has seen, in a word: it comes back in the address of its stream, and as the id of messages."""
        return ".".join(str(revision.get(topic, 0)) for topic in TOPICS)

    def open(self, project_id: int, session: str, mark: str) -> Stream | None:
        """A stream for a page that has seen `mark`; None when there are too many already.

        When one session has too many, its oldest one ends.
        """
        self._make_room(session)
        if len(self._streams) >= self._most:
            return None
        stream = Stream(project_id, session, _read_mark(mark))
        self._streams[stream] = None
        if not self.is_watching:
            self._watcher = asyncio.create_task(self._watch())
        if project_id in self._known:
            stream.bell.set()
        return stream

    @property
    def listening(self) -> int:
        """How many pages listen now."""
        return len(self._streams)

    @property
    def is_watching(self) -> bool:
        """Whether the store is being looked at; it is not when nobody listens."""
        return self._watcher is not None and not self._watcher.done()

    def close(self, stream: Stream) -> None:
        """The page is gone."""
        self._streams.pop(stream, None)

    def end(self, session: str | None = None) -> None:
        """Ends the streams of a session that has signed out, or all of them."""
        for stream in self._streams:
            if session is None or stream.session == session:
                stream.end(_SIGNED_OUT)

    async def messages(self, stream: Stream, still_in: Callable[[], bool]) -> AsyncIterator[bytes]:
        """What to send, until it is over. `still_in` is asked in a thread now and then: is the session still good?"""
        yield b": here\n\n"
        now = asyncio.get_running_loop().time
        ask_at = now() + self._keep_alive
        while True:
            # Not wait_for: on Python 3.11 it forgets a cancellation that comes with the bell, and the stream never ends.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(ask_at):
                    await stream.bell.wait()
            # By the clock, however often the bell rings.
            if now() >= ask_at:
                if not await asyncio.to_thread(still_in):
                    stream.end(_SIGNED_OUT)
                yield b": still here\n\n"
                ask_at = now() + self._keep_alive
            if stream.last_words is not None:
                yield stream.last_words
                return
            stream.bell.clear()
            if news := self._news(stream):
                yield news

    def _make_room(self, session: str) -> None:
        theirs = [stream for stream in self._streams if stream.session == session]
        for stream in theirs[: max(0, len(theirs) - self._most_of_a_session + 1)]:
            stream.end(_MADE_ROOM)
            self.close(stream)

    def _news(self, stream: Stream) -> bytes:
        known = self._known.get(stream.project_id)
        if known is None:
            return b""
        told, stream.told = stream.told, dict(known)
        if told is None:
            return b""
        mark = self.mark(known)
        moved = [topic for topic in TOPICS if known.get(topic, 0) != told.get(topic, 0)]
        return b"".join(f"event: {topic}\nid: {mark}\ndata: {known.get(topic, 0)}\n\n".encode() for topic in moved)

    async def _watch(self) -> None:
        while self._streams:
            for project_id in {stream.project_id for stream in self._streams}:
                await self._look(project_id)
            await asyncio.sleep(self._period)
        self._known.clear()

    async def _look(self, project_id: int) -> None:
        try:
            revision = await asyncio.to_thread(self._reads.revision, project_id)
        except Exception as failure:  # noqa: BLE001 - one failed look must not leave every open page still
            _log.warning("Open pages cannot learn of changes now", extra={"why": str(failure)})
            await asyncio.sleep(_AFTER_FAILURE)
            return
        if revision != self._known.get(project_id):
            self._known[project_id] = revision
            for stream in self._streams:
                if stream.project_id == project_id:
                    stream.bell.set()


def _read_mark(mark: str) -> dict[str, int] | None:
    parts = mark.split(".")
    if len(parts) != len(TOPICS) or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        return None
    return {topic: int(part) for topic, part in zip(TOPICS, parts, strict=True)}


async def send_stream(receive: Receive, send: Send, messages: AsyncIterator[bytes]) -> None:
    """Sends messages as server-sent events until they end or the page is gone."""
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    sending = asyncio.create_task(_send_all(messages, send))
    gone = asyncio.create_task(_until_gone(receive))
    _, unneeded = await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
    for task in unneeded:
        task.cancel()
    await asyncio.gather(*unneeded, return_exceptions=True)


async def _send_all(messages: AsyncIterator[bytes], send: Send) -> None:
    async for message in messages:
        await send({"type": "http.response.body", "body": message, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
