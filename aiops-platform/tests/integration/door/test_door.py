import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvloop

from aiops_platform.door.connection import Connection
from aiops_platform.door.server import DoorServer
from aiops_platform.process import sockets

REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"


class Impatient(Connection):
    """With limits that a test can wait for."""

    most_connections = 5
    header_seconds = 0.3
    header_bytes = 2000
    unread_seconds = 0.3
    unread_bytes = 100_000


class Patient(Impatient):
    """For those who stay in time, however slow the machine is."""

    header_seconds = 60
    unread_seconds = 60


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

    def __init__(self, connection: type[Connection] = Impatient) -> None:
        self.app = App()
        ready = threading.Event()
        self._listening = sockets.listen("127.0.0.1", 0)
        self.port = sockets.port_of(self._listening)
        self._server = DoorServer(self.app, ready=ready.set, connection=connection)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert ready.wait(60)

    def stop(self) -> None:
        self._server.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
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


@pytest.fixture
def door():
    door = Door()
    yield door
    door.stop()


@pytest.fixture
def patient():
    door = Door(Patient)
    yield door
    door.stop()


def test_a_connection_is_kept_for_the_next_request(door):
    with door.connected() as connection:
        for body in (b"one", b"three"):
            connection.sendall(REQUEST % len(body) + body)
            assert one_answer(connection, b"\r\n%d" % len(body)).startswith(b"HTTP/1.1 200 OK")


def test_it_does_not_say_which_server_it_is(door):
    with door.connected(REQUEST % 0) as connection:
        assert b"server:" not in one_answer(connection, b"\r\n0").lower()


def test_who_says_nothing_is_hung_up_on(door):
    assert door.answers(b"") == b""


def test_who_never_ends_its_headers_is_hung_up_on(door):
    assert door.answers(b"POST / HTTP/1.1\r\nhost: x\r\nx-slow: ") == b""


def test_a_second_request_may_not_dawdle_either(door):
    with door.connected(REQUEST % 0) as connection:
        one_answer(connection, b"\r\n0")
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\n")
        assert heard(connection) == b""


def test_an_idle_connection_is_not_a_slow_one(door):
    with door.connected(REQUEST % 0) as connection:
        one_answer(connection, b"\r\n0")
        time.sleep(2 * Impatient.header_seconds)
        connection.sendall(REQUEST % 1 + b"x")
        one_answer(connection, b"\r\n1")


@pytest.mark.parametrize("nothing", [b"\r\n", b"\r"])
def test_blank_lines_keep_no_connection_open(door, nothing):
    with door.connected(REQUEST % 0) as connection:
        one_answer(connection, b"\r\n0")
        connection.sendall(nothing)
        assert heard(connection) == b""


def test_a_request_may_follow_a_blank_line(door):
    with door.connected(REQUEST % 0) as connection:
        one_answer(connection, b"\r\n0")
        connection.sendall(b"\r\n" + REQUEST % 1 + b"x")
        one_answer(connection, b"\r\n1")


@pytest.mark.parametrize(
    "long", [b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1000 + b"\r\n"]
)
def test_endless_headers_are_refused(door, long):
    assert door.answers(long).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "nonsense",
    [b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n"],
    ids=["words", "TLS", "a negative length"],
)
def test_what_is_not_http_is_refused(door, nonsense):
    assert door.answers(nonsense).startswith(b"HTTP/1.1 400 ")


def test_who_was_answered_early_may_end_its_sentence_and_go_on(patient):
    with patient.connected(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 50000\r\n\r\n") as connection:
        one_answer(connection, b"early")
        connection.sendall(bytes(50000) + REQUEST % 2 + b"xy")
        one_answer(connection, b"\r\n2")


def test_who_was_answered_early_ends_its_sentence_and_says_no_more_is_hung_up_on(door):
    with door.connected(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nx") as connection:
        one_answer(connection, b"early")
        connection.sendall(b"yyyy")
        assert heard(connection) == b""


def test_who_was_answered_early_and_stops_in_the_middle_is_hung_up_on(door):
    with door.connected(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 50000\r\n\r\nx") as connection:
        one_answer(connection, b"early")
        assert heard(connection) == b""


def test_who_was_answered_early_and_never_stops_is_hung_up_on(door):
    with door.connected(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 500000000\r\n\r\nx") as connection:
        one_answer(connection, b"early")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(bytes(100_000_000))


def test_too_many_connections_are_turned_away(patient):
    connections = [socket.create_connection(("127.0.0.1", patient.port), timeout=60) for _ in range(5)]

    assert b"503" in patient.answers(b"")
    for connection in connections:
        connection.close()


def test_the_end_answers_what_is_in_flight():
    door = Door()
    with door.connected(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n") as connection:
        assert door.app.begun.wait(60)
        door.stop()

        answered = heard(connection)
    assert answered.endswith(b"slow")
    assert b"connection: close" in answered
    assert door.app.life == ["lifespan.startup", "lifespan.shutdown"]


def test_the_end_ends_streams_properly(caplog):
    door = Door()
    with door.connected(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n") as connection:
        one_answer(connection, b"first\r\n")

        door.stop()

        assert heard(connection) == b"0\r\n\r\n"
    # uvicorn would complain about a stream that it had to cut off.
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_end_does_not_wait_for_those_who_say_nothing(caplog):
    door = Door()
    with door.connected():
        door.stop()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
