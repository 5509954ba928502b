"""Of heartbeats what concerns fixes: what instances offer, what became of what they were asked for, and how its place was used since."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from aiops_platform.core import facets, instance
from aiops_platform.core.event import Heartbeat
from aiops_platform.core.fixing import course, exercise, fixer
from aiops_platform.core.fixing.fix import Fix
from aiops_platform.core.parcel import Parcel
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.pipeline.digest.parcels import named
from aiops_platform.ports import Transaction
from aiops_platform.ports.fixing import ToldOffers


def take_fixes(
    transaction: Transaction, beats: Sequence[tuple[Heartbeat, Parcel]], services: Mapping[ServiceName, Service]
) -> None:
    """What services offer, and how fixes stand, after these beats."""
    if not beats:
        return
    transaction.fixing.note_offers(
        [_offers(heartbeat, parcel, services[named(heartbeat, parcel)].id) for heartbeat, parcel in beats]
    )
    _take_results(transaction, beats, services)
    _take_exercise(transaction, [each for each in beats if each[0].fixers], services)


def _take_results(
    transaction: Transaction, beats: Sequence[tuple[Heartbeat, Parcel]], services: Mapping[ServiceName, Service]
) -> None:
    told = [(each, heartbeat, parcel) for heartbeat, parcel in beats for each in heartbeat.fixes]
    if not told:
        return
    known = dict(transaction.fixing.requested({each.request for each, _, _ in told}))
    for each, heartbeat, parcel in told:
        fix = known.get(each.request)
        # Nobody tells of another service's fixes.
        if fix is None or fix.service_id != services[named(heartbeat, parcel)].id:
            continue
        off = course.off_by(heartbeat.timestamp, parcel.received_at)
        after = course.heard(fix, each, off=off, at=parcel.received_at)
        if after is not fix:
            transaction.fixing.save([after])
            began_too = course.has_begun_unheard(fix, after)
            transaction.fixing.note_heard(after, parcel.received_at, began_too=began_too)
            known[each.request] = after


def _take_exercise(
    transaction: Transaction, beats: Sequence[tuple[Heartbeat, Parcel]], services: Mapping[ServiceName, Service]
) -> None:
    """How the places of what is being watched were used meanwhile. Only who offers fixers counts that."""
    if not beats:
        return
    by_service: defaultdict[int, list[tuple[Heartbeat, Parcel]]] = defaultdict(list)
    for heartbeat, parcel in beats:
        by_service[services[named(heartbeat, parcel)].id].append((heartbeat, parcel))
    asked: defaultdict[str, list[Fix]] = defaultdict(list)
    for fix in transaction.fixing.watched(by_service):
        asked[fix.together].append(fix)
    for together in asked.values():
        first = together[0]
        # Before all of them had ended, it was not all mended.
        since = max(each.state_since for each in together)
        known = first.exercise
        if known is None or known.since != since:
            known = exercise.begun(transaction.fixing.newest_event(first.incident_id), since)
        for heartbeat, parcel in by_service[first.service_id]:
            known = exercise.heard(known, instance.name_of(heartbeat), heartbeat, parcel.received_at)
        if known is not first.exercise:
            transaction.fixing.save([replace(first, exercise=known)])


def _offers(heartbeat: Heartbeat, parcel: Parcel, service_id: int) -> ToldOffers:
    offers = () if heartbeat.closing else heartbeat.fixers
    return ToldOffers(
        service_id=service_id,
        instance=instance.name_of(heartbeat),
        fixers=fixer.told(offers, facets.release_of(heartbeat) or None) if offers else (),
        off=course.off_by(heartbeat.timestamp, parcel.received_at),
        at=parcel.received_at,
    )
