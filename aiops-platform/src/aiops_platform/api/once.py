"""A write that is sent twice with the same `Idempotency-Key` is done once: the second time it is answered as the first."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from litestar import Request, Response
from litestar.datastructures import Headers
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from aiops_platform.api import problems
from aiops_platform.api.parameters import LONGEST_KEY, ONCE
from aiops_platform.ports import Answers, StoreUnavailableError

_READING: Final = {"GET", "HEAD", "OPTIONS"}
_LARGEST: Final = 1024**2
_STATE: Final = "once"

#: For a route whose answer is a secret: it is not kept for a second time, which is done as the first.
NOT_KEPT: Final = {"answer_not_kept": True}

_log = logging.getLogger(__name__)


def looked_up(
    answers: Answers, clock: Callable[[], datetime]
) -> Callable[[Request[Any, Any, Any]], Awaitable[Response[Any] | None]]:
    """What happens before a write is done: it is answered here if it was done before, or is being done. After the guards."""

    async def answer_again(request: Request[Any, Any, Any]) -> Response[Any] | None:
        said = request.headers.get(ONCE)
        if request.method in _READING or said is None or NOT_KEPT.items() <= request.route_handler.opt.items():
            return None
        if not 0 < len(said) <= LONGEST_KEY:
            return problems.problem(400, f"An `{ONCE}` has 1 to {LONGEST_KEY} characters.")
        key, asked = _hashes(request, said, await request.body())
        known = await asyncio.to_thread(answers.begin, key, asked, clock())
        if known is None:
            request.scope["state"][_STATE] = key
            return None
        if known.asked != asked:
            return problems.problem(422, f"This `{ONCE}` was sent with something else before: take a new one.")
        if known.status is None:
            answer = problems.problem(409, "The same is being done at this moment: ask again in a second.")
            answer.headers["Retry-After"] = "1"
            return answer
        headers = {"Idempotency-Replayed": "true", "Cache-Control": "no-store"}
        return Response(
            known.body, status_code=known.status, media_type="application/json" if known.body else None, headers=headers
        )

    return answer_again


def remembered(answers: Answers) -> Callable[[ASGIApp], ASGIApp]:
    """Middleware: keeps the answer of a write that has begun under a key; what was refused may be tried again."""

    def around(app: ASGIApp) -> ASGIApp:
        async def listen(scope: Scope, receive: Receive, send: Send) -> None:
            if scope.get("method") in _READING or ONCE.lower() not in Headers.from_scope(scope):
                await app(scope, receive, send)
                return
            heard = _Heard(answers, scope, send)
            try:
                await app(scope, receive, heard.send)
            finally:
                await heard.give_up()

        return listen

    return around


class _Heard:
    """One answer on its way out, kept before it is sent: who hears nothing of it asks again, and is told the same."""

    def __init__(self, answers: Answers, scope: Scope, send: Send) -> None:
        self._answers = answers
        self._scope = scope
        self._send = send
        self._head: Message | None = None
        self._body: list[bytes] = []

    async def send(self, message: Message) -> None:
        if _STATE not in self._scope["state"]:
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._head = message
        elif message["type"] == "http.response.body" and self._head is not None:
            self._body.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._keep(self._head, b"".join(self._body))

    async def give_up(self) -> None:
        """The write is over; where no answer came, it may be tried again."""
        key = self._scope["state"].pop(_STATE, None)
        if key is not None:
            await self._forget(key)

    async def _keep(self, head: Any, body: bytes) -> None:
        key = self._scope["state"].pop(_STATE)
        if head["status"] < 300 and len(body) <= _LARGEST:
            try:
                await asyncio.to_thread(self._answers.finish, key, head["status"], body)
            except StoreUnavailableError as error:
                _log.warning("What was answered to a write could not be kept: %s", error)
        else:
            await self._forget(key)
        await self._send(head)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _forget(self, key: bytes) -> None:
        try:
            await asyncio.to_thread(self._answers.forget, key)
        except StoreUnavailableError as error:
            _log.warning("A write that was not done could not be forgotten: %s", error)


def _hashes(request: Request[Any, Any, Any], said: str, body: bytes) -> tuple[bytes, bytes]:
    """Of the key, which each token has of its own, and of what is asked."""
    whose = f"{request.headers.get('authorization', '')}\n{said}"
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    return _hash(whose.encode(errors="replace")), _hash(asked)


def _hash(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
