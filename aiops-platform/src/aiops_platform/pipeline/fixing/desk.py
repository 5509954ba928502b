"""What people do with fixes: ask, approve, decline, take back; say by policies what is done by itself, and stop it all."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from aiops_platform.core.facts import FactKind
from aiops_platform.core.fixing import asking, course, fixer
from aiops_platform.core.fixing import policy as policies
from aiops_platform.core.fixing.asking import Asking
from aiops_platform.core.fixing.errors import FixError, NotTakenBackError, NotWaitingError
from aiops_platform.core.fixing.fix import UNDECIDED, Fix, FixState, Wanted
from aiops_platform.core.fixing.policy import MOST_POLICIES, FixPolicy
from aiops_platform.core.people import Actor
from aiops_platform.core.text import one_line
from aiops_platform.pipeline.fixing.station import new_id, note_asked
from aiops_platform.ports import Store, Transaction
from aiops_platform.ports.fixing import FixIncident, FixReads, FixRehearsal


class FixDesk:
    """See `ports.fixing.FixDeskLike`. `is_off`: the platform's settings stop all fixes."""

    def __init__(self, store: Store, reads: FixReads, *, is_off: bool = False) -> None:
        self.reads = reads
        self._store = store
        self._is_off = is_off

    def ask(self, project_id: int, incident_id: int, wanted: Wanted, by: Actor, now: datetime) -> Sequence[Fix] | None:
        """See `ports.fixing.FixDeskLike`."""
        with self._store.begin() as transaction:
            incident = transaction.fixing.incidents([incident_id]).get(incident_id)
            if incident is None or incident.project_id != project_id:
                return None
            self._check_allowed(transaction, project_id)
            told, instances = _offered(transaction, incident, wanted.fixer, now)
            params = fixer.checked_params(told, wanted.params)
            _check_not_under_way(transaction, incident, wanted.fixer)
            one = Asking(
                project_id=project_id,
                service_id=incident.service_id,
                incident_id=incident_id,
                fixer=told,
                params=params,
                by=by,
            )
            new = transaction.fixing.add(asking.made(one, instances, new_id, now))
            for fix in new:
                note_asked(transaction, fix, None, now)
            return new

    def approve(self, project_id: int, fix_id: int, by: Actor, now: datetime) -> Fix | None:
        """See `ports.fixing.FixDeskLike`."""
        with self._store.begin() as transaction:
            fix = _waiting(transaction, project_id, fix_id)
            if fix is None:
                return None
            self._check_allowed(transaction, project_id)
            incident = transaction.fixing.incidents([fix.incident_id])[fix.incident_id]
            told, instances = _offered(transaction, incident, fix.fixer, now)
            fixer.checked_params(told, fix.params)
            approved = replace(course.queued(fix, now), decided_by=by, timeout=told.timeout)
            first, *others = asking.spread(replace(approved, each_instance=told.each_instance), instances, new_id)
            transaction.fixing.save([first])
            for each in (first, *transaction.fixing.add(others)):
                transaction.fixing.note(project_id, FactKind.FIX_APPROVED, now, by=by, fix=each, data={})
            return first

    def decline(self, project_id: int, fix_id: int, by: Actor, now: datetime) -> Fix | None:
        """See `ports.fixing.FixDeskLike`."""
        with self._store.begin() as transaction:
            fix = _waiting(transaction, project_id, fix_id)
            if fix is None:
                return None
            declined = replace(course.moved(fix, FixState.DECLINED, now), decided_by=by)
            transaction.fixing.save([declined])
            transaction.fixing.note(project_id, FactKind.FIX_DECLINED, now, by=by, fix=declined, data={})
            return declined

    def cancel(self, project_id: int, fix_id: int, by: Actor, now: datetime) -> Fix | None:
        """See `ports.fixing.FixDeskLike`."""
        with self._store.begin() as transaction:
            fix = transaction.fixing.one(project_id, fix_id)
            if fix is None or fix.state is FixState.CANCELLED:
                return fix
            if not course.may_be_cancelled(fix):
                raise NotTakenBackError(fix_id, fix.state)
            return _cancel(transaction, [fix], by, now, "")[0]

    def save_policy(self, project_id: int, policy: FixPolicy, by: Actor, now: datetime) -> int | None:
        """See `ports.fixing.FixDeskLike`."""
        policy = replace(policies.checked(policy), since=now, paused_at=None, paused_why="")
        if policy.enabled:
            offered = self.reads.offered(project_id, now)
            mine = [each.fixer for each in offered if each.is_offered and each.fixer.name == policy.fixer]
            policies.check_params(policy, mine)
        with self._store.begin() as transaction:
            known = {each.id: each for _, each in transaction.fixing.policies(project_id)}
            if policy.id is not None and policy.id not in known:
                return None
            if policy.id is None and len(known) >= MOST_POLICIES:
                raise FixError("name", f"There is room for {MOST_POLICIES} policies")
            number = transaction.fixing.save_policy(project_id, policy, now)
            data = {"id": number, "name": policy.name, "enabled": policy.enabled} | policies.as_data(policy)
            transaction.fixing.note(project_id, "policy_saved", now, by=by, fix=None, data=data)
            if not policy.enabled:
                waiting = transaction.fixing.standing(states={FixState.QUEUED, *UNDECIDED}, policy_id=number)
                _cancel(transaction, waiting, by, now, "the policy was switched off")
            return number

    def drop_policy(self, project_id: int, policy_id: int, by: Actor, now: datetime) -> bool:
        """See `ports.fixing.FixDeskLike`."""
        with self._store.begin() as transaction:
            known = {each.id: each for _, each in transaction.fixing.policies(project_id)}
            if policy_id not in known or not transaction.fixing.drop_policy(project_id, policy_id):
                return False
            data = {"id": policy_id, "name": known[policy_id].name}
            transaction.fixing.note(project_id, "policy_dropped", now, by=by, fix=None, data=data)
            waiting = transaction.fixing.standing(states={FixState.QUEUED, *UNDECIDED}, policy_id=policy_id)
            _cancel(transaction, waiting, by, now, "the policy was deleted")
            return True

    def resume_policy(self, project_id: int, policy_id: int, by: Actor, now: datetime) -> FixPolicy | None:
        """See `ports.fixing.FixDeskLike`."""
        with self._store.begin() as transaction:
            known = {each.id: each for _, each in transaction.fixing.policies(project_id)}
            if policy_id not in known:
                return None
            policy = known[policy_id]
            if policy.paused_at is None:
                return policy
            # What came while it was paused is answered by people, or when it comes again.
            resumed = replace(policy, paused_at=None, paused_why="", since=now)
            transaction.fixing.save_policy(project_id, resumed, now)
            data = {"id": policy_id, "name": policy.name}
            transaction.fixing.note(project_id, "policy_resumed", now, by=by, fix=None, data=data)
            return resumed

    def stop_all(self, project_id: int, by: Actor, now: datetime) -> int:
        """See `ports.fixing.FixDeskLike`."""
        with self._store.begin() as transaction:
            if transaction.fixing.switch(project_id, stopped=True, by=by, now=now):
                transaction.fixing.note(project_id, "all_stopped", now, by=by, fix=None, data={})
            waiting = transaction.fixing.standing(states={FixState.QUEUED}, project_id=project_id)
            return len(_cancel(transaction, waiting, by, now, "all fixes were stopped"))

    def allow(self, project_id: int, by: Actor, now: datetime) -> None:
        """See `ports.fixing.FixDeskLike`."""
        if self._is_off:
            raise FixError("stopped", "The platform's settings stop all fixes: AIOPS_SERVER_FIXES is 'no'")
        with self._store.begin() as transaction:
            if transaction.fixing.switch(project_id, stopped=False, by=by, now=now):
                transaction.fixing.note(project_id, "all_allowed", now, by=by, fix=None, data={})

    def rehearse(self, project_id: int, policy: FixPolicy, now: datetime) -> FixRehearsal:
        """See `ports.fixing.FixDeskLike`."""
        return self.reads.rehearsed(project_id, policies.checked(policy), now)

    def _check_allowed(self, transaction: Transaction, project_id: int) -> None:
        if self._is_off:
            raise FixError("stopped", "The platform's settings stop all fixes: AIOPS_SERVER_FIXES is 'no'")
        if project_id in transaction.fixing.stopped():
            raise FixError(
                "stopped", "All fixes of this project are stopped: `aiops fixes allow`, or the page of fixes, ends that"
            )


def _offered(
    transaction: Transaction, incident: FixIncident, name: str, now: datetime
) -> tuple[fixer.Fixer, Sequence[str]]:
    """The fixer of the incident's service, and the instances that offer it. Raises FixError."""
    place = transaction.fixing.places([incident.service_id], now).get(incident.service_id)
    instances = () if place is None else place.offers.get(name, ())
    found = transaction.fixing.fixers([incident.service_id]).get((incident.service_id, name))
    if found is None or not instances:
        names = sorted(each for each, living in ({} if place is None else place.offers).items() if living)
        offers = f"they offer {', '.join(names)}" if names else "they offer none"
        raise FixError(
            "fixer", f"No process of the service that is heard now offers the fixer '{one_line(name, 100)}': {offers}"
        )
    return found, instances


def _waiting(transaction: Transaction, project_id: int, fix_id: int) -> Fix | None:
    """The fix that somebody is to decide; None where there is none of this number. Raises NotWaitingError."""
    fix = transaction.fixing.one(project_id, fix_id)
    if fix is not None and fix.state not in UNDECIDED:
        raise NotWaitingError(fix_id, fix.state)
    return fix


def _check_not_under_way(transaction: Transaction, incident: FixIncident, name: str) -> None:
    states: Collection[FixState] = {FixState.QUEUED, FixState.SENT, FixState.RUNNING}
    for each in transaction.fixing.standing(states=states, project_id=incident.project_id):
        if each.service_id == incident.service_id and each.fixer == name:
            raise FixError("fixer", f"{name} was asked for already, and has not ended: fix {each.id}")


def _cancel(transaction: Transaction, fixes: Sequence[Fix], by: Actor, now: datetime, why: str) -> list[Fix]:
    ended = [replace(course.moved(each, FixState.CANCELLED, now, why), decided_by=by) for each in fixes]
    transaction.fixing.save(ended)
    for each in ended:
        data = {"why": why} if why else {}
        transaction.fixing.note(each.project_id, FactKind.FIX_CANCELLED, now, by=by, fix=each, data=data)
    return ended
