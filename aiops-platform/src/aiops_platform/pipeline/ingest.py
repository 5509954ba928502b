"""Ingest: the door's rule. A body becomes a parcel in the intake, or is refused with the reason."""

from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from aiops_platform.core import wire
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.ports import Intake


@dataclass(frozen=True)
class Refused:
    """The body is not understood, and never will be: the client is not to send it again."""

    why: str


class Ingest:
    """Made once for a door; may be used from any thread."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def take(self, body: bytes, kind: ParcelKind, *, project_id: int, now: datetime) -> Refused | Future[None]:
        """The future is done when the body is on durable storage: only then may it be called accepted.

        Raises IntakeUnavailableError, and so may the future: the client is to try again later.
        """
        unreadable = wire.refusal(body, kind)
        if unreadable is not None:
            return Refused(unreadable.why)
        parcel = Parcel(id=uuid4().bytes, project_id=project_id, kind=kind, received_at=now, body=body)
        return self._intake.append([parcel])
