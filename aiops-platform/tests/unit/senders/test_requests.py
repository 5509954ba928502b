"""What each provider is sent: in its documented form whatever is in the message, and nothing in it means more than text."""

import json
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from made import NOW
from provider_formats import check, is_signed

from aiops_platform.core.backoff import Refused
from aiops_platform.core.channels import ChannelError, ChannelKind, checked, webhook_secret
from aiops_platform.core.mail_server import MailServerError, Security, mail_server_from
from aiops_platform.core.messages import Item, Link, Message, MessageState, Severity, message_from
from aiops_platform.core.targets import PUBLIC_ONLY
from aiops_platform.senders import discord, mail, ntfy, pagerduty, slack, teams, webhook
from aiops_platform.senders.guarded import Answer
from aiops_platform.senders.posting import Post, outcome_of

SETTINGS = {
    "url": "https://ntfy.example.com/our-alerts",
    "routing_key": "k" * 32,
    "secret": webhook_secret(b"1" * 32),
}
PROVIDERS: dict[str, ModuleType] = {
    "slack": slack,
    "discord": discord,
    "teams": teams,
    "ntfy": ntfy,
    "pagerduty": pagerduty,
}
SERVER = mail_server_from("smtp://mail.example.com", "AIOps <aiops@example.com>")


def a_message(**fields: Any) -> Message:
    said: dict[str, Any] = {
        "key": "alert-4711-1",
        "group": "alert-4711",
        "state": MessageState.FIRING,
        "severity": Severity.ERROR,
        "title": "KeyError in checkout",
        "text": ("no such price: '5'", "Look at the release that came an hour ago."),
        "project": "Web shop",
        "service": "shop",
        "environment": "production",
        "facts": {"Events": "17", "Release": "8"},
        "url": "https://aiops.example.com/incidents/4711",
        "actions": (Link("Acknowledge", "https://aiops.example.com/do/abc"),),
        "at": NOW,
    }
    return Message(**said | fields)


def posted(provider: str, message: Message) -> Post:
    post: Post = PROVIDERS[provider].request(SETTINGS, message, NOW)
    return post


nasty = st.text(st.sampled_from("a@<>&*_`[]()|\\:#-\n\r\0\u202e é💥!") | st.characters(), max_size=300)
links = st.builds(Link, nasty, st.sampled_from(["https://aiops.example.com/x?y=1&z=(2)", "javascript:alert(1)", "x"]))
messages = st.builds(
    Message,
    key=nasty,
    group=nasty.map(lambda text: f"g{text}"),
    state=st.sampled_from(MessageState),
    severity=st.sampled_from(Severity),
    title=nasty,
    text=st.lists(nasty, max_size=25).map(tuple),
    project=nasty.map(lambda text: f"p{text}"),
    service=nasty,
    environment=nasty,
    facts=st.dictionaries(nasty, nasty, max_size=25),
    url=st.sampled_from(["", "https://aiops.example.com/incidents/1", "https://x/\r\n"]),
    actions=st.lists(links, max_size=8).map(tuple),
    items=st.lists(st.builds(Item, nasty, nasty, st.just("https://aiops.example.com/i")), max_size=15).map(tuple),
    passed=st.lists(st.builds(Item, nasty, st.just(""), st.just("https://aiops.example.com/p")), max_size=5).map(tuple),
    more=st.integers(0, 10_000),
    at=st.just(NOW),
)


# A failing example is small enough; making it smaller would take minutes.
@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(messages)
def test_whatever_is_in_a_message_each_provider_takes_it(message: Message) -> None:
    for provider in PROVIDERS:
        check(provider, posted(provider, message).body)
    assert message_from(json.loads(json.dumps(message.as_data()))) == message
    raw = mail.written(message, SERVER, ["ana@example.com"]).as_bytes()
    read = message_from_bytes(raw, policy=default)
    assert read["To"] == "ana@example.com"
    assert read["Bcc"] is None
    assert len(read.keys()) == len(set(read.keys()))


LONG = "💥é<&@" * 400


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_message_as_long_as_there_is_fits(provider: str) -> None:
    far = "https://aiops.example.com/" + "x" * 1_900
    message = a_message(
        title=LONG,
        text=(LONG,) * 20,
        facts={f"{number} {LONG}": LONG for number in range(20)},
        items=(Item(LONG, LONG, far),) * 12,
        actions=(Link(LONG, far),) * 9,
        url=far,
    )
    check(provider, posted(provider, message).body)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_matters_is_said_everywhere(provider: str) -> None:
    said = json.dumps(check(provider, posted(provider, a_message()).body), ensure_ascii=False)
    for each in ("KeyError in checkout", "no such price", "production", "https://aiops.example.com/do/abc", "17"):
        assert each in said


def test_what_began_and_ended_meanwhile_is_one_line_everywhere_with_links_where_there_are_any() -> None:
    url = "https://aiops.example.com/incidents/3"
    message = a_message(passed=(Item("<!here> came", "", url), Item("B"), Item("C"), Item("D")), passed_more=5)
    assert message_from(json.loads(json.dumps(message.as_data()))) == message
    assert message.rest() == ["9 more began and ended meanwhile: <!here> came, B, C and 6 others"]
    for provider in PROVIDERS:
        sent = posted(provider, message).body.decode()
        assert "9 more began and ended meanwhile" in sent, provider
        assert (url in sent) == (provider in ("slack", "discord", "teams")), provider
    assert b"<!here>" not in posted("slack", message).body
    mails = mail.written(message, SERVER, ["ana@example.com"])
    for part in ("plain", "html"):
        body = mails.get_body((part,))
        assert body is not None
        assert url in body.get_content()
        assert "<!here>" not in body.get_content() or part == "plain"
    before = {key: value for key, value in a_message().as_data().items() if not key.startswith("passed")}
    assert message_from(before) == a_message(), "What an earlier version has written waits in the outbox."


def test_slack_is_told_nothing_that_calls_people_or_hides_a_link() -> None:
    said = slack.content(a_message(title="<!channel> <https://evil|x>", text=("@here [x](https://evil)",)))
    assert said["text"] == "[Web shop] &lt;!channel&gt; &lt;https://evil|x&gt;"
    assert said["attachments"][0]["text"].startswith("@\u200bhere [x]\u200b(https://evil)")


def test_discord_is_told_nothing_that_calls_people_or_is_markup() -> None:
    said = discord.content(a_message(text=("@everyone **big** [x](https://evil)",)))
    assert said["allowed_mentions"] == {"parse": []}
    assert said["embeds"][0]["description"].startswith(r"\@everyone \*\*big\*\* \[x\]\(https\://evil\)")


def test_ntfy_is_told_how_urgent_it_is() -> None:
    firing = ntfy.content(a_message(severity=Severity.CRITICAL), "t")
    over = ntfy.content(a_message(severity=Severity.CRITICAL, state=MessageState.OVER), "t")
    assert (firing["priority"], over["priority"]) == (5, 2)
    post = ntfy.request(SETTINGS | {"token": "tk_1"}, a_message(), NOW)
    assert (post.url, post.headers["Authorization"]) == ("https://ntfy.example.com/", "Bearer tk_1")


def test_pagerduty_s_incident_ends_with_the_alert() -> None:
    firing = pagerduty.content(a_message(key="1"), "k" * 32)
    over = pagerduty.content(a_message(key="2", state=MessageState.OVER), "k" * 32)
    assert (firing["event_action"], over["event_action"]) == ("trigger", "resolve")
    assert firing["dedup_key"] == over["dedup_key"] == "alert-4711"


def test_a_webhook_is_signed_and_during_a_rotation_with_both_secrets() -> None:
    old, until = webhook_secret(b"0" * 32), (NOW + timedelta(days=1)).isoformat()
    rotating = SETTINGS | {"old_secret": old, "old_until": until}
    during = webhook.request(rotating, a_message(), NOW)
    after = webhook.request(rotating, a_message(), NOW + timedelta(days=1))
    for post, signed in ((during, [True, True]), (after, [True, False])):
        headers = dict(post.headers)
        assert [is_signed(headers, post.body, secret) for secret in (SETTINGS["secret"], old)] == signed
    assert during.headers["webhook-id"] == "alert-4711-1"
    assert not is_signed(dict(during.headers), during.body + b" ", SETTINGS["secret"])
    said = json.loads(during.body)
    assert (said["type"], said["data"]["group"]) == ("alert.firing", "alert-4711")


def test_a_webhook_s_id_has_no_dots_whatever_the_key_has() -> None:
    headers = webhook.request(SETTINGS, a_message(key="a.b c"), NOW).headers
    assert "." not in headers["webhook-id"]
    assert headers["webhook-id"] == webhook.request(SETTINGS, a_message(key="a.b c"), NOW).headers["webhook-id"]


def test_all_mails_of_one_alert_are_one_thread() -> None:
    first = mail.written(a_message(key="1"), SERVER, ["ana@example.com"])
    last = mail.written(a_message(key="2", state=MessageState.OVER), SERVER, ["ana@example.com"])
    assert first["References"] == last["References"]
    assert first["Message-ID"] != last["Message-ID"]
    assert first["Message-ID"] == mail.written(a_message(key="1"), SERVER, ["ana@example.com"])["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"
    assert (first["Subject"], last["Subject"]) == (
        "[Web shop] KeyError in checkout",
        "[Web shop] Over: KeyError in checkout",
    )


def test_a_mail_runs_and_loads_nothing() -> None:
    html = mail.written(a_message(title="<img src=x onerror=alert(1)>"), SERVER, ["ana@example.com"]).get_body(["html"])
    assert html is not None
    text = html.get_content()
    assert "&lt;img src=x" in text
    assert "<img" not in text
    assert "https://aiops.example.com/do/abc" in text


@pytest.mark.parametrize(
    ("url", "host", "port", "security"),
    [
        ("smtp://mail.example.com", "mail.example.com", 587, Security.STARTTLS),
        ("smtps://u:p%40@mail.example.com", "mail.example.com", 465, Security.TLS),
        ("smtp://localhost:25?tls=off", "localhost", 25, Security.OFF),
    ],
)
def test_a_mail_server_is_said_as_an_address(url: str, host: str, port: int, security: Security) -> None:
    server = mail_server_from(url, "aiops@example.com")
    assert (server.host, server.port, server.security) == (host, port, security)
    assert "p@" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "mail.example.com",
            "http://mail",
            "smtp://",
            "smtp://mail:x",
            "smtp://mail?tls=maybe",
            "smtps://mail?tls=off",
        ),
        *("smtp://u:geheim@mail?tls=off", "smtp://u:geheim@mail/path", "smtp://mail?x=y"),
    ],
)
def test_what_is_no_mail_server_is_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(MailServerError) as refusal:
        mail_server_from(url, "aiops@example.com")
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize(
    "to", ["a..b@example.com", ".a@example.com", "ana@ex..ample.com", "änne@example.com", "a@ü.example"]
)
def test_an_address_that_no_mail_can_name_is_no_address_and_stops_nothing(to: str) -> None:
    with pytest.raises(ChannelError, match="No mail can be sent to"):
        checked(ChannelKind.MAIL, {"to": f"ana@example.com, {to}"}, PUBLIC_ONLY)


def test_a_channel_of_earlier_with_such_an_address_is_refused_for_good() -> None:
    outcome = mail.send(SERVER, {"to": "ana@example.com, a..b@example.com"}, a_message())
    assert isinstance(outcome, Refused)
    assert outcome.for_good


@pytest.mark.parametrize("sender", ["", "nobody", "a@b\r\nBcc: c@d.e", "<>"])
def test_a_sender_is_an_address(sender: str) -> None:
    with pytest.raises(MailServerError, match="no sender"):
        mail_server_from("smtp://mail.example.com", sender)


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, {}, "Sent"),
        (204, {}, "Sent"),
        (429, {"retry-after": "30"}, "Retry 30.0"),
        (429, {"retry-after": "Sun, 22 Nov 2026 03:15:10 GMT"}, "Retry 60.0"),
        (503, {"retry-after": "soon"}, "Retry None"),
        (500, {}, "Retry None"),
        (302, {}, "Retry None"),
        (301, {}, "Refused True"),
        (401, {}, "Refused True"),
        (404, {}, "Refused True"),
        (410, {}, "Refused True"),
        (400, {}, "Refused False"),
    ],
)
def test_what_a_number_means(status: int, headers: dict[str, str], outcome: str) -> None:
    judged = outcome_of(Answer(status, headers, b"said"), NOW)
    more = [str(getattr(judged, name)) for name in ("after", "for_good") if hasattr(judged, name)]
    assert " ".join([type(judged).__name__, *more]) == outcome
