"""Many incidents at once, and back."""

from collections.abc import Iterator

import pytest
from made import NOW, a_body, a_parcel, after
from sqlalchemy import delete, insert
from workshop import Workshop

from aiops_platform.core import acts
from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.muting import Ends
from aiops_platform.core.people import Actor
from aiops_platform.core.views import IncidentQuery
from aiops_platform.pipeline.settle import Settle
from aiops_platform.pipeline.triage import bulk
from aiops_platform.pipeline.triage.bulk import TooManyError
from aiops_platform.storage import schema

ANA = Actor("user", 1, "Ana")
DELETE = Act(kind=ActKind.DELETE)
RESOLVE = Act(kind=ActKind.RESOLVE)


class Shop(Workshop):
    """Seven problems, of which 6 is resolved and 7 is muted."""

    number = 0

    def reports(self, *problems: str, **fields: object) -> None:
        for problem in problems:
            self.number += 1
            self.receive(a_parcel(self.number, a_body(error_type=problem, message="no", **fields)))
        self.digest_all()

    def does(self, meant, act: Act, **at: float) -> bulk.Done:
        return self.triage.bulk.do(1, meant, act, after(**(at or {"hours": 1})), by=ANA)

    def states(self) -> list[str]:
        return [str(state) for _, state in sorted(self.rows(schema.incidents, "id", "state"))]

    def standing(self) -> list[object]:
        names = (
            "id",
            "state",
            "state_since",
            "reopened_at",
            "resolved_in",
            "resolved_how",
            "mute",
            "due_at",
            "assigned_to",
        )
        return sorted(self.rows(schema.incidents, *names))

    def settle(self, now) -> None:
        while Settle(self.store).step(now):
            pass


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(bulk, "_TOGETHER", 2)
    workshop = Shop()
    with workshop.database.begin() as connection:
        connection.execute(insert(schema.users), [{"name": "Ana", "created_at": NOW}])
        member = {"user_id": 1, "project_id": 1, "role": "member", "since": NOW}
        connection.execute(insert(schema.members), [member])
    workshop.reports("A", "B", "C", "D", "E", "F", "G", release="1.0")
    workshop.triage.resolve(1, 6, after(minutes=1), which="next")
    workshop.triage.mute(1, 7, after(minutes=1), ends=Ends(until=after(days=1)))
    yield workshop
    workshop.close()


def test_all_that_match_are_resolved_and_stand_again_as_they_did(shop):
    before = shop.standing()
    done = shop.does(IncidentQuery(state=None, text="no"), RESOLVE)
    assert (done.meant, done.changed) == (7, 6)
    assert set(shop.states()) == {"resolved"}
    undone = shop.triage.bulk.undo(1, done.undo, after(hours=1, minutes=5), by=ANA)
    assert undone is not None
    assert (undone.restored, undone.left, undone.act) == (6, 0, "resolve")
    assert shop.standing() == before
    told = [data for kind, data in shop.rows(schema.facts, "kind", "data") if kind == "incident_undone"]
    assert len(told) == 6
    assert told[-1] == {"why": "resolve: it is muted again as it was", "by": ANA.as_data()}


def test_only_those_that_were_chosen_are_touched(shop):
    shop.does([1, 3, 3, 99], Act(kind=ActKind.MUTE))
    assert shop.states() == ["muted", "open", "muted", "open", "open", "resolved", "muted"]


def test_a_filter_means_those_that_match_it(shop):
    shop.does(IncidentQuery(state=IncidentState.OPEN, text="A"), RESOLVE)
    assert shop.states().count("open") == 4


def test_what_has_gone_on_since_is_left_alone(shop):
    done = shop.does([1, 2], RESOLVE)
    shop.triage.reopen(1, 1, after(hours=1, minutes=1))
    undone = shop.triage.bulk.undo(1, done.undo, after(hours=1, minutes=2))
    assert undone is not None
    assert (undone.restored, undone.left) == (1, 1)
    again = shop.triage.bulk.undo(1, done.undo, after(hours=1, minutes=3))
    assert again is not None
    assert (again.restored, again.left) == (0, 0)


def test_it_can_be_undone_for_a_while_and_by_nobody_else(shop):
    done = shop.does([1, 2], RESOLVE)
    assert shop.triage.bulk.undo(2, done.undo, after(hours=1)) is None
    assert shop.triage.bulk.undo(1, "ff" * 16, after(hours=1)) is None
    assert shop.triage.bulk.undo(1, "nonsense", after(hours=1)) is None
    assert shop.triage.bulk.undo(1, done.undo, after(hours=1) + acts.UNDONE_WITHIN * 1.01) is None
    shop.settle(after(hours=3))
    assert (shop.count(schema.undoings), shop.count(schema.undoing_rows)) == (0, 0)


def test_people_are_given_many_and_rid_of_them_again(shop):
    shop.triage.assign(1, 2, NOW, to=1)
    before = shop.standing()
    done = shop.does([1, 2, 3], shop.triage.assigning(1, 1))
    assert done.changed == 2
    assert shop.rows(schema.incidents, "assigned_to")[:4] == [1, 1, 1, None]
    shop.triage.bulk.undo(1, done.undo, after(hours=1))
    assert shop.standing() == before


def test_nothing_is_given_back_to_who_has_gone(shop):
    shop.triage.assign(1, 1, NOW, to=1)
    done = shop.does([1], shop.triage.assigning(1, None))
    with shop.database.begin() as connection:
        connection.execute(delete(schema.members))
    shop.triage.bulk.undo(1, done.undo, after(hours=1))
    assert shop.rows(schema.incidents, "assigned_to")[0] is None
    assert shop.rows(schema.facts, "data")[-1]["why"] == "to nobody"


def test_more_than_ten_thousand_are_refused_before_anything_is_done(shop, monkeypatch):
    monkeypatch.setattr(acts, "MOST", 4)
    with pytest.raises(TooManyError):
        shop.does(IncidentQuery(), RESOLVE)
    assert shop.states().count("open") == 5


def test_what_is_deleted_is_gone_after_a_while_and_only_its_number_is_left(shop):
    shop.triage.comments.add(1, 1, "it is Bob's", NOW, by=ANA)
    digested, kept = shop.rows(schema.counters), shop.count(schema.events)
    shop.does([1], DELETE)
    assert shop.states()[0] == "deleted"
    shop.reports("A")
    assert shop.states()[7:] == ["open"], "What comes later is a new incident."
    shop.settle(after(hours=2))
    assert shop.count(schema.events) == kept
    assert 1 not in shop.rows(schema.events, "incident_id")
    assert 1 not in shop.rows(schema.incident_hours, "incident_id")
    assert shop.count(schema.comments) == 0
    assert shop.rows(schema.incidents, "message", "count")[0] == ("", 0)
    assert dict(shop.rows(schema.counters))["digested"] == dict(digested)["digested"] + 1
    assert dict(shop.rows(schema.counters))["stored_events"] == kept
    revision = shop.revision("incidents")
    shop.settle(after(hours=3))
    assert shop.revision("incidents") == revision


def test_what_was_deleted_by_mistake_comes_back_with_all_it_was(shop):
    before = shop.standing()
    done = shop.does([1, 2], DELETE)
    shop.reports("B")
    shop.triage.bulk.undo(1, done.undo, after(hours=1, minutes=1))
    assert shop.standing()[:7] == before
    shop.reports("A", "B")
    assert shop.rows(schema.incidents, "count") == [2, 1, 1, 1, 1, 1, 1, 2], "B had a new one by then."
