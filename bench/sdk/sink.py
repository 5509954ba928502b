"""Every platform in one: a server on the loopback interface that speaks to each SDK as its own would, and keeps what came.

It only takes and answers while something is measured. What the requests say is read afterwards.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it came. ``size`` is what it took on the wire, head and body; ``accepted``: it was told so."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    size: int
    accepted: bool


@dataclass(frozen=True, kw_only=True)
class Mood:
    """How everything is answered: as usual, with another status, or not at all."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False


USUAL = Mood()
SILENT = Mood(silent=True)

_JSON = "application/json"
#: The beginnings of paths, and what each vendor answers there when all is well.
_ANSWERS: list[tuple[str, int, str, bytes]] = [
    ("/v1/sdk/", 202, _JSON, b'{"accepted": 1, "rejected": [], "capabilities": ["batch", "gzip"]}'),
    ("/v1/notices", 201, _JSON, b'{"id": "1"}'),
    ("/v1/info", 200, _JSON, b'{"project_name": "bench", "project_url": "http://127.0.0.1/"}'),
    ("/v1/traces", 200, "application/x-protobuf", b""),
    ("/v1/metrics", 200, "application/x-protobuf", b""),
    ("/v1/logs", 200, "application/x-protobuf", b""),
    ("/api/1/envelope/", 200, _JSON, b'{"id": "0"}'),
    ("/api/1/item", 200, _JSON, b'{"err": 0, "result": {"id": null, "uuid": "0"}}'),
    ("/notify", 200, "text/plain", b"OK"),
    ("/sessions", 202, "text/plain", b"accepted"),
    ("/intake/v2/events", 202, _JSON, b""),
    ("/config/v1/agents", 200, _JSON, b"{}"),
    ("/", 200, _JSON, b'{"version": "8.17.0", "build_date": "2025-01-01T00:00:00Z", "build_sha": "0"}'),
]


class Loop:
    """One thread with one event loop, for all sinks."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the work, done in the loop's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


class Sink:
    """A server for one SDK at a time. It listens from the beginning, until ``stop``."""

    def __init__(self, loop: Loop) -> None:
        self.requests: list[Request] = []
        self.mood = USUAL
        self.port = 0
        self._loop = loop
        self._connections: set[asyncio.BaseTransport] = set()
        self._server: asyncio.Server | None = None
        self.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_stopped(self) -> bool:
        """Whether connections are refused."""
        return self._server is None

    def start(self) -> None:
        """Listen (again, on the same port)."""
        self._server = self._loop.run(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """End every connection and refuse new ones."""
        self._loop.run(self._close())

    async def _listen(self) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, backlog=1024, reuse_address=True
        )

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self._connections):
            if isinstance(connection, asyncio.Transport):
                connection.abort()


class _Connection(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._got = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sink._connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._sink._connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (request := self._next()) is not None:
            self._sink.requests.append(request)
            self._answer(request)

    def _next(self) -> Request | None:
        """Take one whole request off what has come."""
        end = self._got.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = bytes(self._got[:end]).decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        begin = end + 4
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body, size = _unchunked(self._got, begin)
        else:
            size = begin + int(headers.get("content-length", "0"))
            body = bytes(self._got[begin:size]) if len(self._got) >= size else None
        if body is None:
            if headers.get("expect", "").lower() == "100-continue" and len(self._got) == begin and self._transport:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        del self._got[:size]
        method, _, rest = first.partition(" ")
        path = rest.partition(" ")[0]
        accepted = self._sink.mood == USUAL
        return Request(method=method, path=path, headers=headers, body=body, size=size, accepted=accepted)

    def _answer(self, request: Request) -> None:
        mood = self._sink.mood
        if mood.silent or self._transport is None:
            return
        status, kind, body = _usual(request)
        if mood.status is not None:
            status, kind, body = mood.status, _JSON, json.dumps({"err": 1, "detail": "as the bench wants it"}).encode()
        more = "".join(f"{name}: {value}\r\n" for name, value in mood.headers.items())
        keep = request.headers.get("connection", "").lower() != "close"
        head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n{more}\r\n"
        )
        self._transport.write(head.encode() + body)
        if not keep:
            self._transport.close()


def _usual(request: Request) -> tuple[int, str, bytes]:
    for beginning, status, kind, body in _ANSWERS:
        if request.path.startswith(beginning):
            return status, kind, body
    return 404, _JSON, b"{}"


def _unchunked(got: bytearray, begin: int) -> tuple[bytes | None, int]:
    """The body that comes in chunks, and where it ends; None while it is not all there."""
    at = begin
    pieces: list[bytes] = []
    while True:
        end = got.find(b"\r\n", at)
        if end < 0:
            return None, 0
        length = int(bytes(got[at:end]).partition(b";")[0], 16)
        at = end + 2 + length + 2
        if len(got) < at:
            return None, 0
        if length == 0:
            return b"".join(pieces), at
        pieces.append(bytes(got[end + 2 : at - 2]))
