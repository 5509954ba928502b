"""Silence is found when it is due, told once, ended by a beat, and never made of what nobody could have heard."""

from collections.abc import Iterator

import pytest
from made import NOW, a_heartbeat_body, a_parcel, after
from workshop import Workshop

from aiops_platform.storage import schema


@pytest.fixture
def shop() -> Iterator[Workshop]:
    workshop = Workshop()
    workshop.listen(*(after(seconds=second) for second in range(0, 301, 5)))
    workshop.receive(a_parcel(1, a_heartbeat_body()))
    workshop.digest_all()
    yield workshop
    workshop.close()


def states(shop: Workshop) -> list[str]:
    return shop.rows(schema.monitor_states, "state")


def incidents(shop: Workshop) -> list[tuple[str, str, int]]:
    return shop.rows(schema.incidents, "type", "state", "count")


def beat_at(shop: Workshop, number: int, **span: float) -> None:
    shop.receive(a_parcel(number, a_heartbeat_body(), received_at=after(**span)))


def test_a_service_that_beats_in_time_is_left_alone(shop):
    shop.watch.step(after(seconds=59))
    assert states(shop) == ["alive"]


def test_a_late_service_is_shown_and_opens_no_incident(shop):
    revision = shop.revision("services")
    shop.watch.step(after(seconds=60))
    assert (states(shop), incidents(shop)) == (["alive", "late"], [])
    assert shop.revision("services") > revision


def test_silence_opens_an_incident_once(shop):
    for seconds in (60, 75, 90, 91, 120, 300):
        shop.watch.step(after(seconds=seconds))
    assert states(shop) == ["alive", "late", "silent"]
    assert incidents(shop) == [("ServiceSilent", "open", 1)]
    assert shop.facts() == ["service_seen", "service_silent", "incident_opened"]


def test_a_beat_after_the_silence_resolves_its_incident(shop):
    shop.watch.step(after(seconds=90))
    beat_at(shop, 2, seconds=100)
    shop.digest_all(after(seconds=101))
    assert states(shop)[-1] == "alive"
    assert incidents(shop) == [("ServiceSilent", "resolved", 1)]
    assert shop.facts()[-2:] == ["service_recovered", "incident_resolved"]


def test_the_next_silence_is_the_same_incident_again(shop):
    shop.watch.step(after(seconds=90))
    beat_at(shop, 2, seconds=100)
    shop.digest_all(after(seconds=101))
    shop.watch.step(after(seconds=190))
    assert incidents(shop) == [("ServiceSilent", "open", 2)]
    assert shop.facts()[-1] == "incident_reopened"


def test_a_muted_silence_is_told_to_nobody(shop):
    shop.watch.step(after(seconds=90))
    shop.triage.mute(1, 1, after(seconds=95))
    beat_at(shop, 2, seconds=100)
    shop.digest_all(after(seconds=101))
    shop.watch.step(after(seconds=190))
    assert incidents(shop) == [("ServiceSilent", "muted", 2)]


def test_an_unread_beat_is_read_before_anyone_is_called_silent(shop):
    beat_at(shop, 2, seconds=80)
    shop.watch.step(after(seconds=120))
    assert states(shop) == ["alive", "late"]
    shop.digest_all(after(seconds=121))
    shop.watch.step(after(seconds=122))
    assert states(shop) == ["alive", "late", "alive"]


def test_nothing_is_judged_while_the_door_does_not_listen(shop):
    shop.watch.step(after(seconds=316))
    assert states(shop) == ["alive"]


def test_nothing_is_judged_before_the_door_has_ever_listened():
    shop = Workshop()
    shop.receive(a_parcel(1, a_heartbeat_body()))
    shop.digest_all()
    shop.watch.step(after(hours=1))
    assert states(shop) == ["alive"]
    shop.close()


def test_the_platforms_own_absence_is_no_ones_silence(shop):
    shop.listen(after(hours=5), after(hours=5, seconds=14))
    shop.watch.step(after(hours=5, seconds=10))
    assert states(shop) == ["alive"]
    shop.listen(*(after(hours=5, seconds=each) for each in range(20, 100, 5)))
    shop.watch.step(after(hours=5, seconds=59))
    assert states(shop) == ["alive"]
    shop.watch.step(after(hours=5, seconds=90))
    assert states(shop) == ["alive", "late", "silent"]


def test_many_monitors_are_looked_at_in_portions():
    shop = Workshop()
    shop.listen(*(after(seconds=second) for second in range(0, 121, 5)))
    shop.receive(*(a_parcel(number, a_heartbeat_body(service=f"s{number}")) for number in range(501)))
    shop.digest_all()
    assert shop.watch.step(after(seconds=100)) is True
    assert shop.watch.step(after(seconds=100)) is False
    assert shop.rows(schema.monitors, "state") == ["silent"] * 501
    assert len(incidents(shop)) == 501
    shop.close()


def test_a_silent_service_that_says_goodbye_is_stopped_and_its_incident_resolved(shop):
    shop.watch.step(after(seconds=90))
    shop.receive(a_parcel(2, a_heartbeat_body(closing=True), received_at=after(seconds=100)))
    shop.digest_all(after(seconds=101))
    assert states(shop)[-1] == "stopped"
    assert incidents(shop) == [("ServiceSilent", "resolved", 1)]
    assert after(seconds=1) > NOW
