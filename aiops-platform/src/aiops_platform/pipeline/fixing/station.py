"""The station: policies answer incidents, queued fixes have their turns, and what has ended is watched."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from aiops_platform.core.facts import FactKind
from aiops_platform.core.fixing import asking, course, guards
from aiops_platform.core.fixing import policy as policies
from aiops_platform.core.fixing.asking import Asking
from aiops_platform.core.fixing.errors import FixError, UnfitEventError
from aiops_platform.core.fixing.fix import UNDECIDED, UNDER_WAY, Fix, FixState
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.pipeline.fixing import proving, turns
from aiops_platform.ports import Store, Transaction
from aiops_platform.ports.fixing import FixIncident, FixPlace, FixReads

_BATCH: Final = 100
_REST: Final = timedelta(seconds=1)
#: So many in a row, and it is not the events.
_UNFIT_EVENTS: Final = 3
_ASKED: Final[Mapping[FixState, FactKind]] = {
    FixState.SUGGESTED: FactKind.FIX_SUGGESTED,
    FixState.WAITING: FactKind.FIX_ASKED,
    FixState.QUEUED: FactKind.FIX_QUEUED,
    FixState.REFUSED: FactKind.FIX_ENDED,
}


class Fixes:
    """A station. One at a time for each store. `is_off`: policies ask for nothing, and what was not sent is cancelled."""

    def __init__(self, store: Store, reads: FixReads, *, is_off: bool = False) -> None:
        self._store = store
        self._reads = reads
        self._is_off = is_off
        # When policies were looked at last and asked for nothing: what holds them holds for longer than a moment.
        self._idle_at: datetime | None = None

    def step(self, now: datetime) -> bool:
        """Does one piece of what there is to do; says whether there is more. Raises StoreUnavailableError."""
        if self._is_off and self._reads.unsent():
            # Whoever asked, also from a shell with other settings: it is not to run when the setting goes.
            with self._store.begin() as transaction:
                unsent = transaction.fixing.standing(states=UNDECIDED | {FixState.QUEUED})
                turns.call_off(transaction, unsent, "the platform's settings stop all fixes", now)
        rests = self._idle_at is not None and timedelta(0) <= now - self._idle_at < _REST
        answers = not self._is_off and not rests and self._reads.wanted(now)
        if not answers and not self._reads.waits(now):
            return False
        with self._store.begin() as transaction:
            known = transaction.fixing.policies()
            if answers:
                stopped = transaction.fixing.stopped()
                active = [each for each in known if each[1].is_active and each[0] not in stopped]
                asked = sum(_answer(transaction, project_id, policy, now) for project_id, policy in active)
                self._idle_at = None if asked else now
                known = transaction.fixing.policies() if asked else known
            due = transaction.fixing.due(now, _BATCH)
            by_id = {policy.id or 0: policy for _, policy in known}
            turns.take_turns(transaction, due, by_id, now)
            proving.look_at_ended(transaction, due, by_id, now)
        return len(due) == _BATCH


def note_asked(transaction: Transaction, fix: Fix, policy: FixPolicy | None, now: datetime) -> None:
    """Writes down that something was asked for, by whom, and how it stands."""
    data = {"params": dict(fix.params), "why": fix.why} | ({} if policy is None else {"policy": policy.name})
    if fix.is_ended:
        data["state"] = fix.state
    told = {name: value for name, value in data.items() if value}
    transaction.fixing.note(fix.project_id, _ASKED[fix.state], now, by=fix.asked_by, fix=fix, data=told)
    transaction.count({"fixes_asked": 1})


def new_id() -> str:
    """An id for a request: a UUID in small letters."""
    return str(uuid4())


def _answer(transaction: Transaction, project_id: int, policy: FixPolicy, now: datetime) -> int:
    """Asks for what the policy says, for the incidents that it is about, as far as its guard rails let it; how often."""
    since = policy.since or now
    found = transaction.fixing.matching(policy, project_id, since, now)
    if not found:
        return 0
    places = transaction.fixing.places({each.service_id for each in found}, now)
    asked = 0
    for incident in found:
        place = places.get(incident.service_id)
        if place is not None and place.offers.get(policy.fixer):
            was_asked, policy = _answer_one(transaction, policy, incident, place, now)
            asked += was_asked
    return asked


def _answer_one(
    transaction: Transaction,
    policy: FixPolicy,
    incident: FixIncident,
    place: FixPlace,
    now: datetime,
) -> tuple[bool, FixPolicy]:
    """Whether it was asked for, and the policy as it is then: what cannot be sent may pause it."""
    past = transaction.fixing.past(policy.id or 0, now - guards.DAY)
    if guards.held(policy, place.environment, place.service_id, past=past, is_stopped=False, now=now):
        return False, policy
    # Another policy's, or somebody's own, is on its way already: it would be found busy.
    busy = transaction.fixing.standing(states=UNDER_WAY | {FixState.QUEUED}, project_id=incident.project_id)
    if any(each.service_id == incident.service_id and each.fixer == policy.fixer for each in busy):
        return False, policy
    fixer = transaction.fixing.fixers([incident.service_id])[incident.service_id, policy.fixer]
    wanted = Asking(
        project_id=incident.project_id,
        service_id=incident.service_id,
        incident_id=incident.id,
        fixer=fixer,
        params={},
        by=asking.actor_of(policy),
        policy=policy,
    )
    pauses = False
    try:
        params = policies.values_of(policy, fixer, transaction.fixing.fields(incident))
        new = asking.made(replace(wanted, params=params), place.offers[policy.fixer], new_id, now)
    except FixError as wrong:
        pauses = _is_to_pause(transaction, policy, wrong)
        new = [asking.impossible(wanted, str(wrong), new_id, now)]
    for fix in transaction.fixing.add(new):
        note_asked(transaction, fix, policy, now)
        if pauses:
            policy = proving.pause(transaction, policy, fix, fix.why.removeprefix("it "), now)
    return True, policy


def _is_to_pause(transaction: Transaction, policy: FixPolicy, wrong: FixError) -> bool:
    """Whether what cannot be sent stops the policy: its own parameters at once, those of events when several do not fit in a row."""
    if not policy.stop_after_failure or wrong.field != "params":
        return False
    if not isinstance(wrong, UnfitEventError):
        return True
    # Who can write an event could stop it for all the others.
    last = transaction.fixing.newest(policy.id or 0, policy.since, _UNFIT_EVENTS - 1)
    return len(last) == _UNFIT_EVENTS - 1 and all(course.was_impossible(each) for each in last)
