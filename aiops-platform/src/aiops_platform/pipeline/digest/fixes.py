"""Of heartbeats what concerns fixes: what instances offer, and what became of what they were asked for."""

from collections.abc import Mapping, Sequence

from aiops_platform.core import facets, instance
from aiops_platform.core.event import Heartbeat
from aiops_platform.core.fixing import course, fixer
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


def _offers(heartbeat: Heartbeat, parcel: Parcel, service_id: int) -> ToldOffers:
    offers = () if heartbeat.closing else heartbeat.fixers
    return ToldOffers(
        service_id=service_id,
        instance=instance.name_of(heartbeat),
        fixers=fixer.told(offers, facets.release_of(heartbeat) or None) if offers else (),
        off=course.off_by(heartbeat.timestamp, parcel.received_at),
        at=parcel.received_at,
    )
