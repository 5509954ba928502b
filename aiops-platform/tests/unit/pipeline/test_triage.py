"""What people do with an incident."""

from collections.abc import Iterator

import pytest
from made import a_body, a_parcel, after
from workshop import Workshop

from aiops_platform.storage import schema


@pytest.fixture
def shop() -> Iterator[Workshop]:
    workshop = Workshop()
    workshop.receive(a_parcel(1, a_body(error_type="E")))
    workshop.digest_all()
    yield workshop
    workshop.close()


def state(shop: Workshop) -> str:
    (found,) = shop.rows(schema.incidents, "state")
    return str(found)


@pytest.mark.parametrize(("act", "expected"), [("resolve", "resolved"), ("mute", "muted"), ("reopen", "open")])
def test_an_incident_goes_where_people_put_it(shop, act, expected):
    assert getattr(shop.triage, act)(1, 1, after(minutes=1)) is True
    assert state(shop) == expected


def test_what_was_done_is_a_fact_and_raises_the_revision(shop):
    revision = shop.revision("incidents")
    shop.triage.resolve(1, 1, after(minutes=1))
    assert shop.facts()[-1] == "incident_resolved"
    assert shop.revision("incidents") == revision + 1


def test_doing_it_twice_changes_nothing(shop):
    shop.triage.mute(1, 1, after(minutes=1))
    facts, revision = shop.facts(), shop.revision("incidents")
    shop.triage.mute(1, 1, after(minutes=2))
    assert (shop.facts(), shop.revision("incidents")) == (facts, revision)


def test_an_incident_of_another_project_is_out_of_reach(shop):
    assert shop.triage.resolve(2, 1, after(minutes=1)) is False
    assert shop.triage.resolve(1, 99, after(minutes=1)) is False
    assert state(shop) == "open"
