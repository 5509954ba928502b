"""Fixes: asked for by policies and people, carried, told of, and watched; never done twice, always accounted for."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from infirmary import ANA, CLEAR, RECYCLE, Infirmary, is_signed
from made import NOW, a_body, a_heartbeat_body, a_parcel, after

from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.alerting.wording import Place
from aiops_platform.core.fixing.errors import FixError, NotWaitingError
from aiops_platform.core.fixing.fix import FixState, Proof, Wanted, Way
from aiops_platform.core.fixing.policy import FixPolicy, Mode
from aiops_platform.core.incident import IncidentState
from aiops_platform.pipeline.alerting import Alerting
from aiops_platform.pipeline.fixing import Fixes
from aiops_platform.storage import alert_tables, fix_tables, schema
from aiops_platform.storage.alert_reads import SqlAlertReads
from aiops_platform.storage.erasing import erase


@pytest.fixture
def infirmary() -> Iterator[Infirmary]:
    made = Infirmary()
    yield made
    made.close()


def test_a_policy_answers_an_incident_and_the_next_beat_takes_the_request_along(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat(after(seconds=1))
    infirmary.fail(after(seconds=2))
    infirmary.look(after(seconds=3))
    fix = infirmary.only()
    assert (fix.state, fix.way, fix.instance, fix.asked_by.name) == (
        FixState.QUEUED,
        Way.CARRIED,
        "a",
        "the policy Recycle",
    )
    (carried,) = infirmary.carried(after(seconds=4))
    said = json.loads(carried.body)
    assert (said["fix"], said["incident"], said["instance"], said["params"]) == ("recycle", "1", "a", {})
    assert (said["project"], said["service"], said["environment"]) == ("1", "shop", "production")
    assert is_signed(carried, after(seconds=4))
    assert infirmary.only().state is FixState.SENT


def test_it_is_carried_again_the_same_until_a_beat_tells_of_it(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=2))
    infirmary.look(after(seconds=3))
    first = infirmary.carried(after(seconds=4))
    assert infirmary.carried(after(seconds=34)) == first
    infirmary.tell(first[0].request, "running", after(seconds=35))
    assert infirmary.carried(after(seconds=64)) == []
    assert infirmary.only().attempts == 2
    assert infirmary.told().count("fix_sent") == 1


def test_only_the_instance_that_is_named_is_asked(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat(instance="b")
    infirmary.beat(after(seconds=1), instance="a")
    infirmary.fail(after(seconds=2))
    infirmary.look(after(seconds=3))
    assert infirmary.carried(after(seconds=4), instance="b") == []
    assert len(infirmary.carried(after(seconds=4), instance="a")) == 1


def test_what_was_never_sent_goes_to_another_process_when_its_own_is_gone(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat(instance="a")
    infirmary.fail(after(seconds=2))
    infirmary.look(after(seconds=3))
    request = infirmary.only().request
    infirmary.beat(after(seconds=4), instance="a", closing=True)
    infirmary.beat(after(seconds=5), instance="b")
    infirmary.look(after(seconds=6))
    assert [each.request for each in infirmary.carried(after(seconds=7), instance="b")] == [request]


def test_what_was_sent_stays_with_the_process_and_its_fate_is_unknown_when_that_is_gone(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat(instance="a")
    infirmary.fail(after(seconds=2))
    infirmary.look(after(seconds=3))
    assert infirmary.carried(after(seconds=4))
    infirmary.beat(after(seconds=5), instance="a", closing=True)
    infirmary.beat(after(seconds=6), instance="b")
    infirmary.look(after(seconds=7))
    assert infirmary.carried(after(seconds=8), instance="b") == []
    fix = infirmary.only()
    assert fix.deadline is not None
    late = fix.deadline.timestamp() - NOW.timestamp()
    infirmary.look(after(seconds=late + 89))
    assert infirmary.only().state is FixState.SENT
    infirmary.look(after(seconds=late + 90))
    assert infirmary.only().state is FixState.UNKNOWN
    assert infirmary.reads.policies(1)[1].paused_why == "fix 1 (recycle) ended as unknown"


def test_a_result_that_comes_late_goes_before_what_was_guessed(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=2))
    infirmary.look(after(seconds=3))
    (carried,) = infirmary.carried(after(seconds=4))
    infirmary.look(after(hours=1))
    assert infirmary.only().state is FixState.UNKNOWN
    infirmary.tell(carried.request, "succeeded", after(hours=2), duration=1.5)
    assert infirmary.only().state is FixState.SUCCEEDED


def test_what_has_ended_stays_as_it_ended(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=2))
    infirmary.look(after(seconds=3))
    (carried,) = infirmary.carried(after(seconds=4))
    infirmary.tell(carried.request, "failed", after(seconds=5), error="OSError: no", log="12:00 no")
    infirmary.tell(carried.request, "succeeded", after(seconds=6))
    fix = infirmary.only()
    assert (fix.state, fix.why, fix.result["log"]) == (FixState.FAILED, "it raised: OSError: no", "12:00 no")


def test_nobody_tells_of_another_services_fix(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=2))
    infirmary.look(after(seconds=3))
    (carried,) = infirmary.carried(after(seconds=4))
    told = {"type": "result", "request": carried.request, "state": "succeeded"}
    infirmary.beat(after(seconds=5), service="billing", fixes=[told])
    infirmary.beat(after(seconds=5), fixes=[told | {"incident": "7"}])
    infirmary.beat(after(seconds=5), fixes=[told | {"fix": "drop"}])
    infirmary.beat(after(seconds=5), fixes=[told | {"state": "mended"}])
    assert infirmary.only().state is FixState.SENT


def test_what_has_not_been_sent_can_be_taken_back_and_what_was_not(infirmary: Infirmary) -> None:
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=2))
    infirmary.look(after(seconds=2))
    cancelled = infirmary.desk.cancel(1, 1, ANA, after(seconds=3))
    assert cancelled is not None
    assert cancelled.state is FixState.CANCELLED
    assert infirmary.carried(after(seconds=4)) == []
    infirmary.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=5))
    infirmary.look(after(seconds=5))
    assert infirmary.carried(after(seconds=6))
    with pytest.raises(FixError, match="it is sent"):
        infirmary.desk.cancel(1, 2, ANA, after(seconds=7))


@pytest.mark.parametrize(("mode", "state"), [(Mode.SUGGEST, "suggested"), (Mode.ASK, "waiting")])
def test_a_policy_may_leave_it_to_people(infirmary: Infirmary, mode: Mode, state: str) -> None:
    infirmary.policy(mode=mode)
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    assert infirmary.only().state == state
    assert infirmary.carried(after(seconds=3)) == []
    infirmary.desk.approve(1, 1, ANA, after(seconds=4))
    infirmary.look(after(seconds=5))
    assert len(infirmary.carried(after(seconds=6))) == 1
    assert infirmary.only().decided_by == ANA


def test_what_was_declined_is_not_asked_again_while_the_incident_is_open(infirmary: Infirmary) -> None:
    infirmary.policy(mode=Mode.ASK, cool_down=0)
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    infirmary.desk.decline(1, 1, ANA, after(seconds=3))
    for decide in (infirmary.desk.approve, infirmary.desk.decline):
        with pytest.raises(NotWaitingError, match="Fix 1 waits for nobody: it is declined"):
            decide(1, 1, ANA, after(seconds=3))
        assert decide(2, 1, ANA, after(seconds=3)) is None
    infirmary.fail(after(seconds=4))
    infirmary.look(after(seconds=5))
    assert infirmary.only().state is FixState.DECLINED


def test_what_nobody_decides_expires(infirmary: Infirmary) -> None:
    infirmary.policy(mode=Mode.ASK)
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    infirmary.look(after(days=2))
    assert infirmary.only().state is FixState.EXPIRED


def test_each_process_has_a_request_of_its_own_and_they_take_turns(infirmary: Infirmary) -> None:
    infirmary.policy(fixer="clear", params={"region": {"from": "tag.region"}, "many": 3}, at_once=1)
    for instance in ("a", "b"):
        infirmary.beat(instance=instance)
    infirmary.fail(after(seconds=1), tags={"region": "eu"})
    infirmary.look(after(seconds=2))
    both = infirmary.all()
    assert len({each.request for each in both}) == 2
    assert len({each.together for each in both}) == 1
    carried = {each: infirmary.carried(after(seconds=3), instance=each) for each in ("a", "b")}
    assert sorted(map(len, carried.values())) == [0, 1]
    ((first, (one,)),) = ((each, found) for each, found in carried.items() if found)
    assert json.loads(one.body)["params"] == {"region": "eu", "many": 3}
    infirmary.tell(one.request, "succeeded", after(seconds=4), instance=first)
    infirmary.look(after(seconds=5))
    other = "b" if first == "a" else "a"
    assert len(infirmary.carried(after(seconds=6), instance=other)) == 1


def test_a_field_that_the_event_has_not_is_written_down_and_nothing_is_sent(infirmary: Infirmary) -> None:
    infirmary.policy(fixer="clear", params={"region": {"from": "tag.region"}})
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    fix = infirmary.only()
    assert (fix.state, fix.why) == (
        FixState.REFUSED,
        "it was not sent: The event has no tag.region, which is to be the parameter 'region'",
    )


def test_one_that_is_not_to_stop_goes_on_though_its_parameters_cannot_be_sent(infirmary: Infirmary) -> None:
    params = {"region": {"from": "tag.region"}}
    infirmary.policy(fixer="clear", params=params, cool_down=0, stop_after_failure=False)
    infirmary.beat()
    for second in (1, 3):
        infirmary.fail(after(seconds=second))
        infirmary.look(after(seconds=second + 1))
    assert [each.state for each in infirmary.all()] == [FixState.REFUSED] * 2


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({}, "needs the parameter 'region'"),
        ({"region": 7}, "'region' of clear is to be a text"),
        ({"region": "eu", "many": "x"}, "'many' of clear is to be a whole number"),
        ({"region": "eu", "zone": "x"}, "no parameter 'zone'"),
        ({"region": "eu", "zone": {"from": "type"}}, "no parameter 'zone'"),
        ({"region": "eu", "many": {"from": "type"}}, ""),
        ({"region": {"from": "tag.region"}, "many": 3}, ""),
    ],
)
def test_a_policys_parameters_are_to_fit_the_fixer_that_is_offered(
    infirmary: Infirmary, params: dict[str, Any], why: str
) -> None:
    infirmary.beat()
    if why:
        with pytest.raises(FixError, match=why):
            infirmary.policy(after(seconds=1), fixer="clear", params=params)
        assert infirmary.reads.policies(1) == {}
    # What is switched off does no harm, and of what nobody offers now nothing is known.
    assert infirmary.policy(after(seconds=1), fixer="clear", params=params, enabled=False)
    assert infirmary.policy(after(hours=1), fixer="clear", params=params)


def test_of_services_that_offer_different_fixers_of_a_name_one_that_fits_is_enough(infirmary: Infirmary) -> None:
    infirmary.beat()
    infirmary.beat(service="billing", instance="b", fixers=[{**CLEAR, "params": {}}])
    assert infirmary.policy(after(seconds=1), fixer="clear")
    assert infirmary.policy(after(seconds=1), fixer="clear", params={"region": "eu"})
    with pytest.raises(FixError, match="no parameter"):
        infirmary.policy(after(seconds=1), fixer="clear", params={"zone": "eu"})


def test_a_policy_that_was_made_later_answers_nothing_that_was_before(infirmary: Infirmary) -> None:
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.policy(after(seconds=2))
    infirmary.look(after(seconds=3))
    assert infirmary.all() == []
    infirmary.fail(after(seconds=4))
    infirmary.look(after(seconds=5))
    assert infirmary.only().state is FixState.QUEUED


def test_the_switch_for_all_takes_back_what_was_not_sent_and_lets_nothing_out(infirmary: Infirmary) -> None:
    infirmary.policy(cool_down=0)
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    assert infirmary.desk.stop_all(1, ANA, after(seconds=3)) == 1
    infirmary.fail(after(seconds=4))
    infirmary.look(after(seconds=5))
    assert [each.state for each in infirmary.all()] == [FixState.CANCELLED]
    with pytest.raises(FixError, match="stopped"):
        infirmary.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=6))
    infirmary.desk.allow(1, ANA, after(seconds=7))
    infirmary.look(after(seconds=8))
    assert [each.state for each in infirmary.all()] == [FixState.CANCELLED, FixState.QUEUED]


def test_what_was_sent_is_not_carried_again_while_all_is_stopped(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    assert infirmary.carried(after(seconds=3))
    infirmary.desk.stop_all(1, ANA, after(seconds=4))
    assert infirmary.carried(after(seconds=5)) == []


def test_a_platform_that_stops_all_fixes_asks_for_none() -> None:
    infirmary = Infirmary(is_off=True)
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    assert infirmary.all() == []
    with pytest.raises(FixError, match="AIOPS_SERVER_FIXES"):
        infirmary.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=3))
    infirmary.close()


@pytest.mark.parametrize("mode", list(Mode))
def test_what_was_asked_before_a_platform_stopped_all_fixes_is_cancelled_and_never_runs(
    infirmary: Infirmary, mode: Mode
) -> None:
    infirmary.policy(mode=mode)
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    off = Fixes(infirmary.store, infirmary.reads, is_off=True)
    off.step(after(seconds=3))
    fix = infirmary.only()
    assert (fix.state, fix.why) == (FixState.CANCELLED, "the platform's settings stop all fixes")
    assert infirmary.told()[-1] == "fix_cancelled"
    infirmary.look(after(seconds=4))
    assert infirmary.carried(after(seconds=5)) == []
    # Somebody's shell has not been told of the setting.
    infirmary.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=6))
    off.step(after(seconds=7))
    infirmary.look(after(seconds=8))
    assert infirmary.carried(after(seconds=9)) == []
    assert [each.state for each in infirmary.all()] == [FixState.CANCELLED] * 2


def test_a_platform_that_stops_all_fixes_still_hears_what_became_of_those_it_had_sent(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    (carried,) = infirmary.carried(after(seconds=3))
    off = Fixes(infirmary.store, infirmary.reads, is_off=True)
    off.step(after(seconds=4))
    assert infirmary.only().state is FixState.SENT
    infirmary.tell(carried.request, "succeeded", after(seconds=5))
    off.step(after(seconds=6))
    assert infirmary.only().proof is Proof.WATCHING


def mend(infirmary: Infirmary, at: float, **fields: Any) -> None:
    """The fix that is to be done is done, successfully, at this second."""
    infirmary.look(after(seconds=at - 2))
    (carried,) = infirmary.carried(after(seconds=at - 1))
    began = after(seconds=at - 1).isoformat()
    infirmary.tell(carried.request, "succeeded", after(seconds=at), began_at=began, duration=1.0, **fields)
    infirmary.look(after(seconds=at))


def test_what_does_not_come_back_though_it_would_have_is_mended_and_resolved(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60, resolve=True)
    infirmary.beat()
    infirmary.fail(after(seconds=1), times=12)
    mend(infirmary, 10)
    assert infirmary.only().proof is Proof.WATCHING
    infirmary.beat(after(seconds=40))
    infirmary.look(after(seconds=71))
    assert infirmary.only().proof is Proof.WATCHING
    infirmary.beat(after(seconds=72))
    infirmary.look(after(seconds=73))
    fix = infirmary.only()
    assert (fix.proof, fix.why) == (
        Proof.MENDED,
        "it came 12 times in the 60 seconds before, and not once in the 60 seconds since",
    )
    assert infirmary.rows(schema.incidents, "state") == [IncidentState.RESOLVED]
    (resolved,) = (data for kind, data in infirmary.rows(schema.facts, "kind", "data") if kind == "incident_resolved")
    assert resolved["by"]["name"] == "the policy Recycle"


def test_what_comes_back_after_the_fix_is_not_mended_and_stops_the_policy(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60, cool_down=0)
    infirmary.beat()
    infirmary.fail(after(seconds=1), times=12)
    mend(infirmary, 10)
    infirmary.fail(after(seconds=12))
    infirmary.look(after(seconds=13))
    fix = infirmary.only()
    assert (fix.proof, fix.why) == (Proof.NOT_MENDED, "it came back once after the fix")
    assert infirmary.told()[-2:] == ["fix_not_mended", "fix_policy_paused"]
    assert infirmary.rows(schema.incidents, "state") == [IncidentState.OPEN]


def test_what_happened_before_the_fix_had_ended_and_comes_later_is_no_recurrence(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60)
    infirmary.beat()
    infirmary.fail(after(seconds=1), times=12)
    mend(infirmary, 10)
    infirmary.number += 1
    infirmary.fail(after(seconds=9.5))
    infirmary.look(after(seconds=13))
    assert infirmary.only().proof is Proof.WATCHING


def test_nothing_is_proven_by_silence(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60, resolve=True)
    infirmary.beat()
    infirmary.fail(after(seconds=1), times=12)
    mend(infirmary, 10)
    infirmary.look(after(seconds=300))
    fix = infirmary.only()
    assert (fix.proof, fix.why) == (
        Proof.UNPROVEN,
        "it has not come back, but its service was not heard for all of the 60 seconds",
    )
    assert infirmary.rows(schema.incidents, "state") == [IncidentState.OPEN]


def test_nothing_is_proven_by_what_came_but_once(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60)
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    mend(infirmary, 10)
    infirmary.beat(after(seconds=75))
    infirmary.look(after(seconds=76))
    assert infirmary.only().proof is Proof.UNPROVEN


PAY = {"route": "/pay", "request": {"method": "POST"}}


def answered(many: int) -> dict[str, Any]:
    """What a process tells that began before everything and has answered so many by now."""
    return {"answered": [{"method": "POST", "route": "/pay", "count": many}], "stats": {"uptime": 1_000}}


def test_what_came_but_once_is_mended_where_its_place_was_used_well_since(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60, resolve=True)
    infirmary.beat(**answered(400))
    infirmary.fail(after(seconds=1), **PAY)
    # What was answered up to the end of the fix, its own beat tells.
    mend(infirmary, 10, beside=answered(500))
    infirmary.beat(after(seconds=40), **answered(515))
    infirmary.beat(after(seconds=41), instance="b", answered=[])
    infirmary.beat(after(seconds=70), **answered(520))
    infirmary.beat(after(seconds=71), instance="b", **answered(20))
    infirmary.look(after(seconds=76))
    fix = infirmary.only()
    assert (fix.proof, fix.why) == (Proof.MENDED, "POST /pay answered 40 requests since without it")
    assert infirmary.rows(schema.incidents, "state") == [IncidentState.RESOLVED]
    for table in (schema.facts.c.data, fix_tables.fix_steps.c.data):
        (told,) = (data for data in infirmary.rows(table.table, "data") if data.get("state") == "mended")
        assert (told["place"], told["answered"], told["why"]) == ("POST /pay", 40, fix.why)


@pytest.mark.parametrize(
    "then",
    [answered(519), {}, {"answered": [{"method": "GET", "route": "/pay", "count": 900}]}],
    ids=["too few", "not told", "another method"],
)
def test_it_is_not_where_its_place_was_not_used_enough(infirmary: Infirmary, then: dict[str, Any]) -> None:
    infirmary.policy(watch=60)
    infirmary.beat()
    infirmary.fail(after(seconds=1), **PAY)
    mend(infirmary, 10, beside=answered(500))
    infirmary.beat(after(seconds=75), **then)
    infirmary.look(after(seconds=76))
    assert infirmary.only().proof is Proof.UNPROVEN


def test_what_comes_back_is_not_mended_however_often_its_place_was_used(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60)
    infirmary.beat()
    infirmary.fail(after(seconds=1), **PAY)
    mend(infirmary, 10, beside=answered(500))
    infirmary.fail(after(seconds=70), **PAY)
    infirmary.beat(after(seconds=75), **answered(9_000))
    infirmary.look(after(seconds=76))
    assert infirmary.only().proof is Proof.NOT_MENDED


def test_what_came_every_now_and_then_takes_as_many_good_answers_as_let_it_come_three_times(
    infirmary: Infirmary,
) -> None:
    for number in range(4):
        infirmary.fail(after(seconds=-900 + 200 * number), **PAY)
    infirmary.policy(watch=60)
    infirmary.beat(**answered(900))
    infirmary.fail(after(seconds=1), **PAY)
    mend(infirmary, 10, beside=answered(995))
    infirmary.beat(after(seconds=75), **answered(995 + 599))
    infirmary.look(after(seconds=76))
    assert infirmary.only().why.endswith("answered 599 of the 600 requests that would tell it, so that tells little")


def test_of_what_each_process_is_to_do_counts_what_was_answered_when_all_had(infirmary: Infirmary) -> None:
    infirmary.policy(fixer="clear", params={"region": "eu"}, watch=60)
    for name in "ab":
        infirmary.beat(instance=name)
    infirmary.fail(after(seconds=1), **PAY)
    infirmary.look(after(seconds=2))
    for name, at in (("a", 10), ("b", 20)):
        (carried,) = infirmary.carried(after(seconds=at - 1), instance=name)
        infirmary.tell(carried.request, "succeeded", after(seconds=at), instance=name, beside=answered(100))
        infirmary.look(after(seconds=at))
    infirmary.beat(after(seconds=21), **answered(115))
    for name in "ab":
        infirmary.beat(after(seconds=80), instance=name, **answered(120))
    infirmary.look(after(seconds=81))
    assert {fix.why for fix in infirmary.all()} == {"POST /pay answered 25 requests since without it"}


def test_what_has_no_route_is_judged_without(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60)
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    mend(infirmary, 10, beside=answered(500))
    infirmary.beat(after(seconds=75), **answered(9_000))
    infirmary.look(after(seconds=76))
    fix = infirmary.only()
    assert fix.proof is Proof.UNPROVEN
    assert "answered" not in fix.why


def test_a_fixer_is_offered_as_long_as_a_living_process_offers_it(infirmary: Infirmary) -> None:
    infirmary.beat(release="1.2.0")
    recycle, clear = sorted(infirmary.reads.offered(1, after(seconds=1)), key=lambda each: each.fixer.each_instance)
    assert (recycle.fixer.name, recycle.fixer.release, recycle.instances) == ("recycle", "1.2.0", ("a",))
    assert [each.name for each in clear.fixer.params] == ["region", "many"]
    infirmary.beat(after(seconds=30), fixers=[RECYCLE])
    assert [each.fixer.name for each in infirmary.reads.offered(1, after(seconds=31)) if each.is_offered] == ["recycle"]
    infirmary.beat(after(seconds=60), fixers=[])
    assert [each.fixer.name for each in infirmary.reads.offered(1, after(seconds=61)) if each.is_offered] == []


def test_who_fell_silent_offers_nothing(infirmary: Infirmary) -> None:
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    assert not any(each.is_offered for each in infirmary.reads.offered(1, after(seconds=91)))
    with pytest.raises(FixError, match="No process"):
        infirmary.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=91))


def test_a_service_offers_fifty_at_most(infirmary: Infirmary) -> None:
    infirmary.beat(fixers=[{**RECYCLE, "name": f"one-{number}"} for number in range(49)])
    infirmary.beat(after(seconds=1), instance="b", fixers=[RECYCLE, CLEAR])
    assert len(infirmary.reads.offered(1, after(seconds=2))) == 50


def test_people_ask_with_parameters_that_fit_and_for_one_at_a_time(infirmary: Infirmary) -> None:
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    for params in ({}, {"region": 7}, {"region": "eu", "zone": 1}, {"region": "eu", "many": True}):
        with pytest.raises(FixError):
            infirmary.desk.ask(1, 1, Wanted("clear", params), ANA, after(seconds=2))
    assert infirmary.desk.ask(2, 1, Wanted("recycle"), ANA, after(seconds=2)) is None
    assert infirmary.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=2))
    with pytest.raises(FixError, match="has not ended"):
        infirmary.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=3))


def test_every_step_stands_in_the_audit_log(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60)
    infirmary.beat()
    infirmary.fail(after(seconds=1), times=12)
    mend(infirmary, 10)
    infirmary.beat(after(seconds=75))
    infirmary.look(after(seconds=76))
    infirmary.desk.stop_all(1, ANA, after(seconds=80))
    steps = ["policy_saved", "fix_queued", "fix_sent", "fix_began", "fix_ended", "fix_mended", "all_stopped"]
    assert infirmary.steps() == steps
    lines = [json.loads(line) for line in infirmary.reads.audit_lines(1)]
    assert [line["step"] for line in lines] == steps
    assert lines[0]["by"]["name"] == "Ana"
    assert list(infirmary.reads.audit_lines(2)) == []


def test_effects_count_what_was_tried_and_what_mended(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60)
    infirmary.beat()
    infirmary.fail(after(seconds=1), times=12)
    mend(infirmary, 10)
    infirmary.beat(after(seconds=75))
    infirmary.look(after(seconds=76))
    (effect,) = infirmary.reads.effects(1)
    assert (effect.tried, effect.mended, effect.not_mended, effect.failed, effect.median) == (1, 1, 0, 0, 1.0)


def test_what_is_old_is_forgotten_a_little_at_a_time_but_nothing_that_goes_on(infirmary: Infirmary) -> None:
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    for number in range(3):
        infirmary.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=number))
        infirmary.desk.cancel(1, number + 1, ANA, after(seconds=number))
    infirmary.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=9))
    with infirmary.store.begin() as transaction:
        assert transaction.fixing.forget(after(days=400), 2) == 2
    assert [each.id for each in infirmary.all()] == [3, 4]
    with infirmary.store.begin() as transaction:
        while transaction.fixing.forget(after(days=400), 2):
            pass
    assert [each.id for each in infirmary.all()] == [4]
    assert infirmary.reads.offered(1, after(seconds=10)) == []


def test_a_rehearsal_says_what_a_policy_would_have_done_and_what_would_have_held_it(infirmary: Infirmary) -> None:
    infirmary.beat()
    for minute in (1, 2, 3, 20):
        infirmary.fail(after(minutes=minute))
    infirmary.fail(after(minutes=4), error="OtherError")
    policy = FixPolicy(name="Recycle", match="type:PoolError", fixer="recycle", cool_down=600)
    infirmary.beat(after(minutes=21))
    told = infirmary.desk.rehearse(1, policy, after(minutes=21))
    assert (told.many, told.held, told.offered_by) == (2, 1, (("shop", "production"),))
    assert told.examples[0].held is None
    assert told.examples[-1].at == after(minutes=1)
    assert infirmary.all() == []


def test_a_rehearsal_counts_the_event_that_opened_an_incident_once(infirmary: Infirmary) -> None:
    infirmary.number += 1
    body = a_body(error_type="PoolError", message="no", occurred_at=NOW.isoformat())
    infirmary.receive(a_parcel(infirmary.number, body, received_at=after(seconds=2)))
    infirmary.digest_all(after(seconds=3))
    policy = FixPolicy(name="Recycle", match="type:PoolError", fixer="recycle", cool_down=0)
    told = infirmary.desk.rehearse(1, policy, after(minutes=1))
    assert (told.many, told.held) == (1, 0)


def test_a_rehearsal_says_what_would_not_have_been_sent_and_why(infirmary: Infirmary) -> None:
    infirmary.beat()
    infirmary.fail(after(minutes=1))
    infirmary.fail(after(minutes=2), error="OtherError", tags={"region": "eu"})
    policy = FixPolicy(name="Clear", match="service:shop", fixer="clear", cool_down=0)
    for params, unsent, why in (
        ({"region": {"from": "tag.region"}}, 1, "The event has no tag.region, which is to be the parameter 'region'"),
        ({}, 2, "The fixer clear needs the parameter 'region'"),
        ({"region": "eu"}, 0, ""),
    ):
        told = infirmary.desk.rehearse(1, replace(policy, params=params), after(minutes=3))
        assert (told.many, told.unsent, told.unsent_why) == (2, unsent, why)


def test_what_was_asked_for_is_counted(infirmary: Infirmary) -> None:
    infirmary.policy(watch=60)
    infirmary.beat()
    infirmary.fail(after(seconds=1), times=12)
    mend(infirmary, 10)
    infirmary.fail(after(seconds=12))
    infirmary.look(after(seconds=13))
    counted = dict(infirmary.rows(schema.counters, "name", "number"))
    assert {name: counted.get(name) for name in ("fixes_asked", "fixes_succeeded", "fixes_not_mended")} == {
        "fixes_asked": 1,
        "fixes_succeeded": 1,
        "fixes_not_mended": 1,
    }


def test_whoever_is_to_know_is_told_of_what_was_tried_in_vain(infirmary: Infirmary) -> None:
    alerting = Alerting(
        infirmary.store,
        SqlAlertReads(infirmary.database),
        Place(project="", address="http://aiops.test", key=b"k" * 32),
    )
    alerting.step(NOW)
    infirmary.policy(watch=60)
    infirmary.beat()
    infirmary.fail(after(seconds=1), times=12)
    mend(infirmary, 10)
    infirmary.fail(after(seconds=12))
    infirmary.look(after(seconds=13))
    while alerting.step(after(seconds=14)):
        pass
    rows = infirmary.rows(alert_tables.alerts, "title", "text", "severity")
    assert ("PoolError: no", "A fix did not mend it, recycle: it came back once after the fix", "critical") in rows


def test_what_was_suggested_is_taken_back_when_the_incident_is_resolved(infirmary: Infirmary) -> None:
    infirmary.policy(mode=Mode.SUGGEST)
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    infirmary.triage.act(1, 1, Act(kind=ActKind.RESOLVE), after(seconds=3), by=ANA)
    infirmary.look(after(seconds=13))
    assert (infirmary.only().state, infirmary.only().why) == (FixState.CANCELLED, "the incident is not open any more")


def test_two_policies_do_not_ask_for_the_same_at_once(infirmary: Infirmary) -> None:
    infirmary.policy()
    infirmary.policy(name="Again")
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    infirmary.look(after(seconds=2))
    assert infirmary.only().policy_id == 1


def test_who_was_asked_for_its_data_to_be_erased_stands_in_no_fix(infirmary: Infirmary) -> None:
    infirmary.policy(fixer="clear", params={"region": {"from": "tag.region"}})
    infirmary.beat(fixers=[CLEAR])
    infirmary.fail(after(seconds=1), tags={"region": "ana@example.com"})
    infirmary.look(after(seconds=2))
    (carried,) = infirmary.carried(after(seconds=3))
    infirmary.tell(carried.request, "failed", after(seconds=4), error="no ana@example.com", log="of ana@example.com")
    erase(infirmary.database, "ana@example.com", lambda _: None)
    assert "ana@example.com" not in json.dumps([*map(str, infirmary.rows(fix_tables.fixes))])
    assert "ana@example.com" not in json.dumps([*map(str, infirmary.rows(fix_tables.fix_steps))])


def test_one_projects_switch_stops_its_own_fixes_and_no_other_projects(infirmary: Infirmary) -> None:
    infirmary.policy()
    beat = a_heartbeat_body(instance={"id": "z"}, fixers=[RECYCLE], timestamp=after(seconds=1).timestamp())
    event = a_body(error_type="PoolError", message="no", occurred_at=after(seconds=1).isoformat())
    infirmary.beat()
    infirmary.fail(after(seconds=1))
    for number, body in enumerate((beat, event), 900):
        infirmary.receive(a_parcel(number, body, project_id=2, received_at=after(seconds=1)))
    infirmary.digest_all(after(seconds=1))
    policy = FixPolicy(name="Theirs", match="type:PoolError", fixer="recycle", mode=Mode.AUTOMATIC)
    infirmary.desk.save_policy(2, policy, ANA, NOW)
    infirmary.desk.stop_all(1, ANA, after(seconds=2))
    infirmary.look(after(seconds=3))
    assert infirmary.all() == []
    assert [row.fix.asked_by.name for row in infirmary.reads.page(2).rows] == ["the policy Theirs"]
