"""An event as the bytes that travel, small enough for every server."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Callable, Sequence

from aiops_sdk.event import Event, Origin

# Half of what a server takes at least (1 MiB).
MAX_BODY = 512 * 1024


@dataclass(frozen=True)
class Parcel:
    """One event, ready to be sent."""

    event_id: str
    signal_type: str
    body: bytes


def pack(event: Event, origin: Origin) -> Parcel:
    """The parcel of an event. One that is too large loses details, the least telling first."""
    body = _encode(event, origin)
    for lighten in _LIGHTER:
        if len(body) <= MAX_BODY:
            break
        event = lighten(event)
        body = _encode(event, origin)
    return Parcel(event_id=event.event_id, signal_type=event.signal_type, body=body)


def _encode(event: Event, origin: Origin) -> bytes:
    return json.dumps(event.to_wire(origin), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _without_sources(event: Event) -> Event:
    return replace(
        event,
        exceptions=tuple(
            replace(info, frames=tuple(replace(frame, source=None) for frame in info.frames))
            for info in event.exceptions
        ),
    )


def _without_relatives(event: Event) -> Event:
    return replace(event, exceptions=event.exceptions[:1])


def _without_frames(event: Event) -> Event:
    return replace(event, exceptions=tuple(replace(info, frames=(), notes=()) for info in event.exceptions))


def _without_request(event: Event) -> Event:
    return replace(event, request=None, stack_trace=event.stack_trace[-16_384:])


_LIGHTER: Sequence[Callable[[Event], Event]] = (
    _without_sources,
    _without_relatives,
    _without_frames,
    _without_request,
)
