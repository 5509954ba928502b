"""The durable log between the door and the digest."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aiops_platform.core.monitor import Listening
from aiops_platform.core.parcel import Parcel, ParcelKind


@dataclass(frozen=True, kw_only=True)
class Leased:
    """A parcel taken out to be worked on. `deaths`: how many workers died while they held it; it might be the reason."""

    ticket: int
    parcel: Parcel
    deaths: int


class Intake(Protocol):
    """The durable log between door and digest. At least once: what is not done is handed out again.

    Every method may be called from any thread, and raises IntakeUnavailableError when the log cannot be used.
    """

    def append(self, parcels: Sequence[Parcel]) -> Future[None]:
        """The future is done when all of them are on durable storage, and fails with IntakeUnavailableError otherwise.

        Never blocks. Raises IntakeUnavailableError at once when too much waits to be written. Their `reports` are added
        to the number "accepted" with them.
        """
        ...

    def has_room(self, kind: ParcelKind) -> bool:
        """Whether so little waits to be digested that another of this kind should be taken. Costs nothing to ask.

        What is not an event has some room of its own: whoever beats must not look silent because others are loud.
        """
        ...

    def measure(self) -> None:
        """Sees how much room there is again. To be called about twice a second, when nothing is appended."""
        ...

    def count(self, numbers: Mapping[str, int]) -> None:
        """Adds to the log's running numbers, by name: how many reports were refused, and why."""
        ...

    def lease(self, limit: int, now: datetime) -> Sequence[Leased]:
        """The oldest parcels that nobody works on, at most `limit`, for a minute: then they are handed out again.

        A batch is the last of them: it holds many events, and others are to have their turn.
        """
        ...

    def done(self, tickets: Collection[int]) -> None:
        """Forgets these parcels: what they said is in the store. Unknown tickets are no error."""
        ...

    def give_back(self, tickets: Collection[int]) -> None:
        """Ends these leases as if they had not been: handed out again at once."""
        ...

    def set_aside(self, tickets: Collection[int]) -> None:
        """Ends these leases, and hands them out again only after the next `release`: what they need is damaged."""
        ...

    def aside(self) -> int:
        """How many parcels are set aside."""
        ...

    def release(self) -> None:
        """For the one worker when it starts: what an earlier one held when it died is to be taken at once, and counted.

        What was set aside is taken again, too.
        """
        ...

    def waiting(self) -> int:
        """How many parcels are not done."""
        ...

    def oldest_waiting(self, kind: ParcelKind) -> datetime | None:
        """When the oldest parcel of this kind that is not done was received."""
        ...

    def changed(self) -> bool:
        """Whether anyone else has written to the log since this was last asked. Cheap: made to be polled."""
        ...

    def tick(self, now: datetime) -> None:
        """Says that the door listens now. To be called every 5 s by a door that accepts parcels."""
        ...

    def listening(self) -> Listening | None:
        """The newest stretch of time in which the door listened without a gap; None before the first tick."""
        ...

    def tidy(self) -> None:
        """Gives disk space back that done parcels held. For a quiet moment."""
        ...

    def close(self) -> None:
        """Waits for what is being written, then lets go of the file."""
        ...
