"""The station: leases parcels, reads them, writes what they mean in one transaction, and buries what nobody can read."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from aiops_platform.core import batch, salvage
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.event import Event, Heartbeat, JobReport, Ping
from aiops_platform.core.opening import Opened
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.service import ServiceName
from aiops_platform.core.text import paragraph
from aiops_platform.core.wire import AnyReport, Unreadable
from aiops_platform.pipeline.digest.beats import take_beats
from aiops_platform.pipeline.digest.cleaning import Cleaning
from aiops_platform.pipeline.digest.damage import Damage
from aiops_platform.pipeline.digest.events import arrival_of, take_events
from aiops_platform.pipeline.digest.fixes import take_fixes
from aiops_platform.pipeline.digest.jobs import take_jobs
from aiops_platform.pipeline.digest.keys import Keys
from aiops_platform.pipeline.digest.parcels import Single, dated, named, portions, unpacked
from aiops_platform.ports import Intake, Leased, Store, StoreDamagedError

# What one transaction takes: while it lasts, nobody else can write.
_TOGETHER: Final = 200
# A parcel that was being worked on when the worker died, this often, is what it dies of.
_DEATHS: Final = 3
_REASON_LIMIT: Final = 500
# The events of one incident that are kept: enough to compare, and a loop takes no more than some megabytes.
_MOST: Final = 1_000

log = logging.getLogger(__name__)


class Digest:
    """A station. One at a time for each store: `release` the intake before the first step.

    Of each incident `most` events are kept; all are counted.
    """

    def __init__(self, store: Store, intake: Intake, *, together: int = _TOGETHER, most: int = _MOST) -> None:
        self._store = store
        self._intake = intake
        self._together = together
        self._most = most
        self._cleaning = Cleaning(store)
        self._keys = Keys(store)
        # What the intake could not yet be told, because its disk is full: before that, nothing else is taken up.
        self._finished: set[int] = set()
        self._unfinished: set[int] = set()
        self._aside: set[int] = set()
        # Of the last step that had anything to do.
        self._damage = Damage()

    def step(self, now: datetime) -> bool:
        """Digests what waits, but no more than a few hundred parcels or one batch; says whether there was any.

        Raises StoreUnavailableError and IntakeUnavailableError: then what was not digested is taken again. A parcel
        that cannot be digested is buried with the reason; one that needs what is damaged in the store is set aside until
        the next start. Neither holds up the others.
        """
        self._settle()
        leased = self._lease(now)
        if leased:
            self._take(leased, now)
        return bool(leased)

    def is_stuck(self) -> bool:
        """Whether the last report of all that were tried needs what is damaged."""
        return self._damage.is_last

    def _take(self, leased: Sequence[Leased], now: datetime) -> None:
        tickets = {each.ticket for each in leased}
        damage = Damage()
        try:
            self._digest(leased, now, damage)
        except PlatformError:
            self._unfinished |= tickets
            self._settle()
            raise
        self._damage = damage
        self._aside |= damage.tickets
        self._finished |= tickets - damage.tickets
        self._settle()
        damage.say()

    def _settle(self) -> None:
        if self._finished:
            self._intake.done(self._finished)
            self._finished = set()
        if self._aside:
            self._intake.set_aside(self._aside)
            self._aside = set()
        if self._unfinished:
            self._intake.give_back(self._unfinished)
            self._unfinished = set()

    def _lease(self, now: datetime) -> Sequence[Leased]:
        """Some parcels; or a single one, if it was in the worker's hands when that died: it might be the reason."""
        leased = self._intake.lease(self._together, now)
        suspect = next((each for each in leased if each.deaths), None)
        if suspect is None:
            return leased
        self._unfinished |= {each.ticket for each in leased if each is not suspect}
        try:
            self._settle()
        except PlatformError:
            self._unfinished.add(suspect.ticket)
            raise
        return [suspect]

    def _digest(self, leased: Sequence[Leased], now: datetime, damage: Damage) -> None:
        self._cleaning.look_again(now)
        self._keys.look_again(now)
        if len(leased) == 1 and leased[0].deaths >= _DEATHS:
            suspect = Single(leased[0].ticket, leased[0].parcel)
            self._bury(suspect, f"the worker died over it {_DEATHS} times", damage)
            return
        # In the hands of a worker that died, each is taken by itself: then what comes before the reason is counted.
        together = 1 if any(each.deaths for each in leased) else self._together
        for portion in portions(self._singles(leased, now, damage), together):
            self._digest_portion(portion, now, damage)

    def _singles(self, leased: Iterable[Leased], now: datetime, damage: Damage) -> Iterator[Single]:
        """The parcels unpacked, batches taken apart."""
        for each in leased:
            parcel = dated(each.parcel, now)
            try:
                if parcel.kind is ParcelKind.BATCH:
                    yield from (Single(each.ticket, one) for one in batch.parcels(parcel))
                else:
                    yield Single(each.ticket, unpacked(parcel))
            except Exception as error:  # noqa: BLE001 (one parcel must not stop the others, whatever is in it)
                why = f"it could not be taken apart: {type(error).__name__}: {error}"
                self._bury(Single(each.ticket, parcel), why, damage)

    def _digest_portion(self, portion: Sequence[Single], now: datetime, damage: Damage) -> None:
        try:
            self._digest_together([each.parcel for each in portion], now)
            damage.passed()
        except StoreDamagedError as error:
            self._digest_halves(portion, now, damage, error)
        except PlatformError:
            raise
        except Exception:
            log.exception("Some parcels could not be digested together, they are tried one by one")
            for each in portion:
                self._digest_alone(each, now, damage)

    def _digest_halves(
        self, portion: Sequence[Single], now: datetime, damage: Damage, error: StoreDamagedError
    ) -> None:
        """Finds those that need what is damaged, in few steps."""
        if len(portion) == 1:
            damage.met(portion[0].ticket, error)
            return
        half = len(portion) // 2
        self._digest_portion(portion[:half], now, damage)
        self._digest_portion(portion[half:], now, damage)

    def _digest_alone(self, single: Single, now: datetime, damage: Damage) -> None:
        try:
            self._digest_together([single.parcel], now)
            damage.passed()
        except StoreDamagedError as error:
            damage.met(single.ticket, error)
        except PlatformError:
            raise
        except Exception as error:  # noqa: BLE001 (one parcel must not stop the others, whatever is in it)
            self._bury(single, f"it could not be digested: {type(error).__name__}: {error}", damage)

    def _bury(self, single: Single, reason: str, damage: Damage) -> None:
        try:
            with self._store.begin() as transaction:
                self._cleaning.bury(transaction, single.parcel, paragraph(salvage.sound(reason), _REASON_LIMIT))
            damage.passed()
        except StoreDamagedError as error:
            damage.met(single.ticket, error)

    def _digest_together(self, parcels: Sequence[Parcel], now: datetime) -> None:
        # All that needs no store comes first: the transaction keeps others from writing.
        opened = [_opened(each, self._cleaning.open(each)) for each in parcels]
        arrivals = [
            arrival_of(each.report, each.form or each.report, each.parcel, self._keys)
            for each in opened
            if isinstance(each.report, Event)
        ]
        beats = [(each.report, each.parcel) for each in opened if isinstance(each.report, Heartbeat)]
        words = [(each.report, each.parcel) for each in opened if isinstance(each.report, JobReport | Ping)]
        with self._store.begin() as transaction:
            for each in opened:
                if isinstance(each.report, Unreadable):
                    self._cleaning.bury(transaction, each.parcel, each.report.why)
            services = transaction.services(_seen(opened))
            new = take_events(transaction, arrivals, services, now, most=self._most)
            take_beats(transaction, beats, services, now)
            take_fixes(transaction, beats, services)
            take_jobs(transaction, words, services, partial(self._cleaning.bury, transaction), now)
            understood = len(arrivals) + len(beats) + len(words)
            transaction.count({"digested": understood, "duplicates": len(arrivals) - new})


@dataclass(frozen=True)
class _Opened:
    """A parcel and what was found in it; `form` as in `Opened`."""

    parcel: Parcel
    report: AnyReport | Unreadable
    form: Event | None = None


def _opened(parcel: Parcel, found: Opened | Unreadable) -> _Opened:
    return _Opened(parcel, found) if isinstance(found, Unreadable) else _Opened(parcel, found.report, found.form)


def _seen(opened: Sequence[_Opened]) -> dict[ServiceName, datetime]:
    """The services that reported, each with the time of its first parcel."""
    seen: dict[ServiceName, datetime] = {}
    for each in opened:
        if not isinstance(each.report, Unreadable):
            service = named(each.report, each.parcel)
            seen[service] = min(seen.get(service, each.parcel.received_at), each.parcel.received_at)
    return seen
