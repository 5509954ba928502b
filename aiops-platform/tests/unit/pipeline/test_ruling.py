"""A project's own rules for grouping: tried, set, and in force some seconds later for what is digested then."""

from collections.abc import Iterator
from typing import Any

import pytest
from made import a_body, a_parcel, after
from workshop import Workshop

from aiops_platform.core.group_rules import Rehearsal, Rules
from aiops_platform.core.views import IncidentQuery
from aiops_platform.pipeline.ruling import Refused, Ruling
from aiops_platform.storage import schema
from aiops_platform.storage.reads import SqlReads


class Shop(Workshop):
    """Reports that tell one queue's failures from another's by a tag."""

    number = 0

    def __init__(self) -> None:
        super().__init__()
        self.reads = SqlReads(self.database)
        self.ruling = Ruling(self.store, self.reads)

    def reports(self, *bodies: dict[str, Any], minutes: float = 0, project_id: int = 1) -> None:
        """Reports that are received and digested then."""
        for body in bodies:
            self.number += 1
            self.receive(a_parcel(self.number, body, received_at=after(minutes=minutes), project_id=project_id))
        self.digest_all(after(minutes=minutes))

    def counts(self) -> list[int]:
        """How many events each incident has."""
        return [count for _, count in sorted(self.rows(schema.incidents, "id", "count"))]

    def why(self, incident_id: int) -> list[dict[str, Any]]:
        """The parts of the keys that lead to an incident."""
        found = self.reads.incident(1, incident_id, after(days=1))
        assert found is not None
        return [reason.parts for reason in found.grouping]


@pytest.fixture
def shop() -> Iterator[Shop]:
    workshop = Shop()
    yield workshop
    workshop.close()


def failed(queue: str, name: str = "E", **fields: Any) -> dict[str, Any]:
    return a_body(error_type=name, message="no", tags={"queue": queue}, **fields)


def test_rules_hold_from_then_on_and_for_their_project_alone(shop):
    shop.reports(failed("mail"), failed("web"))
    assert shop.counts() == [2]
    shop.ruling.set_group_rules(1, "type:E -> {{ default }} {{ tag.queue }}")
    shop.reports(failed("mail"), failed("web"), failed("web"), failed("web", "F"), minutes=1)
    shop.reports(failed("mail"), failed("web"), minutes=1, project_id=2)
    assert shop.counts() == [2, 1, 2, 1, 2]
    shop.ruling.set_group_rules(1, "")
    shop.reports(failed("mail"), minutes=2)
    assert shop.counts() == [3, 1, 2, 1, 2], "What is stored stayed where it was."


def test_a_rule_makes_one_incident_of_many_and_says_so(shop):
    shop.ruling.set_group_rules(1, "tag.queue:mail -> mail is down")
    shop.reports(failed("mail", "A"), failed("mail", "B", fingerprint=["own"]), failed("web", "A"))
    assert shop.counts() == [2, 1]
    assert shop.why(1) == [{"rule": "tag.queue:mail -> mail is down", "key": "mail is down"}]
    assert "rule" not in shop.why(2)[0]


def test_each_service_has_incidents_of_its_own_whatever_the_rule_says(shop):
    shop.ruling.set_group_rules(1, "type:* -> all")
    shop.reports(failed("a"), failed("a", service="till"), failed("a", environment="staging"), failed("b", "F"))
    assert shop.counts() == [2, 1, 1]


def test_what_is_left_of_a_killed_process_does_not_undo_what_a_rule_has_split(shop):
    shop.ruling.set_group_rules(1, "type:E -> {{ tag.queue }}")
    frames = [{"file": "/srv/a.py", "function": "f", "line": 1, "in_app": True}]
    thrown = {"exceptions": [{"type": "E", "value": "no", "frames": frames}]}
    stub = thrown | {"contexts": {"delivery": {"rescued": True}}}
    shop.reports(failed("mail", **thrown), failed("web", **stub))
    assert shop.counts() == [1, 1]


def test_wrong_rules_are_refused_and_those_in_force_stay(shop):
    shop.ruling.set_group_rules(1, "type:E -> e")
    refused = shop.ruling.set_group_rules(1, "type:E -> f\ntyp:E -> g")
    assert isinstance(refused, Refused)
    assert isinstance(shop.ruling.rehearse(1, "type:E"), Refused)
    assert [problem.line for problem in refused.problems] == [2]
    assert shop.ruling.group_rules(1) == "type:E -> e"


def test_rules_are_kept_as_they_were_written_but_for_the_ends_of_lines(shop):
    assert isinstance(shop.ruling.set_group_rules(1, "\r\n# mine \r\ntype:E -> e\r\n\r\n"), Rules)
    assert shop.ruling.group_rules(1) == "# mine\ntype:E -> e"
    assert shop.ruling.group_rules(2) == ""


def test_rules_are_tried_on_what_is_stored_and_change_nothing(shop):
    shop.reports(*(failed(str(number % 3)) for number in range(120)), failed("mail", "F"))
    shop.reports(failed("mail"), project_id=2)
    tried = shop.ruling.rehearse(1, "tag.queue:mail -> mail\ntype:E -> {{ tag.queue }}\n")
    assert isinstance(tried, Rehearsal)
    assert tried.looked == 121
    assert [(each.events, each.incidents, each.becoming) for each in tried.tried] == [(1, 1, 1), (120, 1, 3)]
    assert shop.ruling.group_rules(1) == ""
    assert shop.reads.incidents(1, IncidentQuery(), after(minutes=1)).total == 2


def test_the_newest_events_are_looked_at_and_damaged_ones_left_out(shop):
    shop.reports(*(failed("a", f"E{number}") for number in range(230)))
    with shop.database.begin() as connection:
        connection.execute(schema.events.update().where(schema.events.c.id == 200).values(body=b"damaged"))
    found = [event.error_type for _, event in shop.reads.last_events(1, 150)]
    assert found == [f"E{number}" for number in range(229, 79, -1) if number != 199]


def test_a_rule_that_this_program_does_not_know_is_left_out(shop, caplog):
    with shop.store.begin() as transaction:
        transaction.save_group_rules(1, "from:the-future -> x\ntag.queue:mail -> mail")
    shop.reports(failed("mail", "A"), failed("mail", "B"))
    assert shop.counts() == [2]
    assert "left out" in caplog.text
