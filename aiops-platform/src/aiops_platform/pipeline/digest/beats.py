"""Heartbeats: monitors live on, processes are known with what they counted, and a silence ends."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from aiops_platform.core import facets, grouping, instance
from aiops_platform.core import incident as rules
from aiops_platform.core.event import Heartbeat
from aiops_platform.core.grouping import GroupKey
from aiops_platform.core.instance import Instance
from aiops_platform.core.monitor import Looked, beat
from aiops_platform.core.parcel import Parcel
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.pipeline.digest.parcels import earliest, named
from aiops_platform.ports import IncidentChange, MonitorChange, Transaction


def take_beats(
    transaction: Transaction,
    beats: Sequence[tuple[Heartbeat, Parcel]],
    services: Mapping[ServiceName, Service],
    now: datetime,
) -> None:
    """The monitors and the processes after these beats."""
    if not beats:
        return
    transaction.note_releases(
        earliest(
            ((services[named(heartbeat, parcel)].id, facets.release_of(heartbeat)), parcel.received_at)
            for heartbeat, parcel in beats
        )
    )
    heard: defaultdict[Service, list[Looked]] = defaultdict(list)
    monitors = transaction.monitors({services[named(heartbeat, parcel)].id for heartbeat, parcel in beats})
    for heartbeat, parcel in beats:
        service = services[named(heartbeat, parcel)]
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
    broken = [service for service, looked in heard.items() if any(each.broke_silence for each in looked)]
    whole = [service for service, looked in heard.items() if any(each.is_whole_again for each in looked)]
    _end(transaction, grouping.silence_key(), broken, now)
    _end(transaction, grouping.shortage_key(), whole, now)


def _take_instances(
    transaction: Transaction,
    beats: Sequence[tuple[Heartbeat, Parcel]],
    services: Mapping[ServiceName, Service],
    intervals: Mapping[int, int],
) -> None:
    places = [(services[named(heartbeat, parcel)].id, instance.name_of(heartbeat)) for heartbeat, parcel in beats]
    known = transaction.instances(set(places))
    heard: defaultdict[int, dict[str, Instance]] = defaultdict(dict)
    for (service_id, name), (heartbeat, parcel) in zip(places, beats, strict=True):
        before = heard[service_id].get(name) or known.get((service_id, name))
        heard[service_id][name] = instance.heard(
            heartbeat, before, interval=intervals[service_id], at=parcel.received_at
        )
    transaction.save_instances({service_id: tuple(theirs.values()) for service_id, theirs in heard.items()})


def _end(transaction: Transaction, key: GroupKey, services: Sequence[Service], now: datetime) -> None:
    if not services:
        return
    known = transaction.grouped([(service.id, key) for service in services])
    ended = [rules.recovered(incident, now) for incident in known.values()]
    transaction.save_incidents(
        [IncidentChange(incident=each.incident, facts=each.facts) for each in ended if each.facts]
    )
