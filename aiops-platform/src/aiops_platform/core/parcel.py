"""A parcel: the raw bytes of one report as the door received them, not yet understood."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from aiops_platform.core import gzipped

_LEGIBLE_BYTES: Final = 1024 * 1024


class ParcelKind(StrEnum):
    """Which door it came through."""

    EXCEPTION = "exception"
    HEARTBEAT = "heartbeat"
    BATCH = "batch"
    JOB = "job"
    PING = "ping"


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """`id` is 16 bytes, made at the door; an event that has no id of its own gets it.

    `body` is JSON text as it came, plain or packed with gzip; that of a batch is JSON lines, always packed. `line`: where in a batch it stood.
    `reports`: how many reports are in it, as the door counts them; who takes it out of the intake is not told.
    """

    id: bytes
    project_id: int
    kind: ParcelKind
    received_at: datetime
    body: bytes
    line: int | None = None
    reports: int = 1


def legible(body: bytes) -> str:
    """What came, as text for people, whatever it is: a mebibyte at most, without what would steer a terminal."""
    if gzipped.is_packed(body):
        with suppress(gzipped.BrokenError):
            body = gzipped.unpacker().decompress(body, _LEGIBLE_BYTES)
    text = body[:_LEGIBLE_BYTES].decode("utf-8", "replace")
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)
