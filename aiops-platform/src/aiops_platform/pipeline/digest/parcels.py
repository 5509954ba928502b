"""Parcels as the digest handles them: in portions, with times that can be, and where each one stood."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aiops_platform.core import ahead, gzipped
from aiops_platform.core.event import Report
from aiops_platform.core.parcel import Parcel
from aiops_platform.core.service import ServiceName

# Taken apart they are several times as much, and all of it is held at once.
_TOGETHER_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Single:
    """One report: a parcel of its own, or taken out of the batch that has this ticket."""

    ticket: int
    parcel: Parcel


def portions(singles: Iterable[Single], most: int) -> Iterator[list[Single]]:
    """The reports, as many at a time as are digested together."""
    portion: list[Single] = []
    size = 0
    for each in singles:
        portion.append(each)
        size += len(each.parcel.body)
        if len(portion) >= most or size >= _TOGETHER_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def placed(parcel: Parcel, reason: str) -> str:
    """The reason, with the line of the batch in which it stood."""
    return reason if parcel.line is None else f"line {parcel.line} of a batch: {reason}"


def unpacked(parcel: Parcel) -> Parcel:
    """A single report as plain text, however it came. Raises gzipped.BrokenError for what no door has taken."""
    if not gzipped.is_packed(parcel.body):
        return parcel
    return replace(parcel, body=gzipped.unpack(parcel.body))


def dated(parcel: Parcel, now: datetime) -> Parcel:
    """The parcel, received now if a clock ahead has dated it."""
    received_at = ahead.put_right(parcel.received_at, now)
    return parcel if received_at is parcel.received_at else replace(parcel, received_at=received_at)


def earliest(seen: Iterable[tuple[tuple[int, str], datetime]]) -> dict[tuple[int, str], datetime]:
    """When each release of services (by id) was first seen among these, without what names none."""
    found: dict[tuple[int, str], datetime] = {}
    for place, at in seen:
        if place[1]:
            found[place] = min(found.get(place, at), at)
    return found


def named(report: Report, parcel: Parcel) -> ServiceName:
    """The service that reported."""
    return ServiceName(parcel.project_id, report.service, report.environment)
