"""A platform on the loopback interface for tests: real HTTP, told beforehand how to answer, and keeping what it got."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, Mapping, Optional, Set, Tuple

EVENTS = "/v1/sdk/exception"
HEARTBEATS = "/v1/sdk/heartbeat"
BATCHES = "/v1/sdk/batch"
JOBS = "/v1/sdk/job"

#: What a platform answers that takes batches.
MODERN = b'{"accepted": 1, "rejected": [], "capabilities": ["batch", "gzip"]}'
#: And one that takes what is said of jobs.
WITH_JOBS = b'{"accepted": 1, "rejected": [], "capabilities": ["batch", "gzip", "jobs"]}'
DEADLINE = 60.0


@dataclass(frozen=True)
class Received:
    """One request that came in. ``connection`` numbers the connections; ``at`` is monotonic."""

    path: str
    headers: Mapping[str, str]
    body: Dict[str, Any]
    connection: int
    at: float
    #: The events of a batch, each with all that is said of it.
    batch: Tuple[Dict[str, Any], ...] = ()
    #: Whether it was answered with 2xx.
    accepted: bool = True


@dataclass(frozen=True)
class Answer:
    """How to answer: after ``delay`` seconds, with a hang-up instead if ``hang_up``, or in the middle of it if ``cut``."""

    status: int = 202
    body: bytes = b'{"accepted": 1, "rejected": [], "capabilities": []}'
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang_up: bool = False
    cut: bool = False


def unfolded(raw: bytes) -> List[Dict[str, Any]]:
    """The events of a batch, as ``wire/v1.md`` says how to read one."""
    head, *lines = [json.loads(line) for line in raw.split(b"\n") if line]
    stacks: List[Any] = []
    events = []
    for line in lines:
        if "signal_type" not in line:
            stacks.append(line["frames"])
            continue
        event = {**head, **line, "contexts": {**head.get("contexts", {}), **line.get("contexts", {})}}
        for info in event.get("exceptions", []):
            if isinstance(info["frames"], int):
                info["frames"] = stacks[info["frames"]]
        events.append(event)
    return events


def _events_of(one: Received) -> Tuple[Dict[str, Any], ...]:
    if one.path in (HEARTBEATS, JOBS):
        return ()
    return one.batch if one.path == BATCHES else (one.body,)


class Platform:
    """Answers 202 to everything until told otherwise. With a ``context`` it speaks TLS."""

    def __init__(self, host: str = "127.0.0.1", context: Optional[ssl.SSLContext] = None) -> None:
        self._host = host
        self._context = context
        self.received: List[Received] = []
        #: Bodies of events with more bytes than this (unpacked) are answered 413.
        self.too_large: Optional[int] = None
        self._answers: Dict[str, List[Answer]] = {EVENTS: [], HEARTBEATS: [], BATCHES: []}
        self._always: Dict[str, Answer] = {EVENTS: Answer(), HEARTBEATS: Answer(), BATCHES: Answer()}
        self._changed = threading.Condition()
        self._connections: Set[socket.socket] = set()
        self._numbers = 0
        self._keeper: Optional[socket.socket] = None
        self._released = threading.Event()
        self._server = self._serve(0)
        self.port: int = self._server.server_address[1]
        scheme, name = ("http" if context is None else "https", f"[{host}]" if ":" in host else host)
        self.url = f"{scheme}://{name}:{self.port}"

    # What a test says.

    def answer(self, *answers: Answer, path: str = EVENTS) -> None:
        """Answer the next requests to ``path`` like this, one after the other."""
        self._answers.setdefault(path, []).extend(answers)

    def always_answer(self, answer: Answer, path: Optional[str] = None) -> None:
        """Answer everything like this from now on."""
        for each in [path] if path else [EVENTS, HEARTBEATS, BATCHES]:
            self._always[each] = answer

    def be_modern(self) -> None:
        """Accept everything, and say that batches are welcome."""
        self.always_answer(Answer(body=MODERN))

    def take_jobs(self) -> None:
        """Accept everything, also what is said of jobs, and say so."""
        self.be_modern()
        for path in (EVENTS, HEARTBEATS, BATCHES, JOBS):
            self.always_answer(Answer(body=WITH_JOBS), path)

    def be_old(self) -> None:
        """Accept what the server of 0.1.x accepts, in its words: it has two addresses, and knows of no more."""
        self.always_answer(Answer(200, b'{"status": "ok"}'))
        self.always_answer(Answer(404, b"<h1>Not Found</h1>"), BATCHES)

    def never_answer(self) -> None:
        """Take requests and stay silent until the test is over."""
        self.always_answer(Answer(delay=600.0, hang_up=True))

    def hang_up_idle_connections(self) -> None:
        """End every kept-alive connection, as servers and firewalls do."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """From now on connections are refused."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._keep_the_port()
        self.hang_up_idle_connections()

    def end(self) -> None:
        """The test is over."""
        if self._keeper is None:
            self.stop()
        self._release_the_port()

    def start_again(self) -> None:
        """Listen again, on the same port."""
        self._release_the_port()
        self._released = threading.Event()
        self._server = self._serve(self.port)

    # What a test asks.

    @property
    def events(self) -> List[Dict[str, Any]]:
        """The bodies of all events that were accepted or refused, oldest first."""
        return [event for one in list(self.received) for event in _events_of(one)]

    @property
    def accepted(self) -> List[Dict[str, Any]]:
        """The bodies of all events that were accepted, oldest first."""
        return [event for one in list(self.received) if one.accepted for event in _events_of(one)]

    @property
    def heartbeats(self) -> List[Dict[str, Any]]:
        """The bodies of all heartbeats, oldest first."""
        return [one.body for one in self.received if one.path == HEARTBEATS]

    @property
    def jobs(self) -> List[Dict[str, Any]]:
        """What was said of jobs and accepted, oldest first."""
        return [one.body for one in list(self.received) if one.path == JOBS and one.accepted]

    def wait_for_events(self, count: int = 1) -> List[Dict[str, Any]]:
        """The events, once there are so many."""
        self.wait_until(lambda: len(self.events) >= count, f"{count} event(s)")
        return self.events

    def wait_for_heartbeats(self, count: int = 1) -> List[Dict[str, Any]]:
        """The heartbeats, once there are so many."""
        self.wait_until(lambda: len(self.heartbeats) >= count, f"{count} heartbeat(s)")
        return self.heartbeats

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a request made the condition true."""
        with self._changed:
            if not self._changed.wait_for(condition, DEADLINE):
                raise AssertionError(f"waited in vain for {what}; came: {self.received}")

    # How it works.

    def _keep_the_port(self) -> None:
        """Who is bound and does not listen refuses. Else another test would get the port, and what is sent here."""
        self._keeper = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET)
        self._keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._keeper.bind((self._host, self.port))

    def _release_the_port(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def _serve(self, port: int) -> ThreadingHTTPServer:
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                platform._numbers += 1
                self.number = platform._numbers
                platform._connections.add(self.connection)

            def finish(self) -> None:
                platform._connections.discard(self.connection)
                super().finish()

            def do_POST(self) -> None:
                platform._handle(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                pass

        server = Server((self._host, port), Handler)
        if self._context is not None:
            # Each connection shakes hands in its own thread.
            server.socket = self._context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server

    def _handle(self, handler: Any) -> None:
        raw = handler.rfile.read(int(handler.headers["Content-Length"]))
        if handler.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        path = handler.path
        batch = unfolded(raw) if path == BATCHES and b"\n" in raw else []
        body = {} if batch else json.loads(raw)
        with self._changed:
            waiting = self._answers.setdefault(path, [])
            answer = waiting.pop(0) if waiting else self._always.get(path, Answer(404, b"no such path"))
            if self.too_large is not None and path != HEARTBEATS and len(raw) > self.too_large:
                answer = Answer(413, b"too large")
            accepted = answer.status < 300 and not answer.hang_up and not answer.cut
            self.received.append(
                Received(path, dict(handler.headers), body, handler.number, time.monotonic(), tuple(batch), accepted)
            )
            self._changed.notify_all()
        if answer.delay:
            self._released.wait(answer.delay)
        if answer.hang_up or answer.cut:
            if answer.cut:
                handler.wfile.write(b"HTTP/1.1 2")
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)
