"""Ingest: the door's rule. A body becomes a parcel for the intake, or is held back, or refused with the reason."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from threading import Lock
from typing import Final

from aiops_platform.core import batch, gzipped, wire
from aiops_platform.core.access import Holder
from aiops_platform.core.batch import Looked, Sighting, TooMuch
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.quota import Category, HeldBack, Quotas, Sender
from aiops_platform.core.wire import Glance, Unreadable

_ID: Final = 16
_TOGETHER: Final = 256
_CATEGORIES = {ParcelKind.HEARTBEAT: Category.HEARTBEAT, ParcelKind.JOB: Category.JOB, ParcelKind.PING: Category.JOB}


@dataclass(frozen=True)
class Refused:
    """The body is not understood, and never will be: the client is not to send it again."""

    why: str


@dataclass(frozen=True, kw_only=True)
class TakenBatch:
    """What is taken of a batch, all in one parcel (None when nothing is), and by index why the others are not.

    `held_back` are to be sent again later; `rejected` are not understood, and never will be.
    """

    parcel: Parcel | None
    accepted: int
    rejected: Mapping[int, str]
    held_back: Mapping[int, HeldBack]


class Ingest:
    """Made once for a door; may be used from any thread. What it takes is counted by its quotas, kept or not."""

    def __init__(self, *, limits: batch.Limits | None = None, quotas: Quotas | None = None) -> None:
        self._limits = limits or batch.Limits()
        self._quotas = quotas
        self._asking = Lock()
        self._ids = _Ids()

    def take(
        self, text: bytes, packed: bytes | None, kind: ParcelKind, *, holder: Holder, now: datetime
    ) -> Parcel | HeldBack | Refused:
        """A parcel is to be called accepted only when it is on durable storage.

        `packed` is the text as it came, if it was gzip; so it is kept, to be a quarter as much to write.
        """
        seen = wire.glance(text, kind)
        if isinstance(seen, Unreadable):
            return Refused(seen.why)
        if self._quotas is not None:
            with self._asking:
                held_back = _ask(self._quotas, seen, kind, holder, now.timestamp())
            if held_back is not None:
                return held_back
        return self._parcel(packed or text, kind, holder, now)

    def take_batch(
        self, text: bytes, packed: bytes | None, *, holder: Holder, now: datetime
    ) -> TakenBatch | TooMuch | Refused:
        """The same for a batch, of which some events may not be taken."""
        looked = batch.look(text, self._limits)
        match looked:
            case Unreadable():
                return Refused(looked.why)
            case TooMuch():
                return looked
        held_back = self._held_back(looked.events, holder, now)
        accepted = len(looked.events) - len(held_back)
        parcel = None
        if accepted:
            # What was refused must not be counted later on, by a digest that knows other limits.
            left_out = _left_out(looked, held_back)
            body = gzipped.pack(batch.without(text, left_out)) if left_out else packed or gzipped.pack(text)
            parcel = self._parcel(body, ParcelKind.BATCH, holder, now, reports=accepted)
        return TakenBatch(parcel=parcel, accepted=accepted, rejected=looked.rejected, held_back=held_back)

    def _held_back(self, events: Iterable[Sighting], holder: Holder, now: datetime) -> dict[int, HeldBack]:
        if self._quotas is None:
            return {}
        moment = now.timestamp()
        with self._asking:
            asked = (
                (each.index, _ask(self._quotas, each.glance, ParcelKind.EXCEPTION, holder, moment)) for each in events
            )
            return {index: held_back for index, held_back in asked if held_back is not None}

    def _parcel(self, body: bytes, kind: ParcelKind, holder: Holder, now: datetime, *, reports: int = 1) -> Parcel:
        return Parcel(
            id=self._ids.next(), project_id=holder.project_id, kind=kind, received_at=now, body=body, reports=reports
        )


class _Ids:
    """Random ids, drawn many at once: to ask the system for each would be a tenth of what taking a report costs."""

    def __init__(self) -> None:
        self._drawn: list[bytes] = []

    def next(self) -> bytes:
        try:
            return self._drawn.pop()
        except IndexError:
            several = token_bytes(_ID * _TOGETHER)
            drawn = [several[at : at + _ID] for at in range(0, len(several), _ID)]
            last = drawn.pop()
            self._drawn.extend(drawn)
            return last


def _ask(quotas: Quotas, seen: Glance, kind: ParcelKind, holder: Holder, now: float) -> HeldBack | None:
    sender = Sender(holder.id, (holder.project_id, seen.service, seen.environment))
    category = _CATEGORIES.get(kind)
    return quotas.ask_for_event(sender, seen.problem, now) if category is None else quotas.ask(sender, category, now)


def _left_out(looked: Looked, held_back: Collection[int]) -> set[int]:
    return {*looked.lines, *(each.line for each in looked.events if each.index in held_back)}
