"""A receiver on loopback that keeps what it is sent, and answers as a test says: well, slowly, wrongly or not at all."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

Behaviour = Callable[[socket.socket, "Receiver"], None]


@dataclass(frozen=True)
class Request:
    """What came: the first line, the headers in small letters, the body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`url` is where it listens; `requests` is what came so far."""

    url: str
    port: int
    behaviour: Behaviour
    requests: list[Request] = field(default_factory=list)
    ended: Event = field(default_factory=Event)


def answering(status: str = "200 OK", body: str = "ok", **headers: str) -> Behaviour:
    """Answers each request in the same way; a header's name is written with `_`."""
    said = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())

    def behave(connection: socket.socket, _receiver: Receiver) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body.encode())}\r\n{said}\r\n"
        connection.sendall(head.encode() + body.encode())

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first request the first way, and so on; from the last on all the last way."""

    def behave(connection: socket.socket, receiver: Receiver) -> None:
        behaviours[min(len(receiver.requests), len(behaviours)) - 1](connection, receiver)

    return behave


def silent(connection: socket.socket, receiver: Receiver) -> None:
    """Takes everything and says nothing until the test ends."""
    receiver.ended.wait(30)


def dripping(connection: socket.socket, receiver: Receiver) -> None:
    """A byte of a head that never ends, again and again."""
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not receiver.ended.wait(0.05):
            connection.sendall(b"x")


def flooding(connection: socket.socket, receiver: Receiver) -> None:
    """Headers without end, as fast as they are taken."""
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not receiver.ended.is_set():
            connection.sendall(b"X: " + b"x" * 1000 + b"\r\n")


def hanging_body(connection: socket.socket, receiver: Receiver) -> None:
    """Says that it is fine, and promises more than ever comes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nsome of it")
    receiver.ended.wait(30)


def closing(_connection: socket.socket, _receiver: Receiver) -> None:
    """Hangs up without a word."""


def babbling(connection: socket.socket, _receiver: Receiver) -> None:
    """Something that is no web server."""
    connection.sendall(b"220 mail.example.com ESMTP\r\n")


@contextmanager
def receiving(behaviour: Behaviour | None = None, *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver for the time of the block; `behaviour` may be changed meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        receiver = Receiver(f"http://127.0.0.1:{port}", port, behaviour or answering())
        thread = Thread(target=_serve, args=(server, receiver, tls), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.ended.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _serve(server: socket.socket, receiver: Receiver, tls: ssl.SSLContext | None) -> None:
    while not receiver.ended.is_set():
        try:
            connection, _ = server.accept()
        except OSError:
            return
        Thread(target=_one, args=(connection, receiver, tls), daemon=True).start()


def _one(connection: socket.socket, receiver: Receiver, tls: ssl.SSLContext | None) -> None:
    connection.settimeout(30)
    with suppress(OSError), connection:
        spoken = connection if tls is None else tls.wrap_socket(connection, server_side=True)
        with spoken:
            receiver.requests.append(_read(spoken))
            receiver.behaviour(spoken, receiver)


def _read(connection: socket.socket) -> Request:
    with connection.makefile("rb") as lines:
        first = lines.readline().decode("ascii").rstrip("\r\n")
        headers = {}
        while line := lines.readline().decode("ascii").rstrip("\r\n"):
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return Request(first, headers, lines.read(int(headers.get("content-length", 0))))
