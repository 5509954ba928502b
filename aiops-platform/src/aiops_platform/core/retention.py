"""How long and how many events are kept. Counts, times of first and last sight and what people decided outlive them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core import hours, sampling

# Of an incident whose events take room that others need, at least the first and the newest are left.
FEWEST: Final = 2
#: The wire promises that an event's id is known for this long.
IDS_KNOWN: Final = timedelta(days=14)
# Where there is no room for that many ids, those of the last hours are known in any case: so long most retries take.
_IDS_KNOWN_ALWAYS: Final = timedelta(hours=1)
# A quarter of the store is for ids, each of so many bytes; so many are known in the smallest store.
_ID_BYTES: Final = 36
_FEWEST_IDS: Final = 1_000_000


# What is old goes for good: a clock is believed that has gone for so long without a leap.
_STEADY: Final = timedelta(hours=1)
_LEAP: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Retention:
    """`per_incident` events of each incident, none older than `age`, and the whole store in `total_bytes`.

    What dropping events cannot give back may take the store beyond that: half of it is for events, whatever the rest
    takes.
    """

    age: timedelta = timedelta(days=90)
    per_incident: int = 10_000
    total_bytes: int = 10 * 1024**3

    @property
    def ids(self) -> int:
        """How many ids of events are known."""
        return max(self.total_bytes // 4 // _ID_BYTES, _FEWEST_IDS)

    def ids_before(self, now: datetime, noted: Mapping[datetime, int]) -> datetime:
        """Ids noted before this time are forgotten. `noted`: how many were in each hour."""
        room = self.ids
        for hour in sorted(noted, reverse=True):
            room -= noted[hour]
            if room < 0:
                always = hours.of(now) - _IDS_KNOWN_ALWAYS
                return max(now - IDS_KNOWN, min(hour + timedelta(hours=1), always))
        return now - IDS_KNOWN

    def leaves_to_events(self, of_events: int) -> bool:
        """Whether events, which take so many bytes, take no more than what is theirs in any case."""
        return of_events <= self.total_bytes // 2


@dataclass(frozen=True)
class Course:
    """How our own clock has gone since it leapt, or was first looked at: ages are told by it only after a while."""

    since: datetime
    until: datetime

    def on(self, now: datetime) -> "Course":
        """The course up to now; a new one, if the clock has leapt."""
        return Course(now, now) if abs(now - self.until) > _LEAP else Course(self.since, now)

    def is_steady(self) -> bool:
        """Whether it tells how old something is."""
        return self.until - self.since >= _STEADY


def beyond(stored: Mapping[int, Sequence[tuple[int, datetime]]], most: int, *, limit: int) -> list[int]:
    """The rows to drop where an incident has more than `most` events: those that are closest in time to others."""
    return _thinned(stored, dict.fromkeys(stored, most), limit)


def least_telling(stored: Mapping[int, Sequence[tuple[int, datetime]]], *, limit: int) -> list[int]:
    """The rows to drop when the store is to become smaller: every second one of the incidents that have most."""
    return _thinned(stored, {incident: max(len(rows) // 2, FEWEST) for incident, rows in stored.items()}, limit)


def _thinned(stored: Mapping[int, Sequence[tuple[int, datetime]]], wanted: Mapping[int, int], limit: int) -> list[int]:
    dropped: list[int] = []
    for incident, rows in stored.items():
        if len(dropped) >= limit:
            break
        surplus = sampling.thinned([at for _, at in rows], wanted[incident])
        dropped += [rows[place][0] for place in sorted(surplus)]
    return dropped
