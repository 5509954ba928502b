"""Rows of channels and what they stand for. Settings are sealed as a whole: most of them let their reader write there."""

import json
from collections.abc import Mapping
from secrets import token_bytes
from typing import Any, Final

from aiops_platform.core import access
from aiops_platform.core.backoff import LONGEST_ANSWER, Outcome
from aiops_platform.core.channels import Channel, ChannelKind
from aiops_platform.core.text import paragraph
from aiops_platform.ports import Ready
from aiops_platform.storage.schema import channels

_SHOWN: Final = tuple(Channel.__dataclass_fields__)
CHANNEL: Final = [channels.c[name] for name in _SHOWN]


def channel_from(row: Mapping[Any, Any]) -> Channel:
    """A channel, without its settings."""
    return Channel(**{name: row[name] for name in _SHOWN} | {"kind": ChannelKind(row["kind"])})


def ready_from(row: Mapping[Any, Any], server_secret: bytes) -> Ready:
    """A channel with its settings. Raises SecretMismatchError."""
    opened = access.unseal(row["settings"], server_secret=server_secret, owner=row["uid"])
    return Ready(channel=channel_from(row), settings=json.loads(opened))


def sealed(settings: Mapping[str, str], uid: bytes, server_secret: bytes) -> bytes:
    """Settings as the database holds them; `uid` is bound in."""
    nonce = token_bytes(access.NONCE_BYTES)
    return access.seal(json.dumps(dict(settings)).encode(), server_secret=server_secret, nonce=nonce, owner=uid)


def answer_of(outcome: Outcome) -> str:
    """What a receiver said, as it is kept."""
    return paragraph(outcome.answer, LONGEST_ANSWER)
