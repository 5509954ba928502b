"""What fixes have mended: their incidents are watched, and what is found is written, told and acted upon."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aiops_platform.core import acts, releases
from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.facts import FactKind
from aiops_platform.core.fixing import asking, course, proof
from aiops_platform.core.fixing.fix import Fix, FixState, Proof
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.fixing.proof import Judged, Watched
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.people import PLATFORM
from aiops_platform.pipeline.fixing import turns
from aiops_platform.ports import IncidentChange, Transaction
from aiops_platform.ports.fixing import FixIncident

_LOOK = timedelta(seconds=1)
_FACTS: Mapping[Proof, FactKind] = {
    Proof.MENDED: FactKind.FIX_MENDED,
    Proof.NOT_MENDED: FactKind.FIX_NOT_MENDED,
    Proof.UNPROVEN: FactKind.FIX_UNPROVEN,
}
#: What has no events of its own: when it came again stands with the incident.
_WITHOUT_EVENTS = frozenset({IncidentKind.SILENCE, IncidentKind.JOB})


def look_at_ended(
    transaction: Transaction, due: Sequence[Fix], policies: Mapping[int, FixPolicy], now: datetime
) -> None:
    """What is due of those that have ended: their policies stop after a failure, and their incidents are watched."""
    done: set[str] = set()
    for fix in (each for each in due if each.is_ended):
        if fix.proof is not Proof.WATCHING:
            transaction.fixing.save([replace(fix, due_at=None)])
            _stop_policy(transaction, fix, policies, now)
        elif fix.together not in done:
            done.add(fix.together)
            _watch(transaction, fix.together, policies, now)


def _watch(transaction: Transaction, together: str, policies: Mapping[int, FixPolicy], now: datetime) -> None:
    all_of_it = transaction.fixing.together(together)
    watched = [each for each in all_of_it if each.proof is Proof.WATCHING]
    incident = transaction.fixing.incidents([watched[0].incident_id]).get(watched[0].incident_id)
    if incident is None or any(not each.is_ended for each in all_of_it):
        transaction.fixing.save([replace(each, due_at=now + _LOOK) for each in watched])
        return
    judged = proof.judged(_seen(transaction, watched, incident, now), now)
    if judged.proof is Proof.WATCHING:
        transaction.fixing.save([replace(each, due_at=judged.look_at) for each in watched])
        return
    proven = [replace(each, proof=judged.proof, proven_at=now, why=judged.why, due_at=None) for each in watched]
    transaction.fixing.save(proven)
    _tell(transaction, proven[0], judged, policies, now)


def _seen(transaction: Transaction, watched: Sequence[Fix], incident: FixIncident, now: datetime) -> Watched:
    ended_at = max(each.ended_at or each.state_since for each in watched)
    watch = timedelta(seconds=watched[0].watch)
    fixing = transaction.fixing
    again = fixing.came(incident.id, ended_at, now)
    if not again and incident.kind in _WITHOUT_EVENTS and incident.last_seen_at > ended_at:
        again = 1
    used = watched[0].exercise
    began_at = None if used is None else used.began_at
    place = fixing.places([incident.service_id], now).get(incident.service_id)
    return Watched(
        ended_at=ended_at,
        watch=watch,
        again=again,
        before=fixing.came(incident.id, ended_at - watch, ended_at),
        ran_well=fixing.ran_well(incident.id, ended_at),
        heard_at=None if place is None else place.last_beat_at,
        interval=0 if place is None else place.interval,
        is_resolved=incident.state == IncidentState.RESOLVED,
        exercise=used,
        came=0 if began_at is None else fixing.came(incident.id, began_at, ended_at),
    )


def _tell(transaction: Transaction, fix: Fix, judged: Judged, policies: Mapping[int, FixPolicy], now: datetime) -> None:
    data: dict[str, object] = {"why": judged.why, "state": judged.proof}
    if fix.exercise is not None and fix.exercise.route:
        data |= {"place": fix.exercise.place, "answered": fix.exercise.good}
    transaction.fixing.note(fix.project_id, _FACTS[judged.proof], now, by=None, fix=fix, data=data)
    transaction.count({f"fixes_{judged.proof}": 1})
    if judged.proof is Proof.NOT_MENDED:
        _stop_policy(transaction, fix, policies, now)
    elif judged.proof is Proof.MENDED and fix.resolves:
        _resolve(transaction, fix, policies, now)


def _resolve(transaction: Transaction, fix: Fix, policies: Mapping[int, FixPolicy], now: datetime) -> None:
    """As people would, under the policy's name."""
    incident = transaction.incident(fix.project_id, fix.incident_id)
    if incident is None or incident.state is not IncidentState.OPEN:
        return
    policy = policies.get(fix.policy_id or 0)
    seen = transaction.releases([fix.service_id]).get(fix.service_id, {})
    changed = acts.done(
        Act(kind=ActKind.RESOLVE),
        incident,
        newest=releases.newest(seen),
        now=now,
        by=PLATFORM if policy is None else asking.actor_of(policy),
    )
    transaction.save_incidents([IncidentChange(incident=changed.incident, facts=changed.facts)])


def _stop_policy(transaction: Transaction, fix: Fix, policies: Mapping[int, FixPolicy], now: datetime) -> None:
    policy = policies.get(fix.policy_id or 0)
    if policy is None or not policy.stop_after_failure or policy.paused_at is not None or not course.is_failure(fix):
        return
    what = "did not mend it" if fix.proof is Proof.NOT_MENDED else f"ended as {fix.state.value.replace('_', ' ')}"
    pause(transaction, policy, fix, what, now)


def pause(transaction: Transaction, policy: FixPolicy, fix: Fix, what: str, now: datetime) -> FixPolicy:
    """The policy, which does nothing from now on, because of what has become of this fix of it."""
    why = f"fix {fix.id} ({fix.fixer}) {what}"
    paused = replace(policy, paused_at=now, paused_why=why)
    transaction.fixing.save_policy(fix.project_id, paused, now)
    data = {"policy": policy.name, "why": why}
    transaction.fixing.note(fix.project_id, FactKind.FIX_POLICY_PAUSED, now, by=None, fix=fix, data=data)
    waiting = transaction.fixing.standing(states={FixState.QUEUED}, policy_id=policy.id)
    turns.call_off(transaction, waiting, f"the policy stopped: {why}", now)
    return paused
