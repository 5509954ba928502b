"""Heartbeats: monitors live on, processes are known with what they counted, and a silence ends."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from aiops_platform.core import facets, grouping, instance
from aiops_platform.core import incident as rules
from aiops_platform.core.event import Heartbeat
from aiops_platform.core.grouping import GroupKey
from aiops_platform.core.instance import Instance
from aiops_platform.core.monitor import Looked, MonitorState, beat
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
    stopped = {service.id for service in broken if monitors[service.id].state is MonitorState.STOPPED}
    said = {each.id: "has stopped, with a goodbye" if each.id in stopped else "beats again" for each in broken}
    _end(transaction, grouping.silence_key(), broken, said, now)
    _end(
        transaction,
        grouping.shortage_key(),
        whole,
        {each.id: "beats with enough processes again" for each in whole},
        now,
    )


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


def _end(
    transaction: Transaction, key: GroupKey, services: Sequence[Service], said: Mapping[int, str], now: datetime
) -> None:
    if not services:
        return
    known = transaction.grouped([(service.id, key) for service in services])
    names = {each.id: each.named.name for each in services}
    ended = [rules.recovered(each, now, f"{names[each.service_id]} {said[each.service_id]}") for each in known.values()]
    transaction.save_incidents(
        [IncidentChange(incident=each.incident, facts=each.facts) for each in ended if each.facts]
    )
