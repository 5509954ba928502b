"""What begins and ends before a channel is told of it: one line of the next message, or one message where it was grave."""

from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import NOW, after
from newsroom import ANA, OPS, Newsroom

from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.alerting.quiet import QuietHours
from aiops_platform.core.alerting.rules import Rule, When
from aiops_platform.core.channels import ChannelKind
from aiops_platform.core.messages import MessageState, Severity
from aiops_platform.storage import alert_tables, schema


@pytest.fixture
def room() -> Iterator[Newsroom]:
    workshop = Newsroom()
    workshop.tell(after(hours=-1))
    yield workshop
    workshop.close()


def _passes(room: Newsroom, problem: str, begin: int, end: int) -> None:
    """It is opened and resolved so many seconds from now; the channel is looked at each time."""
    room.report(problem, now=after(seconds=begin))
    room.tell(after(seconds=begin))
    room.triage.resolve(1, room.number, after(seconds=end))
    room.tell(after(seconds=end))


def test_the_gathered_message_says_in_one_line_what_began_and_ended_meanwhile(room: Newsroom) -> None:
    room.report("First")
    room.tell()
    for number in range(5):
        _passes(room, f"Short{number}", 2 + number, 3 + number)
    room.report("Lasting", now=after(seconds=20))
    room.tell(after(seconds=40))
    first, second = room.messages()
    assert first.passed == ()
    assert second.title == "Lasting: no"
    assert second.rest() == ["5 more began and ended meanwhile: Short0: no, Short1: no, Short2: no and 2 others"]
    assert second.passed[0].url == "http://aiops.test/incidents/2"
    assert room.waiting() == 0
    room.tell(after(hours=1))
    assert len(room.messages()) == 2


def test_what_passed_without_anything_else_to_say_makes_no_message(room: Newsroom) -> None:
    room.report("First")
    room.tell()
    _passes(room, "Short", 2, 3)
    room.tell(after(minutes=2))
    assert room.titles() == ["First: no"]
    assert room.waiting() == 0
    room.report("Later", now=after(minutes=3))
    room.tell(after(minutes=3))
    assert room.messages()[-1].rest() == [], "It was long ago."


def test_what_was_critical_is_told_once_although_it_is_over(room: Newsroom) -> None:
    room.report("First")
    room.tell()
    room.rule(severity=Severity.CRITICAL)
    _passes(room, "Fatal", 2, 8)
    room.tell(after(minutes=2))
    room.tell(after(hours=2))
    _, passed = room.messages()
    assert (passed.heading, passed.state, passed.actions) == ("Over: Fatal: no, after 6 s", MessageState.OVER, ())
    assert passed.text[0].startswith("It began and ended before this was sent")
    assert passed.url == "http://aiops.test/incidents/2"


def test_what_was_critical_brings_along_what_was_not(room: Newsroom) -> None:
    room.report("First")
    room.tell()
    room.desk.save_rule(1, Rule(name="Bad", when=When.NEW, match="type:Fatal", severity=Severity.CRITICAL), NOW)
    _passes(room, "Dull", 2, 3)
    _passes(room, "Fatal", 4, 5)
    room.tell(after(minutes=2))
    (message,) = room.messages()[1:]
    assert message.heading == "Over: 2 alerts that began and ended"
    assert [each.title for each in message.items] == ["Fatal: no", "Dull: no"]


def test_what_was_critical_needs_no_message_of_its_own_beside_another_one(room: Newsroom) -> None:
    room.report("First")
    room.tell()
    room.desk.save_rule(1, Rule(name="Bad", when=When.NEW, match="type:Fatal", severity=Severity.CRITICAL), NOW)
    _passes(room, "Fatal", 2, 3)
    _passes(room, "Dull", 4, 5)
    room.report("Lasting", now=after(seconds=6))
    room.tell(after(seconds=40))
    assert [each.heading for each in room.messages()] == ["First: no", "Lasting: no"]
    (line,) = room.messages()[1].rest()
    assert line == "2 more began and ended meanwhile: Fatal: no, Dull: no", "the gravest first"


def test_that_something_else_is_over_carries_the_line_too(room: Newsroom) -> None:
    room.report("First")
    room.tell()
    _passes(room, "Short", 2, 3)
    room.triage.resolve(1, 1, after(seconds=10))
    room.tell(after(seconds=40))
    assert room.titles() == ["First: no", "Over: First: no"]
    assert room.messages()[1].rest() == ["1 more began and ended meanwhile: Short: no"]


@pytest.mark.parametrize("kind", [ActKind.MUTE, ActKind.DELETE])
def test_what_people_put_away_is_not_named(room: Newsroom, kind: ActKind) -> None:
    room.report("First")
    room.tell()
    room.rule(severity=Severity.CRITICAL)
    room.report("Fatal", now=after(seconds=2))
    room.tell(after(seconds=2))
    room.triage.act(1, 2, Act(kind=kind), after(seconds=3), by=ANA)
    room.report("Lasting", now=after(seconds=4))
    room.tell(after(seconds=40))
    assert room.titles() == ["First: no", "Lasting: no"]
    assert room.messages()[1].rest() == []


def test_what_is_back_is_not_also_said_to_have_passed(room: Newsroom) -> None:
    room.report("First")
    room.tell()
    _passes(room, "Short", 2, 3)
    room.report("Short", now=after(seconds=9))
    room.tell(after(seconds=40))
    assert room.titles() == ["First: no", "Short: no"]
    assert room.messages()[1].rest() == []
    assert room.waiting() == 0


def test_what_came_and_went_at_night_is_said_in_the_morning(room: Newsroom) -> None:
    # It is 03:14 in UTC.
    room.rule(severity=Severity.CRITICAL)
    room.desk.set_quiet(1, OPS, QuietHours(begin=time(22), end=time(7), zone="UTC", but_critical=False))
    _passes(room, "Short", 2, 302)
    room.tell(after(hours=3))
    assert room.messages() == []
    room.tell(after(hours=4))
    assert room.titles() == ["Over: Short: no, after 5 min"]


def test_nobody_is_paged_for_what_is_over(room: Newsroom) -> None:
    room.rule(severity=Severity.CRITICAL)
    room.make(OPS, ChannelKind.PAGERDUTY)
    room.report("First")
    room.tell()
    _passes(room, "Fatal", 2, 3)
    room.tell(after(minutes=2))
    assert room.titles() == ["First: no"]
    assert room.waiting() == 0


def test_who_was_told_of_it_in_passing_stands_beside_the_alert_and_in_its_story(room: Newsroom) -> None:
    room.report("First")
    room.tell()
    room.rule(severity=Severity.CRITICAL)
    _passes(room, "Fatal", 2, 3)
    room.tell(after(minutes=2))
    assert room.reads.page(1, state=None, before=None, limit=1).rows[0].told == ("#ops",)
    stories = [data["why"] for kind, data in room.rows(schema.facts, "kind", "data") if kind == "alert_told"]
    assert stories == ["in #ops", "when it was over, in #ops"]


def test_a_storm_that_passes_is_few_and_small_messages(room: Newsroom) -> None:
    for second in range(60):
        problems = [f"Error{second}x{number}" for number in range(10)]
        room.report(*problems, now=after(seconds=second))
        room.tell(after(seconds=second))
        first = room.number - 9
        for incident in range(first, first + 9):
            room.triage.resolve(1, incident, after(seconds=second))
    room.tell(after(minutes=3))
    room.tell(after(minutes=10))
    told = room.messages()
    assert len(told) <= 8
    assert max(len(str(each.as_data())) for each in told) < 10_000


@settings(max_examples=15, deadline=None)
@given(lives=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 90)), min_size=1, max_size=12))
def test_each_is_told_once_that_it_fires_or_in_passing_and_its_end_only_after_its_beginning(
    lives: list[tuple[int, int]],
) -> None:
    room = Newsroom()
    try:
        room.tell(after(hours=-1))
        room.rule(severity=Severity.CRITICAL)
        happens = sorted(
            [(begin, number, True) for number, (begin, _) in enumerate(lives)]
            + [(begin + lasts, number, False) for number, (begin, lasts) in enumerate(lives)],
            key=lambda each: (each[0], not each[2], each[1]),
        )
        known: dict[int, int] = {}
        for second, number, begins in happens:
            if begins:
                room.report(f"Error{number}", now=after(seconds=second))
                known[number] = len(known) + 1
            else:
                room.triage.resolve(1, known[number], after(seconds=second))
            room.tell(after(seconds=second))
        room.tell(after(minutes=10))
        kinds = room.rows(alert_tables.tellings, "alert_id", "why", "told_at")
        assert all(at is not None for _, _, at in kinds)
        for alert in {alert for alert, _, _ in kinds}:
            mine = sorted(why for each, why, _ in kinds if each == alert)
            assert mine in (["fired", "over"], ["passed"])
        assert len(room.messages()) <= 2 + 2 * (after(minutes=10) - NOW) // timedelta(seconds=10)
    finally:
        room.close()
