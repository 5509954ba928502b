"""What is written in one turn of the event loop goes out at once: the server writes head and body of an answer one by one."""

from asyncio import AbstractEventLoop, Transport
from typing import Any


class Together:
    """In front of a transport. Everything but writing is the transport's own."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        # Asked for several times a request.
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Goes out at the end of this turn, or before the end of the connection."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        """Ends the connection when all is written."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Ends the connection now."""
        self._parts = []
        self._transport.abort()

    def _flush(self) -> None:
        if self._parts and not self._transport.is_closing():
            self._transport.write(self._parts[0] if len(self._parts) == 1 else b"".join(self._parts))
        self._parts = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
