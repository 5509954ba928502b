"""Secrets stay in the process."""

from __future__ import annotations

import base64
from typing import Any, Dict
from urllib.parse import quote

import pytest
from events import an_event, an_origin
from hypothesis import given
from hypothesis import strategies as st

from aiops_sdk.event import Breadcrumb, ExceptionInfo, Frame, Request, SourceContext
from aiops_sdk.steps import Scrubber, Steps
from aiops_sdk.steps.scrubbing import MASK

PLAIN = Scrubber()
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        # In addresses and headers.
        ("postgresql://shop:hunter2@db/orders", "postgresql://shop:[hidden]@db/orders"),
        ("redis://:hunter2@cache:6379/0", "redis://:[hidden]@cache:6379/0"),
        ("amqp://shop:hunt@er2@queue", "amqp://shop:[hidden]@queue"),
        ("Authorization: Bearer abc123def456", "Authorization: Bearer [hidden]"),
        ("Authorization: Bearer abcdefghij", "Authorization: [hidden]"),
        ("sent with bearer ABCdef123456.x-y_z", "sent with bearer [hidden]"),
        ("Basic dXNlcjpwYXNz1234 was refused", "Basic [hidden] was refused"),
        ("Cookie: a=b; session=xyz", "Cookie: [hidden]"),
        # Behind telling names.
        ("password=hunter2 is wrong", "password=[hidden] is wrong"),
        ("db_password: hunter", "db_password: [hidden]"),
        ("{'api_key': 'abc def', 'id': 3}", "{'api_key': '[hidden]', 'id': 3}"),
        ('{"access_token": "abc"}', '{"access_token": "[hidden]"}'),
        (r'"{\"password\": \"x y\", \"a\": 1}"', r'"{\"password\": \"[hidden]\", \"a\": 1}"'),
        ("Password: 'it\\'s me' end", "Password: '[hidden]' end"),
        ("GET /?token=abc&page=2", "GET /?token=[hidden]&page=2"),
        ("SECRET_KEY='0123456789'", "SECRET_KEY='[hidden]'"),
        ('password: str = "hunter2"', 'password: str = "[hidden]"'),
        ('[("X-Api-Key", "abc")]', '[("X-Api-Key", "[hidden]")]'),
        ("(b'authorization', b'Bearer x')", "(b'authorization', b'[hidden]')"),
        ('{"session": {"id": "abc"}, "x": 1}', '{"session": [hidden], "x": 1}'),
        ("'pin': 1234", "'pin': [hidden]"),
        ("mysql --password hunter2 -u x", "mysql --password [hidden] -u x"),
        ("wrong password 'hunter2' given", "wrong password '[hidden]' given"),
        ("sessionid=abc123def", "sessionid=[hidden]"),
        ("İ token=abc", "İ token=[hidden]"),
        # By shape.
        ("eyJhbGciOi.eyJzdWIiOiIx.abc-123 has expired", "[hidden] has expired"),
        ("card 4111 1111 1111 1111 declined", "card [hidden] declined"),
        ("card 4111-1111-1111-1111", "card [hidden]"),
        ("378282246310005", "[hidden]"),
        ("3782 822463 10005", "[hidden]"),
        (KEY + " is wrong", "[hidden] is wrong"),
        (KEY[:40], "[hidden]"),
        ("AKIA" + "IOSFODNN7EXAMPLE", "[hidden]"),
        ("AIza" + "a1" * 17 + "a", "[hidden]"),
        ("ghp_" + "A1" * 18, "[hidden]"),
        ("github_pat_" + "A1" * 20, "[hidden]"),
        ("glpat-" + "A1" * 10, "[hidden]"),
        ("xoxb-" + "1234567890-abcdef", "[hidden]"),
        ("sk_" + "live_abcdefghij1234567", "[hidden]"),
        ("sk-" + "proj-abcdefghij0123456789", "[hidden]"),
        ("SG." + "a1" * 11 + "." + "b2" * 21, "[hidden]"),
        ("https://hooks.slack.com/services/" + "T0000/B0000/abcdefghijklmnop", "https://hooks.slack.com/services/[hidden]"),
    ],
)  # fmt: skip
def test_credentials_in_texts_are_hidden(said: str, told: str):
    assert PLAIN.text(said) == told


@pytest.mark.parametrize(
    "said",
    [
        "division by zero",
        "Basic authentication failed",
        "basic authentication",
        "token bucket is empty: 17 requests",
        "password reset",
        "token validation failed: the bearer is unknown",
        "invalid token: expired",
        "unexpected token 'else'",
        "KeyError: 'token'",
        "    token = request.headers.get('X-Token')",
        "    password = config.password",
        "    if password == given:",
        "def login(name: str, password: str) -> None:",
        "    secret=None,",
        "http://shop.example.com:8080/orders?id=3",
        'File "/srv/tokens/secret.py", line 3, in passwords',
        "passwords do not match",
        "order 4111111111111112 paid",
        "order 1234567890123456 paid",
        "41111111-1111-4111-8111-111111111111",
        "0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "bob@example.com",
        "author=Bob",
        "keyboard: qwerty123",
        "max_tokens=4096",
        '{"token_count": 17}',
        "SESSION_COOKIE_AGE = 1209600",
        "<Session at 0x7f>: session=<object>",
        "took 1700000000000000000 ns",
        "0.4111111111111111",
        "token=%s",
    ],
)
def test_what_is_no_secret_stays(said: str):
    assert PLAIN.text(said) is said


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "X-Api-Key",
        "X-Auth-Token",
        "x_csrf_token",
        "DB_PASSWORD",
        "client-secret",
    ],
)
def test_values_of_telling_names_are_hidden(name: str):
    assert request_told(headers={name: "abc", "Host": "shop"})["headers"] == {name: MASK, "Host": "shop"}


def test_a_query_loses_the_values_of_telling_names():
    told = request_told(url="http://shop/login?api%5Fkey=abc&page=2", query="password=abc&page=2&token")
    assert (told["url"], told["query"]) == (
        "http://shop/login?api%5Fkey=[hidden]&page=2",
        "password=[hidden]&page=2&token",
    )


def test_every_text_of_an_event_is_looked_at():
    leak = "postgresql://shop:hunter2@db"
    source = SourceContext((leak,), leak, (leak,))
    frame = Frame("a.py", "f", "a", 1, in_app=True, source=source, locals={"a": leak})
    event = an_event(
        message=leak,
        stack_trace=leak,
        template=leak,
        request_path="/" + leak,
        request=Request("GET", url=leak, query=leak, headers={"Referer": leak}, body={"a": [{"b": leak}], leak: 1}),
        exceptions=(ExceptionInfo("A", None, leak, notes=(leak,), frames=(frame,)),),
        user={"name": leak},
        tags={"a": leak},
        contexts={"a": {"b": {"c": [leak]}}, "process": {"argv0": leak}},
        breadcrumbs=(Breadcrumb(an_event().occurred_at, "sql", "info", leak, {"a": leak}),),
        fingerprint=(leak,),
    )
    told = str(own_of(event))
    assert "hunter2" not in told
    assert told.count(MASK) >= 20


def test_names_tell_at_any_depth():
    contexts: Dict[str, Any] = {
        "a": {"b": [{"db-Password": "x", "keep": {"author": "y", "sessions": 3, "has_token": True}}], "max_tokens": 9}
    }
    assert own_of(an_event(contexts=contexts))["contexts"] == {
        "a": {
            "b": [{"db-Password": MASK, "keep": {"author": "y", "sessions": MASK, "has_token": True}}],
            "max_tokens": 9,
        }
    }


def test_a_card_is_hidden_as_a_number_too():
    contexts = {"a": {"b": 4111111111111111, "c": 4111111111111112}}
    assert own_of(an_event(contexts=contexts))["contexts"]["a"] == {"b": MASK, "c": 4111111111111112}


def test_a_private_key_in_source_lines_is_hidden_with_its_middle():
    middle = "MIIEowIBAAKCAQEA7bq98e4kP0aT1x2fX9cZkq0h9m3nV5wG8d2sYt6uLr4jQpEy"
    source = SourceContext(
        ('KEY = """-----BEGIN PRIVATE KEY-----', middle), middle, ("-----END PRIVATE KEY-----", '"""')
    )
    frame = Frame("a.py", "f", "a", 1, in_app=True, source=source)
    told = own_of(an_event(exceptions=(ExceptionInfo("A", None, "", frames=(frame,)),)))["exceptions"][0]["frames"][0]
    assert middle[:20] not in str(told)
    assert (len(told.source.before), len(told.source.after)) == (2, 2)


class TestByValue:
    """What is known to be secret is hidden wherever it stands."""

    SECRET = "p@ss/wörd & 99"
    LONG = "zK7qLw2Vb9Xc4Nm1Rt8Yp3"

    @pytest.fixture
    def scrubber(self) -> Scrubber:
        return Scrubber(values=[self.SECRET, self.LONG])

    @pytest.mark.parametrize("secret", [SECRET, LONG])
    def test_as_it_is_in_an_address_and_in_base_64(self, scrubber: Scrubber, secret: str):
        for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
            told = scrubber.text(f"x {form} y")
            assert form[:10] not in told
            assert MASK in told

    def test_half_of_it_where_a_text_was_cut(self, scrubber: Scrubber):
        assert scrubber.text(f"login with {self.LONG[:9]}…") == "login with [hidden]…"
        assert scrubber.text(f"['{self.LONG[:9]}'… 300 in all]") == "['[hidden]'… 300 in all]"

    def test_what_is_too_short_to_be_one_is_left(self):
        assert Scrubber(values=["a", "", "hidden"]).text("a hidden thing") == "a hidden thing"

    def test_nobody_sees_it_in_the_scrubber(self, scrubber: Scrubber):
        assert self.LONG not in repr(scrubber)


def test_names_can_be_added():
    scrubber = Scrubber(names=["customer number", "iban"])
    assert scrubber.text("Customer_Number=4711, iban: DE02, id=3") == "Customer_Number=[hidden], iban: [hidden], id=3"
    assert scrubber.value("x-customer-number", "4711") == MASK
    assert scrubber.value("", {"IBAN": "DE02"}) == {"IBAN": MASK}


def test_without_secrets_nothing_changes():
    event = an_event(request=Request("GET", query="a=1&b=&c", headers={"Host": "shop"}))
    assert own_of(event) == event.fields()


@given(st.text(max_size=200))
def test_scrubbing_twice_shows_nothing_more(text: str):
    once = PLAIN.text(text)
    assert len(PLAIN.text(once).replace(MASK, "")) <= len(once.replace(MASK, ""))


@given(
    st.lists(
        st.sampled_from(
            [
                "password",
                "token",
                "=",
                ":",
                " ",
                "'",
                '"',
                "abc123",
                "4111111111111111",
                "…",
                "://",
                "@",
                "[",
                "{",
                "\n",
                "Bearer ",
            ]
        ),
        max_size=20,
    )
)
def test_scrubbing_what_is_full_of_signs_twice_shows_nothing_more(parts: Any):
    # It may hide more: a mask stands where a sign was looked for.
    once = PLAIN.text("".join(parts))
    twice = PLAIN.text(once)
    assert len(twice.replace(MASK, "")) <= len(once.replace(MASK, ""))


def request_told(**fields: Any) -> Dict[str, Any]:
    told: Dict[str, Any] = own_of(an_event(request=Request("GET", **fields)))["request"]
    return told


def own_of(event: Any) -> Dict[str, Any]:
    told = Steps(PLAIN).run(event, an_origin())
    assert told is not None
    return told
