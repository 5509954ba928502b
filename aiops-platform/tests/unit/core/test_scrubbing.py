"""Secrets are hidden by name, by shape and by what a project said, whatever is around them; what is harmless stays."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from made import SAMPLES, a_heartbeat, a_sample, an_event, read

from aiops_platform.core import wire
from aiops_platform.core.event import Frame, SourceContext
from aiops_platform.core.scrubbing import NO_RULES, Rules, Scrubber, WrongRuleError, scrubbed_at_home
from aiops_platform.core.scrubbing.rules import RuleKind, checked

CARD = "4111 1111 1111 1111"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxOSJ9.c2lnbmF0dXJl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA20\nq83vEjRWeJA=\n-----END RSA PRIVATE KEY-----"
MEBIBYTE = 1024 * 1024
SECONDS = 60


def hidden(text: str, rules: Rules = NO_RULES) -> str:
    return Scrubber(rules).text(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("password=hunter2", "password=[hidden]"),
        ("login with password=hunter2, then again", "login with password=[hidden], then again"),
        ('{"db_password": "a \\" b", "n": 1}', '{"db_password": "[hidden]", "n": 1}'),
        ("{'apiKey': 'abc', 'x': 'y'}", "{'apiKey': '[hidden]', 'x': 'y'}"),
        ('{"body": "{\\"token\\": \\"abc\\", \\"n\\": 1}"}', '{"body": "{\\"token\\": \\"[hidden]\\", \\"n\\": 1}"}'),
        ('{"tokens": ["a", "b"], "n": 1}', '{"tokens": [hidden], "n": 1}'),
        ("GET /?page=2&api_key=abc&n=1", "GET /?page=2&api_key=[hidden]&n=1"),
        ("next=%2Fa%3Ftoken%3Dabc%26n%3D1", "next=%2Fa%3Ftoken%3D[hidden]%26n%3D1"),
        ("Cookie: theme=dark; sid=abc\nHost: shop", "Cookie: [hidden]\nHost: shop"),
        ("Authorization: Digest username=bob, nonce=abc\nHost: shop", "Authorization: [hidden]\nHost: shop"),
        ("run --api-token abc --verbose", "run --api-token [hidden] --verbose"),
        ("['run', '--password', 'abc']", "['run', '--password', '[hidden]']"),
        ("<db><password>abc</password></db>", "<db><password>[hidden]</password></db>"),
        ("token: str = 'abc'", "token: str = '[hidden]'"),
        ("[('X-Api-Key', 'abc')]", "[('X-Api-Key', '[hidden]')]"),
        ("passwords: ['a1', 'b2']", "passwords: [hidden]"),
        ('{"password":\n  "abc"}', '{"password":\n  "[hidden]"}'),
        ("password=ab,c-7 user=ann", "password=[hidden] user=ann"),
        ("--token 'a b' --page 2", "--token '[hidden]' --page 2"),
        ("curl -u ann:abc https://shop", "curl -u ann:[hidden] https://shop"),
        ("next=https%3A%2F%2Fann%3Aabc%40shop", "next=https%3A%2F%2Fann%3A[hidden]%40shop"),
        ("postgresql://shop:pa/ss@db/shop", "postgresql://shop:[hidden]@db/shop"),
        ("redis://:abc@cache, more", "redis://:[hidden]@cache, more"),
        ("https://0123456789abcdef@errors/7", "https://[hidden]@errors/7"),
        ("sent Bearer abcdefgh12", "sent Bearer [hidden]"),
        ("sent Basic Y3VzdG9tZXI6c2VjcmV0LTQ=", "sent Basic [hidden]"),
        (f"got {TOKEN}.", "got [hidden]"),
        (f"key {PEM} end", "key [hidden]\n[hidden]\n[hidden]\n[hidden] end"),
        ("cut -----BEGIN PRIVATE KEY-----\nMIIE", "cut [hidden]\n[hidden]"),
        (f"card {CARD}", "card [hidden]"),
        ("card 4111111111111111, 5500-0000-0000-0004", "card [hidden], [hidden]"),
        ("AKIA" + "IOSFODNN7EXAMPLE is ours", "[hidden] is ours"),
        ("ghp_" + "a1" * 18, "[hidden]"),
    ],
)
def test_a_secret_in_a_text_is_hidden(text: str, told: str):
    assert hidden(text) == told


@pytest.mark.parametrize(
    "text",
    [
        *("token bucket", "password reset", "basic authentication", "ann@example.com", "Ann Author", "compass: north"),
        *("1234567890123456", "0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        *("invalid token: expired", "max_tokens=4096", "token = request.args.get(name)", "if token == expected:"),
        *("session: opened", "password=None", "http://localhost:8000/@handle", "tokenizer=bert2", "monkey=banana7"),
        *('tokens = ["(", ")"]', "unexpected token: 'else'", '__all__ = ["getpass", "getuser"]', "pin=17"),
        *('File "/srv/shop/token.py", line 7, in token', "order 4111111111111112"),
    ],
)
def test_what_only_looks_like_a_secret_stays(text: str):
    assert hidden(text) == text


def test_every_part_of_an_event_is_looked_at():
    event = an_event(
        message="password=one-1",
        stack_trace="Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g(password='two-2')\nE: pwd=three-3",
        request={
            "url": "https://shop/?api%5Fkey=four-4",
            "query": "a=1&to%6ben=five-5",
            "headers": {"X-Api-Key": "six-6", "Accept": "*/*"},
            "body": {"account": [{"dbPassword": "seven-7"}], "pairs": [["Authorization", "eight-8"]], "pin": 4711},
        },
        user={"id": "bob", "name": "secret=nine-9"},
        tags={"customer_token": "ten-10", "shop": "one"},
        contexts={"session": {"a": "eleven-11", "b": 1}},
        breadcrumbs=[{"message": "pwd=twelve-12", "data": {"argv": ["--token", "thirteen-13"]}}],
        exceptions=[
            {
                "type": "E",
                "value": "token=fourteen-14",
                "notes": ["secret=fifteen-15"],
                "frames": [
                    {
                        "file": "a.py",
                        "locals": {"password": "sixteen-16", "n": "1"},
                        "source": {
                            "before": ["key = '''-----BEGIN PRIVATE KEY-----"],
                            "line": "seventeen17",
                            "after": [],
                        },
                    }
                ],
            }
        ],
        fingerprint=["secret=eighteen-18"],
    )
    told = wire.write(Scrubber().report(event)).decode()
    secrets = (
        "one-1 two-2 three-3 four-4 five-5 six-6 seven-7 eight-8 4711 nine-9 ten-10 eleven-11 twelve-12 thirteen-13"
    )
    secrets += " fourteen-14 fifteen-15 sixteen-16 seventeen17 eighteen-18"
    assert [secret for secret in secrets.split() if secret in told] == []
    assert [kept for kept in ('"Accept":"*/*"', '"shop":"one"', '"id":"bob"', '"n":"1"') if kept not in told] == []
    assert wire.write(read(json.loads(told))) == told.encode()


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in SAMPLES.glob("old-*.json") if "heartbeat" not in path.stem)
)
def test_a_report_without_secrets_stays_the_same_object(name: str):
    event = read(a_sample(name))
    assert Scrubber().report(event) is event


def test_a_heartbeat_is_looked_at_too():
    beat = a_heartbeat(stats={"last_error": "password=hunter2", "captured": 7})
    assert Scrubber().report(beat).stats == {"last_error": "password=[hidden]", "captured": 7}


def test_the_source_of_a_call_keeps_its_lines():
    source = SourceContext(before=("a = '''", *PEM.split("\n")), line="b()", after=("c()",))
    told = Scrubber().report(Frame(source=source))
    assert told.source == SourceContext(before=("a = '''", *["[hidden]"] * 4), line="b()", after=("c()",))


def test_what_a_project_adds_is_hidden_wherever_it_is_written():
    rules = Rules(names=("customer number", "email"), values=("s3cret & more",))
    event = an_event(
        message='customer_number=7x, s3cret & more, s3cret%20%26%20more, "s3cret &amp; more", czNjcmV0ICYgbW9yZQ==',
        user={"email": "ann@example.com", "id": "7"},
    )
    told = Scrubber(rules).report(event)
    assert told.message == 'customer_number=[hidden], [hidden], [hidden], "[hidden]", [hidden]Q=='
    assert (told.user.email, told.user.id) == ("[hidden]", "7")
    assert Scrubber().report(event) is event


def test_a_body_that_nobody_can_read_is_scrubbed_as_text_and_another_one_by_its_names():
    scrub = Scrubber().body
    assert scrub(b'{"password": "hunter2", \xff') == b'{"password": "[hidden]", \xff'
    assert (
        scrub(b'{"logins":[{"password":["a",{"b":"c"}]}]}')
        == b'{"logins":[{"password":["[hidden]",{"b":"[hidden]"}]}]}'
    )
    whole = b'{"order": 7,  "bytes": "\xc3\xa4"}'
    assert scrub(whole) is whole


@pytest.mark.parametrize(
    ("sdk", "is_scrubbed"),
    [
        ({"name": "aiops-sdk", "version": "0.2.0"}, True),
        ({"name": "aiops-sdk", "version": "1.0"}, True),
        ({"name": "aiops-sdk", "version": "0.10.1rc1"}, True),
        ({"name": "aiops-sdk", "version": "0.1.6"}, False),
        ({"name": "aiops-sdk"}, False),
        ({"name": "mine", "version": "7.0"}, False),
        (None, False),
    ],
)
def test_our_own_client_hides_secrets_itself_since_0_2(sdk, is_scrubbed: bool):
    assert scrubbed_at_home(an_event(**({"sdk": sdk} if sdk else {}))) is is_scrubbed


@pytest.mark.parametrize(
    ("kind", "text"), [(RuleKind.NAME, "-a_"), (RuleKind.VALUE, " abc "), (RuleKind.VALUE, "a" * 1_001)]
)
def test_a_rule_that_would_hide_everything_is_refused(kind: RuleKind, text: str):
    with pytest.raises(WrongRuleError, match="characters"):
        checked(kind, text)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    def over(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "://a:b",
            "bearer:  ",
            "eyJaaaaa.",
            "eyJ",
            "-----BEGIN PRIVATE KEY-----\n",
            "4111 ",
            "41",
            "sk-",
            "password=",
        ),
        *("password='\n", 'token=\\"a\n', "secret%3D", "--token ", "<password>", "cookie: ", '"password":[', "a", "="),
    ],
)
def test_a_mebibyte_of_anything_takes_time_in_proportion(piece: str):
    text = "token=a " + piece * (MEBIBYTE // len(piece))
    with within(SECONDS):
        Scrubber(Rules(names=("iban",), values=("s3cret",))).text(text)
