"""Deliver: nobody waits for a slow receiver, nothing is sent twice or dropped, and the clock is handed in."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from threading import Event, Thread

import pytest
from made import NOW, after
from platform_process import eventually
from sqlalchemy import insert
from tables import a_store

from aiops_platform.core.backoff import Outcome, Refused, Retry, Sent
from aiops_platform.core.channels import Channel, ChannelKind, Delivery, checked
from aiops_platform.core.messages import Message, MessageState, Severity
from aiops_platform.core.targets import PUBLIC_ONLY
from aiops_platform.pipeline.deliver import Deliver
from aiops_platform.ports import Ready, StoreUnavailableError
from aiops_platform.storage import schema
from aiops_platform.storage.channels import SqlChannels
from aiops_platform.storage.database import Database
from aiops_platform.storage.outbox import SqlDeliveries
from aiops_platform.storage.transactions import SqlStore

SECRET = b"s" * 32


class Receivers:
    """Answers for every channel, by its name; without an answer it keeps its thread waiting until the test ends."""

    def __init__(self) -> None:
        self.answers: dict[str, Outcome | Exception] = {}
        self.heard: list[tuple[str, str]] = []
        self.ended = Event()

    def send(self, to: Ready, message: Message, now: datetime) -> Outcome:
        self.heard.append((to.channel.name, message.key))
        answer = self.answers.get(to.channel.name)
        if answer is None:
            self.ended.wait(60)
            return Retry("late")
        if isinstance(answer, Exception):
            raise answer
        return answer


class Desk:
    def __init__(self, database: Database) -> None:
        self.receivers = Receivers()
        self.store = SqlStore(database)
        self.channels = SqlChannels(database, server_secret=SECRET)
        self.deliveries = SqlDeliveries(database, server_secret=SECRET, address="https://aiops.example.com")
        self.made = 0
        self.station = Deliver(self.deliveries, self.sender, chance=lambda: 0.5)

    def sender(self) -> Receivers:
        self.made += 1
        return self.receivers

    def add(self, name: str, answer: Outcome | Exception | None = None) -> Channel:
        if answer is not None:
            self.receivers.answers[name] = answer
        settings = checked(ChannelKind.SLACK, {"url": "https://example.com/hook"}, PUBLIC_ONLY)
        return self.channels.add(1, name, ChannelKind.SLACK, settings, by="Ana", now=NOW)[0]

    def post(self, channel: Channel, *keys: str) -> None:
        with self.store.begin() as transaction:
            for key in keys:
                transaction.outbox.post(channel.id, a_message(key), NOW)

    def work(self, *, until: int, seconds: float = 0) -> None:
        """Steps at that time until so many messages were handed to receivers, and what they answered is written."""

        def step() -> bool:
            self.station.step(after(seconds=seconds))
            return len(self.receivers.heard) >= until and not self.station.wakes()

        eventually(step, f"{until} messages, not {self.receivers.heard}")

    def told(self, channel: Channel) -> list[Delivery]:
        return list(self.channels.deliveries(1, channel.id, limit=50))[::-1]


def a_message(key: str) -> Message:
    state, severity = MessageState.FIRING, Severity.ERROR
    return Message(key=key, group=key, state=state, severity=severity, title=key, project="one", at=NOW)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with closing(a_store()) as database:
        with database.begin() as connection:
            connection.execute(insert(schema.projects).values(slug="one", name="One", created_at=NOW))
        desk = Desk(database)
        yield desk
        desk.receivers.ended.set()
        desk.station.close(10)


def test_without_anything_to_send_no_sender_is_made(desk: Desk) -> None:
    desk.add("ops", Sent(200))
    assert not desk.station.step(NOW)
    assert desk.made == 0


def test_what_is_due_is_sent_once_in_order(desk: Desk) -> None:
    channel = desk.add("ops", Sent(200, "ok"))
    desk.post(channel, "1", "2", "3")
    desk.work(until=3)
    eventually(lambda: desk.station.step(NOW) or all(each.sent_at for each in desk.told(channel)), "all sent")
    assert desk.receivers.heard == [("ops", "1"), ("ops", "2"), ("ops", "3")]
    assert not desk.station.step(after(days=1))


def test_a_receiver_that_hangs_delays_no_other(desk: Desk) -> None:
    hanging, fine = desk.add("hanging"), desk.add("fine", Sent(200))
    desk.post(hanging, "1", "2")
    desk.post(fine, "3", "4")
    desk.work(until=3)
    assert sorted(desk.receivers.heard) == [("fine", "3"), ("fine", "4"), ("hanging", "1")]


def test_receivers_that_failed_leave_threads_to_those_that_answer(desk: Desk) -> None:
    for number in range(40):
        desk.post(desk.add(f"down {number}", Retry("no route")), f"d{number}")
    desk.work(until=40)
    for number in range(40):
        del desk.receivers.answers[f"down {number}"]
    desk.receivers.heard.clear()
    desk.station.step(after(hours=1))
    eventually(lambda: len(desk.receivers.heard) == 12, "half of the threads")
    desk.post(desk.add("fine", Sent(200)), "1")
    desk.work(until=13, seconds=3600)
    assert desk.receivers.heard[12] == ("fine", "1")


def test_a_failure_is_tried_again_when_its_time_has_come(desk: Desk) -> None:
    channel = desk.add("ops", Retry("busy", 503))
    desk.post(channel, "1")
    desk.work(until=1)
    eventually(lambda: desk.station.step(NOW) or desk.told(channel)[0].status == 503, "the answer")
    desk.station.step(after(seconds=4))
    assert len(desk.receivers.heard) == 1
    desk.receivers.answers["ops"] = Sent(200)
    desk.work(until=2, seconds=60)
    eventually(lambda: desk.station.step(after(seconds=60)) or desk.told(channel)[0].sent_at, "sent")
    assert desk.told(channel)[0].attempts == 2


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_a_clock_far_ahead_put_off_is_tried_again_soon_after_it_came_back(desk: Desk, is_restarted: bool) -> None:
    desk.add("a")
    ahead, years = after(days=400), 400 * 86_400
    channel = desk.add("ops", Retry("busy", 503))
    with desk.store.begin() as transaction:
        transaction.outbox.post(channel.id, a_message("1"), ahead)
    desk.work(until=1, seconds=years)
    eventually(lambda: desk.station.step(ahead) or desk.told(channel)[0].status == 503, "the answer")
    if is_restarted:
        desk.station = Deliver(desk.deliveries, desk.sender, chance=lambda: 0.5)
    desk.receivers.answers["ops"] = Sent(200)
    desk.work(until=2)
    eventually(lambda: desk.station.step(NOW) or desk.told(channel)[0].sent_at, "sent")


def test_a_channel_that_refuses_for_good_is_sent_nothing_more_and_the_others_hear_of_it(desk: Desk) -> None:
    gone, other = desk.add("gone", Refused("no such hook", 404, for_good=True)), desk.add("other", Sent(200))
    desk.post(gone, "1", "2")
    desk.work(until=1)
    desk.work(until=2, seconds=60)
    assert desk.receivers.heard[0] == ("gone", "1")
    assert desk.receivers.heard[1][0] == "other"
    assert [bool(each.failed_at) for each in desk.told(gone)] == [True, True]
    assert desk.told(other)[0].title == "The channel “gone” was disabled"


def test_a_fault_of_ours_stops_nothing(desk: Desk) -> None:
    channel, fine = desk.add("odd", ValueError("ours")), desk.add("fine", Sent(200))
    desk.post(channel, "1")
    desk.post(fine, "2")
    desk.work(until=2)
    eventually(lambda: desk.station.step(NOW) or desk.told(channel)[0].answer, "what came of it")
    assert "its log says why" in desk.told(channel)[0].answer


def test_a_channel_that_was_mended_meanwhile_does_not_pay_for_what_it_was_before(desk: Desk) -> None:
    channel = desk.add("ops", Refused("no such hook", 404, for_good=True))
    desk.post(channel, "1")
    desk.station.step(NOW)
    eventually(desk.station.wakes, "the answer")
    another = checked(ChannelKind.SLACK, {"url": "https://example.com/another"}, PUBLIC_ONLY)
    desk.channels.change(1, channel.id, name="ops", checked=another)
    desk.receivers.answers["ops"] = Sent(200)
    desk.work(until=2, seconds=1)
    eventually(lambda: desk.station.step(after(seconds=1)) or desk.told(channel)[0].sent_at, "sent")
    found = desk.channels.one(1, channel.id)
    assert found == replace(channel, hint="example.com/…er", last_sent_at=found and found.last_sent_at)


def test_what_was_taken_away_while_it_was_on_its_way_is_not_tried_again(desk: Desk) -> None:
    channel = desk.add("ops", Retry("busy", 503))
    desk.post(channel, "1")
    desk.station.step(NOW)
    eventually(desk.station.wakes, "the answer")
    for on in (False, True):
        desk.channels.switch(1, channel.id, on=on, by="Ana", now=NOW)
    for seconds in (1, 3600):
        desk.station.step(after(seconds=seconds))
    (told,) = desk.told(channel)
    assert (told.due_at, told.failed_at, len(desk.receivers.heard)) == (None, NOW, 1)


def test_a_machine_without_room_for_a_thread_stops_no_channel(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = desk.add("ops", Sent(200))
    desk.post(channel, "1")
    with monkeypatch.context() as patch:

        def full(_: Thread) -> None:
            raise RuntimeError("can't start new thread")

        patch.setattr(Thread, "start", full)
        with pytest.raises(RuntimeError):
            desk.station.step(NOW)
    desk.work(until=1, seconds=180)
    eventually(lambda: desk.station.step(after(seconds=180)) or desk.told(channel)[0].sent_at, "sent")


def test_what_cannot_be_written_now_is_written_later_and_not_sent_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = desk.add("ops", Sent(200))
    desk.post(channel, "1")
    desk.station.step(NOW)
    eventually(desk.station.wakes, "the answer")
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise StoreUnavailableError

        patch.setattr(desk.deliveries, "conclude", full)
        with pytest.raises(StoreUnavailableError):
            desk.station.step(after(hours=1))
    desk.station.step(after(hours=1))
    assert desk.told(channel)[0].sent_at is not None
    assert len(desk.receivers.heard) == 1


def test_at_the_end_what_was_begun_is_written(desk: Desk) -> None:
    channel = desk.add("ops", Sent(200))
    desk.post(channel, "1")
    desk.station.step(NOW)
    desk.station.close(60)
    assert desk.told(channel)[0].sent_at is not None
