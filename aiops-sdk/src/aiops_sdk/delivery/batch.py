"""Many events in one request: JSON lines, in which what all events share and each stack of calls is said once.

The format is ``POST /v1/sdk/batch`` of ``wire/v1.md``.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone

from aiops_sdk.event import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Sequence, Tuple

    from aiops_sdk.delivery.parcel import EncodedFrames, Parcel
    from aiops_sdk.event import Wire


MAX_EVENTS = 100
#: Characters of a batch; a server takes at least twice that in bytes.
MAX_SIZE = 512 * 1024


def encode(head: Wire, parcels: Sequence[Parcel]) -> Tuple[bytes, int]:
    """The body of a request that carries the first of these, as many as fit, and how many those are; at least one.

    ``head`` is what they share: an event says only what differs from it.
    """
    numbers: Dict[str, int] = {}
    lines: List[str] = [_json({**head, "sent_at": now()})]
    size = carried = 0

    def number_of(frames: EncodedFrames) -> int:
        """Of a stack; one that was not told yet gets a line."""
        number = numbers.get(frames)
        if number is None:
            number = numbers[frames] = len(numbers)
            more.append('{"frames":' + frames + "}")
        return number

    for parcel in parcels:
        more: List[str] = []
        more.append(parcel.line(head, number_of))
        size += sum(map(len, more))
        if carried and size > MAX_SIZE:
            break
        lines += more
        carried += 1
    return "\n".join(lines).encode("utf-8", "replace"), carried


def stamped(body: bytes) -> bytes:
    """The body of a single event, with the time at which it is sent."""
    return b'{"sent_at":"' + now().encode("ascii") + b'",' + body[1:] if body.startswith(b'{"') else body


def now() -> str:
    """This machine's time, as the wire says times."""
    return rfc3339(datetime.fromtimestamp(time.time(), timezone.utc))


def _json(value: Wire) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
