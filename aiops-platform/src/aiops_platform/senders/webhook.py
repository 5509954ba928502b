"""A webhook of one's own, signed after Standard Webhooks 1.0.

The signature is an HMAC-SHA256, in base64, over `id.timestamp.body` with what follows `whsec_` in the secret (base64); the
header holds one for each secret that is in force, with blanks between. The id is that of the message, so that a receiver
can drop a second one. See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
"""

import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

from aiops_platform.core.messages import Message, MessageState
from aiops_platform.senders.posting import Post

_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")


def request(settings: Mapping[str, str], message: Message, now: datetime) -> Post:
    """The message as data, signed with the secret, and until its end also with the last one."""
    kind = "test" if message.state is MessageState.TEST else f"alert.{message.state}"
    content = {"type": kind, "timestamp": message.at.isoformat(), "data": message.as_data()}
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    id_, sent = _id(message.key), str(int(now.timestamp()))
    secrets = [settings["secret"]]
    if "old_until" in settings and now < datetime.fromisoformat(settings["old_until"]):
        secrets.append(settings["old_secret"])
    headers = {
        "Content-Type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": sent,
        "webhook-signature": " ".join(_signature(secret, id_, sent, body) for secret in secrets),
    }
    return Post(settings["url"], body, headers)


def _id(key: str) -> str:
    # What is signed is put together with dots: there is none in an id.
    return key if _PLAIN_ID.fullmatch(key) else f"msg_{sha256(key.encode()).hexdigest()}"


def _signature(secret: str, id_: str, sent: str, body: bytes) -> str:
    signed = hmac.new(b64decode(secret.removeprefix("whsec_")), f"{id_}.{sent}.".encode() + body, sha256)
    return "v1," + b64encode(signed.digest()).decode()
