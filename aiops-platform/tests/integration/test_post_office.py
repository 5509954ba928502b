"""Each kind of channel against a receiver that is as strict as its provider, over real HTTP; and what its answers mean."""

import socket
from threading import Thread

import pytest
from made import NOW
from provider_formats import check
from receiver import Receiver, answering, in_turn, receiving

from aiops_platform.core.backoff import Refused, Retry, Sent
from aiops_platform.core.channels import Channel, ChannelKind, checked
from aiops_platform.core.letters import Letter
from aiops_platform.core.mail_server import mail_server_from
from aiops_platform.core.messages import Link, Message, MessageState, Severity
from aiops_platform.core.targets import policy_from
from aiops_platform.ports import Ready
from aiops_platform.senders.post_office import PostOffice

LOOPBACK = policy_from("127.0.0.0/8")
OFFICE = PostOffice(LOOPBACK, agent="aiops-test", mail_server=None)
# Where each provider takes it, and how it says that it has.
PROVIDERS = {
    ChannelKind.SLACK: ("/services/T0/B0/secret-part", "200 OK", "ok"),
    ChannelKind.DISCORD: ("/api/webhooks/1234/secret-part", "204 No Content", ""),
    ChannelKind.TEAMS: ("/workflows/secret-part?sig=x", "202 Accepted", ""),
    ChannelKind.NTFY: ("/our-alerts", "200 OK", '{"id":"x"}'),
    ChannelKind.PAGERDUTY: ("/v2/enqueue", "202 Accepted", '{"status":"success"}'),
}


def ready(kind: ChannelKind, receiver: Receiver) -> Ready:
    given = {"url": receiver.url + PROVIDERS[kind][0]}
    given |= {"routing_key": "k" * 32} if kind is ChannelKind.PAGERDUTY else {}
    fit = checked(kind, given, LOOPBACK)
    channel = Channel(id=1, project_id=1, name="ops", kind=kind, hint=fit.hint, created_at=NOW, created_by="Ana")
    return Ready(channel=channel, settings=fit.settings)


def a_message(state: MessageState = MessageState.FIRING) -> Message:
    severity = Severity.ERROR
    return Message(key="1", group="g", state=state, severity=severity, title="KeyError", project="Web shop", at=NOW)


@pytest.mark.parametrize("kind", PROVIDERS)
def test_each_provider_takes_what_it_is_sent(kind: ChannelKind) -> None:
    _, status, said = PROVIDERS[kind]
    with receiving(answering(status, said)) as receiver:
        for state in (MessageState.FIRING, MessageState.OVER):
            assert isinstance(OFFICE.send(ready(kind, receiver), a_message(state), NOW), Sent)
    for request in receiver.requests:
        assert request.headers["content-type"] == "application/json"
        check(kind.value, request.body)


def test_a_test_of_pagerduty_wakes_nobody_for_long() -> None:
    with receiving(answering("202 Accepted")) as receiver:
        OFFICE.send(ready(ChannelKind.PAGERDUTY, receiver), a_message(MessageState.TEST), NOW)
    acts = [check("pagerduty", request.body)["event_action"] for request in receiver.requests]
    assert acts == ["trigger", "resolve"]


def test_too_much_gone_and_redirected_are_told_apart() -> None:
    answers = (
        answering("429 Too Many Requests", '{"retry_after": 7}', Retry_After="7"),
        answering("410 Gone", "channel_is_archived"),
        answering("308 Permanent Redirect", Location="http://127.0.0.1:1/"),
    )
    with receiving(in_turn(*answers)) as receiver:
        to = ready(ChannelKind.SLACK, receiver)
        first, second, third = (OFFICE.send(to, a_message(), NOW) for _ in answers)
    assert isinstance(first, Retry)
    assert first.after == 7
    assert second == Refused("channel_is_archived", 410, for_good=True)
    assert isinstance(third, Refused)


def test_secrets_in_an_answer_are_hidden_before_anybody_keeps_it() -> None:
    said = '{"debug": {"Authorization": "Bearer 0123456789abcdef0123", "password": "hunter2hunter2"}, "error": "no"}'
    with receiving(
        in_turn(*[answering(status, said) for status in ("200 OK", "404 Not Found", "503 Busy")])
    ) as receiver:
        to = ready(ChannelKind.SLACK, receiver)
        outcomes = [OFFICE.send(to, a_message(), NOW) for _ in range(3)]
    for outcome in outcomes:
        assert '"error": "no"' in outcome.answer
        assert "hunter2" not in outcome.answer
        assert "0123456789abcdef" not in outcome.answer


def test_a_mail_server_without_starttls_is_said_to_be_one_with_the_setting_that_mends_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rwb") as lines:
                lines.write(b"220 mail.example.com\r\n")
                lines.flush()
                lines.readline()
                lines.write(b"250 mail.example.com\r\n")
                lines.flush()
                lines.readline()

        speaking = Thread(target=speak, daemon=True)
        speaking.start()
        mail_server = mail_server_from(f"smtp://127.0.0.1:{server.getsockname()[1]}", "aiops@example.com")
        office = PostOffice(LOOPBACK, agent="aiops-test", mail_server=mail_server)
        letter = Letter(subject="It", lines=("It",), link=Link("It", "https://aiops.example.com/"))
        outcome = office.write("ana@example.com", letter, NOW)
        speaking.join(30)
    assert isinstance(outcome, Retry)
    assert "?tls=off" in outcome.answer
    assert outcome.answer.endswith("for none"), "not cut"


def test_who_is_not_there_may_be_there_later() -> None:
    with receiving() as receiver:
        to = ready(ChannelKind.SLACK, receiver)
    assert isinstance(OFFICE.send(to, a_message(), NOW), Retry)
