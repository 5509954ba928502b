"""The load generator: a process of its own that prepares every request before the clock starts, and then only sends.

It reads an ``Order`` as JSON from its first line of input, says "ready", begins at the next line, and says what it found.
One thread, raw sockets, epoll: about 20 µs of CPU a request, so that on two processors the server is what is measured.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
import zlib
from collections import Counter, deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bodies import ID, Mail

_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 6  # as the SDK packs
_SILENCE = 20.0  # seconds without any answer after which a server is taken for gone
_MANY = 100  # requests without an answer after which it is, too


@dataclass(frozen=True, kw_only=True)
class Order:
    """``rate`` requests a second whatever the answers take; without it the next one goes out when an answer has come.

    At most ``most`` requests. ``ids`` is a file for the ids of the events that were acknowledged, 32 hex digits a line.
    """

    host: str
    port: int
    mail: Mail
    connections: int
    seconds: float
    most: int
    rate: float | None = None
    ids: str | None = None
    plain_ids: bool = False  # without hyphens

    def said(self) -> str:
        """As a line."""
        return json.dumps(asdict(self))

    @classmethod
    def heard(cls, line: str) -> Order:
        """Of a line."""
        told: dict[str, Any] = json.loads(line)
        return cls(**{**told, "mail": Mail(**told["mail"])})


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of it. ``latencies`` are the seconds from when a request was due to the end of its answer, sorted."""

    seconds: float
    statuses: dict[str, int]
    accepted: int
    cpu: float
    broken: int
    latencies: list[float]

    def percentile(self, share: float) -> float:
        """The latency that this share of the answers kept."""
        return self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)] if self.latencies else 0.0


@dataclass
class _Connection:
    """Connected when there is something to send: a server with a few workers must not wait for one that says nothing."""

    link: socket.socket | None = None
    due: float = 0.0
    sent: int = -1  # the request that is on its way, none if negative
    heard: bytes = b""


class _Load:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._requests, self._ids = _prepared(order)
        self._next = 0
        self._poll = select.epoll()
        self._links: dict[int, _Connection] = {}
        self._unanswered = 0
        self._idle = deque(_Connection() for _ in range(order.connections))
        self._late: deque[float] = deque()
        self._statuses: Counter[str] = Counter()
        self._latencies: list[float] = []
        self._acknowledged: list[int] = []
        self._broken = 0
        self._until = 0.0

    def run(self) -> Found:
        cpu, begun = time.process_time(), time.monotonic()
        self._until = begun + self._order.seconds
        if self._order.rate is None:
            while self._idle and self._more():
                self._send(self._idle.popleft(), time.monotonic())
            ended = self._drive(lambda now: None)
        else:
            ended = self._drive(self._paced(begun, self._order.rate))
        if self._order.ids:
            lines = "".join(f"{each}\n" for number in self._acknowledged for each in self._ids[number])
            Path(self._order.ids).write_text(lines, encoding="ascii")
        return Found(
            seconds=ended - begun, statuses=dict(self._statuses), accepted=len(self._acknowledged),
            cpu=time.process_time() - cpu, broken=self._broken, latencies=sorted(self._latencies),
        )  # fmt: skip

    def _more(self) -> bool:
        return self._next < len(self._requests) and time.monotonic() < self._until

    def _paced(self, begun: float, rate: float) -> Any:
        sent = 0

        def pace(now: float) -> float | None:
            """Send what is due; the seconds to the next."""
            nonlocal sent
            while sent < len(self._requests) and (due := begun + sent / rate) <= min(now, self._until):
                sent += 1
                self._late.append(due)
            while self._late and self._idle:
                self._send(self._idle.popleft(), self._late.popleft())
            following = begun + sent / rate
            return None if sent >= len(self._requests) or following > self._until else max(following - now, 0.0)

        return pace

    def _drive(self, pace: Any) -> float:
        """Until all is answered; the time of the last answer."""
        last = time.monotonic()
        while True:
            wait = pace(time.monotonic())
            if wait is None and not self._unanswered and not self._late:
                return last
            ready = self._poll.poll(1.0 if wait is None else wait)
            for descriptor, _ in ready:
                self._hear(descriptor)
            if ready:
                last = time.monotonic()
            elif self._unanswered and time.monotonic() - last > _SILENCE:
                self._broken += self._unanswered
                return last

    def _send(self, connection: _Connection, due: float) -> None:
        connection.sent, connection.due, connection.heard = self._next, due, b""
        self._next += 1
        self._unanswered += 1
        try:
            if connection.link is None:
                connection.link = socket.create_connection((self._order.host, self._order.port), timeout=_SILENCE)
                connection.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._poll.register(connection.link.fileno(), select.EPOLLIN)
                self._links[connection.link.fileno()] = connection
            connection.link.sendall(self._requests[connection.sent])
        except OSError:
            self._gone(connection)

    def _hear(self, descriptor: int) -> None:
        connection = self._links[descriptor]
        assert connection.link is not None
        try:
            said = connection.link.recv(65536)
        except OSError:
            said = b""
        if not said:
            self._gone(connection)
            return
        connection.heard += said
        end = connection.heard.find(b"\r\n\r\n")
        if end < 0:
            return
        head = connection.heard[:end].lower()
        _, found, length = head.partition(b"content-length:")
        if not found or len(connection.heard) < end + 4 + int(length.partition(b"\r")[0]):
            return
        self._answered(connection, head)
        if b"connection: close" in head:
            self._drop(connection)
        self._go_on(connection)

    def _answered(self, connection: _Connection, head: bytes) -> None:
        status = head[9:12].decode()
        self._statuses[status] += 1
        self._latencies.append(time.monotonic() - connection.due)
        if status.startswith("2"):
            self._acknowledged.append(connection.sent)
        self._over(connection)

    def _go_on(self, connection: _Connection) -> None:
        if self._order.rate is None and self._more():
            self._send(connection, time.monotonic())
        else:
            self._idle.append(connection)

    def _over(self, connection: _Connection) -> None:
        connection.sent = -1
        self._unanswered -= 1

    def _drop(self, connection: _Connection) -> None:
        if connection.link is not None and connection.link.fileno() in self._links:
            self._poll.unregister(connection.link.fileno())
            del self._links[connection.link.fileno()]
            connection.link.close()
        connection.link = None

    def _gone(self, connection: _Connection) -> None:
        """An answer without a length ends so; any other request that was on its way has no answer."""
        head, found, _ = connection.heard.partition(b"\r\n\r\n")
        self._drop(connection)
        if connection.sent < 0:
            return  # it was idle, and is taken up again by the next request
        if found and b"content-length" not in head.lower():
            self._answered(connection, head)
        else:
            self._over(connection)
            self._broken += 1
            if self._broken >= _MANY:
                self._until = 0.0  # nobody listens any more
        self._go_on(connection)


def _prepared(order: Order) -> tuple[list[bytes], list[list[str]]]:
    """Every request as bytes, and the ids in it."""
    templates = [_Template(body, packed=order.mail.packed) for body in order.mail.bodies]
    requests, ids = [], []
    given = {"Content-Type": order.mail.content_type, **order.mail.headers}
    if order.mail.packed:
        given["Content-Encoding"] = "gzip"
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    head = f"POST {order.mail.path} HTTP/1.1\r\nHost: {order.host}:{order.port}\r\n{lines}Content-Length: %d\r\n\r\n"
    encoded = head.encode()
    for number in range(order.most):
        template = templates[number % len(templates)]
        own = [_an_id(plain=order.plain_ids) for _ in range(min(template.wanted, order.mail.events))]
        # An envelope says the id of its one event twice.
        body = template.filled(own * (template.wanted // max(len(own), 1)))
        requests.append(encoded % len(body) + body)
        ids.append([each.replace("-", "") for each in own] if order.ids else [])
    return requests, ids


class _Template:
    def __init__(self, body: str, *, packed: bool) -> None:
        self._pieces = [piece.encode() for piece in body.split(ID)]
        self.wanted = body.count(ID)
        self._packer = None
        if packed:
            self._packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
            self._begun = self._packer.compress(self._pieces[0])

    def filled(self, ids: list[str]) -> bytes:
        """The body with these ids; what comes before the first was packed ahead."""
        rest = b"".join(one.encode() + piece for one, piece in zip(ids, self._pieces[1:], strict=True))
        if self._packer is None:
            return self._pieces[0] + rest
        packer = self._packer.copy()
        return self._begun + packer.compress(rest) + packer.flush()


def _an_id(*, plain: bool) -> str:
    digits = os.urandom(16).hex()
    digits = f"{digits[:12]}4{digits[13:16]}a{digits[17:]}"
    return digits if plain else f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def main() -> None:
    """Do as the order says."""
    load = _Load(Order.heard(sys.stdin.readline()))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(asdict(load.run())), flush=True)


if __name__ == "__main__":
    main()
