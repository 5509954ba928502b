"""What people say of when services are watched holds, on a real store and a clock handed in."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from made import a_heartbeat_body, a_parcel, after
from workshop import Workshop

from aiops_platform.core import maintenance
from aiops_platform.core.maintenance import MaintenanceError, Window
from aiops_platform.core.monitor import MonitorError
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.pipeline.upkeep import Upkeep
from aiops_platform.storage import schema


@pytest.fixture
def shop() -> Iterator[Workshop]:
    workshop = Workshop()
    workshop.listen(after())
    beats(workshop, 1)
    yield workshop
    workshop.close()


@pytest.fixture
def upkeep(shop: Workshop) -> Upkeep:
    return Upkeep(shop.store)


def beats(shop: Workshop, number: int, process: str = "a", *, closing: bool = False, **span: float) -> None:
    body = a_heartbeat_body(instance={"id": process}, closing=closing)
    shop.receive(a_parcel(number, body, received_at=after(**span)))
    shop.digest_all(after(**span))


def look(shop: Workshop, seconds: int) -> None:
    """The door has listened up to then, and it is looked at the monitors."""
    listening = shop.intake.listening()
    assert listening is not None
    heard = int((listening.until - after()).total_seconds())
    shop.listen(*(after(seconds=second) for second in (*range(heard, seconds, 5), seconds)))
    shop.watch.step(after(seconds=seconds))


def incidents(shop: Workshop) -> list[tuple[str, str, str]]:
    return shop.rows(schema.incidents, "type", "state", "message")


def planned(minutes: int, now: datetime, **fields: object) -> Window:
    known = {
        "project_id": 1,
        "name": "Deploy",
        "services": ["shop"],
        "environments": [],
        "since": now,
        "until": now + maintenance.SHORTEST * minutes,
        "weekly": None,
        "made_by": "Ana",
        "now": now,
    }
    return maintenance.planned(**known | fields)  # type: ignore[arg-type]


def test_silence_in_maintenance_opens_no_incident_until_that_is_over(shop: Workshop, upkeep: Upkeep) -> None:
    upkeep.plan(planned(10, after(seconds=10)), after(seconds=10))
    for seconds in range(60, 600, 30):
        look(shop, seconds)
    assert shop.rows(schema.monitors, "state") == ["alive"]
    look(shop, 610 + 89)
    assert incidents(shop) == []
    look(shop, 610 + 91)
    assert [each[:2] for each in incidents(shop)] == [("ServiceSilent", "open")]


def test_maintenance_of_another_service_or_project_excuses_nobody(shop: Workshop, upkeep: Upkeep) -> None:
    upkeep.plan(planned(10, after(seconds=10), services=["billing"]), after(seconds=10))
    upkeep.plan(planned(10, after(seconds=10), project_id=2), after(seconds=10))
    look(shop, 90)
    assert [each[0] for each in incidents(shop)] == ["ServiceSilent"]


def test_maintenance_that_is_ended_early_excuses_no_longer(shop: Workshop, upkeep: Upkeep) -> None:
    window = upkeep.plan(planned(25, after(seconds=10)), after(seconds=10))
    look(shop, 60)
    assert upkeep.end(1, window.id or 0, after(seconds=120)) is not None
    for seconds in (121, 180, 211):
        look(shop, seconds)
    assert [each[0] for each in incidents(shop)] == ["ServiceSilent"]
    assert upkeep.end(2, window.id or 0, after(seconds=130)) is None


def test_a_deploy_that_is_told_ends_the_window_that_waits_for_it(shop: Workshop, upkeep: Upkeep) -> None:
    window = upkeep.plan(planned(25, after(seconds=10), ends_with_deploy=True), after(seconds=10))
    shop.triage.deploys.deployed(1, "shop", "production", "2.0", at=None, now=after(seconds=60))
    with shop.store.begin() as transaction:
        found = transaction.maintenance.window(1, window.id or 0)
    assert found is not None
    assert found.until == after(seconds=60)


def test_the_same_window_said_again_lasts_longer_and_is_one(shop: Workshop, upkeep: Upkeep) -> None:
    first = upkeep.plan(planned(5, after(seconds=10)), after(seconds=10))
    again = upkeep.plan(planned(5, after(seconds=100)), after(seconds=100))
    assert (again.id, again.since, again.until) == (first.id, first.since, after(seconds=400))
    assert shop.count(schema.maintenance) == 1


def test_a_project_has_so_many_windows_and_no_more(shop: Workshop, upkeep: Upkeep) -> None:
    for number in range(maintenance.MOST):
        upkeep.plan(planned(5, after(seconds=1), name=f"n{number}"), after(seconds=1))
    with pytest.raises(MaintenanceError, match="at most 200"):
        upkeep.plan(planned(5, after(seconds=1), name="more"), after(seconds=1))
    upkeep.plan(planned(5, after(seconds=1), name="more", project_id=2), after(seconds=1))


def test_a_missing_process_opens_an_incident_that_resolves_itself(shop: Workshop, upkeep: Upkeep) -> None:
    beats(shop, 2, "b", seconds=1)
    assert upkeep.expect(1, 1, 2, after(seconds=2), by=COMMAND_LINE)
    for number, seconds in enumerate(range(30, 121, 30)):
        beats(shop, 10 + number, "a", seconds=seconds)
        look(shop, seconds + 2)
    message = "1 of 2 processes of shop beat"
    assert incidents(shop) == [("ProcessesMissing", "open", message)]
    beats(shop, 30, "c", seconds=130)
    assert incidents(shop) == [("ProcessesMissing", "resolved", message)]
    told = [kind for kind in shop.facts() if kind.startswith("service_")]
    assert told == ["service_seen", "service_short", "service_full"]


def test_a_pause_ends_what_is_open_and_holds_until_it_is_over(shop: Workshop, upkeep: Upkeep) -> None:
    look(shop, 90)
    assert upkeep.pause(1, 1, after(minutes=10), after(seconds=100), by=COMMAND_LINE)
    assert [each[1] for each in incidents(shop)] == ["resolved"]
    look(shop, 540)
    assert shop.rows(schema.monitors, "state") == ["paused"]
    for seconds in (600, 601, 689):
        look(shop, seconds)
    assert [each[1] for each in incidents(shop)] == ["resolved"]
    look(shop, 690)
    assert [each[1] for each in incidents(shop)] == ["open"]
    assert shop.rows(schema.monitor_states, "state") == ["alive", "late", "silent", "paused", "late", "silent"]


def test_what_is_not_of_the_project_or_makes_no_sense_is_refused(shop: Workshop, upkeep: Upkeep) -> None:
    assert not upkeep.pause(2, 1, None, after(seconds=1), by=COMMAND_LINE)
    assert not upkeep.resume(1, 99, after(seconds=1), by=COMMAND_LINE)
    for number in (0, 101):
        with pytest.raises(MonitorError):
            upkeep.expect(1, 1, number, after(seconds=1), by=COMMAND_LINE)
    for until in (after(), after(days=400)):
        with pytest.raises(MonitorError):
            upkeep.pause(1, 1, until, after(seconds=1), by=COMMAND_LINE)


def test_stretches_of_listening_are_noted_seldom_and_each_once(shop: Workshop) -> None:
    for seconds in range(0, 200, 5):
        look(shop, seconds)
    assert shop.count(schema.listened) == 1
    shop.listen(after(hours=5), after(hours=5, seconds=10))
    shop.watch.step(after(hours=5, seconds=10))
    assert [since for since, _ in shop.rows(schema.listened)] == [after(), after(hours=5)]


def test_five_minutes_without_the_platform_a_backlog_and_steps_of_the_clock_raise_no_false_silence(
    shop: Workshop,
) -> None:
    # Down: nobody listens for five minutes, then the door is back and the beats are, too.
    look(shop, 30)
    shop.listen(after(seconds=330))
    look(shop, 331)
    # A backlog: the beats wait, unread, while the watch goes on.
    for number in range(20):
        shop.receive(
            a_parcel(100 + number, a_heartbeat_body(), received_at=after(minutes=35, seconds=20 + 30 * number))
        )
    for minutes in range(36, 45):
        shop.watch.step(after(minutes=minutes))
    shop.digest_all(after(minutes=45))
    shop.watch.step(after(minutes=45, seconds=5))
    assert "silent" not in shop.rows(schema.monitor_states, "state")
    # A step of the clock: forth by a day, with a beat, and back.
    shop.listen(after(days=1), after(days=1, seconds=5))
    shop.watch.step(after(days=1, seconds=5))
    beats(shop, 199, days=1, seconds=6)
    shop.listen(*(after(seconds=second) for second in range(1000, 1050, 5)))
    shop.watch.step(after(seconds=1050))
    beats(shop, 200, seconds=1052)
    look(shop, 1055)
    assert "silent" not in shop.rows(schema.monitor_states, "state")
    assert incidents(shop) == []
