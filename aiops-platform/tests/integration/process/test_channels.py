"""Channels of a real platform: mail to a real server, webhooks to a real receiver, and a kill in the middle of it."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.controller import Controller
from platform_process import Running, aiops, eventually, free_port
from provider_formats import is_signed
from receiver import answering, in_turn, receiving, silent

from aiops_platform.core.channels import Channel, ChannelKind, checked
from aiops_platform.core.messages import Message, MessageState, Severity
from aiops_platform.core.people import Role
from aiops_platform.core.targets import policy_from
from aiops_platform.process import folder
from aiops_platform.storage.channels import SqlChannels
from aiops_platform.storage.database import Database, open_database
from aiops_platform.storage.invitations import SqlPeople
from aiops_platform.storage.transactions import SqlStore

PRIVATE = {"AIOPS_SERVER_ALLOW_PRIVATE_TARGETS": "127.0.0.0/8"}


@dataclass
class Mailbox:
    """A mail server's handler that keeps what it is given, and refuses addresses that begin with `nobody`."""

    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@contextmanager
def a_mail_server() -> Iterator[tuple[Mailbox, str]]:
    mailbox, port = Mailbox(), free_port()
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield mailbox, f"smtp://127.0.0.1:{port}?tls=off"
    finally:
        server.stop()


@contextmanager
def a_store(data: Path) -> Iterator[tuple[Database, SqlChannels]]:
    with closing(open_database(f"sqlite:///{data / 'store.db'}")) as database:
        yield database, SqlChannels(database, server_secret=folder.server_secret(data))


def add(channels: SqlChannels, name: str, kind: ChannelKind, **settings: str) -> Channel:
    fit = checked(kind, settings, policy_from("127.0.0.0/8"))
    return channels.add(1, name, kind, fit, by="Ana", now=datetime.now(UTC))[0]


def post(database: Database, channel: Channel, key: str, **more: Any) -> None:
    now = datetime.now(UTC)
    said: dict[str, Any] = {"key": key, "group": "alert-1", "state": MessageState.FIRING, "severity": Severity.ERROR}
    message = Message(**said | {"title": "KeyError in checkout", "project": "Web shop", "at": now} | more)
    with SqlStore(database).begin() as transaction:
        assert transaction.outbox.post(channel.id, message, now)


def test_mail_arrives_as_a_thread_and_one_that_nobody_takes_disables_its_channel(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        a_mail_server() as (mailbox, url),
        Running(data, AIOPS_SERVER_SMTP_URL=url, AIOPS_SERVER_MAIL_FROM="AIOps <aiops@example.com>") as platform,
    ):
        assert platform.key()
        with a_store(data) as (database, channels):
            team = add(channels, "team", ChannelKind.MAIL, to="ana@example.com, bo@example.com, nobody@example.com")
            wrong = add(channels, "wrong", ChannelKind.MAIL, to="nobody@example.com")
            post(database, team, "1", url="https://aiops.example.com/incidents/1")
            post(database, team, "2", state=MessageState.OVER)
            post(database, wrong, "3")
            eventually(lambda: len(mailbox.mails) >= 3, "two alerts and a notice")
            gone = eventually(lambda: [each for each in channels.all(1) if not each.is_enabled], "a disabled channel")
            sent = eventually(
                lambda: [each for each in channels.deliveries(1, team.id, limit=9) if each.sent_at][2:], "all sent"
            )
    firing, over = (mail for mail in mailbox.mails if "KeyError" in mail["Subject"])
    assert (firing["From"], firing["To"]) == (
        "AIOps <aiops@example.com>",
        "ana@example.com, bo@example.com, nobody@example.com",
    )
    assert firing["References"] == over["References"]
    body = firing.get_body(["plain"])
    assert body is not None
    assert "Open it: https://aiops.example.com/incidents/1" in body.get_content()
    assert [(each.name, each.disabled_why) for each in gone] == [
        ("wrong", "it refused for good: 550 nobody@example.com: 550 no such user")
    ]
    assert sent[0].answer == "Taken, but not for nobody@example.com: 550 no such user"
    assert {str(mail["Subject"]) for mail in mailbox.mails} >= {"[Default] The channel “wrong” was disabled"}


def test_who_forgot_a_password_is_let_in_by_a_mail(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with a_mail_server() as (mailbox, url), Running(data, AIOPS_SERVER_SMTP_URL=url) as platform:
        assert platform.key()
        with a_store(data) as (database, _):
            member = {"email": "ana@example.com", "name": "Ana", "role": Role.MEMBER, "now": datetime.now(UTC)}
            SqlPeople(database).add_member(1, **member)
        answer = httpx.post(f"{platform.url}/forgot", data={"email": "Ana@example.com"}, timeout=60)
        assert answer.status_code == 200
        (mail,) = eventually(lambda: mailbox.mails, "a mail")
        body = mail.get_body(["plain"])
        assert body is not None
        link = body.get_content().rpartition("Choose another password: ")[2].strip()
        choice = httpx.post(
            link.replace(link.partition("/forgot")[0], platform.url), data={"password": "three new words"}
        )
        assert choice.status_code == 303
        assert choice.cookies
    assert mail["To"] == "ana@example.com"


def test_a_kill_in_the_middle_loses_nothing_and_sends_once_more_at_most_under_the_same_key(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with receiving(silent) as receiver:
        with Running(data, **PRIVATE) as platform:
            assert platform.key()
            with a_store(data) as (database, channels):
                channel = add(channels, "hook", ChannelKind.WEBHOOK, url=f"{receiver.url}/hook")
                post(database, channel, "alert-1-1")
                post(database, channel, "alert-1-2")
            eventually(lambda: receiver.requests, "the first attempt")
            os.killpg(platform.process.pid, signal.SIGKILL)
            platform.process.wait(60)
        receiver.behaviour = answering()
        with Running(data, **PRIVATE) as platform, a_store(data) as (_, channels):
            eventually(
                lambda: all(each.sent_at for each in channels.deliveries(1, channel.id, limit=9)), "both are sent"
            )
            ready = channels.ready(1, channel.id)
    assert ready is not None
    assert [request.headers["webhook-id"] for request in receiver.requests] == ["alert-1-1", "alert-1-1", "alert-1-2"]
    assert all(is_signed(each.headers, each.body, ready.settings["secret"]) for each in receiver.requests)


def test_channels_are_listed_added_and_tried_out_from_a_shell(tmp_path: Path) -> None:
    where = {"AIOPS_SERVER_DATA": str(tmp_path / "data")} | PRIVATE
    with receiving(answering(body="thanks")) as receiver:
        assert aiops("channels", "list", **where).returncode != 0
        assert aiops("token", "create", "first", **where).returncode == 0
        made = aiops("channels", "add", "webhook", "our hook", f"url={receiver.url}/hook", **where)
        assert (made.returncode, made.stderr) == (0, "")
        number, secret = made.stdout.split()
        tried = aiops("channels", "test", "our hook", **where)
        assert (tried.returncode, tried.stdout) == (0, "'our hook' has taken it: 200 thanks\n")
    assert is_signed(receiver.requests[0].headers, receiver.requests[0].body, secret)
    assert [number, "our", "hook", "webhook"] == aiops("channels", "list", **where).stdout.splitlines()[1].split()[:4]
    refused = aiops("channels", "add", "slack", "inside", "url=https://10.0.0.1/x", **where)
    assert (refused.returncode, "private network" in refused.stderr) == (1, True)


def test_channels_are_changed_switched_and_sent_to_again_from_a_shell(tmp_path: Path) -> None:
    where = {"AIOPS_SERVER_DATA": str(tmp_path / "data")} | PRIVATE

    def said(*words: str, code: int = 0) -> str:
        done = aiops("channels", *words, **where)
        assert done.returncode == code, done.stderr
        return done.stderr if code else done.stdout

    with receiving(in_turn(answering("404 Not Found", "no such hook"), answering(body="thanks"))) as receiver:
        assert aiops("token", "create", "first", **where).returncode == 0
        said("add", "webhook", "our hook", "url=https://example.com/hook")
        assert said("change", "our hook", f"url={receiver.url}/hook", "--name", "hook") == "'hook' is changed.\n"
        secret = said("secret", "hook").strip()
        assert "404 no such hook" in said("test", "hook", code=1)
        assert said("disable", "hook") == "'hook' is disabled.\n"
        assert "Enable the channel first" in said("send-again", "hook", "--all", code=1)
        assert said("enable", "hook") == "'hook' is enabled.\n"
        number, *_ = said("deliveries", "hook").splitlines()[1].split()
        assert "no delivery 999 that has failed" in said("send-again", "hook", "999", code=1)
        assert said("send-again", "hook", number) == "1 is sent again.\n"
        assert "waits" in said("deliveries", "hook")
        with Running(tmp_path / "data", **PRIVATE):
            eventually(lambda: len(receiver.requests) == 2, "the delivery that was sent again")
            eventually(lambda: "sent" in said("deliveries", "hook").split(), "what became of it")
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert is_signed(second.headers, second.body, secret)
    said("add", "slack", "chat", "url=https://example.com/x")
    assert "only a webhook has a secret" in said("secret", "chat", code=1)


def test_quiet_hours_rotas_and_steps_are_set_from_a_shell(tmp_path: Path) -> None:
    where = {"AIOPS_SERVER_DATA": str(tmp_path / "data")} | PRIVATE

    def said(*words: str, code: int = 0) -> str:
        done = aiops(*words, **where)
        assert done.returncode == code, done.stderr
        return done.stderr if code else done.stdout

    said("token", "create", "first")
    said("channels", "add", "slack", "ops chat", "url=https://example.com/x")
    assert said("channels", "quiet", "ops chat") == "'ops chat' is never quiet.\n"
    quiet = "'ops chat' is quiet from 22:00 to 07:00 (Europe/Berlin), but for what is critical.\n"
    assert said("channels", "quiet", "ops chat", "22:00", "7:00", "--zone", "Europe/Berlin") == quiet
    assert said("channels", "quiet", "ops chat") == quiet
    assert "22:00 07:00" in said("channels", "quiet", "ops chat", "22:00", code=1)
    assert "Mars" in said("channels", "quiet", "ops chat", "22:00", "7:00", "--zone", "Mars", code=1)
    assert said("channels", "quiet", "ops chat", "--never") == "'ops chat' is never quiet.\n"
    number = said("rotas", "set", "Nights", "Ana=ops chat", "Ben=1", "--zone", "Europe/Berlin").strip()
    assert said("rotas", "set", "Nights", "Ana=ops chat", "Ben=1", "--zone", "Europe/Berlin").strip() == number
    assert "no channel 'nowhere'" in said("rotas", "set", "Days", "Ana=nowhere", code=1)
    stands_in = said("rotas", "stand-in", "Nights", "Ben", "2000-01-01T08:00", "2000-01-03T08:00")
    assert stands_in == "Ben is on call in 'Nights' from 2000-01-01 08:00 to 2000-01-03 08:00.\n"
    assert "'Zoe' is not in the rota" in said("rotas", "stand-in", "Nights", "Zoe", "2000-01-01", "2000-01-02", code=1)
    assert said("rotas", "list").splitlines()[1].startswith(f"{number}       Nights")
    said("escalation", "set", "Late", "0=ops chat", "10=rota:Nights", "30=all")
    assert said("escalation", "use", "New incidents", "Late") == "'New incidents' tells by these steps.\n"
    shown = said("escalation", "list").splitlines()[1]
    assert "0=ops chat; 10=rota:Nights; 30=all" in shown
    assert "New incidents" in shown
    assert "no rule 'Nothing'" in said("escalation", "use", "Nothing", "Late", code=1)
    assert "0=all" in said("escalation", "set", "Late", "soon", code=1)
    assert "tells all channels" in said("escalation", "use", "New incidents")
    assert "is deleted" in said("escalation", "delete", "Late")
    assert "is deleted" in said("rotas", "delete", number)
    said("project", "add", "Operations")
    assert said("alerts", "hand-over", "operations") == "'operations' is told of the platform's troubles.\n"
    assert "There is no project 'nowhere'" in said("alerts", "hand-over", "nowhere", code=1)
