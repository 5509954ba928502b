"""Who may ask for a fix: a holder of the API key. Standard Webhooks v1, with the secret that both sides derive from the key."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Mapping, Sequence

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

#: Seconds that the clocks of both sides, and the way, may make of a difference.
TOLERANCE = 300
#: Signatures that are looked at: who changes keys sends two.
MOST = 4
_LONGEST = 1_000
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIMES = re.compile(r"[0-9]{1,12}")
_INFO = b"aiops callback v1"


class RefusedError(Exception):
    """A request is not to be done. ``reason`` is one word for those who look here; the other side learns no reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_id(text: str) -> bool:
    """Whether a message may be called so: UUIDs in small letters, which are good names of files, too."""
    return _IDS.fullmatch(text) is not None


def secret_of(api_key: str) -> bytes:
    """The 32 bytes with which requests are signed: HKDF (RFC 5869) with SHA-256, without salt."""
    drawn = hmac.new(bytes(32), api_key.encode(), hashlib.sha256).digest()
    return hmac.new(drawn, _INFO + b"\x01", hashlib.sha256).digest()


def sign(secret: bytes, message_id: str, at: int, body: bytes) -> str:
    """The signature of this body under this id at this time (Unix, whole seconds)."""
    signed = "{}.{}.".format(message_id, at).encode("ascii") + body
    return "v1," + b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode("ascii")


def signed(secret: bytes, message_id: str, at: int, body: bytes) -> Mapping[str, str]:
    """The three headers for this body."""
    return {ID: message_id, TIMESTAMP: str(at), SIGNATURE: sign(secret, message_id, at, body)}


def verify(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The id of a message that a holder of one of the secrets signed lately. Raises ``RefusedError``.

    ``headers`` are known by their names in small letters.
    """
    message_id, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not is_id(message_id) or not _TIMES.fullmatch(timestamp):
        raise RefusedError("headers")
    given = _signatures(headers.get(SIGNATURE, ""))
    at = int(timestamp)
    wanted = [sign(secret, message_id, at, body).encode("ascii") for secret in secrets]
    # Each is compared, whichever fits.
    fits = [hmac.compare_digest(one, other) for one in wanted for other in given]
    if True not in fits:
        raise RefusedError("signature")
    if abs(now - at) > TOLERANCE:
        raise RefusedError("time")
    return message_id


def _signatures(header: str) -> List[bytes]:
    if not header or len(header) > _LONGEST or not header.isascii():
        raise RefusedError("headers")
    return [part.encode("ascii") for part in header.split()[:MOST] if part.startswith("v1,")]
