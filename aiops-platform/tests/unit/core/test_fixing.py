"""Fixers as beats tell of them, policies as people write them, and the course of a fix."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, after

from aiops_platform.core.event import Fixer as ToldFixer
from aiops_platform.core.event import FixResult
from aiops_platform.core.fixing import asking, course, fixer, policy, proof
from aiops_platform.core.fixing.errors import FixError
from aiops_platform.core.fixing.fix import UNDONE, UNENDED, Fix, FixState, Proof, Way
from aiops_platform.core.fixing.fixer import Fixer, Parameter
from aiops_platform.core.fixing.policy import FixPolicy, Mode
from aiops_platform.core.fixing.proof import Watched
from aiops_platform.core.people import PLATFORM
from aiops_platform.core.service import ServiceName

SHOP = ServiceName(7, "shop", "production")
CLEAR = Fixer(
    name="clear",
    params=(
        Parameter(name="region", type="string", required=True, choices=("eu", "us")),
        Parameter(name="many", type="integer"),
        Parameter(name="share", type="number"),
        Parameter(name="hard", type="boolean"),
    ),
)


def a_fix(**fields: Any) -> Fix:
    usual: dict[str, Any] = {
        "request": "3b0f7c52-9a41-4c57-8a1e-5f2d1c6b7e90",
        "together": "t",
        "project_id": 7,
        "service_id": 1,
        "incident_id": 42,
        "fixer": "clear",
        "params": {},
        "timeout": 60.0,
        "watch": 600,
        "state": FixState.QUEUED,
        "state_since": NOW,
        "asked_at": NOW,
        "asked_by": PLATFORM,
    }
    return Fix(**usual | fields)


def carried(**fields: Any) -> Fix:
    return course.carried(a_fix(**fields), SHOP, "a", off=0.0, interval=30, now=NOW)


def told(state: str, **fields: Any) -> FixResult:
    return FixResult(request=a_fix().request, state=state, **fields)


@pytest.mark.parametrize("name", ["recycle-db-pool", "a", "7.x_y", "a" * 100])
def test_these_are_names(name: str) -> None:
    assert fixer.is_name(name)


@pytest.mark.parametrize("name", ["", "-a", ".a", "Recycle", "a b", "é", "a/b", "a" * 101, "a\n"])
def test_these_are_none(name: str) -> None:
    assert not fixer.is_name(name)


def test_of_what_a_beat_offers_only_what_is_a_fixer_is_kept_and_fifty_at_most() -> None:
    offered = [ToldFixer(name="no name"), *(ToldFixer(name=f"f{number}", timeout=-1.0) for number in range(60))]
    found = fixer.told(offered, "1.0")
    assert len(found) == 49
    assert (found[0].name, found[0].timeout, found[0].release) == ("f0", 60.0, "1.0")
    strange = {"a": 7, "b": {"type": "object"}, "c": {"type": "string", "choices": "eu", "required": 1}}
    (one,) = fixer.told([ToldFixer(name="f", params=strange)], None)
    assert one.params == (Parameter(name="c", type="string"),)


@given(
    st.dictionaries(
        st.sampled_from(["region", "many", "share", "hard", "zone"]),
        st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()),
    )
)
def test_parameters_that_are_taken_fit(given_: dict[str, Any]) -> None:
    known = {each.name: each for each in CLEAR.params}
    try:
        taken = fixer.checked_params(CLEAR, given_)
    except FixError:
        fits = all(name in known and known[name].fits(value) for name, value in given_.items())
        assert not fits or "region" not in given_
        return
    assert taken == given_
    assert taken["region"] in ("eu", "us")


def test_parameters_of_a_form_are_read_by_their_types() -> None:
    said = {"region": "eu", "many": " 7 ", "share": "0.5", "hard": "yes"}
    assert fixer.params_from(CLEAR, said) == {"region": "eu", "many": 7, "share": 0.5, "hard": True}
    assert fixer.params_from(CLEAR, {"region": "us", "many": ""}) == {"region": "us"}
    for wrong in (
        {"region": "mars"},
        {"region": "eu", "many": "7.5"},
        {"region": "eu", "hard": "perhaps"},
        {"zone": "1"},
    ):
        with pytest.raises(FixError):
            fixer.params_from(CLEAR, wrong)


def test_what_begins_with_an_equals_sign_is_a_field_and_with_two_a_text() -> None:
    assert policy.param_from("=tag.k") == policy.param_from("= tag.k ") == {"from": "tag.k"}
    for text in ("=tag.k", "==x", "=", "a = b", ""):
        assert policy.param_from(policy.param_as_text(text)) == text


def test_one_field_is_refused_in_the_same_words_however_it_is_said() -> None:
    for field in ("nonsense", "tag.", ""):
        with pytest.raises(FixError, match=r"release, logger, tag\.<name>, as =tag\.pool or \{"):
            policy.checked(a_policy(params={"region": {"from": field}}))


def test_what_a_fixer_is_like_comes_back_as_it_was_kept() -> None:
    assert fixer.params_of(json.loads(json.dumps(fixer.as_data(CLEAR)))) == CLEAR.params


def a_policy(**fields: Any) -> FixPolicy:
    return FixPolicy(**{"name": "Clear", "match": "service:shop", "fixer": "clear", **fields})


def test_a_policy_comes_back_as_it_was_kept() -> None:
    written = a_policy(
        params={"region": {"from": "tag.region"}, "many": 7}, mode=Mode.ASK, environments=("production",)
    )
    data = json.loads(json.dumps(policy.as_data(written)))
    columns = {"id": 3, "name": "Clear", "enabled": True, "since": NOW, "paused_at": None, "paused_why": ""}
    assert policy.from_data(data, **columns) == replace(written, id=3, since=NOW)


def test_a_policy_is_read_from_a_form() -> None:
    said = {
        "name": " Clear  it ",
        "match": "service:shop",
        "fixer": "clear",
        "mode": "automatic",
        "environments": "a, b",
    }
    said |= {
        "param.region": "=tag.region",
        "param.many": "7",
        "param.word": "plain",
        "cool_down": "60",
        "resolve": "on",
    }
    read = policy.read(said)
    assert (read.name, read.mode, read.environments, read.cool_down) == ("Clear it", Mode.AUTOMATIC, ("a", "b"), 60)
    assert read.params == {"region": {"from": "tag.region"}, "many": 7, "word": "plain"}
    assert (read.resolve, read.stop_after_failure) == (True, False)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"match": ""}, "match"),
        ({"match": "colour:red"}, "match"),
        ({"match": "assigned:me"}, "match"),
        ({"fixer": "DROP TABLE"}, "fixer"),
        ({"per_hour": 0}, "per_hour"),
        ({"at_once": 0}, "at_once"),
        ({"watch": 0}, "watch"),
        ({"cool_down": -1}, "cool_down"),
        ({"params": {"a": {"from": "password"}}}, "params"),
        ({"params": {"a": {"from": "type", "else": "x"}}}, "params"),
        ({"params": {"a": [1]}}, "params"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(FixError) as wrong:
        policy.checked(a_policy(**fields))
    assert wrong.value.field == field


def test_parameters_are_taken_from_the_event_by_name_and_made_to_fit() -> None:
    wanted = a_policy(params={"region": {"from": "tag.region"}, "many": {"from": "tag.many"}})
    assert policy.values_of(wanted, CLEAR, {"tag.region": "eu", "tag.many": "7"}) == {"region": "eu", "many": 7}
    for fields in (
        {"tag.region": "eu"},
        {"tag.region": "mars", "tag.many": "7"},
        {"tag.region": "eu", "tag.many": "x"},
    ):
        with pytest.raises(FixError):
            policy.values_of(wanted, CLEAR, fields)


def test_a_deadline_is_told_by_the_services_clock() -> None:
    fix = course.carried(a_fix(), SHOP, "a", off=3600.0, interval=30, now=NOW)
    assert fix.deadline == NOW + timedelta(seconds=120 + 60)
    assert json.loads(fix.body or "")["deadline"] == NOW.timestamp() + 3600 + 180


def test_clocks_that_nearly_agree_are_not_corrected() -> None:
    assert course.off_by(NOW.timestamp() - 2, NOW) == 0.0
    assert course.off_by(NOW.timestamp() + 60, NOW) == 60.0
    assert course.off_by(1e300, NOW) == 0.0
    assert course.off_by(None, NOW) == 0.0


def test_parameters_too_long_for_a_request_are_not_sent() -> None:
    with pytest.raises(FixError, match="too long"):
        carried(params={"a": "x" * 70_000})


def test_when_it_ended_is_told_by_our_clock() -> None:
    sent = course.sent(carried(), after(seconds=5))
    began = NOW + timedelta(seconds=10 + 3600)
    ended = course.heard(sent, told("succeeded", began_at=began, duration=2.0), off=3600.0, at=after(seconds=20))
    assert (ended.began_at, ended.ended_at) == (after(seconds=10), after(seconds=12))
    lying = course.heard(sent, told("succeeded", began_at=after(days=9), duration=1e8), off=0.0, at=after(seconds=20))
    assert lying.ended_at == after(seconds=20)


STATES = st.sampled_from([*FixState])
WORDS = st.sampled_from(
    ["running", "succeeded", "failed", "timed_out", "interrupted", "busy", "refused", "queued", "x"]
)


@given(STATES, st.lists(WORDS, max_size=6))
def test_whatever_is_told_what_has_ended_by_a_word_stays_ended_as_it_did(state: FixState, words: list[str]) -> None:
    fix = course.moved(carried(), state, NOW)
    final: FixState | None = None
    for number, word in enumerate(words):
        fix = course.heard(fix, told(word), off=0.0, at=after(seconds=number))
        if final is not None:
            assert fix.state is final
        elif fix.is_ended and fix.state not in (FixState.UNKNOWN, FixState.EXPIRED, FixState.CANCELLED):
            final = fix.state
    assert fix.state not in UNENDED or fix.ended_at is None


@given(STATES, st.booleans())
def test_only_what_is_meant_to_be_is_carried(state: FixState, is_pushed: bool) -> None:
    fix = replace(course.moved(carried(), state, NOW), way=Way.PUSHED if is_pushed else Way.CARRIED)
    may = course.is_carriable(fix, after(seconds=1))
    assert may is (not is_pushed and state in (FixState.QUEUED, FixState.SENT))
    assert not course.is_carriable(fix, fix.deadline or NOW)


def test_what_was_never_sent_can_have_been_done_by_nobody() -> None:
    fix = a_fix(state=FixState.WAITING)
    assert course.heard(fix, told("succeeded"), off=0.0, at=NOW) is fix


def test_states_that_say_that_nothing_was_done_are_no_others() -> None:
    assert {each for each in FixState if each not in UNDONE} == {
        FixState.QUEUED,
        FixState.SENT,
        FixState.RUNNING,
        FixState.SUCCEEDED,
        FixState.FAILED,
        FixState.TIMED_OUT,
        FixState.INTERRUPTED,
        FixState.UNKNOWN,
    }


def test_each_process_gets_a_request_of_its_own() -> None:
    ids = iter("abcdefgh")
    wanted = asking.Asking(
        project_id=7,
        service_id=1,
        incident_id=42,
        fixer=replace(CLEAR, each_instance=True),
        params={"region": "eu"},
        by=PLATFORM,
    )
    fixes = asking.made(wanted, ["i1", "i2", "i3"], lambda: next(ids), NOW)
    assert [(each.request, each.together, each.instance) for each in fixes] == [
        ("a", "b", "i1"),
        ("c", "b", "i2"),
        ("d", "b", "i3"),
    ]


def test_no_more_processes_are_asked_than_can_be_written_down_at_once() -> None:
    fix = a_fix(each_instance=True)
    assert len(asking.spread(fix, [f"i{number}" for number in range(200)], lambda: "r")) == 200
    with pytest.raises(FixError, match="201 processes"):
        asking.spread(fix, [f"i{number}" for number in range(201)], lambda: "r")


SEEN = Watched(
    ended_at=NOW,
    watch=timedelta(minutes=10),
    again=0,
    before=0,
    ran_well=0,
    heard_at=after(minutes=11),
    interval=30,
)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"again": 1}, Proof.NOT_MENDED),
        ({"again": 1, "before": 100, "ran_well": 5}, Proof.NOT_MENDED),
        ({"before": 3}, Proof.MENDED),
        ({"before": 2}, Proof.UNPROVEN),
        ({"ran_well": 1}, Proof.MENDED),
        ({"is_resolved": True}, Proof.MENDED),
        ({"before": 100, "heard_at": None}, Proof.UNPROVEN),
        ({"before": 100, "heard_at": after(minutes=9)}, Proof.UNPROVEN),
    ],
)
def test_what_is_proven_by_what_is_known(fields: dict[str, Any], found: Proof) -> None:
    assert proof.judged(replace(SEEN, **fields), after(minutes=12)).proof is found


@given(
    again=st.integers(0, 3),
    before=st.integers(0, 9),
    ran_well=st.integers(0, 2),
    heard=st.one_of(st.none(), st.integers(0, 1_000)),
    now=st.integers(0, 2_000),
)
def test_nothing_is_mended_that_came_back_or_was_not_heard_or_before_its_time(
    again: int, before: int, ran_well: int, heard: int | None, now: int
) -> None:
    seen = replace(SEEN, again=again, before=before, ran_well=ran_well)
    seen = replace(seen, heard_at=None if heard is None else after(seconds=heard))
    judged = proof.judged(seen, after(seconds=now))
    if judged.proof is Proof.MENDED:
        assert not again
        assert now >= 600
        assert heard is not None
        assert heard >= 600
        assert before >= 3 or ran_well
    if again:
        assert judged.proof is Proof.NOT_MENDED
    assert (judged.look_at is None) is (judged.proof is not Proof.WATCHING)


def test_results_are_bounded() -> None:
    sent = course.sent(carried(), NOW)
    much = told("failed", value="x" * 10_000, error="e" * 5_000, stack_trace="s" * 99_000, log="l" * 99_000)
    ended = course.heard(sent, much, off=0.0, at=NOW)
    assert len(msgspec.json.encode(dict(ended.result))) < 30_000
    assert "value" not in ended.result
