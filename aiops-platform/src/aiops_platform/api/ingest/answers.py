"""What the door answers to reports, as `wire/v1.md` has it."""

import json
from collections.abc import Mapping, Sequence

from aiops_platform.process.asgi import Send

CAPABILITIES = ("batch", "gzip", "jobs")


class Answer:
    """A response, made once and ready to be sent any number of times. `rejected`: why not, by the index of the event.

    `closes` ends the connection, for when the rest of what the client sends is not worth reading.
    """

    def __init__(
        self,
        status: int,
        *,
        accepted: int = 0,
        rejected: Mapping[int, str] | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
        closes: bool = False,
    ) -> None:
        self.status = status
        whys = [{"index": index, "why": why} for index, why in (rejected or {}).items()]
        said = {"accepted": accepted, "rejected": whys, "capabilities": CAPABILITIES}
        # Text from outside may hold halves of characters, which have no bytes.
        self._body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        self._headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(self._body)),
            *headers,
            *([(b"connection", b"close")] if closes else []),
        ]

    async def send(self, send: Send) -> None:
        """Sends it whole."""
        await send({"type": "http.response.start", "status": self.status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


def accepted() -> Answer:
    """It is on durable storage."""
    return Answer(202, accepted=1)


def of_batch(accepted: int, rejected: Mapping[int, str]) -> Answer:
    """Those accepted are on durable storage; the others are not understood, and never will be."""
    return Answer(202 if accepted or not rejected else 400, accepted=accepted, rejected=rejected)


def not_understood(why: str) -> Answer:
    """It is not understood, and never will be."""
    return _refusal(400, why)


def unknown_key(why: str) -> Answer:
    """The key is missing, unknown or revoked."""
    return _refusal(401, why, headers=[(b"www-authenticate", b"Bearer")])


def wrong_method() -> Answer:
    """Only POST is spoken here."""
    return _refusal(405, "send it with POST", headers=[(b"allow", b"POST")])


def too_large(most: int, *, closes: bool) -> Answer:
    """It is larger than this server takes."""
    return _refusal(413, f"larger than the {most} bytes that this server takes", closes=closes)


def too_much(why: str) -> Answer:
    """A batch holds more than this server takes in one."""
    return _refusal(413, why)


def not_now(why: str, *, seconds: int, closes: bool = False) -> Answer:
    """The client keeps it, and tries again after that many seconds."""
    return _refusal(503, why, headers=[(b"retry-after", b"%d" % seconds)], closes=closes)


def too_slow(seconds: float) -> Answer:
    """The body did not come in time; the client keeps it, and tries again."""
    return _refusal(408, f"the body did not arrive within {seconds:g} s", closes=True)


def _refusal(status: int, why: str, *, headers: Sequence[tuple[bytes, bytes]] = (), closes: bool = False) -> Answer:
    return Answer(status, rejected={0: why}, headers=headers, closes=closes)
