"""A parcel: the raw bytes of one report as the door received them, not yet understood."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ParcelKind(StrEnum):
    """Which door it came through."""

    EXCEPTION = "exception"
    HEARTBEAT = "heartbeat"
    BATCH = "batch"
    JOB = "job"


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """`id` is 16 bytes, made at the door; an event that has no id of its own gets it.

    `body` is plain JSON text; that of a batch is JSON lines, packed with gzip. `line`: where in a batch it stood.
    `reports`: how many reports are in it, as the door counts them; who takes it out of the intake is not told.
    """

    id: bytes
    project_id: int
    kind: ParcelKind
    received_at: datetime
    body: bytes
    line: int | None = None
    reports: int = 1
