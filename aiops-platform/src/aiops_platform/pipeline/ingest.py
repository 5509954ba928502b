"""Ingest: the door's rule. A body becomes a parcel in the intake, or is refused with the reason."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from aiops_platform.core import batch, wire
from aiops_platform.core.batch import TooMuch
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.wire import Unreadable
from aiops_platform.ports import Intake


@dataclass(frozen=True)
class Refused:
    """The body is not understood, and never will be: the client is not to send it again."""

    why: str


@dataclass(frozen=True, kw_only=True)
class TakenBatch:
    """How many events of a batch are taken, and why not the others, by index. `written` is None when none is."""

    accepted: int
    rejected: Mapping[int, str]
    written: Future[None] | None


class Ingest:
    """Made once for a door; may be used from any thread."""

    def __init__(self, intake: Intake, *, limits: batch.Limits | None = None) -> None:
        self._intake = intake
        self._limits = limits or batch.Limits()

    def take(self, body: bytes, kind: ParcelKind, *, project_id: int, now: datetime) -> Refused | Future[None]:
        """The future is done when the body is on durable storage: only then may it be called accepted.

        Raises IntakeUnavailableError, and so may the future: the client is to try again later.
        """
        unreadable = wire.refusal(body, kind)
        if unreadable is not None:
            return Refused(unreadable.why)
        return self._append(body, kind, project_id, now)

    def take_batch(
        self, text: bytes, packed: bytes | None, *, project_id: int, now: datetime
    ) -> Refused | TooMuch | TakenBatch:
        """The same for a batch, of which some events may be refused. `packed` is the text as it came, if it was gzip."""
        looked = batch.look(text, self._limits)
        match looked:
            case Unreadable():
                return Refused(looked.why)
            case TooMuch():
                return looked
        written = None
        if looked.accepted:
            # What was refused must not be counted later on, by a digest that knows other limits.
            body = batch.pack(batch.without(text, looked.lines)) if looked.lines else packed or batch.pack(text)
            written = self._append(body, ParcelKind.BATCH, project_id, now)
        return TakenBatch(accepted=looked.accepted, rejected=looked.rejected, written=written)

    def _append(self, body: bytes, kind: ParcelKind, project_id: int, now: datetime) -> Future[None]:
        return self._intake.append(
            [Parcel(id=uuid4().bytes, project_id=project_id, kind=kind, received_at=now, body=body)]
        )
