"""Whose turn it is: what is queued is given a way, what nobody has told of in time is given up."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aiops_platform.core.facts import FactKind
from aiops_platform.core.fixing import course, guards
from aiops_platform.core.fixing.errors import FixError
from aiops_platform.core.fixing.fix import UNDECIDED, UNDER_WAY, Fix, FixState, Way
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.service import ServiceName
from aiops_platform.ports import Transaction
from aiops_platform.ports.fixing import FixPlace


def take_turns(transaction: Transaction, due: Sequence[Fix], policies: Mapping[int, FixPolicy], now: datetime) -> None:
    """What is due of those that have not ended is sent on its way, looked at later, or given up."""
    due = [each for each in due if not each.is_ended]
    places = transaction.fixing.places({each.service_id for each in due}, now)
    under_way = dict(transaction.fixing.under_way({each.policy_id for each in due if each.policy_id is not None}))
    incidents = transaction.fixing.incidents({each.incident_id for each in due if each.state in UNDECIDED})
    for fix in due:
        if fix.state in UNDECIDED:
            incident = incidents.get(fix.incident_id)
            is_open = incident is not None and incident.state == IncidentState.OPEN
            after = course.still_undecided(fix, now, is_open=is_open)
        else:
            after = _looked_at(fix, places.get(fix.service_id), policies, under_way, now)
        transaction.fixing.save([after])
        if fix.way is None and after.way is not None and fix.policy_id is not None:
            under_way[fix.policy_id] = under_way.get(fix.policy_id, 0) + 1
        if after.is_ended:
            told = {"state": after.state, "why": after.why}
            transaction.fixing.note(fix.project_id, FactKind.FIX_ENDED, now, by=None, fix=after, data=told)
            if after.state is FixState.UNKNOWN:
                transaction.count({"fixes_failed": 1})


def call_off(transaction: Transaction, fixes: Sequence[Fix], why: str, now: datetime) -> None:
    """These, which were not sent, are cancelled by the platform itself."""
    for each in fixes:
        ended = course.moved(each, FixState.CANCELLED, now, why)
        transaction.fixing.save([ended])
        transaction.fixing.note(each.project_id, FactKind.FIX_CANCELLED, now, by=None, fix=ended, data={"why": why})


def _looked_at(
    fix: Fix, place: FixPlace | None, policies: Mapping[int, FixPolicy], under_way: Mapping[int, int], now: datetime
) -> Fix:
    if fix.state in UNDER_WAY:
        # What follows from that is seen at the next look.
        return replace(course.lost(fix, now), due_at=now)
    try:
        return _queued(fix, place, policies, under_way, now)
    except FixError as wrong:
        # What follows from that is seen at the next look.
        return replace(course.moved(fix, FixState.REFUSED, now, f"it was not sent: {wrong}"), due_at=now)


def _queued(
    fix: Fix, place: FixPlace | None, policies: Mapping[int, FixPolicy], under_way: Mapping[int, int], now: datetime
) -> Fix:
    if fix.way is Way.CARRIED and place is not None and fix.instance in place.offers.get(fix.fixer, ()):
        # It waits for the next beat of who is to do it.
        return course.waits(fix, now, "no heartbeat has taken it along")
    if place is None or not place.offers.get(fix.fixer):
        return course.waits(replace(fix, way=None), now, "no process of the service offers it")
    policy = None if fix.policy_id is None else policies.get(fix.policy_id)
    if fix.way is None and not guards.has_turn(policy, under_way.get(fix.policy_id or 0, 0)):
        # A process that was found meanwhile, or will be, has its turn when another one has ended.
        return replace(fix, due_at=now + timedelta(seconds=1), why="it waits for its turn")
    return _sent_on_its_way(fix, place, now)


def _sent_on_its_way(fix: Fix, place: FixPlace, now: datetime) -> Fix:
    named = ServiceName(place.project_id, place.service, place.environment)
    living = place.offers[fix.fixer]
    if fix.each_instance:
        if fix.instance not in living:
            return course.waits(replace(fix, way=None), now, "the process that was to do it is gone")
        instance = fix.instance
    elif place.address is not None and fix.way is None and fix.attempts == 0:
        return course.pushed(fix, named, off=place.instances[living[0]], now=now)
    else:
        instance = living[0]
    off = place.instances[instance]
    return course.carried(fix, named, instance, off=off, interval=place.interval, now=now)
