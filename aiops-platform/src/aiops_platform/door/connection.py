"""One connection of the door: uvicorn's, with limits on headers, on slowness and on bodies that nobody reads.

uvicorn waits for a request's headers for ever, takes any number of them, and reads an unwanted body to its end.
"""

import logging
from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aiops_platform.door.together import Together

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

    _header_bytes = 0
    _unread_bytes = 0
    # A message is open from its first byte until its last one has been read.
    _message_open = False
    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Turns away what is too much; otherwise the first request is expected soon."""
        super().connection_made(Together(transport, self.loop))  # type: ignore[arg-type]  # as far as uvicorn uses it
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
        if self.cycle is not None and self.cycle.response_complete and self._message_open:
            self._unread_bytes += len(data)
            if self._unread_bytes > self.unread_bytes:
                self.transport.abort()
                return
        super().data_received(data)
        # uvicorn stops waiting for the next request at any byte, and blank lines between requests begin none.
        if self._is_idle and self._deadline is None and not self.transport.is_closing():
            self._expect(self.header_seconds)

    def on_message_begin(self) -> None:
        """A request begins: its headers are expected soon."""
        super().on_message_begin()
        self._header_bytes = self._unread_bytes = 0
        self._message_open = True
        self._expect(self.header_seconds)

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
        self._expect(None)
        if self._header_bytes <= self.header_bytes:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of the body."""
        if self._header_bytes <= self.header_bytes:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request was read to its end."""
        self._message_open = False
        self._expect(None)
        if self._header_bytes <= self.header_bytes:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Answered; what is still to come of the request is expected soon."""
        super().on_response_complete()
        if self._message_open and not self.transport.is_closing():
            self._expect(self.unread_seconds)

    @property
    def _is_idle(self) -> bool:
        return not self._message_open and (self.cycle is None or self.cycle.response_complete)

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
