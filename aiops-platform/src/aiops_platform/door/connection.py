"""One connection of the door: uvicorn's, with limits on headers, on slowness and on bodies that nobody reads.

uvicorn waits for a request's headers for ever, takes any number of them, reads an unwanted body to its end, and goes on
reading requests while it owes the answers to thousands.

Reports that come whole, or in the two parts in which many clients send them, are answered without ASGI, which is three tenths
of what they cost here. A request that is out of the ordinary in any way is uvicorn's, as if it had been from the first.
"""

import logging
from asyncio import TimerHandle, Transport
from collections.abc import Sequence
from typing import Any, Final

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from aiops_platform.door.together import Together
from aiops_platform.process.asgi import AtOnce, Reply

_TOO_MANY = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

log = logging.getLogger(__name__)


class Connection(HttpToolsProtocol):
    """Lives as long as its client is well-behaved. The limits are here so that a test can make them small."""

    most_connections = 4000
    header_seconds = 20.0
    header_bytes = 64 * 1024
    # A client that was answered early (413, 401) may still be sending, and reads the answer only after that.
    unread_seconds = 10.0
    unread_bytes = 16 * 1024 * 1024
    # Requests that come before the answers to others are kept in memory.
    most_waiting = 200
    # A body may follow its headers by so much; after that its time is what the application sees to.
    body_seconds = 1.0

    _header_bytes = 0
    _unread_bytes = 0
    # A message is open from its first byte until its last one has been read.
    _message_open = False
    _headers_open = False
    _deadline: TimerHandle | None = None
    # Of what was just received the first request: those after it wait for the next turn of the loop, so that others are served.
    _is_first = True
    # The body of a request that may be answered at once, as long as it has not come in parts.
    _whole: list[bytes] | None = None
    _head: Sequence[tuple[bytes, bytes]] = ()

    def __init__(self, *given: Any, at_once: AtOnce | None = None, **named: Any) -> None:
        super().__init__(*given, **named)
        self._at_once = at_once
        self._urls_at_once = at_once.urls if at_once else ()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Turns away what is too much; otherwise the first request is expected soon."""
        super().connection_made(Together(transport, self.loop))  # type: ignore[arg-type]  # as far as uvicorn uses it
        self.flow = _Flow(self)
        if len(self.connections) > self.most_connections:
            log.warning("Turned a connection away: there are too many", extra={"connections": len(self.connections)})
            self.transport.write(_TOO_MANY)
            self.transport.close()
        else:
            self._expect(self.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._expect(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what arrives although nobody will read it; whoever says anything is expected to say a request soon."""
        if self._is_unread:
            self._unread_bytes += len(data)
            if self._unread_bytes > self.unread_bytes:
                self.transport.abort()
                return
        self._is_first = True
        super().data_received(data)
        if self.transport.is_closing():
            self._whole = None
            self._expect(None)
            return
        if self._whole:
            self._take_the_long_way()
        elif self._whole is not None and self._deadline is None:
            self._deadline = self.loop.call_later(self.body_seconds, self._take_the_long_way)
        # uvicorn stops waiting for the next request at any byte, and blank lines between requests begin none.
        is_idle = self._is_idle and self.timeout_keep_alive_task is None
        if self._deadline is None and (self._headers_open or is_idle):
            self._expect(self.header_seconds)

    def on_message_begin(self) -> None:
        """A request begins: its headers are expected soon."""
        super().on_message_begin()
        # The one before may have been answered since it was received.
        self._unset_keepalive_if_required()
        self._header_bytes = self._unread_bytes = 0
        self._message_open = self._headers_open = True
        self._expect(None)

    def on_url(self, url: bytes) -> None:
        """Part of a line that may be long, but not endless."""
        super().on_url(url)
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One more header."""
        super().on_header(name, value)
        self._count_header(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """From here on the application sees to time and size."""
        self._headers_open = False
        self._expect(None)
        if len(self.pipeline) >= self.most_waiting:
            self.transport.abort()
        if self._is_ignored:
            return
        if self.url in self._urls_at_once and self._may_be_at_once():
            # Headers that follow the body are none that count: by ASGI nobody waits for them either.
            self._whole, self._head = [], self.headers.copy()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of the body."""
        if self._whole is not None:
            self._whole.append(body)
        elif not self._is_ignored:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request was read to its end."""
        self._message_open = False
        self._expect(None)
        if self._is_ignored:
            self._whole = None  # Headers may follow the body, too.
        elif self._whole is not None:
            if not self._is_answered_at_once(b"".join(self._whole)):
                self._take_the_long_way()
                super().on_message_complete()
        else:
            super().on_message_complete()

    def shutdown(self) -> None:
        """What has begun is answered."""
        if self._whole is not None:
            self._take_the_long_way()
        super().shutdown()

    def on_response_complete(self) -> None:
        """Answered; what is still to come of the request is expected soon."""
        super().on_response_complete()
        if self._is_unread and not self.transport.is_closing():
            self._expect(self.unread_seconds)

    @property
    def _is_ignored(self) -> bool:
        """Whether the request is nobody's any more: its headers are too long, or the connection ends."""
        return self._header_bytes > self.header_bytes or self.transport.is_closing()

    @property
    def _is_unread(self) -> bool:
        """Whether the client goes on with a request that was answered before its end."""
        is_begun = self._message_open and not self._headers_open and self._whole is None
        return is_begun and self.cycle is not None and self.cycle.response_complete

    @property
    def _is_idle(self) -> bool:
        return not self._message_open and self._is_answered

    @property
    def _is_answered(self) -> bool:
        """Whether nothing is owed to the client. What it sends before that waits for its turn, which uvicorn sees to."""
        return self.cycle is None or self.cycle.response_complete

    def _may_be_at_once(self) -> bool:
        is_first, self._is_first = self._is_first, False
        return (
            is_first
            and self._is_answered
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
        )

    def _is_answered_at_once(self, body: bytes) -> bool:
        before, awaited = self.cycle, _Awaited()

        def tell(reply: Reply) -> None:
            awaited.response_complete = True
            if awaited.disconnected or self.transport.is_closing():
                return
            closes = reply.closes or not awaited.keep_alive
            said = [b"%b: %b\r\n" % header for header in self.server_state.default_headers]
            if closes and not reply.closes:
                said.append(b"connection: close\r\n")
            self.transport.write(b"".join([STATUS_LINE[reply.status], *said, reply.rest]))
            if closes:
                self.transport.close()
            self.on_response_complete()

        self.cycle = awaited  # type: ignore[assignment]  # as far as uvicorn looks at it
        try:
            is_answered = self._at_once is not None and self._at_once.answer(self._head, body, tell)
        except Exception:
            log.exception("Could not answer a report at once")
            is_answered = awaited.response_complete
        if is_answered:
            self._whole = None
        else:
            self.cycle = before
        return is_answered

    def _take_the_long_way(self) -> None:
        """What has come of the request is handed to uvicorn, as if it came now."""
        self._expect(None)
        parts, self._whole = self._whole or [], None
        super().on_headers_complete()
        for part in parts:
            super().on_body(part)

    def _count_header(self, size: int) -> None:
        within = self._header_bytes <= self.header_bytes
        self._header_bytes += size
        if within and self._header_bytes > self.header_bytes:
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def _expect(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


class _Flow(FlowControl):
    """Reads no further as long as a request that was read waits for its turn."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.transport)
        self._waiting = connection.pipeline

    def resume_reading(self) -> None:
        if not self._waiting:
            super().resume_reading()


class _Nobody:
    """Waits for no message."""

    def set(self) -> None:
        pass


class _Awaited:
    """Stands where uvicorn has a cycle of request and response, while an answer is awaited."""

    message_event: Final = _Nobody()

    def __init__(self) -> None:
        self.response_complete = False
        self.disconnected = False
        self.keep_alive = True
