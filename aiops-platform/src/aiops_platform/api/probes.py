"""What machines ask of the platform itself: is it up, can it take reports, how much has it done."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiops_platform.api import metrics
from aiops_platform.api.ingest.answers import Reason
from aiops_platform.api.ingest.counts import BOUNDS, Counts
from aiops_platform.core.errors import PlatformError
from aiops_platform.ports import Access
from aiops_platform.process.asgi import Receive, Scope, Send

PATHS = ("/healthz", "/readyz", "/metrics")
# Who has one of these was sent on by a proxy on this machine, for somebody who may be anywhere.
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")
_TEXT, _JSON = b"text/plain; charset=utf-8", b"application/json"
_PROMETHEUS = b"text/plain; version=0.0.4; charset=utf-8"

log = logging.getLogger(__name__)


class Probes:
    """Answers requests to `PATHS`.

    `checks` are what being ready takes: each returns None, or in a few words what is wrong. `numbers` are those of
    intake and store, for `metrics`. `address` is the platform's own: under one that others can reach, a proxy stands in
    front, and whoever comes from this machine may be anybody.
    """

    def __init__(
        self,
        *,
        checks: Mapping[str, Callable[[], str | None]],
        numbers: Callable[[], Mapping[str, int | float]],
        counts: Counts,
        access: Access,
        clock: Callable[[], datetime],
        address: str,
    ) -> None:
        self._is_for_neighbours = _is_loopback(urlsplit(address).hostname)
        self._checks = checks
        self._numbers = numbers
        self._counts = counts
        self._access = access
        self._clock = clock

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answers one request. Everybody may know whether the platform is well; numbers are for those who may."""
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, _TEXT, "ask with GET\n", (b"allow", b"GET, HEAD"))
        elif scope["path"] == "/healthz":
            await _answer(send, 200, _TEXT, "ok\n")
        elif scope["path"] == "/readyz":
            await self._say_whether_ready(send)
        else:
            await self._tell_numbers(scope, send)

    async def _say_whether_ready(self, send: Send) -> None:
        found = await asyncio.to_thread(self._check)
        is_ready = not any(found.values())
        said = {"ready": is_ready} | {name: wrong or "ok" for name, wrong in found.items()}
        await _answer(send, 200 if is_ready else 503, _JSON, json.dumps(said) + "\n")

    def _check(self) -> dict[str, str | None]:
        found = {}
        for name, check in self._checks.items():
            try:
                found[name] = check()
            except PlatformError as error:
                # What is wrong inside is the operator's business.
                log.warning("Asked whether it is ready, and it is not", extra={"part": name, "why": error})
                found[name] = "cannot be used now"
        return found

    async def _tell_numbers(self, scope: Scope, send: Send) -> None:
        try:
            if not await self._may_know(scope):
                why = "Ask from this machine itself, or send `Authorization: Bearer <API token>` (aiops token create NAME).\n"
                await _answer(send, 401, _TEXT, why, (b"www-authenticate", b'Bearer realm="aiops"'))
                return
            # A counter that begins with what was counted first hides that from whoever looks for growth.
            numbers = {f"refused_{reason}": 0 for reason in Reason} | dict(await asyncio.to_thread(self._numbers))
        except PlatformError as error:
            log.warning("Could not tell the platform's numbers", extra={"why": error})
            await _answer(send, 503, _TEXT, "the numbers cannot be read now\n", (b"retry-after", b"5"))
            return
        for name, number in self._counts.refused().items():
            numbers[name] = numbers.get(name, 0) + number
        said = metrics.told(numbers, bounds=BOUNDS, took=self._counts.took(), took_together=self._counts.took_together)
        await _answer(send, 200, _PROMETHEUS, said)

    async def _may_know(self, scope: Scope) -> bool:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if self._is_for_neighbours and _is_from_here(scope, headers):
            return True
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").strip().partition(" ")
        if scheme.lower() != "bearer":
            return False
        return await asyncio.to_thread(self._access.holder_of_token, token.strip(), self._clock()) is not None


def _is_from_here(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    client = scope.get("client")
    asked = headers.get(b"host", b"").decode("latin-1")
    host = asked[1:].partition("]")[0] if asked.startswith("[") else asked.partition(":")[0]
    return (
        client is not None
        and _is_loopback(client[0])
        and _is_loopback(host)
        and not any(name in headers for name in _FORWARDED)
    )


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


async def _answer(send: Send, status: int, kind: bytes, said: str, *more: tuple[bytes, bytes]) -> None:
    body = said.encode()
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
