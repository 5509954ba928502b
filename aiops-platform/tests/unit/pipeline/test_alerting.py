"""What becomes true is told to channels: who, when, how often, and when it is over."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from made import NOW, a_heartbeat_body, a_parcel, after
from newsroom import ANA, NIGHT, OPS, Newsroom
from sqlalchemy import delete, insert, update

from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.alerting import links
from aiops_platform.core.alerting.links import LinkError
from aiops_platform.core.alerting.policy import Policy, Step
from aiops_platform.core.alerting.quiet import QuietHours
from aiops_platform.core.alerting.rota import OnCall, Rota
from aiops_platform.core.alerting.rules import Rule, To, When
from aiops_platform.core.channels import ChannelKind
from aiops_platform.core.facts import FactKind
from aiops_platform.core.maintenance import Window
from aiops_platform.core.messages import MessageState, Severity
from aiops_platform.core.muting import Ends
from aiops_platform.core.people import Actor
from aiops_platform.pipeline.settle import Settle
from aiops_platform.pipeline.upkeep import Upkeep
from aiops_platform.storage import alert_tables, backup, schema


@pytest.fixture
def room() -> Iterator[Newsroom]:
    workshop = Newsroom()
    workshop.tell(after(hours=-1))
    yield workshop
    workshop.close()


def test_a_new_incident_is_told_to_every_channel_at_once_and_once(room: Newsroom) -> None:
    room.add_channel("#more")
    room.report("KeyError")
    room.tell()
    room.report("KeyError")
    room.tell(after(minutes=10))
    (message,) = room.messages()
    assert (message.title, message.state, message.service) == ("KeyError: no", MessageState.FIRING, "shop")
    assert [each.label for each in message.actions] == ["Acknowledge", "Mute for an hour"]
    assert message.url == "http://aiops.test/incidents/1"
    assert len(room.messages(2)) == 1


def test_a_channel_that_is_switched_off_or_of_another_project_hears_nothing(room: Newsroom) -> None:
    room.add_channel("#other", project_id=2)
    with room.database.begin() as connection:
        connection.execute(update(schema.channels).where(schema.channels.c.id == OPS).values(disabled_at=NOW))
    room.report("KeyError")
    room.tell()
    assert room.rows(schema.deliveries) == []
    assert room.states() == ["firing"]


def test_what_comes_together_is_one_message_with_the_worst_first(room: Newsroom) -> None:
    room.report(*(f"Error{number}" for number in range(25)))
    room.tell()
    (message,) = room.messages()
    assert message.title == "25 alerts"
    assert (len(message.items), message.more) == (10, 15)
    assert message.url == "http://aiops.test/alerts?state=firing"


def test_what_follows_is_gathered_and_waits_longer_each_time(room: Newsroom) -> None:
    for seconds in range(0, 600, 15):
        room.report(f"Error{seconds}", now=after(seconds=seconds))
        room.tell(after(seconds=seconds))
    room.tell(after(seconds=900))
    assert [len(each.items) + each.more for each in room.messages()] == [0, 2, 4, 8, 16, 9]


def test_what_is_critical_does_not_wait_behind_what_is_gathered(room: Newsroom) -> None:
    for seconds in range(0, 600, 15):
        room.report(f"Error{seconds}", now=after(seconds=seconds))
        room.tell(after(seconds=seconds))
    before = len(room.messages())
    room.rule(severity=Severity.CRITICAL)
    room.report("Fatal", now=after(seconds=601))
    room.tell(after(seconds=601))
    room.tell(after(seconds=611))
    assert len(room.messages()) == before + 1
    first = room.messages()[-1].items[0]
    assert first.title == "Fatal: no", "with all that waited, the worst first"


def test_whose_turn_it_is_hears_of_it_although_much_was_told(room: Newsroom) -> None:
    for seconds in range(0, 600, 15):
        room.report(f"Error{seconds}", now=after(seconds=seconds))
        room.tell(after(seconds=seconds))
    before = len(room.messages())
    steps = (
        Step(after=timedelta(0), to=To(channels=(OPS,))),
        Step(after=timedelta(seconds=20), to=To(channels=(OPS,))),
    )
    policy_id = room.desk.save_policy(1, Policy(name="Nights", steps=steps))
    room.rule(to=To(policy=policy_id))
    room.report("Slow", now=after(seconds=601))
    room.tell(after(seconds=602))
    assert len(room.messages()) == before
    room.tell(after(seconds=622))
    assert len(room.messages()) == before + 1


def test_what_is_over_neither_holds_up_what_breaks_nor_comes_in_a_flood(room: Newsroom) -> None:
    room.report(*(f"Error{number}" for number in range(60)))
    room.tell()
    for number in range(60):
        at = after(minutes=10, seconds=number)
        room.triage.resolve(1, number + 1, at)
        room.tell(at)
    assert len(room.messages()) == 1 + 2, "at once, and what came within half a minute"
    room.report("KeyError", now=after(minutes=11))
    room.tell(after(minutes=11))
    assert "KeyError: no" in room.titles()
    room.report("NextError", now=after(minutes=12, seconds=1))
    room.tell(after(minutes=12, seconds=1))
    assert room.titles()[-1] == "NextError: no", "the gap is still the first one"


def test_a_storm_of_ten_thousand_incidents_in_a_minute_is_a_handful_of_messages(room: Newsroom) -> None:
    with room.database.begin() as connection:
        service = {"project_id": 1, "name": "shop", "environment": "production", "first_seen_at": NOW}
        connection.execute(insert(schema.services).values(**service))
    for second in range(60):
        _open_many(room, 10_000 // 60 + 1, after(seconds=second))
        room.tell(after(seconds=second))
    room.tell(after(minutes=3))
    told = room.messages()
    assert len(told) <= 4
    assert sum(max(1, len(each.items) + each.more) for each in told) == room.count(schema.incidents) > 10_000
    assert max(len(str(each.as_data())) for each in told) < 10_000


def test_an_incident_that_was_resolved_before_anybody_was_told_is_told_to_nobody(room: Newsroom) -> None:
    room.report("First")
    room.tell()
    room.report("KeyError")
    room.tell(after(seconds=1))
    room.triage.resolve(1, 2, after(seconds=2))
    room.tell(after(seconds=3))
    room.tell(after(minutes=2))
    assert room.titles() == ["First: no"]


def test_that_it_is_over_is_told_where_it_was_told_in_the_same_group_and_once(room: Newsroom) -> None:
    room.report("KeyError")
    room.tell()
    room.add_channel("#late")
    room.triage.resolve(1, 1, after(minutes=1))
    room.tell(after(minutes=1))
    room.tell(after(minutes=9))
    fired, over = room.messages()
    assert over.heading == "Over: KeyError: no"
    assert over.group == fired.group
    assert (over.key != fired.key, over.actions) == (True, ())
    assert room.messages(2) == []


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("beat", "shop beats again"),
        ("goodbye", "shop has stopped, with a goodbye"),
        ("pause", "shop was paused, by Ana"),
        ("resolve", "resolved, by Ana: ServiceSilent: shop has sent"),
    ],
)
def test_the_end_of_a_silence_says_first_what_ended_it(room: Newsroom, ends: str, said: str) -> None:
    room.listen(*(after(seconds=second) for second in range(0, 301, 5)))
    room.receive(a_parcel(501, a_heartbeat_body(), received_at=NOW))
    room.digest_all()
    room.watch.step(after(seconds=90))
    room.tell(after(seconds=90))
    match ends:
        case "pause":
            Upkeep(room.store).pause(1, 1, None, after(minutes=3), by=ANA)
        case "resolve":
            room.triage.resolve(1, 1, after(minutes=3), by=ANA)
        case _:
            heard = a_heartbeat_body(closing=ends == "goodbye")
            room.receive(a_parcel(502, heard, received_at=after(minutes=3)))
            room.digest_all(after(minutes=3))
    room.tell(after(minutes=4))
    over = room.messages()[-1]
    assert over.heading.startswith(f"Over: {said}")
    assert over.text[0] == room.rows(alert_tables.alerts, "ended_why")[0] != ""


def test_a_group_of_messages_is_over_when_all_of_it_is(room: Newsroom) -> None:
    room.report("A", "B")
    room.tell()
    room.triage.resolve(1, 1, after(minutes=1))
    room.tell(after(minutes=1))
    room.triage.resolve(1, 2, after(minutes=10))
    room.tell(after(minutes=10))
    both, one, last = room.messages()
    assert one.group != both.group
    assert last.group == both.group
    assert (one.state, last.state) == (MessageState.OVER, MessageState.OVER)


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (Act(kind=ActKind.MUTE, ends=Ends(until=after(hours=2))), "Muted until 2026-11-22 05:14 UTC, by Ana"),
        (Act(kind=ActKind.MUTE), "Muted, by Ana"),
        (Act(kind=ActKind.DELETE), "Deleted, by Ana"),
    ],
)
def test_what_people_put_away_is_over_where_it_was_told_and_says_why(room: Newsroom, act: Act, why: str) -> None:
    room.report("KeyError")
    room.tell()
    room.triage.act(1, 1, act, after(minutes=1), by=ANA)
    room.tell(after(minutes=5))
    fired, over = room.messages()
    assert (over.state, over.group, over.text[0]) == (MessageState.OVER, fired.group, why)
    assert room.states() == ["over"]
    room.tell(after(minutes=9))
    assert len(room.messages()) == 2


def test_what_was_merged_is_over_and_says_into_what(room: Newsroom) -> None:
    room.report("KeyError", "ValueError")
    room.tell()
    room.triage.merging.merge(1, [2], 1, after(minutes=1), by=ANA)
    room.tell(after(minutes=5))
    assert room.messages()[-1].text[0] == "Merged: it is a part of #1 now, by Ana"
    assert room.states() == ["firing", "over"]


def test_what_was_put_away_before_anybody_was_told_is_told_to_nobody(room: Newsroom) -> None:
    room.report("KeyError")
    room.triage.mute(1, 1, NOW, by=ANA)
    room.tell()
    assert room.messages() == []


def test_a_receiver_that_pages_people_is_told_of_each_alert_by_itself_and_of_its_end(room: Newsroom) -> None:
    room.make(OPS, ChannelKind.PAGERDUTY)
    room.report("A", "B", "C")
    room.tell()
    assert sorted(room.titles()) == ["A: no", "B: no", "C: no"]
    groups = {each.title: each.group for each in room.messages()}
    assert len(set(groups.values())) == 3
    room.triage.mute(1, 2, after(minutes=1), by=ANA)
    room.triage.resolve(1, 3, after(minutes=1))
    room.tell(after(minutes=6))
    ends = {each.title: each.group for each in room.messages()[3:]}
    assert ends == {"muted, by Ana: B: no": groups["B: no"], "C: no": groups["C: no"]}
    room.triage.resolve(1, 1, after(minutes=7))
    room.tell(after(minutes=20))
    assert [each.group for each in room.messages()[5:]] == [groups["A: no"]]


def test_of_a_storm_who_pages_people_gets_the_worst_alone_and_the_rest_as_one_until_all_is_over(room: Newsroom) -> None:
    room.make(OPS, ChannelKind.PAGERDUTY)
    room.report(*(f"Error{number:02}" for number in range(40)))
    room.tell()
    assert room.titles() == [*(f"Error{number:02}: no" for number in range(10)), "30 alerts"]
    rest = room.messages()[-1].group
    for number in range(40):
        room.triage.resolve(1, number + 1, after(minutes=number))
        room.tell(after(minutes=number))
    room.tell(after(hours=2))
    ends = [each.group for each in room.messages()[11:]]
    assert sorted(ends) == sorted(each.group for each in room.messages()[:11])
    assert ends[-1] == rest, "It ends when the last of it does."
    assert room.waiting() == 0


def test_more_ends_than_fit_a_turn_are_told_in_the_next_ones(room: Newsroom) -> None:
    room.make(OPS, ChannelKind.PAGERDUTY)
    for turn in range(13):
        room.report(*(f"Error{turn:02}{number}" for number in range(10)), now=after(minutes=6 * turn))
        room.tell(after(minutes=6 * turn))
    assert len(room.messages()) == 130
    for number in range(130):
        room.triage.resolve(1, number + 1, after(hours=2))
    room.tell(after(hours=2))
    assert len(room.messages()) == 230
    room.tell(after(hours=3))
    assert (len({each.group for each in room.messages()[130:]}), room.waiting()) == (130, 0)


@pytest.mark.parametrize(("act", "why"), [("off", "Its rule was switched off"), ("drop", "Its rule was deleted")])
def test_what_fires_by_a_rule_that_is_gone_is_over_where_it_was_told(room: Newsroom, act: str, why: str) -> None:
    rule = room.rule()
    room.report("KeyError")
    room.tell()
    if act == "off":
        room.desk.save_rule(1, replace(rule, enabled=False), after(minutes=1))
    else:
        room.desk.drop_rule(1, rule.id or 0, after(minutes=1))
    room.tell(after(minutes=1))
    title = f"Over: {why[0].lower()}{why[1:]}: KeyError: no"
    assert (room.titles(), room.messages()[-1].text[0]) == (["KeyError: no", title], why)


def test_an_incident_that_is_muted_fires_again_when_its_mute_ends(room: Newsroom) -> None:
    room.report("KeyError")
    room.tell()
    room.triage.mute(1, 1, after(minutes=1), ends=Ends(until=after(hours=1)))
    room.report("KeyError", now=after(minutes=30))
    room.tell(after(minutes=30))
    assert [each.state for each in room.messages()] == [MessageState.FIRING, MessageState.OVER]
    Settle(room.store).step(after(minutes=61))
    room.tell(after(minutes=61))
    assert room.messages()[-1].text[0].startswith("It is back")


def test_a_regression_is_told_but_not_what_somebody_reopened(room: Newsroom) -> None:
    room.report("KeyError")
    room.tell()
    room.triage.resolve(1, 1, after(minutes=1))
    room.triage.reopen(1, 1, after(minutes=2), by=ANA)
    room.tell(after(minutes=2))
    assert len(room.messages()) == 1
    room.triage.resolve(1, 1, after(minutes=3), by=ANA)
    room.report("KeyError", now=after(minutes=10))
    room.tell(after(minutes=10))
    assert room.messages()[-1].state is MessageState.FIRING


def test_who_acknowledges_hears_nothing_more_but_the_end(room: Newsroom) -> None:
    room.rule(repeat=timedelta(minutes=10))
    room.report("KeyError")
    room.tell()
    room.tell(after(minutes=10))
    assert room.desk.acknowledge(1, 1, ANA, after(minutes=15)) is not None
    room.desk.acknowledge(1, 1, Actor("user", 2, "Ben"), after(minutes=16))
    room.tell(after(hours=3))
    room.triage.resolve(1, 1, after(hours=4))
    room.tell(after(hours=4))
    assert room.titles() == ["KeyError: no", "KeyError: no", "Over: KeyError: no"]
    assert "Still so" in room.messages()[1].text[0]
    assert room.rows(alert_tables.alerts, "acknowledged_by") == ["Ana"]
    assert room.desk.acknowledge(2, 1, ANA, NOW) is None


def test_two_rules_of_one_incident_are_one_thing_to_be_told_of_and_to_be_acknowledged(room: Newsroom) -> None:
    room.rule(severity=Severity.WARNING, repeat=timedelta(hours=1))
    room.desk.save_rule(1, Rule(name="Also", when=When.NEW, severity=Severity.ERROR, repeat=timedelta(hours=1)), NOW)
    room.report("KeyError")
    room.tell()
    (message,) = room.messages()
    assert (message.heading, message.severity) == ("KeyError: no", Severity.ERROR), "the graver one of them"
    room.report("A", "B", now=after(minutes=10))
    room.tell(after(minutes=10))
    assert sorted(each.title for each in room.messages()[1].items) == ["A: no", "B: no"]
    assert room.messages()[1].title == "2 alerts"
    room.desk.acknowledge(1, 1, ANA, after(minutes=11))
    assert room.states()[:2] == ["acknowledged", "acknowledged"]
    assert set(room.states()[2:]) == {"firing"}
    room.triage.resolve(1, 1, after(minutes=20))
    room.tell(after(minutes=20))
    assert room.titles()[2:] == ["Over: KeyError: no"]


def test_the_story_of_an_incident_says_who_was_told_and_who_acknowledged(room: Newsroom) -> None:
    room.report("KeyError")
    room.tell()
    room.desk.acknowledge(1, 1, ANA, after(minutes=1))
    told = room.rows(schema.facts, "kind", "incident_id", "data")[-2:]
    assert told[0] == ("alert_told", 1, {"why": "in #ops"})
    assert told[1][:2] == ("alert_acknowledged", 1)


def test_rules_look_only_for_what_their_search_finds(room: Newsroom) -> None:
    room.rule(match="level:critical OR type:Payment*", severity=Severity.CRITICAL)
    room.report("KeyError", "PaymentRefused")
    room.report("Fatal", level="critical")
    room.tell()
    assert sorted(each.title for each in room.messages()[0].items) == ["Fatal: no", "PaymentRefused: no"]
    assert room.messages()[0].severity is Severity.CRITICAL


def test_many_events_within_an_hour_are_told_once_while_they_last(room: Newsroom) -> None:
    room.rule(When.MANY, events=3, hours=1)
    room.report("KeyError", "KeyError")
    room.tell(after(minutes=2))
    assert room.messages() == []
    room.report("KeyError", now=after(minutes=3))
    room.tell(after(minutes=4))
    room.tell(after(minutes=6))
    assert room.messages()[0].text[0].endswith("3 events within 1 h")
    room.tell(after(hours=5))
    assert room.titles() == ["KeyError: no", "Over: it has calmed down: KeyError: no"]


def test_many_events_within_minutes_are_told_but_not_as_many_within_longer(room: Newsroom) -> None:
    room.rule(When.MANY, events=5, minutes=2)
    for number in range(8):
        room.report("Slow", now=after(minutes=number))
        room.tell(after(minutes=number, seconds=1))
    assert room.messages() == []
    for number in range(5):
        room.report("Fast", now=after(minutes=10, seconds=20 * number))
    room.tell(after(minutes=12))
    assert room.titles() == ["Fast: no"]
    assert room.messages()[0].text[0].endswith("5 events within 2 min")


def test_many_people_within_a_time_are_told_however_often_each_of_them_came(room: Newsroom) -> None:
    room.rule(When.MANY, people=3, minutes=30)
    for number in range(6):
        room.report("KeyError", now=after(minutes=number), user={"id": str(number % 2)})
    room.tell(after(minutes=6))
    room.report("KeyError", now=after(hours=2), user={"id": "late"})
    room.tell(after(hours=2))
    assert room.messages() == []
    for number in range(2):
        room.report("KeyError", now=after(hours=2, minutes=9), user={"id": str(number)})
    room.tell(after(hours=2, minutes=10))
    assert room.messages()[0].text[0].endswith("3 people within 30 min")


def test_what_has_become_worth_it_is_told_once_for_ever(room: Newsroom) -> None:
    room.rule(When.WORTH, events=2)
    room.report("KeyError")
    room.tell(after(minutes=2))
    room.report("KeyError", now=after(minutes=3))
    room.tell(after(minutes=4))
    room.triage.resolve(1, 1, after(minutes=5))
    room.tell(after(minutes=6))
    room.report("KeyError", now=after(minutes=20))
    room.tell(after(minutes=22))
    assert room.titles() == ["KeyError: no", "Over: KeyError: no"]


def test_troubles_of_the_platform_are_told_to_the_first_project(room: Newsroom) -> None:
    room.add_channel("#second", project_id=2)
    room.troubles = {"lag": "Reports wait for 10 min"}
    room.tell(after(minutes=2))
    room.troubles = {}
    room.tell(after(minutes=4))
    assert room.titles() == ["Reports wait for 10 min", "Over: it is so no longer: Reports wait for 10 min"]
    assert room.messages(2) == []


def test_nobody_is_told_in_maintenance_and_afterwards_only_what_is_still_so(room: Newsroom) -> None:
    with room.store.begin() as transaction:
        transaction.maintenance.add(
            Window(
                id=None,
                project_id=1,
                name="Move",
                since=NOW,
                until=after(minutes=30),
                made_by="Ana",
                made_at=NOW,
            )
        )
    room.report("Lasting", "Passing")
    room.tell()
    room.triage.resolve(1, 2, after(minutes=5))
    for minute in range(0, 30, 5):
        room.tell(after(minutes=minute))
    assert room.messages() == []
    assert room.rows(alert_tables.alerts, "held")[0] == "Move"
    room.tell(after(minutes=31))
    assert room.titles() == ["Lasting: no"]


def test_in_quiet_hours_only_what_is_critical_is_told_and_the_rest_in_the_morning(room: Newsroom) -> None:
    # It is 03:14 in UTC.
    room.desk.set_quiet(1, OPS, QuietHours(begin=time(22), end=time(7), zone="UTC"))
    assert not room.desk.set_quiet(2, OPS, None)
    room.report("A", "B")
    room.tell()
    assert room.messages() == []
    room.rule(When.NEW, severity=Severity.CRITICAL)
    room.report("Fatal", now=after(minutes=5))
    room.tell(after(minutes=5))
    assert room.titles() == ["Fatal: no"]
    room.tell(after(hours=3))
    room.tell(after(hours=4))
    assert room.titles() == ["Fatal: no", "2 alerts while it was quiet"]


def test_the_next_ones_are_told_while_nobody_acknowledges(room: Newsroom) -> None:
    room.add_channel("#night")
    rota = Rota(name="Nights", zone="UTC", at=time(9), first=NOW.date(), people=(OnCall(name="Ben", channel=NIGHT),))
    rota_id = room.desk.save_rota(1, rota)
    steps = (
        Step(after=timedelta(0), to=To(channels=(OPS,))),
        Step(after=timedelta(minutes=10), to=To(rota=rota_id)),
    )
    policy_id = room.desk.save_policy(1, Policy(name="Nights", steps=steps))
    room.rule(to=To(policy=policy_id))
    room.report("A", "B")
    room.tell()
    room.tell(after(minutes=9))
    assert (len(room.messages(OPS)), len(room.messages(NIGHT))) == (1, 0)
    room.desk.acknowledge(1, 1, ANA, after(minutes=9))
    room.tell(after(minutes=10))
    room.tell(after(hours=2))
    (message,) = room.messages(NIGHT)
    assert (message.title, message.text[0]) == ("B: no", "Nobody has acknowledged it yet: now it is your turn.")
    assert len(room.messages(OPS)) == 1


def test_what_happened_before_is_read_once_whoever_reads_it(room: Newsroom) -> None:
    room.report("A")
    room.tell()
    room.restart()
    room.tell(after(minutes=1))
    assert len(room.messages()) == 1


def test_nothing_is_half_told(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    room.report("A")
    with monkeypatch.context() as broken:
        broken.setattr("aiops_platform.pipeline.alerting.sending.wording.said", _break)
        with pytest.raises(RuntimeError):
            room.tell()
    assert (room.states(), room.messages()) == ([], [])
    room.restart()
    room.tell(after(seconds=1))
    assert len(room.messages()) == 1


def test_a_fact_that_another_process_writes_late_is_read_all_the_same(room: Newsroom) -> None:
    room.report("A", "B")
    with room.database.begin() as connection:
        late = connection.execute(schema.facts.select().where(schema.facts.c.incident_id == 1)).mappings().one()
        connection.execute(delete(schema.facts).where(schema.facts.c.id == late["id"]))
    with room.database.begin() as connection:
        connection.execute(insert(alert_tables.alert_cursors).values(name="facts", after=0, notes={}))
    room.tell()
    with room.database.begin() as connection:
        connection.execute(insert(schema.facts).values(**late))
    room.report("C", now=after(seconds=40))
    room.tell(after(seconds=40))
    assert sorted(room.rows(alert_tables.alerts, "title")) == ["A: no", "B: no", "C: no"]


def test_a_fact_that_comes_late_wakes_and_is_read_even_when_nobody_looked_for_a_while(room: Newsroom) -> None:
    room.report("A", "B")
    with room.database.begin() as connection:
        late = connection.execute(schema.facts.select().where(schema.facts.c.incident_id == 1)).mappings().one()
        connection.execute(delete(schema.facts).where(schema.facts.c.id == late["id"]))
        connection.execute(insert(alert_tables.alert_cursors).values(name="facts", after=0, notes={}))
    room.tell()
    room.tell(after(seconds=1))
    assert not room.reads.waits(after(seconds=1))
    with room.database.begin() as connection:
        connection.execute(insert(schema.facts).values(**late))
    assert room.reads.waits(after(seconds=1))
    room.tell(after(hours=1))
    assert sorted(room.rows(alert_tables.alerts, "title")) == ["A: no", "B: no"]
    room.tell(after(hours=2))
    assert not room.reads.waits(after(hours=2))


def test_with_its_rule_an_alert_is_over_whoever_would_have_ended_it(room: Newsroom) -> None:
    for change in ("drop", "switch off"):
        rule = room.rule(When.MANY, events=2, hours=1)
        room.report("KeyError", "KeyError")
        room.tell()
        assert room.states().count("firing") == 1
        if change == "drop":
            room.desk.drop_rule(1, rule.id, NOW)
        else:
            room.desk.save_rule(1, replace(rule, enabled=False), NOW)
        assert "firing" not in room.states()
        room.restart()


def test_what_names_nothing_that_is_there_any_more_tells_everybody(room: Newsroom) -> None:
    room.add_channel("#gone")
    room.add_channel("#off")
    room.rule(to=To(channels=(2,)))
    with room.database.begin() as connection:
        connection.execute(delete(schema.channels).where(schema.channels.c.id == 2))
    room.report("KeyError")
    room.tell()
    assert (room.titles(), room.titles(3)) == (["KeyError: no"], ["KeyError: no"])
    room.rule(to=To(channels=(3,)))
    with room.database.begin() as connection:
        off = {"disabled_at": NOW, "disabled_by": "Ana"}
        connection.execute(update(schema.channels).where(schema.channels.c.id == 3).values(**off))
    room.report("TypeError", now=after(minutes=20))
    room.tell(after(minutes=20))
    assert room.titles() == ["KeyError: no"], "Who was switched off on purpose is not replaced."
    with room.database.begin() as connection:
        connection.execute(update(schema.channels).where(schema.channels.c.id == 3).values(disabled_by=""))
    room.report("ValueError", now=after(minutes=40))
    room.tell(after(minutes=40))
    assert room.titles()[1:] == ["ValueError: no"], "Who refused for good is."


def test_whose_channel_is_off_while_they_are_on_call_is_stood_in_for_by_the_next_in_line(room: Newsroom) -> None:
    for number, name in ((2, "Ana"), (3, "Ben"), (4, "Cem")):
        room.add_channel(name)
        assert number
    people = tuple(OnCall(name=name, channel=number) for number, name in ((2, "Ana"), (3, "Ben"), (4, "Cem")))
    rota = Rota(name="Nights", zone="UTC", at=time(0), first=NOW.date() - timedelta(days=1), people=people)
    room.rule(to=To(rota=room.desk.save_rota(1, rota)))
    heard = []
    for number, off in enumerate((set(), {2}, {2, 3}, {2, 3, 4})):
        room.switch_off(off)
        room.report(f"E{number}", now=after(hours=number))
        room.tell(after(hours=number))
        heard.append([name for name in (1, 2, 3, 4) if f"E{number}: no" in room.titles(name)])
    assert heard == [[2], [3], [4], [1]], "Where nobody of them is reached, all others are."


def test_a_step_that_reaches_nobody_is_followed_by_the_next_one_at_once_and_in_the_end_by_all(room: Newsroom) -> None:
    room.add_channel("night")
    room.add_channel("boss")
    minutes = [timedelta(minutes=each) for each in (0, 10, 20)]
    tos = (To(channels=(NIGHT,)), To(channels=(NIGHT,)), To(channels=(3,)))
    steps = tuple(Step(after=wait, to=to) for wait, to in zip(minutes, tos, strict=True))
    room.rule(to=To(policy=room.desk.save_policy(1, Policy(name="Late", steps=steps))))
    room.switch_off({NIGHT})
    room.report("KeyError")
    room.tell()
    assert (room.titles(3), room.messages(3)[0].text) == (["KeyError: no"], ("A new incident",))
    for minute in range(1, 60):
        room.tell(after(minutes=minute))
    assert len(room.messages(3)) == 1
    room.switch_off({NIGHT, 3})
    room.report("TypeError", now=after(hours=2))
    room.tell(after(hours=2))
    assert room.titles() == ["TypeError: no"]


def test_of_the_platform_another_project_is_told_when_it_was_handed_over(room: Newsroom) -> None:
    room.add_channel("#second", project_id=2)
    room.troubles = {"lag": "Reports wait for 10 min"}
    room.tell(after(minutes=2))
    assert not room.desk.hand_over_platform(2, 1, NOW)
    assert room.desk.hand_over_platform(1, 2, after(minutes=3))
    assert room.reads.told_of_platform() == 2
    room.tell(after(minutes=4))
    assert room.titles()[1:] == ["Over: another project is told of the platform now: Reports wait for 10 min"]
    assert room.messages()[-1].text[0] == "Another project is told of the platform now"
    assert room.titles(2) == ["Reports wait for 10 min"]
    assert room.desk.hand_over_platform(2, 1, after(minutes=5))
    assert [each.when for each in room.desk.rules(1, NOW)].count(When.PLATFORM) == 1


def test_after_a_restored_backup_no_id_group_or_link_is_that_of_another_message(room: Newsroom, tmp_path: Path) -> None:
    store, kept = tmp_path / "store.db", []
    room.report("Old")
    room.tell()
    (old,) = room.messages()
    for life, problem in enumerate(("Lost", "New")):
        room.report(problem, now=after(hours=1 + life))
        room.tell(after(hours=1 + life))
        kept.append(room.messages()[1])
        if life == 0:
            link = kept[0].actions[0].url.rpartition("/")[2]
            assert room.desk.followed(link, after(hours=1)).row.alert.title == "Lost: no"
            # As if it had never been.
            for table, most in ((schema.deliveries, 1), (alert_tables.tellings, 1), (alert_tables.alerts, 1)):
                room.keep(table, most)
            room.put_through(store, lambda file: backup.mark_restored(file, "0badcafe"))
    lost, new = kept
    assert (lost.key != new.key, lost.group != new.group) == (True, True)
    with pytest.raises(LinkError):
        room.desk.followed(link, after(hours=1))
    for each in (new, old):
        assert room.desk.followed(each.actions[0].url.rpartition("/")[2], after(hours=3)).row.alert.title == each.title
    room.triage.resolve(1, 1, after(hours=3))
    room.tell(after(hours=3))
    assert room.messages()[-1].group == old.group, "What began before ends as it began."


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_a_clock_far_ahead_put_off_is_not_waited_for_when_it_came_back(room: Newsroom, is_restarted: bool) -> None:
    room.rule(repeat=timedelta(hours=1))
    room.report("KeyError", now=after(days=400))
    room.tell(after(days=400))
    assert len(room.messages()) == 1
    if is_restarted:
        room.restart()
    room.tell()
    for minutes in (59, 61, 119, 122):
        room.tell(after(minutes=minutes))
    assert len(room.messages()) == 3, "It is told again each hour."


def test_what_calmed_is_over_in_time_although_a_clock_ahead_had_seen_it(room: Newsroom) -> None:
    room.rule(When.MANY, events=2, minutes=10)
    room.report("KeyError", "KeyError", now=after(days=400))
    room.tell(after(days=400))
    room.tell()
    room.tell(after(hours=3))
    assert room.titles()[-1] == "Over: it has calmed down: KeyError: no"


def test_no_fact_has_the_number_of_one_that_was_wiped(room: Newsroom) -> None:
    room.report("A")
    room.tell()
    room.triage.act(1, 1, Act(kind=ActKind.DELETE), after(minutes=1))
    room.tell(after(minutes=1))
    for day in range(40):
        while Settle(room.store).step(after(days=day)):
            pass
    room.report("B", now=after(days=41))
    room.tell(after(days=41))
    assert "B: no" in room.titles()


def test_a_link_in_a_message_acts_for_its_channel(room: Newsroom) -> None:
    room.report("KeyError")
    room.tell()
    link = room.messages()[0].actions[0].url.rpartition("/")[2]
    followed = room.desk.followed(link, after(minutes=1))
    assert (followed.row.alert.id, followed.by.name, followed.claim.act) == (1, "the link in #ops", "ack")
    with pytest.raises(links.LinkError, match="expired"):
        room.desk.followed(link, after(days=2))
    with room.database.begin() as connection:
        connection.execute(delete(schema.deliveries))
        connection.execute(delete(schema.channels))
    with pytest.raises(links.LinkError, match="no more"):
        room.desk.followed(link, after(minutes=1))


def test_a_link_acknowledges_all_that_its_message_told_of_and_nothing_else(room: Newsroom) -> None:
    room.report("Before")
    room.tell()
    room.report(*(f"Error{number}" for number in range(450)), now=after(minutes=10))
    room.tell(after(minutes=10))
    room.report("After", now=after(minutes=30))
    room.tell(after(minutes=30))
    _, many, _ = room.messages()
    assert [each.label for each in many.actions] == ["Acknowledge all"]
    room.triage.resolve(1, 2, after(minutes=31))
    room.tell(after(minutes=31))
    followed = room.desk.followed(many.actions[0].url.rpartition("/")[2], after(minutes=32))
    assert followed.told_with is not None
    assert (followed.told_with.firing, len(followed.told_with.alerts)) == (449, 10)
    assert room.desk.acknowledge_all(followed, after(minutes=32)) == 449
    assert room.desk.acknowledge_all(followed, after(minutes=33)) == 0
    assert room.states() == ["firing", "over", *["acknowledged"] * 449, "firing"]
    assert set(room.rows(alert_tables.alerts, "acknowledged_by")[2:451]) == {"the link in #ops"}
    stories = [kind for kind in room.rows(schema.facts, "kind") if kind == "alert_acknowledged"]
    assert len(stories) == 449


def test_what_is_over_is_not_to_be_acknowledged(room: Newsroom) -> None:
    room.report("A", "B")
    room.tell()
    room.triage.resolve(1, 1, after(minutes=1))
    room.triage.resolve(1, 2, after(minutes=1))
    room.tell(after(minutes=1))
    assert room.messages()[-1].title == "2 alerts"
    assert room.messages()[-1].actions == ()


def test_alerts_that_are_long_over_are_forgotten(room: Newsroom) -> None:
    room.report("A", "B")
    room.tell()
    room.triage.resolve(1, 1, after(minutes=1))
    room.tell(after(minutes=1))
    room.tell(after(days=91))
    assert room.rows(alert_tables.alerts, "title") == ["B: no"]


def test_a_rule_says_what_it_would_have_told(room: Newsroom) -> None:
    for hours in range(0, 72, 24):
        room.report("KeyError", *["Loud"] * 20, now=after(hours=hours))
    now = after(hours=72)
    new = room.desk.rehearse(1, Rule(name="It", when=When.NEW, match="type:KeyError"), now)
    assert (new.many, new.examples[0][1], new.is_more) == (1, "KeyError: no", False)
    assert room.desk.rehearse(1, Rule(name="It", when=When.MANY, events=20, hours=1), now).many == 3
    assert room.desk.rehearse(1, Rule(name="It", when=When.WORTH, events=30), now).many == 1
    assert room.desk.rehearse(1, Rule(name="It", when=When.MANY, people=1, minutes=30), now).many == 0
    assert room.desk.rehearse(2, Rule(name="It", when=When.NEW), now).many == 0


def test_the_usual_rules_are_there_until_people_take_them_away(room: Newsroom) -> None:
    names = [rule.name for rule in room.desk.rules(1, NOW)]
    assert names == [
        "New incidents",
        "Incidents that are back",
        "Rising incidents",
        "Silent services",
        "Jobs in trouble",
        "Fixes that did not mend",
        "The platform itself",
    ]
    assert len(room.desk.rules(2, NOW)) == 6
    for rule in room.desk.rules(1, NOW):
        assert rule.id is not None
        assert room.desk.drop_rule(1, rule.id, NOW)
        assert not room.desk.drop_rule(2, rule.id, NOW)
    assert room.desk.rules(1, NOW) == []


def test_what_belongs_to_another_project_is_not_there(room: Newsroom) -> None:
    rule = room.desk.rules(1, NOW)[0]
    assert room.desk.save_rule(2, replace(rule, name="Mine"), NOW) is None
    with pytest.raises(Exception, match="no channel with the number 1"):
        room.desk.save_rule(2, Rule(name="It", when=When.NEW, to=To(channels=(OPS,))), NOW)


def _break(*_: object, **__: object) -> None:
    raise RuntimeError


def _open_many(room: Newsroom, many: int, now: datetime) -> None:
    """So many new incidents with their facts, as the digest writes them in the end."""
    fields = {
        "project_id": 1,
        "service_id": 1,
        "kind": "exception",
        "state": "open",
        "state_since": now,
        "type": "Storm",
    }
    fields |= {"message": "no", "place": "", "level": "error", "count": 1, "first_seen_at": now, "last_seen_at": now}
    with room.database.begin() as connection:
        added = insert(schema.incidents).returning(schema.incidents.c.id)
        ids = connection.execute(added, [fields] * many).scalars().all()
        fact = {"project_id": 1, "kind": FactKind.INCIDENT_OPENED, "at": now, "service_id": 1, "data": {}}
        connection.execute(insert(schema.facts), [{**fact, "incident_id": each} for each in ids])
