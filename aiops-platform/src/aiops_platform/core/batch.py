"""A batch: many events as JSON lines that share a head and stacks; each is written out as the single body it stands for.

Door and digest read it with the same functions, so that what the one accepts the other finds.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Raw, structs

from aiops_platform.core import gzipped, salvage, wire
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.wire import Glance, Unreadable

_MARK: Final = b"\xef\xbb\xbf"
# A stack that is damaged must still be known for one: otherwise the numbers of those after it would shift.
_STACK = re.compile(rb'\s*\{\s*"frames"\s*:')
_NUMBER = re.compile(rb"\d{1,6}")
# What belongs to one event only: a head that says it is no head, but an event or a stack whose head is missing.
_NEVER_SHARED: Final = ("signal_type", "event_id", "frames")

_Fields = Mapping[str, Raw]
_Exceptions = Sequence[Mapping[str, Raw]]
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_LIST = msgspec.json.Decoder(list[dict[str, Raw]])
_ENCODER = msgspec.json.Encoder()
_NOT_STRICT: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class NoBatchError(PlatformError):
    """What is said to be a batch is none."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a batch may hold. `event` bounds each event as it is written out, `written_out` all of them together."""

    events: int = 1_000
    lines: int = 10_000
    event: int = 1024 * 1024
    written_out: int = 64 * 1024 * 1024


@dataclass(frozen=True)
class TooMuch:
    """More than a batch may hold: in smaller ones it can be sent."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What the door found: the events that it can take, and why not the others, by index; `lines` are theirs."""

    events: Sequence["Sighting"]
    rejected: Mapping[int, str]
    lines: Collection[int]

    @property
    def accepted(self) -> int:
        """How many events can be taken."""
        return len(self.events)


@dataclass(frozen=True)
class Sighting:
    """An event that can be taken: which of the batch it is, its line, and what it says at a glance, or its head for it."""

    index: int
    line: int
    glance: Glance


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A line that is an event, as little of it read as the door needs. Without `fields` it is no object.

    `exceptions` have the frames of the stacks to which they refer; None when they refer to none. `size` is that of the
    event when it is written out, or more: a stack counts for each exception that refers to it.
    """

    line: int
    text: bytes
    fields: _Fields | None
    exceptions: _Exceptions | None
    refusal: Unreadable | None
    size: int


def look(text: bytes, limits: Limits) -> Looked | Unreadable | TooMuch:
    """What of a batch can be taken; Unreadable when it has no head. Never raises for what a batch contains."""
    if text.count(b"\n") > limits.lines:
        return TooMuch(f"more than the {limits.lines} lines that this server takes in a batch")
    head = _begin(text)
    if isinstance(head, Unreadable):
        return head
    many = written = 0
    events: list[Sighting] = []
    rejected: dict[int, str] = {}
    refused: set[int] = set()
    common = wire.glimpse(head.text)
    for index, entry in enumerate(_entries(head)):
        why = _why_not(entry, limits)
        if why is not None:
            rejected[index] = why
            refused.add(entry.line)
        else:
            events.append(Sighting(index, entry.line, _glance(entry.text, common)))
        many, written = index + 1, written + entry.size
        if many > limits.events:
            return TooMuch(f"more than the {limits.events} events that this server takes in a batch")
        if written > limits.written_out:
            return TooMuch(f"written out, more than the {limits.written_out} bytes that this server takes in a batch")
    return Looked(events=events, rejected=rejected, lines=refused)


def without(text: bytes, lines: Collection[int]) -> bytes:
    """The batch without these of its lines."""
    return b"\n".join(line for number, line in _numbered(text) if number not in lines)


def parcels(batch: Parcel) -> Iterator[Parcel]:
    """Each event of a batch as a parcel of its own, with an id that is the same whenever it is asked for.

    Raises NoBatchError for what no door has accepted.
    """
    try:
        head = _begin(gzipped.unpack(batch.body))
    except gzipped.BrokenError as cause:
        raise NoBatchError(f"not gzip: {cause}") from cause
    if isinstance(head, Unreadable):
        raise NoBatchError(head.why)
    for index, entry in enumerate(_entries(head)):
        yield replace(
            batch,
            id=blake2b(batch.id + index.to_bytes(8, "big"), digest_size=16).digest(),
            kind=ParcelKind.EXCEPTION,
            body=_written_out(entry, head),
            line=entry.line,
            reports=1,
        )


def _glance(line: bytes, head: Glance) -> Glance:
    seen = wire.glimpse(line)
    if seen.service and seen.environment:
        return seen
    return structs.replace(seen, service=seen.service or head.service, environment=seen.environment or head.environment)


def _why_not(entry: _Entry, limits: Limits) -> str | None:
    if entry.refusal is not None:
        return entry.refusal.why
    if entry.size > limits.event:
        return f"larger than the {limits.event} bytes that this server takes of one event"
    return None


@dataclass(frozen=True, kw_only=True)
class _Head:
    """What the first line says for all, and the lines after it."""

    fields: _Fields
    contexts: _Fields
    text: bytes
    rest: Iterator[tuple[int, bytes]]


def _begin(text: bytes) -> _Head | Unreadable:
    lines = _numbered(text)
    number, line = next(lines, (1, b""))
    if not line:
        return Unreadable("line 1: expected the head, found nothing")
    fields = _fields(line)
    if isinstance(fields, Unreadable):
        return Unreadable(f"line {number}: expected the head: {fields.why}")
    wrong = next((name for name in _NEVER_SHARED if name in fields), None)
    if wrong is not None:
        return Unreadable(f"line {number}: expected the head, and no head has `{wrong}`")
    return _Head(fields=fields, contexts=_contexts(fields) or {}, text=line, rest=lines)


def _numbered(text: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 1 on."""
    lines = enumerate(text.removeprefix(_MARK).split(b"\n"), 1)
    return ((number, line) for number, line in lines if line and not line.isspace())


def _entries(head: _Head) -> Iterator[_Entry]:
    """The events in their order. Stacks are gathered on the way: an event can refer to those before it."""
    stacks: list[bytes | None] = []
    for number, line in head.rest:
        fields = _fields(line)
        if _is_stack(line, fields):
            stacks.append(_frames_of(fields))
        elif isinstance(fields, Unreadable):
            yield _Entry(line=number, text=line, fields=None, exceptions=None, refusal=fields, size=len(line))
        else:
            exceptions, size = _with_stacks(fields, stacks)
            yield _Entry(
                line=number,
                text=line,
                fields=fields,
                exceptions=exceptions,
                refusal=_refusal(fields),
                size=len(head.text) + len(line) + size,
            )


def _fields(line: bytes) -> _Fields | Unreadable:
    """The fields of an object, each still as text."""
    try:
        return _FIELDS.decode(line)
    except _NOT_STRICT:
        found = wire.object_in(line, called="the line")
    if isinstance(found, Unreadable):
        return found
    # Put right where no strict reader would take it (NaN, halves of characters), so that it can be cut apart and joined.
    return {salvage.sound(name): Raw(_ENCODER.encode(salvage.plain(value))) for name, value in found.items()}


def _is_stack(line: bytes, fields: _Fields | Unreadable) -> bool:
    if isinstance(fields, Unreadable):
        return _STACK.match(line) is not None
    return len(fields) == 1 and "frames" in fields


def _frames_of(stack: _Fields | Unreadable) -> bytes | None:
    """The frames as text; None for those of a damaged stack: then who refers to them has none, and it is said."""
    text = b"" if isinstance(stack, Unreadable) else bytes(stack["frames"])
    return text if text.startswith(b"[") else None


def _refusal(fields: _Fields) -> Unreadable | None:
    try:
        signal = msgspec.json.decode(fields["signal_type"]) if "signal_type" in fields else None
    except _NOT_STRICT:
        signal = ""
    return wire.wrong_door(signal, ParcelKind.EXCEPTION)


def _with_stacks(fields: _Fields, stacks: Sequence[bytes | None]) -> tuple[_Exceptions | None, int]:
    """The exceptions with the frames to which they refer by number, if they do, and how many bytes these are.

    They are not written out here: few lines can refer to so much that no memory would hold it.
    """
    if not stacks or "exceptions" not in fields:
        return None, 0
    try:
        exceptions = _LIST.decode(fields["exceptions"])
    except _NOT_STRICT:
        return None, 0
    size = 0
    for exception in exceptions:
        frames = _referred(exception.get("frames"), stacks)
        if frames is not None:
            exception["frames"] = Raw(frames)
            size += len(frames)
    return (exceptions if size else None), size


def _referred(frames: Raw | None, stacks: Sequence[bytes | None]) -> bytes | None:
    """The stack of that number, if it is a number and there is such a stack."""
    text = b"" if frames is None else bytes(frames)
    return stacks[int(text)] if _NUMBER.fullmatch(text) and int(text) < len(stacks) else None


def _written_out(entry: _Entry, head: _Head) -> bytes:
    """The single body: the event says what the head says, unless it says it itself; of contexts each one by itself."""
    if entry.fields is None:
        return entry.text
    body: dict[str, Any] = {**head.fields, **entry.fields}
    if entry.exceptions is not None:
        body["exceptions"] = entry.exceptions
    contexts = _contexts(entry.fields) if head.contexts else None
    if contexts is not None:
        body["contexts"] = {**head.contexts, **contexts}
    return _ENCODER.encode(body)


def _contexts(fields: _Fields) -> _Fields | None:
    contexts = _fields(bytes(fields["contexts"])) if "contexts" in fields else None
    return None if isinstance(contexts, Unreadable) else contexts
