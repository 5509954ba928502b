"""Requests as they are signed, and answers as they are believed: Standard Webhooks 1.0, with secrets derived from API keys.

A service checks the same by thirty lines of its own; `wire/fixes.jsonl` holds both sides to it.
"""

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
#: More signatures a service does not look at.
MOST_SECRETS: Final = 4
#: Seconds that both clocks, and the way, may make of a difference.
TOLERANCE: Final = 300
_LONGEST: Final = 1_000
_TIME: Final = re.compile(r"[0-9]{1,12}")


def signed(secrets: Sequence[bytes], request: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers for this body at this time (Unix, whole seconds): a signature for each secret."""
    return {
        ID: request,
        TIMESTAMP: str(at),
        SIGNATURE: " ".join(_signature(secret, request, at, body) for secret in secrets[:MOST_SECRETS]),
    }


def believed(
    secrets: Sequence[bytes], request: str, headers: Mapping[str, str], body: bytes, now: float
) -> Mapping[str, Any] | None:
    """What an answer to this request says, if a holder of one of the secrets signed it lately; None for any other.

    `headers` are known by their names in small letters; `now` is Unix time, by the clock of who answered.
    """
    at, told = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if headers.get(ID) != request or not _TIME.fullmatch(at) or abs(int(at) - now) > TOLERANCE:
        return None
    if not told.isascii() or len(told) > _LONGEST:
        return None
    wanted = [_signature(secret, request, int(at), body) for secret in secrets[:MOST_SECRETS]]
    # Each is compared, whichever fits.
    fits = [hmac.compare_digest(one, other) for one in wanted for other in told.split()[:MOST_SECRETS]]
    if True not in fits:
        return None
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _signature(secret: bytes, request: str, at: int, body: bytes) -> str:
    told = hmac.new(secret, f"{request}.{at}.".encode() + body, sha256).digest()
    return "v1," + b64encode(told).decode("ascii")
