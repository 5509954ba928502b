"""Responses without an end are ended when the door is: whoever streams is told that its client has gone."""

import asyncio
from contextlib import suppress

from aiops_platform.process.asgi import App, Message, Receive, Scope, Send


class EndingStreams:
    """An ASGI application around another one. Only GET can stream; everything else passes untouched."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._ending = asyncio.Event()

    def end(self) -> None:
        """From now on every stream is told that its client has gone. To be called in the event loop."""
        self._ending.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] == "http" and scope["method"] == "GET":
            await self._stream(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        unfinished = False

        async def send_and_note(message: Message) -> None:
            nonlocal unfinished
            unfinished = message["type"] == "http.response.start" or bool(message.get("more_body"))
            await send(message)

        async def receive_or_end() -> Message:
            return await _first(receive, self._ending)

        await self._app(scope, receive_or_end, send_and_note)
        if unfinished and self._ending.is_set():
            # A stream that stops in the middle would be an error to the server, and a broken one to the client.
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _first(receive: Receive, ending: asyncio.Event) -> Message:
    received = asyncio.ensure_future(receive())
    ended = asyncio.ensure_future(ending.wait())
    try:
        await asyncio.wait((received, ended), return_when=asyncio.FIRST_COMPLETED)
        return received.result() if received.done() else {"type": "http.disconnect"}
    finally:
        for task in (received, ended):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await received
