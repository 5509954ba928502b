"""Requests on the paths of the wire: key, body, then the station; "accepted" once it is on durable storage."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from time import perf_counter

from aiops_platform.api.ingest import answers, body
from aiops_platform.api.ingest.answers import Answer, Reason
from aiops_platform.api.ingest.body import Body, Limits, Room, Share
from aiops_platform.api.ingest.carrying import Carrier
from aiops_platform.api.ingest.counts import Counts
from aiops_platform.api.ingest.gathering import Gathering
from aiops_platform.api.ingest.keys import KeyRing
from aiops_platform.core.access import Holder, hint_of, looks_like_api_key, looks_like_api_token
from aiops_platform.core.batch import TooMuch
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.quota import HeldBack
from aiops_platform.pipeline.ingest import Ingest, Refused, TakenBatch
from aiops_platform.ports import Intake, IntakeUnavailableError, StoreUnavailableError
from aiops_platform.process.asgi import Receive, Reply, Scope, Send

PATHS = {
    "/v1/sdk/exception": ParcelKind.EXCEPTION,
    "/v1/sdk/exception/": ParcelKind.EXCEPTION,
    "/v1/sdk/heartbeat": ParcelKind.HEARTBEAT,
    "/v1/sdk/heartbeat/": ParcelKind.HEARTBEAT,
    "/v1/sdk/batch": ParcelKind.BATCH,
    "/v1/sdk/batch/": ParcelKind.BATCH,
    "/v1/sdk/job": ParcelKind.JOB,
    "/v1/sdk/job/": ParcelKind.JOB,
}
#: Requests to these can be answered at once.
URLS_AT_ONCE = frozenset(path.encode() for path, kind in PATHS.items() if kind is ParcelKind.EXCEPTION)
_RETRY_SECONDS = 5
# To look at more takes longer than what a thread costs; meanwhile others are served.
_QUICKLY_READ = 128 * 1024

log = logging.getLogger(__name__)


class Reception:
    """Answers requests to the paths of `PATHS`; see `wire/v1.md` for what it says. Belongs to one event loop."""

    def __init__(
        self,
        ingest: Ingest,
        keys: KeyRing,
        intake: Intake,
        *,
        limits: Limits,
        clock: Callable[[], datetime],
        counts: Counts,
        carrier: Carrier | None = None,
    ) -> None:
        self._ingest = ingest
        self._carrier = carrier
        self._keys = keys
        self._intake = intake
        self._gathering = Gathering(intake)
        self._limits = limits
        self._clock = clock
        self._counts = counts
        self._room = Room(self._limits.together)
        self._accepted = answers.accepted()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, unless its client hangs up before it has said all."""
        began = perf_counter()
        try:
            with Share(self._room) as share:
                answer = await self._answer(scope, receive, share)
        except body.Gone:
            return
        await answer.send(send)
        self._counts.answered(perf_counter() - began, answer.refused)

    def answer_at_once(
        self, headers: Sequence[tuple[bytes, bytes]], said: bytes, tell: Callable[[Reply], None]
    ) -> bool:
        """Answers an exception that has come whole, where nothing but the disk must be waited for; see `AtOnce`.

        Whatever is out of the ordinary goes by ASGI, so that it is judged in one place.
        """
        began, now, given = perf_counter(), self._clock(), dict(headers)
        holder = self._keys.remembered(_key_in(given), now)
        packed = _is_packed(given)
        if holder is None or packed is None or not self._intake.has_room(ParcelKind.EXCEPTION):
            return False
        share = Share(self._room)
        try:
            text = body.read_whole(said, share, packed=packed, most=self._limits.body)
            kept = self._take(text, ParcelKind.EXCEPTION, holder, now)
        except body.RefusedError:
            share.give_back()
            return False
        except BaseException:
            share.give_back()
            raise

        def finish(answer: Answer) -> None:
            share.give_back()
            tell(answer.reply)
            self._counts.answered(perf_counter() - began, answer.refused)

        if isinstance(kept, Answer):
            finish(kept)
        else:
            kept.add_done_callback(lambda kept: finish(self._answer_of(kept.exception())))
        return True

    def _answer_of(self, error: BaseException | None) -> Answer:
        return self._accepted if error is None else _unavailable(error)

    async def _answer(self, scope: Scope, receive: Receive, share: Share) -> Answer:
        if scope["method"] != "POST":
            return answers.wrong_method()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        received_at = self._clock()
        try:
            holder = await self._holder(headers, received_at)
            if isinstance(holder, Answer):
                return holder
            return await self._listen(
                PATHS[scope["path"]], headers, receive, share, holder=holder, received_at=received_at
            )
        except (StoreUnavailableError, IntakeUnavailableError) as unavailable:
            return _unavailable(unavailable)

    async def _listen(
        self,
        kind: ParcelKind,
        headers: dict[bytes, bytes],
        receive: Receive,
        share: Share,
        *,
        holder: Holder,
        received_at: datetime,
    ) -> Answer:
        if not self._intake.has_room(kind):
            log.warning("As much waits to be digested as may, clients are told to try again", extra={"kind": kind})
            return answers.not_now(Reason.INTAKE_FULL, "too much waits to be digested", seconds=_RETRY_SECONDS)
        said = await self._body(headers, receive, share, kind)
        if isinstance(said, Answer):
            return said
        if kind is ParcelKind.BATCH:
            return await self._keep_batch(said, holder, received_at)
        answer = await self._keep(said, kind, holder, received_at)
        if kind is ParcelKind.HEARTBEAT and answer is self._accepted and self._carrier is not None:
            return await self._carrier.answer(said.text, key=_key_in(headers), holder=holder, now=received_at)
        return answer

    async def _holder(self, headers: dict[bytes, bytes], now: datetime) -> Holder | Answer:
        key = _key_in(headers)
        if not key:
            return answers.unknown_key("no API key: send it as 'Authorization: Bearer aiops_…'")
        holder = await self._keys.holder(key, now)
        return answers.unknown_key(_why_unknown(key)) if holder is None else holder

    async def _body(
        self, headers: dict[bytes, bytes], receive: Receive, share: Share, kind: ParcelKind
    ) -> Body | Answer:
        most = self._limits.batch if kind is ParcelKind.BATCH else self._limits.body
        packed, seconds = _is_packed(headers), self._limits.seconds
        if packed is None:
            return answers.not_understood("Content-Encoding: only gzip is known here")
        if int(headers.get(b"content-length", b"0")) > most:
            # Who asked first ("Expect: 100-continue") will not send it; the others may only listen once they have sent.
            return answers.too_large(most, closes=b"expect" in headers)
        try:
            return await body.read(receive, share, packed=packed, most=most, seconds=seconds)
        except body.RefusedError as refused:
            return self._refusal(refused, most)

    def _refusal(self, refused: body.RefusedError, most: int) -> Answer:
        match refused:
            case body.TooLargeError():
                return answers.too_large(most, closes=not refused.read_up)
            case body.TooSlowError():
                return answers.too_slow(self._limits.seconds)
            case body.NoRoomError():
                return answers.not_now(Reason.NO_ROOM, "too many reports at once", seconds=1, closes=True)
            case _:
                return answers.not_understood("the body is not gzip, or not all of it")

    async def _keep(self, said: Body, kind: ParcelKind, holder: Holder, received_at: datetime) -> Answer:
        kept = self._take(said, kind, holder, received_at)
        if isinstance(kept, Answer):
            return kept
        await kept
        return self._accepted

    def _take(
        self, said: Body, kind: ParcelKind, holder: Holder, received_at: datetime
    ) -> Answer | asyncio.Future[None]:
        """Why it is not taken, or what is done once it is kept."""
        taken = self._ingest.take(said.text, said.packed, kind, holder=holder, now=received_at)
        match taken:
            case Refused():
                return answers.not_understood(taken.why)
            case HeldBack():
                return answers.held_back(taken)
        return self._gathering.keep(taken)

    async def _keep_batch(self, said: Body, holder: Holder, received_at: datetime) -> Answer:
        def take() -> Refused | TooMuch | TakenBatch:
            return self._ingest.take_batch(said.text, said.packed, holder=holder, now=received_at)

        taken = take() if len(said.text) <= _QUICKLY_READ else await asyncio.to_thread(take)
        match taken:
            case Refused():
                return answers.not_understood(taken.why)
            case TooMuch():
                return answers.too_much(taken.why)
        if taken.parcel is not None:
            await self._gathering.keep(taken.parcel)
        return answers.of_batch(taken.accepted, taken.rejected, taken.held_back)


def _key_in(headers: dict[bytes, bytes]) -> str:
    scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _is_packed(headers: dict[bytes, bytes]) -> bool | None:
    """None for what nobody here can unpack."""
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    return encoding == b"gzip" if encoding in (b"", b"identity", b"gzip") else None


def _unavailable(why: BaseException) -> Answer:
    log.warning("Cannot keep reports, clients are told to try again", extra={"why": why})
    return answers.not_now(Reason.UNAVAILABLE, "the platform cannot store reports now", seconds=_RETRY_SECONDS)


def _why_unknown(key: str) -> str:
    if looks_like_api_key(key):
        return f"API key '{hint_of(key)}' is unknown: was it revoked?"
    if looks_like_api_token(key):
        return "this is an API token, which reads and acts: reports need an API key (aiops key create NAME)"
    return "this is no API key: they begin with aiops_ and are 49 characters long"
