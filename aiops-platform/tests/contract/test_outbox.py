"""What every store promises of messages: sent if the rest became true, in their order, each by one at a time, none lost."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from made import NOW, after
from sqlalchemy import insert, select

from aiops_platform.core.access import SecretMismatchError
from aiops_platform.core.backoff import Outcome, Refused, Retry, Sent, Standing, judge
from aiops_platform.core.channels import Channel, ChannelError, ChannelKind, checked
from aiops_platform.core.messages import Message, MessageState, Severity
from aiops_platform.core.targets import PUBLIC_ONLY
from aiops_platform.ports import Claimed
from aiops_platform.storage import schema
from aiops_platform.storage.channels import SqlChannels
from aiops_platform.storage.database import Database, open_database
from aiops_platform.storage.migrations import migrate
from aiops_platform.storage.outbox import SqlDeliveries
from aiops_platform.storage.transactions import SqlStore

SECRET = b"s" * 32
HOOK = {"url": "https://example.com/hook/4711"}


@pytest.fixture(params=["file", "memory"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator["Desk"]:
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}" if request.param == "file" else "sqlite://")
    migrate(database)
    with database.begin() as connection:
        rows = [{"slug": name, "name": name, "created_at": NOW} for name in ("one", "two")]
        connection.execute(insert(schema.projects), rows)
    yield Desk(database)
    database.close()


@dataclass
class Desk:
    """A store with the three sides of the outbox."""

    database: Database
    channels: SqlChannels = field(init=False)
    deliveries: SqlDeliveries = field(init=False)

    def __post_init__(self) -> None:
        self.channels = SqlChannels(self.database, server_secret=SECRET)
        self.deliveries = SqlDeliveries(self.database, server_secret=SECRET, address="https://aiops.example.com")

    def add(self, name: str = "ops", project: int = 1) -> Channel:
        settings = checked(ChannelKind.WEBHOOK, HOOK, PUBLIC_ONLY)
        return self.channels.add(project, name, ChannelKind.WEBHOOK, settings, by="Ana", now=NOW)[0]

    def post(self, channel: Channel, key: str, group: str = "", due: float = 0) -> bool:
        with SqlStore(self.database).begin() as transaction:
            return transaction.outbox.post(channel.id, a_message(key, group=group or key), after(seconds=due))

    def claim(
        self, seconds: float = 0, busy: tuple[int, ...] = (), limit: int = 10, in_trouble: int = 5
    ) -> list[Claimed]:
        now = after(seconds=seconds)
        until = now + timedelta(seconds=60)
        return list(self.deliveries.claim(now, until, busy=busy, limit=limit, in_trouble=in_trouble))

    def conclude(self, claimed: Claimed, outcome: Outcome, seconds: float = 0) -> None:
        now, channel = after(seconds=seconds), claimed.to.channel
        stood = Standing(
            wanted_at=claimed.wanted_at,
            attempts=claimed.attempts,
            failures=channel.failures,
            failing_since=channel.failing_since,
        )
        self.deliveries.conclude(claimed, outcome, judge(outcome, stood, now, 0.5), now)


def a_message(key: str = "1", group: str = "a") -> Message:
    state, severity = MessageState.FIRING, Severity.ERROR
    return Message(key=key, group=group, state=state, severity=severity, title="KeyError", project="one", at=NOW)


def keys(claimed: list[Claimed]) -> list[str]:
    return [each.message.key for each in claimed]


def test_a_message_is_on_its_way_only_if_the_rest_became_true(desk: Desk) -> None:
    channel = desk.add()
    with suppress(RuntimeError), SqlStore(desk.database).begin() as transaction:
        assert transaction.outbox.post(channel.id, a_message(), NOW)
        raise RuntimeError
    assert desk.claim() == []
    assert desk.post(channel, "1")
    assert keys(desk.claim()) == ["1"]


def test_a_key_is_posted_once_to_a_channel_and_to_another_one_again(desk: Desk) -> None:
    ops, night = desk.add("ops"), desk.add("night")
    assert [desk.post(ops, "1"), desk.post(ops, "1"), desk.post(night, "1")] == [True, False, True]
    assert not desk.post(replace(ops, id=99), "1")


def test_what_is_claimed_is_claimed_by_nobody_else_until_the_lease_ends_or_is_given_up(desk: Desk) -> None:
    desk.post(desk.add(), "1")
    assert keys(desk.claim()) == ["1"]
    assert desk.claim(59) == []
    ((again),) = desk.claim(60)
    assert (again.message.key, again.attempts) == ("1", 2)
    desk.deliveries.release()
    assert keys(desk.claim(61)) == ["1"]


def test_each_channel_gets_one_at_a_time_and_none_waits_for_another(desk: Desk) -> None:
    slow, fast = desk.add("slow"), desk.add("fast")
    for key in ("1", "2"):
        desk.post(slow, f"slow-{key}")
        desk.post(fast, f"fast-{key}")
    assert sorted(keys(desk.claim())) == ["fast-1", "slow-1"]
    assert sorted(keys(desk.claim(busy=(slow.id,)))) == ["fast-2"]


def test_those_that_failed_last_come_after_the_others(desk: Desk) -> None:
    down, fine = desk.add("down"), desk.add("fine")
    desk.post(down, "1")
    desk.conclude(desk.claim()[0], Retry("no route"))
    desk.post(fine, "2")
    assert keys(desk.claim(3600, limit=1)) == ["2"]
    assert desk.claim(3600, in_trouble=0) == []
    assert keys(desk.claim(3600)) == ["1"]


def test_over_never_overtakes_the_firing_of_the_same_alert(desk: Desk) -> None:
    channel = desk.add()
    desk.post(channel, "fire", group="a")
    desk.conclude(desk.claim()[0], Retry("busy", 503))
    desk.post(channel, "over", group="a", due=1)
    desk.post(channel, "other", group="b", due=1)
    sent = []
    while claimed := desk.claim(62):
        desk.conclude(claimed[0], Sent(200), 62)
        sent += keys(claimed)
    assert sent == ["other", "fire", "over"]


def test_what_a_receiver_said_is_kept_and_success_ends_its_failures(desk: Desk) -> None:
    channel = desk.add()
    desk.post(channel, "1")
    desk.conclude(desk.claim()[0], Retry("busy", 503))
    (waiting,) = desk.channels.deliveries(1, channel.id, limit=10)
    assert (waiting.status, waiting.answer, waiting.attempts, waiting.sent_at) == (503, "busy", 1, None)
    assert desk.channels.all(1)[0].failures == 1
    desk.conclude(desk.claim(62)[0], Sent(200, "ok"), 62)
    (sent,) = desk.channels.deliveries(1, channel.id, limit=10)
    assert (sent.sent_at, sent.answer, sent.due_at) == (after(seconds=62), "ok", None)
    assert desk.channels.all(1)[0].failures == 0


def test_a_channel_that_refuses_for_good_is_disabled_and_the_others_are_told(desk: Desk) -> None:
    gone, other, elsewhere = desk.add("gone"), desk.add("other"), desk.add("elsewhere", project=2)
    desk.post(gone, "1")
    desk.post(gone, "2", due=100)
    desk.conclude(desk.claim()[0], Refused("no such hook", 404, for_good=True))
    assert desk.channels.disabled(1) == 1
    assert [each.answer for each in desk.channels.deliveries(1, gone.id, limit=10) if each.failed_at] == [
        "The channel was disabled: it refused for good: 404 no such hook",
        "no such hook",
    ]
    (notice,) = desk.claim()
    assert (notice.to.channel.id, notice.message.title) == (other.id, "The channel “gone” was disabled")
    assert "it refused for good, with status 404" in notice.message.text[0]
    assert "no such hook" not in str(notice.message.as_data()), "what a receiver said is not for the others"
    assert desk.channels.deliveries(2, elsewhere.id, limit=10) == []
    with desk.database.read() as connection:
        assert connection.scalars(select(schema.facts.c.kind)).all() == ["channel_disabled"]
        assert "no such hook" not in str(connection.scalars(select(schema.facts.c.data)).all())


def test_nothing_is_lost_with_a_disabled_channel_it_can_be_sent_again(desk: Desk) -> None:
    channel = desk.add()
    desk.post(channel, "1")
    desk.channels.switch(1, channel.id, on=False, by="Ana", now=NOW)
    desk.post(channel, "2")
    assert desk.claim() == []
    with pytest.raises(ChannelError, match="Enable the channel first"):
        desk.channels.send_again(1, channel.id, None, NOW)
    desk.channels.switch(1, channel.id, on=True, by="Ana", now=NOW)
    assert desk.channels.send_again(1, channel.id, None, NOW) == 2
    assert keys(desk.claim()) == ["1"]
    assert desk.channels.disabled(1) == 0


def test_nobody_reads_or_changes_a_channel_of_another_project(desk: Desk) -> None:
    channel = desk.add(project=2)
    assert desk.channels.one(1, channel.id) is None
    assert desk.channels.ready(1, channel.id) is None
    assert desk.channels.change(1, channel.id, name="mine", checked=None) is None
    assert desk.channels.switch(1, channel.id, on=False, by="Eve", now=NOW) is None
    assert desk.channels.remove(1, channel.id) is None
    assert desk.channels.new_secret(1, channel.id, NOW) is None
    assert desk.channels.send_again(1, channel.id, None, NOW) == 0
    assert desk.channels.deliveries(1, channel.id, limit=10) == []
    assert desk.channels.all(1) == []
    assert desk.channels.all(2) == [channel]


def test_settings_are_sealed_with_the_server_secret(desk: Desk) -> None:
    channel = desk.add()
    with desk.database.read() as connection:
        assert b"4711" not in connection.scalars(select(schema.channels.c.settings)).one()
    ready = desk.channels.ready(1, channel.id)
    assert ready is not None
    assert ready.settings["url"] == HOOK["url"]
    assert "4711" not in repr(ready)
    with pytest.raises(SecretMismatchError):
        SqlChannels(desk.database, server_secret=b"t" * 32).ready(1, channel.id)


def test_a_new_secret_signs_beside_the_last_one_and_stays_when_the_address_changes(desk: Desk) -> None:
    channel = desk.add()
    before = desk.channels.ready(1, channel.id)
    secret = desk.channels.new_secret(1, channel.id, NOW)
    settings = checked(ChannelKind.WEBHOOK, {"url": "https://example.com/other"}, PUBLIC_ONLY)
    desk.channels.change(1, channel.id, name="renamed", checked=settings)
    ready = desk.channels.ready(1, channel.id)
    assert before is not None
    assert ready is not None
    assert (ready.channel.name, ready.settings["url"]) == ("renamed", "https://example.com/other")
    assert (ready.settings["secret"], ready.settings["old_secret"]) == (secret, before.settings["secret"])


def test_a_name_is_given_once_in_a_project(desk: Desk) -> None:
    desk.add("ops")
    desk.add("ops", project=2)
    with pytest.raises(ChannelError, match="named 'ops' already"):
        desk.add(" ops ")


def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(desk: Desk) -> None:
    channel = desk.add()
    desk.post(channel, "1")
    desk.conclude(desk.claim()[0], Sent(200))
    desk.post(channel, "2", due=1)
    with SqlStore(desk.database).begin() as transaction:
        assert transaction.outbox.forget(after(seconds=0), 10) == 0
        assert transaction.outbox.forget(after(days=30), 10) == 1
    assert keys(desk.claim(1)) == ["2"]
