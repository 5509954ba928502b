"""What holds for every answer of the API: not more often than agreed, and not again to who has it already."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.attempts import Attempts

_SAVED_SECONDS: Final = 60
_TAG_LENGTH: Final = 22


def paced(per_second: int, clock: Callable[[], datetime]) -> Callable[[ASGIApp], ASGIApp]:
    """Middleware: so many requests a second for each token, and at once what was not used of the last minute; then 429.

    Who sends no token shares one allowance with the others at the same address.
    """
    allowed = Attempts(most=per_second * _SAVED_SECONDS, seconds=_SAVED_SECONDS)

    def around(app: ASGIApp) -> ASGIApp:
        async def ask(scope: Scope, receive: Receive, send: Send) -> None:
            seconds = allowed.ask(_who(scope), clock().timestamp())
            if seconds is None:
                await app(scope, receive, send)
            else:
                await _hold_back(send, per_second, seconds)

        return ask

    return around


def remembered(app: ASGIApp) -> ASGIApp:
    """Middleware: what is read carries an entity tag (RFC 9110), and who sends it back hears 304 while nothing has changed."""

    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "GET":
            await app(scope, receive, send)
            return
        answer = _Answer(send, Headers.from_scope(scope).get("if-none-match", ""))
        await app(scope, receive, answer.hear)

    return tell


class _Answer:
    """One answer on its way out. Its head waits for the whole body, which is a page of a list at most."""

    def __init__(self, send: Send, known: str) -> None:
        self._send = send
        self._known = [each.strip().removeprefix("W/") for each in known.split(",")]
        self._head: Message | None = None
        self._body: list[bytes] = []

    async def hear(self, message: Message) -> None:
        """The application says this."""
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._head = message
        elif self._head is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self._body.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._tell(self._head, b"".join(self._body))

    async def _tell(self, head: Any, body: bytes) -> None:
        headers = MutableScopeHeaders.from_message(head)
        tag = f'"{hashlib.sha256(body).hexdigest()[:_TAG_LENGTH]}"'
        headers["ETag"] = tag
        headers["Vary"] = "Authorization, Cookie"
        headers.setdefault("Cache-Control", "private, no-cache")
        if tag in self._known or "*" in self._known:
            head["status"], body = 304, b""
            for name in ("content-length", "content-type"):
                if name in headers:
                    del headers[name]
        await self._send(head)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _who(scope: Scope) -> str:
    headers = Headers.from_scope(scope)
    token = headers.get("authorization") or _session_in(headers.get("cookie", ""))
    if token:
        return hashlib.sha256(token.encode()).hexdigest()
    client = scope.get("client")
    return client[0] if client else ""


def _session_in(cookies: str) -> str:
    named = (each.strip().partition("=") for each in cookies.split(";"))
    return next((value for name, _, value in named if name == SESSION_COOKIE), "")


async def _hold_back(send: Send, per_second: int, seconds: int) -> None:
    detail = f"More than {per_second} requests a second of one token: try again in {seconds} s."
    body = msgspec.json.encode({"type": "about:blank", "title": "Too Many Requests", "status": 429, "detail": detail})
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(seconds).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
