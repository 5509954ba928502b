"""Calls an ASGI application as a server would, without one."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

GONE = {"type": "http.disconnect"}


@dataclass
class Answered:
    """What an application sent. `status` is None when it sent nothing."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def said(self) -> dict:
        return json.loads(self.body)

    @property
    def why(self) -> str:
        return self.said["rejected"][0]["why"]


def part(body: bytes = b"", *, more: bool = False) -> dict:
    return {"type": "http.request", "body": body, "more_body": more}


def parts(*bodies: bytes) -> list[dict]:
    return [part(body, more=number < len(bodies)) for number, body in enumerate(bodies, 1)]


async def call(
    app, method: str, path: str, headers: dict[str, str], messages: Iterable[dict], *, query: bytes = b""
) -> Answered:
    """One request. When its messages are used up, the client says nothing more, and does not hang up either."""
    waiting, answered = list(messages), Answered()

    async def receive() -> dict:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: dict) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]
            answered.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answered.body += message["body"]

    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": pairs}
    await app(scope, receive, send)
    return answered
