"""What the door answers to reports, as `wire/v1.md` has it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from aiops_platform.core.quota import HeldBack
from aiops_platform.process.asgi import Reply, Send

CAPABILITIES = ("batch", "fixes", "gzip", "jobs")


class Reason(StrEnum):
    """Why reports are not taken; it is counted by these."""

    NOT_UNDERSTOOD = "not_understood"
    UNKNOWN_KEY = "unknown_key"
    WRONG_METHOD = "wrong_method"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    NO_ROOM = "no_room"
    INTAKE_FULL = "intake_full"
    UNAVAILABLE = "unavailable"
    QUOTA_FIRST_SEEN = "quota_first_seen"
    QUOTA_REPEAT = "quota_repeat"
    QUOTA_HEARTBEAT = "quota_heartbeat"
    QUOTA_JOB = "quota_job"


class Answer:
    """A response, made once and ready to be sent any number of times. `rejected` are the events that are not taken.

    `refused`: how many reports were not taken, by reason. `closes` ends the connection, for when the rest of what the
    client sends is not worth reading. `more` is what an answer to a heartbeat says besides.
    """

    def __init__(
        self,
        status: int,
        *,
        accepted: int = 0,
        rejected: Sequence[Mapping[str, int | str]] = (),
        refused: Mapping[Reason, int] = MappingProxyType({}),
        headers: Sequence[tuple[bytes, bytes]] = (),
        closes: bool = False,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.status = status
        self.refused = refused
        self._closes = closes
        said = {"accepted": accepted, "rejected": rejected, "capabilities": CAPABILITIES, **more}
        # Text from outside may hold halves of characters, which have no bytes.
        self._body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        self._headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(self._body)),
            *headers,
            *([(b"connection", b"close")] if closes else []),
        ]

    @cached_property
    def reply(self) -> Reply:
        """The same for who needs no ASGI."""
        said = [b"%b: %b\r\n" % header for header in self._headers]
        return Reply(status=self.status, rest=b"".join([*said, b"\r\n", self._body]), closes=self._closes)

    async def send(self, send: Send) -> None:
        """Sends it whole."""
        await send({"type": "http.response.start", "status": self.status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


def accepted() -> Answer:
    """It is on durable storage."""
    return Answer(202, accepted=1)


def of_beat(project: str, fixes: Sequence[Mapping[str, str]] = ()) -> Answer:
    """A heartbeat is on durable storage; its project is called so, and these fixes are asked for."""
    return Answer(202, accepted=1, more={"project": project, **({"fixes": fixes} if fixes else {})})


def of_batch(accepted: int, rejected: Mapping[int, str], held_back: Mapping[int, HeldBack]) -> Answer:
    """Those accepted are on durable storage. The rejected are not understood; those held back are to come again."""
    whys: dict[int, dict[str, int | str]] = {index: {"index": index, "why": why} for index, why in rejected.items()}
    for index, each in held_back.items():
        whys[index] = {"index": index, "why": each.why, "retry_after": each.seconds}
    refused = Counter(_quota(each) for each in held_back.values()) + Counter({Reason.NOT_UNDERSTOOD: len(rejected)})
    status, headers = 202, []
    if not accepted and held_back:
        status, headers = 429, [_retry_after(max(each.seconds for each in held_back.values()))]
    elif not accepted and rejected:
        status = 400
    listed = [whys[index] for index in sorted(whys)]
    return Answer(status, accepted=accepted, rejected=listed, refused=refused, headers=headers)


def not_understood(why: str) -> Answer:
    """It is not understood, and never will be."""
    return _refusal(400, Reason.NOT_UNDERSTOOD, why)


def unknown_key(why: str) -> Answer:
    """The key is missing, unknown or revoked."""
    return _refusal(401, Reason.UNKNOWN_KEY, why, headers=[(b"www-authenticate", b"Bearer")])


def wrong_method() -> Answer:
    """Only POST is spoken here."""
    return _refusal(405, Reason.WRONG_METHOD, "send it with POST", headers=[(b"allow", b"POST")])


def too_large(most: int, *, closes: bool) -> Answer:
    """It is larger than this server takes."""
    return _refusal(413, Reason.TOO_LARGE, f"larger than the {most} bytes that this server takes", closes=closes)


def too_much(why: str) -> Answer:
    """A batch holds more than this server takes in one."""
    return _refusal(413, Reason.TOO_LARGE, why)


@lru_cache(maxsize=256)  # A flood is refused with the same few words: made once, they cost it less.
def held_back(held_back: HeldBack) -> Answer:
    """Too many of its kind have come; the client keeps it, and tries again."""
    return _refusal(429, _quota(held_back), held_back.why, headers=[_retry_after(held_back.seconds)])


def not_now(reason: Reason, why: str, *, seconds: int, closes: bool = False) -> Answer:
    """The client keeps it, and tries again after that many seconds."""
    return _refusal(503, reason, why, headers=[_retry_after(seconds)], closes=closes)


def too_slow(seconds: float) -> Answer:
    """The body did not come in time; the client keeps it, and tries again."""
    return _refusal(408, Reason.TOO_SLOW, f"the body did not arrive within {seconds:g} s", closes=True)


def _refusal(
    status: int, reason: Reason, why: str, *, headers: Sequence[tuple[bytes, bytes]] = (), closes: bool = False
) -> Answer:
    rejected: list[dict[str, int | str]] = [{"index": 0, "why": why}]
    return Answer(status, rejected=rejected, refused={reason: 1}, headers=headers, closes=closes)


def _retry_after(seconds: int) -> tuple[bytes, bytes]:
    return b"retry-after", b"%d" % seconds


def _quota(held_back: HeldBack) -> Reason:
    return Reason(f"quota_{held_back.category}")
