"""A door with an application for tests behind it, in this process, and what is heard from it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop

from aiops_platform.door.connection import Connection
from aiops_platform.door.server import DoorServer
from aiops_platform.process import sockets
from aiops_platform.process.asgi import AtOnce

REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"


class Impatient(Connection):
    """With limits that a test can wait for."""

    most_connections = 5
    header_seconds = 0.3
    header_bytes = 2000
    unread_seconds = 0.3
    unread_bytes = 100_000
    body_seconds = 0.3
    most_waiting = 50


class Patient(Impatient):
    """For those who stay in time, however slow the machine is."""

    header_seconds = 60
    unread_seconds = 60
    body_seconds = 60
    most_waiting = 10_000


class App:
    """Reads bodies, streams for ever, answers early: whatever the path says."""

    def __init__(self) -> None:
        self.life: list[str] = []
        self.begun = threading.Event()

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                self.life.append((await receive())["type"])
                await send({"type": f"lifespan.{word}.complete"})
            return
        self.begun.set()
        await {"/stream": self.stream, "/early": self.early, "/slow": self.slow}.get(scope["path"], self.read)(
            receive, send
        )

    async def read(self, receive, send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await answer(send, b"%d" % len(body))

    async def early(self, _, send) -> None:
        await answer(send, b"early")

    async def slow(self, _, send) -> None:
        await asyncio.sleep(0.5)
        await answer(send, b"slow")

    async def stream(self, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass


async def answer(send, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Door:
    """A server on a thread of this process."""

    def __init__(self, connection: type[Connection] = Impatient, *, at_once: AtOnce | None = None) -> None:
        self.app = App()
        self._loop: asyncio.AbstractEventLoop | None = None
        ready = threading.Event()
        self._listening = sockets.listen("127.0.0.1", 0)
        self.port = sockets.port_of(self._listening)
        self._server = DoorServer(self.app, ready=ready.set, connection=connection, at_once=at_once)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert ready.wait(60)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        assert self._loop is not None
        return self._loop

    def begin_to_stop(self) -> None:
        self._server.stop()

    def stop(self) -> None:
        self.begin_to_stop()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            self._loop = runner.get_loop()
            runner.run(self._server.serve(self._listening))

    @contextmanager
    def connected(self, said: bytes = b"") -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(said)
            yield connection

    def answers(self, said: bytes) -> bytes:
        """Everything until the door hangs up."""
        with self.connected(said) as connection:
            return heard(connection)


def heard(connection: socket.socket) -> bytes:
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def one_answer(connection: socket.socket, end: bytes) -> bytes:
    found = b""
    while not found.endswith(end):
        part = connection.recv(65536)
        assert part, found
        found += part
    return found
