"""What people took back: an incident that is open again is told again, and to nobody twice within an hour."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from made import NOW, after
from newsroom import ANA, Newsroom

from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.alerting.rules import When
from aiops_platform.storage import alert_tables


@pytest.fixture
def room() -> Iterator[Newsroom]:
    workshop = Newsroom()
    workshop.tell(after(hours=-1))
    yield workshop
    workshop.close()


def _merged(room: Newsroom) -> None:
    """Two that fire and were told; the first is muted, and the second becomes a part of it."""
    room.report("Muted", "KeyError")
    room.tell()
    room.triage.mute(1, 1, after(minutes=1), by=ANA)
    room.triage.merging.merge(1, [2], 1, after(minutes=2), by=ANA)
    room.tell(after(minutes=3))
    assert room.states() == ["over", "over"]


def test_an_incident_that_is_taken_out_again_is_told_again_and_once(room: Newsroom) -> None:
    _merged(room)
    before = len(room.messages())
    room.triage.merging.unmerge(1, 2, after(hours=2), by=ANA)
    room.tell(after(hours=2))
    room.tell(after(hours=9))
    (message,) = room.messages()[before:]
    assert message.heading == "KeyError: no"
    assert message.text[0].startswith("Taken out of another one, it is open by itself")
    assert room.states() == ["over", "over", "firing"]


def test_who_was_told_within_the_hour_is_told_again_when_that_is_over(room: Newsroom) -> None:
    _merged(room)
    before = len(room.messages())
    room.triage.merging.unmerge(1, 2, after(minutes=5), by=ANA)
    room.tell(after(minutes=5))
    assert room.states()[-1] == "firing", "It stands below Alerts at once."
    room.tell(after(minutes=59))
    assert len(room.messages()) == before
    room.tell(after(minutes=60))
    assert room.titles()[before:] == ["KeyError: no"]


def test_what_is_mended_within_the_hour_is_not_told_again(room: Newsroom) -> None:
    _merged(room)
    before = len(room.messages())
    room.triage.merging.unmerge(1, 2, after(minutes=5), by=ANA)
    room.tell(after(minutes=5))
    room.triage.resolve(1, 2, after(minutes=30))
    room.tell(after(hours=2))
    assert len(room.messages()) == before


def test_who_acknowledged_it_before_has_acknowledged_it_still(room: Newsroom) -> None:
    room.report("Muted", "KeyError")
    room.tell()
    room.desk.acknowledge(1, 2, ANA, after(minutes=1))
    room.triage.merging.merge(1, [2], 1, after(minutes=2), by=ANA)
    room.tell(after(minutes=3))
    before = len(room.messages())
    room.triage.merging.unmerge(1, 2, after(minutes=30), by=ANA)
    room.tell(after(minutes=30))
    room.tell(after(hours=9))
    assert room.states()[-1] == "acknowledged"
    assert room.rows(alert_tables.alerts, "acknowledged_by")[-1] == "Ana"
    assert len(room.messages()) == before


def test_one_that_nobody_was_told_of_is_told_at_once_when_it_stands_by_itself(room: Newsroom) -> None:
    room.report("First")
    room.tell()
    room.report("KeyError", now=after(seconds=1))
    room.triage.merging.merge(1, [2], 1, after(seconds=2), by=ANA)
    room.tell(after(minutes=1))
    assert room.titles() == ["First: no"]
    room.triage.merging.unmerge(1, 2, after(minutes=3), by=ANA)
    room.tell(after(minutes=3))
    assert room.titles() == ["First: no", "KeyError: no"]


@pytest.mark.parametrize("kind", [ActKind.MUTE, ActKind.DELETE])
def test_what_was_put_away_before_anybody_heard_is_told_when_that_is_undone(room: Newsroom, kind: ActKind) -> None:
    room.report("KeyError")
    done = room.triage.bulk.do(1, [1], Act(kind=kind), NOW, by=ANA)
    room.tell()
    assert room.messages() == []
    room.triage.bulk.undo(1, done.undo, after(minutes=1), by=ANA)
    room.tell(after(minutes=1))
    assert room.titles() == ["KeyError: no"]
    assert "was undone" in room.messages()[0].text[0]


@pytest.mark.parametrize("how", ["another search", "switched off"])
def test_a_rule_that_does_not_hold_any_more_tells_nothing_anew(room: Newsroom, how: str) -> None:
    rule = room.rule(When.NEW, match="type:KeyError")
    room.report("Muted", "KeyError")
    room.tell()
    room.triage.merging.merge(1, [2], 1, after(minutes=2), by=ANA)
    room.tell(after(minutes=3))
    changed = replace(rule, enabled=False) if how == "switched off" else replace(rule, match="type:Other")
    room.desk.save_rule(1, changed, after(minutes=4))
    before = len(room.messages())
    room.triage.merging.unmerge(1, 2, after(hours=2), by=ANA)
    room.tell(after(hours=2))
    assert len(room.messages()) == before


def test_what_still_fires_is_not_told_twice_when_a_part_is_taken_out(room: Newsroom) -> None:
    room.report("Whole", "KeyError")
    room.tell()
    room.triage.merging.merge(1, [2], 1, after(minutes=1), by=ANA)
    room.tell(after(minutes=2))
    room.triage.merging.unmerge(1, 2, after(hours=2), by=ANA)
    room.tell(after(hours=2))
    assert [each.title for each in room.messages()[2:]] == ["KeyError: no"]
