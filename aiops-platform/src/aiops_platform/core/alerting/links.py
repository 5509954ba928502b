"""Links in messages that act without a sign-in: signed, for one alert, one act and one channel, and not for long."""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from aiops_platform.core.errors import PlatformError

LASTS: Final = timedelta(hours=24)
_PURPOSE: Final = b"aiops links in alerts v1"
_LONGEST: Final = 200


class LinkAct(StrEnum):
    """What a link does."""

    ACKNOWLEDGE = "ack"
    ACKNOWLEDGE_ALL = "all"
    MUTE = "mute"
    FIX = "fix"


class LinkError(PlatformError):
    """A link that does nothing: it was not made here, or has expired. The message says which."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a link says. `telling_id` is of one that means all of a message: it told the channel of the alert in that one."""

    alert_id: int
    act: LinkAct
    channel_id: int
    expires_at: datetime
    telling_id: int = 0


def key_from(server_secret: bytes) -> bytes:
    """The key with which links are signed: it leads to nothing else that is made of the server's secret."""
    return hmac.new(server_secret, _PURPOSE, sha256).digest()


def signed(claim: Claim, key: bytes) -> str:
    """The text of a link: letters, digits, `-`, `_` and `.`."""
    said = f"{claim.alert_id}.{claim.act}.{claim.channel_id}.{int(claim.expires_at.timestamp())}"
    said = f"{said}.{claim.telling_id}" if claim.telling_id else said
    return f"{said}.{_mac(said, key)}"


def read(text: str, key: bytes, now: datetime) -> Claim:
    """What a link says that was signed with this key. Raises LinkError."""
    said, _, mac = text.rpartition(".")
    is_ours = len(text) <= _LONGEST and hmac.compare_digest(_mac(said, key).encode(), mac.encode("utf-8", "replace"))
    parts = said.split(".")
    if not is_ours or len(parts) not in (4, 5):
        raise LinkError("This link was not made here, or was cut off on its way")
    alert, act, channel, expires, telling = (*parts, "0")[:5]
    claim = Claim(
        alert_id=int(alert),
        act=LinkAct(act),
        channel_id=int(channel),
        expires_at=datetime.fromtimestamp(int(expires), UTC),
        telling_id=int(telling),
    )
    if now >= claim.expires_at:
        raise LinkError("This link has expired: such links work for 24 hours")
    return claim


def _mac(said: str, key: bytes) -> str:
    return urlsafe_b64encode(hmac.new(key, said.encode("utf-8", "replace"), sha256).digest()).decode().rstrip("=")
