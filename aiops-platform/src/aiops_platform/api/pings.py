"""`/ping/<key>/<job>`: anything that can ask for an address says that a job ran. "OK" once that is on durable storage.

Bare ASGI, as reports are. GET and HEAD say as much as POST, on purpose: some can do nothing else.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Final
from urllib.parse import parse_qsl
from uuid import UUID

from aiops_platform.api.ingest.answers import Reason
from aiops_platform.api.ingest.counts import Counts
from aiops_platform.api.ingest.gathering import Gathering
from aiops_platform.api.ingest.keys import KeyRing
from aiops_platform.core.access import Holder
from aiops_platform.core.event import DEFAULT_ENVIRONMENT, PingWord
from aiops_platform.core.job import MOST_OUTPUT
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.quota import HeldBack
from aiops_platform.core.service import ServiceName
from aiops_platform.core.text import one_line
from aiops_platform.pipeline.ingest import Ingest, Refused
from aiops_platform.ports import Intake, IntakeUnavailableError, StoreUnavailableError
from aiops_platform.process.asgi import Receive, Scope, Send

PREFIX: Final = "/ping/"
#: The service of what pings, unless it says another one.
SERVICE: Final = "jobs"
_METHODS: Final = ("GET", "HEAD", "POST")
_LONGEST_NAME: Final = 200
_LONGEST_QUERY: Final = 4_000
# What comes after what is kept is read, because most clients listen only after they have spoken; but not for ever.
_READ: Final = 16 * 1024 * 1024
_SECONDS: Final = 30.0
_RETRY_SECONDS: Final = 5
_HIGHEST_STATUS: Final = 255
_WORDS: Final = (PingWord.START, PingWord.FAIL, PingWord.LOG)
_ASKED: Final = ("rid", "service", "environment", "create")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    said: str
    refused: Reason | None = None
    headers: Sequence[tuple[bytes, bytes]] = ()


@dataclass(frozen=True, kw_only=True)
class _Said:
    """A ping as its address says it."""

    job: str
    word: PingWord
    exit_status: int | None
    run_id: str | None
    service: str
    environment: str
    create: bool
    #: What was asked for besides, and is not understood.
    unknown: tuple[str, ...] = ()

    @property
    def ok(self) -> str:
        """What is answered where it was kept."""
        if not self.unknown:
            return "OK"
        names = one_line(", ".join(self.unknown), _LONGEST_NAME)
        return f"OK, but not understood: {names}; what is: {', '.join(_ASKED)}"

    def body(self, output: str) -> bytes:
        """The same as a report, for the intake."""
        told = {
            "signal_type": ParcelKind.PING.value,
            "service": self.service,
            "environment": self.environment,
            "job": self.job,
            "word": self.word.value,
            "run_id": self.run_id,
            "exit_status": self.exit_status,
            "output": output or None,
            "create": self.create,
        }
        return json.dumps(told).encode()


class _NotUnderstoodError(Exception):
    """Something of the address is wrong; the message says what."""


# The same for a key that nobody has, one that is revoked, and an address that is none: nothing is given away.
_NOT_FOUND: Final = _Answer(status=404, said="not found", refused=Reason.UNKNOWN_KEY)
_TOO_SLOW: Final = _Answer(
    status=408,
    said="the body did not arrive in time",
    refused=Reason.TOO_SLOW,
    headers=[(b"connection", b"close")],
)


class Pings:
    """Answers requests below `PREFIX`. Belongs to one event loop. `knows_job`: whether a project has a job of a service."""

    def __init__(
        self,
        ingest: Ingest,
        keys: KeyRing,
        intake: Intake,
        *,
        knows_job: Callable[[ServiceName, str], bool],
        clock: Callable[[], datetime],
        counts: Counts,
    ) -> None:
        self._ingest = ingest
        self._keys = keys
        self._intake = intake
        self._gathering = Gathering(intake)
        self._knows_job = knows_job
        self._clock = clock
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, unless its client hangs up before it has said all."""
        began = perf_counter()
        answer = await self._answer(scope, receive)
        if answer is None:
            return
        await _send(answer, send, is_head=scope["method"] == "HEAD")
        self._counts.answered(perf_counter() - began, {} if answer.refused is None else {answer.refused: 1})

    async def _answer(self, scope: Scope, receive: Receive) -> _Answer | None:
        received_at = self._clock()
        key, *rest = scope["path"].removeprefix(PREFIX).removesuffix("/").split("/")
        try:
            holder = await self._keys.holder(key, received_at)
            if holder is None:
                return _NOT_FOUND
            if scope["method"] not in _METHODS:
                allow = (b"allow", ", ".join(_METHODS).encode())
                return _Answer(status=405, said="send GET, HEAD or POST", refused=Reason.WRONG_METHOD, headers=[allow])
            return await self._take(_said(rest, scope["query_string"]), receive, holder, received_at)
        except _NotUnderstoodError as wrong:
            return _Answer(status=400, said=str(wrong), refused=Reason.NOT_UNDERSTOOD)
        except (StoreUnavailableError, IntakeUnavailableError) as unavailable:
            log.warning("Cannot keep pings, clients are told to try again", extra={"why": unavailable})
            return _not_now(Reason.UNAVAILABLE, "the platform cannot keep it now")

    async def _take(self, said: _Said, receive: Receive, holder: Holder, received_at: datetime) -> _Answer | None:
        if not self._intake.has_room(ParcelKind.PING):
            return _not_now(Reason.INTAKE_FULL, "too much waits to be digested")
        service = ServiceName(holder.project_id, said.service, said.environment)
        if not said.create and not await asyncio.to_thread(self._knows_job, service, said.job):
            return _Answer(status=404, said="there is no such job, and create=0 makes none")
        try:
            async with asyncio.timeout(_SECONDS):
                output = await _first_of_body(receive)
        except TimeoutError:
            return _TOO_SLOW
        return None if output is None else await self._keep(said, output, holder, received_at)

    async def _keep(self, said: _Said, output: str, holder: Holder, received_at: datetime) -> _Answer:
        taken = self._ingest.take(said.body(output), None, ParcelKind.PING, holder=holder, now=received_at)
        match taken:
            case HeldBack():
                return _Answer(status=429, said=taken.why, refused=Reason.QUOTA_JOB, headers=[_after(taken.seconds)])
            case Refused():
                return _Answer(status=400, said=taken.why, refused=Reason.NOT_UNDERSTOOD)
        await self._gathering.keep(taken)
        return _Answer(status=200, said=said.ok)


def _said(rest: Sequence[str], query_string: bytes) -> _Said:
    if not 1 <= len(rest) <= 2:
        raise _NotUnderstoodError("expected /ping/KEY/JOB, and after that /start, /fail, /log or an exit status")
    job = one_line(rest[0], _LONGEST_NAME)
    if not job or len(rest[0]) > _LONGEST_NAME:
        raise _NotUnderstoodError(f"expected the name of a job, of at most {_LONGEST_NAME} characters")
    if len(rest) == 1 and (_is_status(job) or job in _WORDS):
        # Not a job of this name, whose runs would all be good: a failure that is said like this must not pass for one.
        raise _NotUnderstoodError(f"the job's name is missing: expected /ping/KEY/JOB/{job}")
    word, exit_status = _word(rest[1]) if len(rest) > 1 else (PingWord.SUCCESS, None)
    asked = _asked(query_string)
    return _Said(
        job=job,
        word=word,
        exit_status=exit_status,
        run_id=_run_id(asked.get("rid")),
        service=one_line(asked.get("service", ""), _LONGEST_NAME) or SERVICE,
        environment=one_line(asked.get("environment", ""), _LONGEST_NAME) or DEFAULT_ENVIRONMENT,
        create=asked.get("create") != "0",
        unknown=tuple(sorted(name for name in asked if name not in _ASKED)),
    )


def _word(said: str) -> tuple[PingWord, int | None]:
    if _is_status(said):
        status = int(said)
        return (PingWord.FAIL if status else PingWord.SUCCESS), status
    if said in _WORDS:
        return PingWord(said), None
    raise _NotUnderstoodError(f"expected start, fail, log or an exit status from 0 to {_HIGHEST_STATUS} after the job")


def _is_status(said: str) -> bool:
    is_number = said.isascii() and said.isdigit() and len(said) <= len(str(_HIGHEST_STATUS))
    return is_number and int(said) <= _HIGHEST_STATUS


def _asked(query_string: bytes) -> Mapping[str, str]:
    if len(query_string) > _LONGEST_QUERY:
        raise _NotUnderstoodError("too much after the ?")
    return dict(parse_qsl(query_string.decode("latin-1"), errors="replace"))


def _run_id(said: str | None) -> str | None:
    if said is None:
        return None
    try:
        return str(UUID(said))
    except ValueError as cause:
        raise _NotUnderstoodError("rid: expected a UUID") from cause


async def _first_of_body(receive: Receive) -> str | None:
    """The first of what was sent along, as text; None when the client hung up."""
    kept, size, more = b"", 0, True
    while more and size <= _READ:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(part)
        # A character has four bytes at most.
        kept += part[: max(0, 4 * MOST_OUTPUT - len(kept))]
    return kept.decode("utf-8", "replace")[:MOST_OUTPUT]


def _after(seconds: int) -> tuple[bytes, bytes]:
    return b"retry-after", b"%d" % seconds


def _not_now(reason: Reason, why: str) -> _Answer:
    return _Answer(status=503, said=why, refused=reason, headers=[_after(_RETRY_SECONDS)])


async def _send(answer: _Answer, send: Send, *, is_head: bool) -> None:
    body = f"{answer.said}\n".encode("utf-8", "replace")
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else body, "more_body": False})
