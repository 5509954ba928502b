"""Events into incidents: each is counted once, and belongs where its key, or its kin, leads."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from aiops_platform.core import affected, facets, grouping, hours, lately, sampling, wire
from aiops_platform.core import incident as rules
from aiops_platform.core.affected import Person
from aiops_platform.core.event import Event
from aiops_platform.core.facets import Pair
from aiops_platform.core.facts import Fact
from aiops_platform.core.grouping import GroupKey, Kin
from aiops_platform.core.incident import Incident, IncidentState
from aiops_platform.core.parcel import Parcel
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.pipeline.digest.keys import Keys
from aiops_platform.pipeline.digest.parcels import earliest, named
from aiops_platform.ports import IncidentChange, KeptEvent, Transaction

_Place: TypeAlias = tuple[int, GroupKey]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """An event with all that can be said of it before the store is asked.

    `event` has times of our clock; `said` has those of the client's, and is only to be written.
    """

    event: Event
    said: Event
    event_id: bytes
    named: ServiceName
    key: GroupKey
    at: datetime
    received_at: datetime

    @cached_property
    def release(self) -> str:
        """As it is counted."""
        return facets.release_of(self.event)

    @cached_property
    def kin(self) -> Kin | None:
        """Asked for only where the key leads nowhere yet, which is seldom. What a rule decides has none."""
        return None if "rule" in self.key.parts else grouping.kin_of(self.event)


def arrival_of(event: Event, said: Event, parcel: Parcel, keys: Keys) -> Arrival:
    """The event of a parcel, by our clock; `said` is the form of it that is written."""
    event = rules.by_our_clock(event, parcel.received_at)
    return Arrival(
        event=event,
        said=said,
        event_id=event.event_id.bytes if event.event_id else parcel.id,
        named=named(event, parcel),
        key=keys.of(event, parcel.project_id),
        at=rules.time_of(event, parcel.received_at),
        received_at=parcel.received_at,
    )


def take_events(
    transaction: Transaction,
    arrivals: Sequence[Arrival],
    services: Mapping[ServiceName, Service],
    now: datetime,
    *,
    most: int,
) -> int:
    """The incidents after those of these events that are new; how many those are. `most` events of each are kept."""
    arrivals = _new(transaction, arrivals, services)
    places = [(services[arrival.named].id, arrival.key) for arrival in arrivals]
    known = transaction.grouped(set(places))
    strangers = [(place[0], each.kin) for place, each in zip(places, arrivals, strict=True) if place not in known]
    kin = {(service_id, key) for service_id, each in strangers if each for key in (each.told, each.rescued)}
    drafts = _Drafts(known, transaction.grouped(kin) if kin else {})
    releases = _releases(transaction, arrivals, services, drafts)
    last: dict[int, datetime] = {}
    for arrival in arrivals:
        service = services[arrival.named]
        drafts.of(service.id, arrival).add(arrival, service, now, most, releases.get(service.id, {}))
        last[service.id] = max(last.get(service.id, arrival.at), arrival.at)
    _thin_out(transaction, [draft for draft in drafts.all if draft.sample.kept > most], most)
    transaction.save_incidents([_change_of(draft, draft.incident) for draft in drafts.all if draft.incident])
    transaction.heard_from(last, now)
    return len(arrivals)


@dataclass(eq=False)
class _Draft:
    """An incident while the events of a transaction are added to it; `keys` are to lead to it from now on."""

    incident: Incident | None
    keys: list[GroupKey] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    hours: defaultdict[tuple[datetime, str], int] = field(default_factory=lambda: defaultdict(int))
    values: defaultdict[Pair, int] = field(default_factory=lambda: defaultdict(int))
    minutes: defaultdict[datetime, int] = field(default_factory=lambda: defaultdict(int))
    people: dict[Person, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sample = _Sample(self.incident)

    def add(
        self, arrival: Arrival, service: Service, now: datetime, most: int, releases: Mapping[str, datetime]
    ) -> None:
        changed = rules.absorb(arrival.event, self.incident, service=service, at=arrival.at, now=now, releases=releases)
        self.incident = changed.incident
        self.facts.extend(changed.facts)
        self.sample.add(arrival, changed.incident.first_seen_at, most)
        self.hours[hours.of(arrival.at), arrival.release] += arrival.event.repeat_count
        if now - arrival.at < lately.KEPT:
            self.minutes[lately.minute(arrival.at)] += arrival.event.repeat_count
        for pair in facets.said_by(arrival.event):
            self.values[pair] += arrival.event.repeat_count
        if person := affected.names_of(arrival.event, service.named.project_id):
            self.people[person] = max(arrival.at, self.people.get(person, arrival.at))


class _Sample:
    """Which of an incident's events are kept, while those of a transaction are added to it; `dropped` are rows."""

    def __init__(self, incident: Incident | None) -> None:
        self.kept = incident.kept if incident else 0
        self.kept_at = incident.kept_at if incident else None
        self.ends_passing = incident is not None and incident.passing
        self.for_good: list[Arrival] = []
        self.passing: Arrival | None = None
        self.dropped: tuple[int, ...] = ()

    def add(self, arrival: Arrival, first_seen_at: datetime, most: int) -> None:
        at = arrival.received_at
        if not sampling.is_for_good(at, kept=self.kept, kept_at=self.kept_at, first_seen_at=first_seen_at, most=most):
            self.passing = arrival
            return
        self.passing = None
        self.for_good.append(arrival)
        self.kept, self.kept_at = self.kept + 1, at

    def thin_out(self, stored: Sequence[tuple[int, datetime]], most: int) -> None:
        """Drops what is closest together, of what is `stored` and of what came."""
        moments = [at for _, at in stored] + [arrival.received_at for arrival in self.for_good]
        surplus = sampling.surplus(moments, most)
        self.dropped = tuple(row for place, (row, _) in enumerate(stored) if place in surplus)
        self.for_good = [each for place, each in enumerate(self.for_good, len(stored)) if place not in surplus]
        self.kept = len(moments) - len(surplus)

    def events(self) -> tuple[KeptEvent, ...]:
        kept = [_kept(arrival) for arrival in self.for_good]
        return (*kept, _kept(self.passing, passing=True)) if self.passing else tuple(kept)


class _Drafts:
    """The incidents to which the events of a transaction belong, known ones and new ones."""

    def __init__(self, known: Mapping[_Place, Incident], kin: Mapping[_Place, Incident]) -> None:
        by_id = {incident.id: _Draft(incident) for incident in (*known.values(), *kin.values())}
        self._at = {place: by_id[incident.id] for place, incident in (*known.items(), *kin.items())}
        # In the order in which their events came.
        self.all: dict[_Draft, None] = {}
        incidents = [*known.values(), *kin.values()]
        # Those of which it takes the releases to judge an event.
        self.judged_services = {each.service_id for each in incidents if _is_judged(each)}

    def of(self, service_id: int, arrival: Arrival) -> _Draft:
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


def _new(
    transaction: Transaction, arrivals: Sequence[Arrival], services: Mapping[ServiceName, Service]
) -> list[Arrival]:
    """Those that have not been counted yet, neither earlier nor among these."""
    by_id: dict[tuple[int, bytes], Arrival] = {}
    for arrival in arrivals:
        by_id.setdefault((services[arrival.named].id, arrival.event_id), arrival)
    fresh = transaction.remember({place: arrival.received_at for place, arrival in by_id.items()})
    return [arrival for place, arrival in by_id.items() if place in fresh]


def _releases(
    transaction: Transaction, arrivals: Sequence[Arrival], services: Mapping[ServiceName, Service], drafts: _Drafts
) -> Mapping[int, Mapping[str, datetime]]:
    """Notes the releases of these events; returns those of the services of which something waits for one."""
    transaction.note_releases(
        earliest(((services[arrival.named].id, arrival.release), arrival.at) for arrival in arrivals)
    )
    return transaction.releases(drafts.judged_services) if drafts.judged_services else {}


def _is_judged(incident: Incident) -> bool:
    mute = incident.mute
    return incident.state is IncidentState.RESOLVED or (mute is not None and mute.waits_for_release)


def _thin_out(transaction: Transaction, drafts: Sequence[_Draft], most: int) -> None:
    stored = transaction.kept_for_good([draft.incident.id for draft in drafts if draft.incident and draft.incident.id])
    for draft in drafts:
        known = draft.incident.id if draft.incident else None
        draft.sample.thin_out(stored.get(known, []) if known else [], most)


def _change_of(draft: _Draft, incident: Incident) -> IncidentChange:
    sample = draft.sample
    return IncidentChange(
        incident=replace(incident, kept=sample.kept, kept_at=sample.kept_at, passing=sample.passing is not None),
        also=tuple(draft.keys),
        facts=tuple(draft.facts),
        events=sample.events(),
        dropped=sample.dropped,
        ends_passing=sample.ends_passing,
        hours=draft.hours,
        minutes=draft.minutes,
        values=draft.values,
        people=draft.people,
    )


def _kept(arrival: Arrival, *, passing: bool = False) -> KeptEvent:
    return KeptEvent(
        event_id=arrival.event_id,
        occurred_at=arrival.at,
        received_at=arrival.received_at,
        repeat_count=arrival.event.repeat_count,
        body=wire.write(arrival.said),
        passing=passing,
    )
