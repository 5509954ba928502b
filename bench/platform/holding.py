"""What holds of any bytes that come in: door and digest agree, what is taken can be cleaned, written and read again.

Tried with a few thousand bodies by the tests, and with as many as one likes by `fuzzing.py`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from msgspec.structs import replace

from aiops_platform.core import batch, gzipped, wire
from aiops_platform.core.batch import Limits, Looked, NoBatchError
from aiops_platform.core.event import Event, Frame
from aiops_platform.core.opening import Opener
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.wire import Unreadable

_SINGLE = (ParcelKind.EXCEPTION, ParcelKind.HEARTBEAT, ParcelKind.JOB)
_LIMITS = Limits(events=200, lines=400, event=256 * 1024, written_out=2 * 1024 * 1024)
_NOW = datetime(2026, 11, 22, 3, 14, 10, tzinfo=UTC)
_GZIP_BEGINS = b"\x1f\x8b"


class BrokenPromiseError(AssertionError):
    """Something does not hold; the message says what."""


def check(raw: bytes, opener: Opener) -> None:
    """Raises whatever a fault raises, and BrokenPromiseError where nothing is raised and yet something is wrong."""
    for kind in _SINGLE:
        _check_single(raw, kind, opener)
    _check_batch(raw)
    _must(isinstance(opener.scrubber.body(raw), bytes), "what is buried stays bytes")


def _check_single(raw: bytes, kind: ParcelKind, opener: Opener) -> None:
    report, seen = wire.parse(raw, kind), wire.glance(raw, kind)
    _must(isinstance(report, Unreadable) == isinstance(seen, Unreadable), f"door and digest agree on a {kind}")
    # The second time much of it is known.
    opened = [opener.open(raw, kind) for _ in range(2)]
    if isinstance(report, Unreadable):
        _must(bool(report.why), "a refusal says why")
        _must(all(isinstance(each, Unreadable) for each in opened), f"what is no {kind} is not opened")
        return
    cleaned = opener.scrubber.report(report)
    written = wire.write(cleaned)
    for each in opened:
        if isinstance(each, Unreadable):
            raise BrokenPromiseError(f"a {kind} is opened")
        _must(_decisive(each.report) == _decisive(cleaned), f"a {kind} is opened as it is read and cleaned")
        _must(wire.write(each.form or each.report) == written, f"the form of a {kind} says the same")
    _must(not isinstance(wire.parse(written, kind), Unreadable), f"a {kind} that was written can be read")


def _decisive(report: wire.AnyReport) -> bytes:
    """What is decided from, written: of calls neither what variables held nor the lines around, but whether there are any."""
    if isinstance(report, Event):
        thrown = [replace(each, frames=tuple(map(_brief, each.frames))) for each in report.exceptions]
        report = replace(report, exceptions=tuple(thrown))
    return wire.write(report)


def _brief(call: Frame) -> Frame:
    lines = call.source
    if lines is not None:
        lines = replace(lines, before=("…",) * bool(lines.before), after=("…",) * bool(lines.after))
    return replace(call, locals={"…": "…"} if call.locals else call.locals, source=lines)


def _check_batch(raw: bytes) -> None:
    found = batch.look(raw, _LIMITS)
    if isinstance(found, Looked):
        opened = _parcels(gzipped.pack(batch.without(raw, found.lines)))
        _must(len(opened) == found.accepted, "the digest finds in a batch what the door took")
        for each in opened:
            _must(not isinstance(wire.parse(each.body, each.kind), Unreadable), "an event of a batch can be read")
    if raw.startswith(_GZIP_BEGINS) and len(raw) < _LIMITS.event:
        with suppress(NoBatchError):
            _parcels(raw)


def _parcels(packed: bytes) -> list[Parcel]:
    return list(batch.parcels(Parcel(id=bytes(16), project_id=1, kind=ParcelKind.BATCH, received_at=_NOW, body=packed)))


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise BrokenPromiseError(what)
