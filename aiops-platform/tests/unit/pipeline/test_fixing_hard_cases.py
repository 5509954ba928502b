"""Fixes where something is odd: parameters that cannot be sent, ends without a beginning, events that come late."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from fix_scene import a_fix
from infirmary import ANA, RECYCLE, Infirmary
from made import NOW, a_body, a_parcel, after

from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.fixing.errors import FixError, NotTakenBackError
from aiops_platform.core.fixing.fix import FixState, Proof, Wanted
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.incident import IncidentState
from aiops_platform.storage import fix_tables, schema

OF_THE_EVENT: Mapping[str, Any] = {
    "match": "service:shop",
    "fixer": "clear",
    "params": {"region": {"from": "tag.region"}},
}
MANY = {
    "name": "clear",
    "params": {f"p{number}": {"type": "string"} for number in range(20)},
    "timeout": 10,
}
TOO_LONG = {f"p{number}": "ä" * 4_000 for number in range(20)}


@pytest.fixture
def infirmary() -> Iterator[Infirmary]:
    made = Infirmary()
    yield made
    made.close()


def policy_of(infirmary: Infirmary) -> FixPolicy:
    return infirmary.reads.policies(1)[1]


def fail_and_look(infirmary: Infirmary, second: float, **fields: Any) -> None:
    infirmary.beat(after(seconds=second - 0.5))
    infirmary.fail(after(seconds=second), error=f"Error{second}", **fields)
    infirmary.look(after(seconds=second + 0.5))


def test_an_event_that_lacks_a_parameter_is_skipped_and_said_and_the_policy_goes_on(infirmary: Infirmary) -> None:
    infirmary.policy(**OF_THE_EVENT, cool_down=0)
    fail_and_look(infirmary, 1)
    (skipped,) = infirmary.all()
    assert (skipped.state, skipped.sent_at) == (FixState.REFUSED, None)
    assert skipped.why == "it was not sent: The event has no tag.region, which is to be the parameter 'region'"
    (told,) = (data for kind, data in infirmary.rows(schema.facts, "kind", "data") if kind == "fix_ended")
    assert (told["state"], "no tag.region" in told["why"]) == ("refused", True)
    assert policy_of(infirmary).is_active
    fail_and_look(infirmary, 3, tags={"region": "eu"})
    assert [each.state for each in infirmary.all()] == [FixState.REFUSED, FixState.QUEUED]


def test_a_third_one_in_a_row_pauses_the_policy_and_says_why(infirmary: Infirmary) -> None:
    infirmary.policy(**OF_THE_EVENT, cool_down=0)
    for second in (1, 3):
        fail_and_look(infirmary, second)
    assert policy_of(infirmary).is_active
    fail_and_look(infirmary, 5)
    why = "fix 3 (clear) was not sent: The event has no tag.region, which is to be the parameter 'region'"
    assert policy_of(infirmary).paused_why == why
    fail_and_look(infirmary, 7)
    assert len(infirmary.all()) == 3
    # Whoever resumes it has three more.
    infirmary.desk.resume_policy(1, 1, ANA, after(seconds=8))
    fail_and_look(infirmary, 9)
    assert (len(infirmary.all()), policy_of(infirmary).is_active) == (4, True)


def test_one_that_fits_between_them_lets_it_go_on(infirmary: Infirmary) -> None:
    infirmary.policy(**OF_THE_EVENT, cool_down=0, per_hour=9)
    for second in (1, 3, 5, 7, 9):
        fail_and_look(infirmary, second, **({"tags": {"region": "eu"}} if second == 5 else {}))
        for each in infirmary.all():
            if each.state is FixState.QUEUED:
                infirmary.desk.cancel(1, each.id or 0, ANA, after(seconds=second + 0.7))
    states = [each.state for each in infirmary.all()]
    assert states == [FixState.REFUSED] * 2 + [FixState.CANCELLED] + [FixState.REFUSED] * 2
    assert policy_of(infirmary).is_active


def test_what_an_event_says_that_does_not_fit_is_skipped_as_what_it_lacks(infirmary: Infirmary) -> None:
    params = {"region": "eu", "many": {"from": "tag.many"}}
    infirmary.policy(**{**OF_THE_EVENT, "params": params}, cool_down=0)
    fail_and_look(infirmary, 1, tags={"many": "a lot"})
    (skipped,) = infirmary.all()
    assert skipped.why.endswith("'many' is to be a whole number of at most 64 bits: the event's tag.many is not")
    assert policy_of(infirmary).is_active


def test_a_parameter_of_its_own_that_does_not_fit_pauses_a_policy_at_once(infirmary: Infirmary) -> None:
    infirmary.policy(match="service:shop", fixer="clear", params={"region": 7})
    fail_and_look(infirmary, 1)
    assert infirmary.only().state is FixState.REFUSED
    assert "'region' of clear is to be a text" in policy_of(infirmary).paused_why


def test_what_is_too_long_for_a_request_is_refused_where_it_is_asked(infirmary: Infirmary) -> None:
    infirmary.beat(fixers=[MANY])
    infirmary.fail(after(seconds=1))
    with pytest.raises(FixError, match=r"too long: all of them have at most 61,440 bytes"):
        infirmary.desk.ask(1, 1, Wanted("clear", TOO_LONG), ANA, after(seconds=2))
    assert infirmary.all() == []


def test_a_policy_whose_request_is_too_long_is_told_so_at_once_and_pauses(infirmary: Infirmary) -> None:
    infirmary.policy(fixer="clear", params=TOO_LONG)
    infirmary.beat(after(seconds=1), fixers=[MANY])
    infirmary.fail(after(seconds=2))
    infirmary.look(after(seconds=3))
    fix = infirmary.only()
    assert (fix.state, "too long" in fix.why) == (FixState.REFUSED, True)
    assert "too long" in policy_of(infirmary).paused_why
    assert infirmary.told() == ["fix_ended", "fix_policy_paused"]


def test_what_turns_out_to_be_too_long_when_its_turn_comes_is_refused_too(infirmary: Infirmary) -> None:
    number = infirmary.policy(match="service:other")
    infirmary.beat(fixers=[RECYCLE])
    infirmary.fail(after(seconds=1))
    with infirmary.store.begin() as transaction:
        stored = a_fix(1, 1, 1, NOW, fixer="recycle", params=TOO_LONG, policy_id=number, due_at=NOW)
        transaction.fixing.add([stored])
    infirmary.look(after(seconds=2))
    fix = infirmary.only()
    assert (fix.state, fix.sent_at, "too long" in fix.why) == (FixState.REFUSED, None, True)
    assert policy_of(infirmary).paused_why == "fix 1 (recycle) ended as refused"


def test_what_a_service_refuses_pauses_no_policy(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    (carried,) = infirmary.carried(after(seconds=3))
    infirmary.tell(carried.request, "refused", after(seconds=4))
    infirmary.look(after(seconds=5))
    assert infirmary.only().state is FixState.REFUSED
    assert policy_of(infirmary).is_active


@pytest.mark.parametrize("tells_of_the_beginning", [True, False])
def test_that_it_began_stands_once_in_the_audit_log_also_where_only_its_end_was_told(
    infirmary: Infirmary, *, tells_of_the_beginning: bool
) -> None:
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    (carried,) = infirmary.carried(after(seconds=3))
    began = after(seconds=4)
    if tells_of_the_beginning:
        infirmary.tell(carried.request, "running", after(seconds=5), began_at=began.isoformat())
    infirmary.tell(carried.request, "succeeded", after(seconds=9), began_at=began.isoformat(), duration=1.0)
    steps = [each for each in infirmary.steps() if each in ("fix_sent", "fix_began", "fix_ended")]
    assert steps == ["fix_sent", "fix_began", "fix_ended"]
    times: dict[str, datetime] = dict(infirmary.rows(fix_tables.fix_steps, "step", "at"))
    if not tells_of_the_beginning:
        assert times["fix_began"] == began
    assert [each for each in infirmary.told() if each == "fix_began"] == ["fix_began"]


def test_what_was_not_begun_has_no_beginning(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    (carried,) = infirmary.carried(after(seconds=3))
    infirmary.tell(carried.request, "busy", after(seconds=4))
    assert "fix_began" not in infirmary.steps()


def mended_by_hand(infirmary: Infirmary) -> None:
    """A fix has ended at second 10, and somebody has resolved the incident at second 20."""
    infirmary.policy(watch=60)
    infirmary.beat()
    infirmary.fail(after(seconds=1), times=12)
    infirmary.look(after(seconds=8))
    (carried,) = infirmary.carried(after(seconds=9))
    began = after(seconds=9).isoformat()
    infirmary.tell(carried.request, "succeeded", after(seconds=10), began_at=began, duration=1.0)
    infirmary.look(after(seconds=10))
    infirmary.triage.act(1, 1, Act(kind=ActKind.RESOLVE), after(seconds=20), by=ANA)


def came_late(infirmary: Infirmary, occurred: float, received: float) -> None:
    body = a_body(error_type="PoolError", message="no", occurred_at=after(seconds=occurred).isoformat())
    infirmary.receive(a_parcel(1_000, body, received_at=after(seconds=received)))
    infirmary.digest_all(after(seconds=received))


@pytest.mark.parametrize(("occurred", "state"), [(15, IncidentState.RESOLVED), (25, IncidentState.OPEN)])
def test_an_event_after_the_fix_says_that_it_is_not_mended_though_somebody_had_resolved_it(
    infirmary: Infirmary, occurred: float, state: IncidentState
) -> None:
    mended_by_hand(infirmary)
    came_late(infirmary, occurred, received=30)
    infirmary.look(after(seconds=31))
    fix = infirmary.only()
    assert (fix.proof, fix.why) == (Proof.NOT_MENDED, "it came back once after the fix")
    assert infirmary.rows(schema.incidents, "state") == [state]


def test_an_event_from_before_the_end_of_the_fix_says_nothing_though_it_comes_after_it_was_resolved(
    infirmary: Infirmary,
) -> None:
    mended_by_hand(infirmary)
    came_late(infirmary, 9.5, received=30)
    infirmary.look(after(seconds=31))
    assert infirmary.only().proof is Proof.WATCHING
    infirmary.beat(after(seconds=72))
    infirmary.look(after(seconds=73))
    assert infirmary.only().proof is Proof.MENDED
    assert infirmary.rows(schema.incidents, "state") == [IncidentState.RESOLVED]


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_what_has_ended_cannot_be_cancelled_and_is_told_so(infirmary: Infirmary, state: str) -> None:
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    (carried,) = infirmary.carried(after(seconds=3))
    with pytest.raises(NotTakenBackError, match="it is sent, and what a service was sent"):
        infirmary.desk.cancel(1, 1, ANA, after(seconds=3))
    infirmary.tell(carried.request, state, after(seconds=4))
    with pytest.raises(NotTakenBackError, match=f"Fix 1 cannot be cancelled: it is {state}"):
        infirmary.desk.cancel(1, 1, ANA, after(seconds=5))
