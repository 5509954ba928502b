"""Digest: parcels become events, events incidents; heartbeats keep monitors alive, jobs run; many in one transaction."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from aiops_platform.core import ahead, batch, grouping, hours, instance, job, salvage, wire
from aiops_platform.core import incident as rules
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.event import Event, Heartbeat, JobReport, Report
from aiops_platform.core.facts import Fact
from aiops_platform.core.grouping import GroupKey, Kin
from aiops_platform.core.incident import Incident
from aiops_platform.core.instance import Instance
from aiops_platform.core.job import Run
from aiops_platform.core.monitor import Looked, beat
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.core.text import paragraph
from aiops_platform.core.wire import AnyReport, Unreadable
from aiops_platform.ports import IncidentChange, Intake, JobChange, KeptEvent, Leased, MonitorChange, Store, Transaction

# What one transaction takes: while it lasts, nobody else can write.
_TOGETHER: Final = 200
_TOGETHER_BYTES: Final = 8 * 1024 * 1024
# A parcel that was being worked on when the worker died, this often, is what it dies of.
_DEATHS: Final = 3
_REASON_LIMIT: Final = 500
# A name with a number in it, new for each run, would make a job of each.
_MOST_JOBS: Final = 1_000
_KEPT_RUNS: Final = 100

_Place: TypeAlias = tuple[int, GroupKey]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Opened:
    """A parcel and what was found in it."""

    parcel: Parcel
    report: AnyReport | Unreadable


@dataclass(frozen=True, kw_only=True)
class _Arrival:
    """An event with all that can be said of it before the store is asked. `event` has times of our clock."""

    event: Event
    said: Event
    event_id: bytes
    named: ServiceName
    key: GroupKey
    kin: Kin | None
    at: datetime
    received_at: datetime


@dataclass(eq=False)
class _Draft:
    """An incident while the events of a transaction are added to it; `keys` are to lead to it from now on."""

    incident: Incident | None
    keys: list[GroupKey] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    events: list[KeptEvent] = field(default_factory=list)
    hours: defaultdict[datetime, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, arrival: _Arrival, service: Service, now: datetime) -> None:
        changed = rules.absorb(arrival.event, self.incident, service=service, at=arrival.at, now=now)
        self.incident = changed.incident
        self.facts.extend(changed.facts)
        self.events.append(_kept(arrival))
        self.hours[hours.of(arrival.at)] += arrival.event.repeat_count


class _Drafts:
    """The incidents to which the events of a transaction belong, known ones and new ones."""

    def __init__(self, known: Mapping[_Place, Incident], kin: Mapping[_Place, Incident]) -> None:
        by_id = {incident.id: _Draft(incident) for incident in (*known.values(), *kin.values())}
        self._at = {place: by_id[incident.id] for place, incident in (*known.items(), *kin.items())}
        # In the order in which their events came.
        self.all: dict[_Draft, None] = {}

    def of(self, service_id: int, arrival: _Arrival) -> _Draft:
        """Where this event belongs: by its key, else by its kin, else it is the first of a new incident."""
        place = (service_id, arrival.key)
        draft = self._at.get(place) or self._told_of(service_id, arrival.kin)
        if draft is None:
            draft = self._at[place] = self._adopted_or_new(service_id, arrival.kin)
            draft.keys.append(arrival.key)
        self.all[draft] = None
        return draft

    def _told_of(self, service_id: int, kin: Kin | None) -> _Draft | None:
        """What a stub is the rest of. It leaves no key there: one frame is little to go by for what is no stub."""
        return self._at.get((service_id, kin.told)) if kin and kin.is_stub else None

    def _adopted_or_new(self, service_id: int, kin: Kin | None) -> _Draft:
        """What is told in full adopts the incident that a stub has opened, if nobody has yet."""
        draft = _Draft(None)
        if kin is None:
            return draft
        told, rescued = (service_id, kin.told), (service_id, kin.rescued)
        if not kin.is_stub and told not in self._at:
            draft = self._at.get(rescued, draft)
        mine, key = (rescued, kin.rescued) if kin.is_stub else (told, kin.told)
        if mine not in self._at:
            self._at[mine] = draft
            draft.keys.append(key)
        return draft


@dataclass
class _JobDraft:
    """A job while the words of a transaction are added to it."""

    project_id: int
    runs: dict[bytes, Run] = field(default_factory=dict)
    schedule: Mapping[str, Any] | None = None
    said_at: datetime | None = None

    @property
    def is_news(self) -> bool:
        return bool(self.runs) or self.schedule is not None

    def add(self, report: JobReport, known: Mapping[tuple[int, bytes], Run], *, job_id: int, at: datetime) -> None:
        run_id = report.run_id.bytes
        before = self.runs.get(run_id) or known.get((job_id, run_id))
        run = job.heard(report, before, at=at)
        if run != before:
            self.runs[run_id] = run
        if report.schedule is not None and (self.said_at is None or at >= self.said_at):
            self.schedule, self.said_at = report.schedule, at

    def change(self, job_id: int) -> JobChange:
        return JobChange(
            job_id=job_id,
            project_id=self.project_id,
            runs=tuple(self.runs.values()),
            schedule=self.schedule,
            said_at=self.said_at,
        )


class Digest:
    """A station. One at a time for each store: `release` the intake before the first step."""

    def __init__(self, store: Store, intake: Intake, *, together: int = _TOGETHER) -> None:
        self._store = store
        self._intake = intake
        self._together = together
        # What the intake could not yet be told, because its disk is full: before that, nothing else is taken up.
        self._finished: set[int] = set()
        self._unfinished: set[int] = set()

    def step(self, now: datetime) -> bool:
        """Digests what waits, but no more than a few hundred parcels or one batch; says whether there was any.

        Raises StoreUnavailableError and IntakeUnavailableError: then what was not digested is taken again. A parcel
        that cannot be digested is buried with the reason, and never holds up the others.
        """
        self._settle()
        leased = self._lease(now)
        if not leased:
            return False
        tickets = {each.ticket for each in leased}
        try:
            self._digest(leased, now)
        except PlatformError:
            self._unfinished |= tickets
            self._settle()
            raise
        self._finished |= tickets
        self._settle()
        return True

    def _settle(self) -> None:
        if self._finished:
            self._intake.done(self._finished)
            self._finished = set()
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

    def _digest(self, leased: Sequence[Leased], now: datetime) -> None:
        if len(leased) == 1 and leased[0].deaths >= _DEATHS:
            self._bury(leased[0].parcel, f"the worker died over it {_DEATHS} times")
            return
        # In the hands of a worker that died, each is taken by itself: then what comes before the reason is counted.
        together = 1 if any(each.deaths for each in leased) else self._together
        for parcels in _portions(self._singles(_dated(each.parcel, now) for each in leased), together):
            self._digest_portion(parcels, now)

    def _singles(self, parcels: Iterable[Parcel]) -> Iterator[Parcel]:
        """The parcels, batches taken apart."""
        for parcel in parcels:
            if parcel.kind is not ParcelKind.BATCH:
                yield parcel
                continue
            try:
                yield from batch.parcels(parcel)
            except Exception as error:  # noqa: BLE001 (one parcel must not stop the others, whatever is in it)
                self._bury(parcel, f"it could not be taken apart: {type(error).__name__}: {error}")

    def _digest_portion(self, parcels: Sequence[Parcel], now: datetime) -> None:
        try:
            self._digest_together(parcels, now)
        except PlatformError:
            raise
        except Exception:
            log.exception("Some parcels could not be digested together, they are tried one by one")
            for parcel in parcels:
                self._digest_alone(parcel, now)

    def _digest_alone(self, parcel: Parcel, now: datetime) -> None:
        try:
            self._digest_together([parcel], now)
        except PlatformError:
            raise
        except Exception as error:  # noqa: BLE001 (one parcel must not stop the others, whatever is in it)
            self._bury(parcel, f"it could not be digested: {type(error).__name__}: {error}")

    def _bury(self, parcel: Parcel, reason: str) -> None:
        with self._store.begin() as transaction:
            transaction.bury(parcel, _placed(parcel, paragraph(salvage.sound(reason), _REASON_LIMIT)))

    def _digest_together(self, parcels: Sequence[Parcel], now: datetime) -> None:
        # All that needs no store comes first: the transaction keeps others from writing.
        opened = [_Opened(parcel, wire.parse(parcel.body, parcel.kind)) for parcel in parcels]
        arrivals = [_arrival(each.report, each.parcel) for each in opened if isinstance(each.report, Event)]
        beats = [(each.report, each.parcel) for each in opened if isinstance(each.report, Heartbeat)]
        words = [(each.report, each.parcel) for each in opened if isinstance(each.report, JobReport)]
        with self._store.begin() as transaction:
            for each in opened:
                if isinstance(each.report, Unreadable):
                    transaction.bury(each.parcel, _placed(each.parcel, each.report.why))
            services = transaction.services(_seen(opened))
            _take_events(transaction, _new(transaction, arrivals, services), services, now)
            _take_beats(transaction, beats, services, now)
            _take_jobs(transaction, words, services)


def _portions(parcels: Iterable[Parcel], most: int) -> Iterator[list[Parcel]]:
    """The parcels, as many at a time as are digested together."""
    portion: list[Parcel] = []
    size = 0
    for parcel in parcels:
        portion.append(parcel)
        size += len(parcel.body)
        if len(portion) >= most or size >= _TOGETHER_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _placed(parcel: Parcel, reason: str) -> str:
    return reason if parcel.line is None else f"line {parcel.line} of a batch: {reason}"


def _dated(parcel: Parcel, now: datetime) -> Parcel:
    return replace(parcel, received_at=ahead.put_right(parcel.received_at, now))


def _arrival(said: Event, parcel: Parcel) -> _Arrival:
    event = rules.by_our_clock(said, parcel.received_at)
    return _Arrival(
        event=event,
        said=said,
        event_id=event.event_id.bytes if event.event_id else parcel.id,
        named=_named(event, parcel),
        key=grouping.key_for(event),
        kin=grouping.kin_of(event),
        at=rules.time_of(event, parcel.received_at),
        received_at=parcel.received_at,
    )


def _named(report: Report, parcel: Parcel) -> ServiceName:
    return ServiceName(parcel.project_id, report.service, report.environment)


def _seen(opened: Sequence[_Opened]) -> dict[ServiceName, datetime]:
    """The services that reported, each with the time of its first parcel."""
    seen: dict[ServiceName, datetime] = {}
    for each in opened:
        if not isinstance(each.report, Unreadable):
            named = _named(each.report, each.parcel)
            seen[named] = min(seen.get(named, each.parcel.received_at), each.parcel.received_at)
    return seen


def _new(
    transaction: Transaction, arrivals: Sequence[_Arrival], services: Mapping[ServiceName, Service]
) -> list[_Arrival]:
    """Those that have not been counted yet, neither earlier nor among these."""
    by_id: dict[tuple[int, bytes], _Arrival] = {}
    for arrival in arrivals:
        by_id.setdefault((services[arrival.named].id, arrival.event_id), arrival)
    fresh = transaction.remember({place: arrival.received_at for place, arrival in by_id.items()})
    return [arrival for place, arrival in by_id.items() if place in fresh]


def _take_events(
    transaction: Transaction, arrivals: Sequence[_Arrival], services: Mapping[ServiceName, Service], now: datetime
) -> None:
    places = [(services[arrival.named].id, arrival.key) for arrival in arrivals]
    known = transaction.grouped(set(places))
    strangers = [(place[0], each.kin) for place, each in zip(places, arrivals, strict=True) if place not in known]
    kin = {(service_id, key) for service_id, each in strangers if each for key in (each.told, each.rescued)}
    drafts = _Drafts(known, transaction.grouped(kin) if kin else {})
    last: dict[int, datetime] = {}
    for arrival in arrivals:
        service = services[arrival.named]
        drafts.of(service.id, arrival).add(arrival, service, now)
        last[service.id] = max(last.get(service.id, arrival.at), arrival.at)
    transaction.save_incidents([_change_of(draft, draft.incident) for draft in drafts.all if draft.incident])
    transaction.heard_from(last, now)


def _change_of(draft: _Draft, incident: Incident) -> IncidentChange:
    return IncidentChange(
        incident=incident,
        also=tuple(draft.keys),
        facts=tuple(draft.facts),
        events=tuple(draft.events),
        hours=draft.hours,
    )


def _kept(arrival: _Arrival) -> KeptEvent:
    return KeptEvent(
        event_id=arrival.event_id,
        occurred_at=arrival.at,
        received_at=arrival.received_at,
        repeat_count=arrival.event.repeat_count,
        body=wire.write(arrival.said),
    )


def _take_beats(
    transaction: Transaction,
    beats: Sequence[tuple[Heartbeat, Parcel]],
    services: Mapping[ServiceName, Service],
    now: datetime,
) -> None:
    if not beats:
        return
    heard: defaultdict[Service, list[Looked]] = defaultdict(list)
    monitors = transaction.monitors({services[_named(heartbeat, parcel)].id for heartbeat, parcel in beats})
    for heartbeat, parcel in beats:
        service = services[_named(heartbeat, parcel)]
        looked = beat(heartbeat, monitors.get(service.id), service_id=service.id, at=parcel.received_at, now=now)
        monitors[service.id] = looked.monitor
        heard[service].append(looked)
    transaction.save_monitors(
        [
            MonitorChange(
                monitor=monitors[service.id],
                project_id=service.named.project_id,
                states=tuple(state for each in looked for state in each.states),
                facts=tuple(fact for each in looked for fact in each.facts),
            )
            for service, looked in heard.items()
        ]
    )
    _take_instances(transaction, beats, services, {service_id: each.interval for service_id, each in monitors.items()})
    _end_silences(
        transaction, [service for service, looked in heard.items() if any(x.broke_silence for x in looked)], now
    )


def _take_instances(
    transaction: Transaction,
    beats: Sequence[tuple[Heartbeat, Parcel]],
    services: Mapping[ServiceName, Service],
    intervals: Mapping[int, int],
) -> None:
    places = [(services[_named(heartbeat, parcel)].id, instance.name_of(heartbeat)) for heartbeat, parcel in beats]
    known = transaction.instances(set(places))
    heard: defaultdict[int, dict[str, Instance]] = defaultdict(dict)
    for (service_id, name), (heartbeat, parcel) in zip(places, beats, strict=True):
        before = heard[service_id].get(name) or known.get((service_id, name))
        heard[service_id][name] = instance.heard(
            heartbeat, before, interval=intervals[service_id], at=parcel.received_at
        )
    transaction.save_instances({service_id: tuple(theirs.values()) for service_id, theirs in heard.items()})


def _take_jobs(
    transaction: Transaction, words: Sequence[tuple[JobReport, Parcel]], services: Mapping[ServiceName, Service]
) -> None:
    if not words:
        return
    told = [
        (services[_named(report, parcel)], job.time_of(report, parcel.received_at), report, parcel)
        for report, parcel in words
    ]
    first: dict[tuple[int, str], datetime] = {}
    for service, _, report, parcel in told:
        first.setdefault((service.id, report.job), parcel.received_at)
    jobs = transaction.jobs(first, most=_MOST_JOBS)
    known = transaction.runs(
        {
            (jobs[service.id, report.job], report.run_id.bytes)
            for service, _, report, _ in told
            if (service.id, report.job) in jobs
        }
    )
    drafts: dict[int, _JobDraft] = {}
    for service, at, report, parcel in told:
        job_id = jobs.get((service.id, report.job))
        if job_id is None:
            transaction.bury(
                parcel, f"{service.named.name} has {_MOST_JOBS} jobs already: is there a number in the name?"
            )
            continue
        drafts.setdefault(job_id, _JobDraft(service.named.project_id)).add(report, known, job_id=job_id, at=at)
    transaction.save_runs([draft.change(job_id) for job_id, draft in drafts.items() if draft.is_news], kept=_KEPT_RUNS)


def _end_silences(transaction: Transaction, services: Sequence[Service], now: datetime) -> None:
    key = grouping.silence_key()
    known = transaction.grouped([(service.id, key) for service in services])
    ended = [rules.recovered(incident, now) for incident in known.values()]
    transaction.save_incidents(
        [IncidentChange(incident=each.incident, facts=each.facts) for each in ended if each.facts]
    )
