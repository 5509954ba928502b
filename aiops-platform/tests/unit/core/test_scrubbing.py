"""Secrets are hidden by name, by shape and by what a project said, whatever is around them; what is harmless stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import SAMPLES, a_heartbeat, a_sample, an_event, read

from aiops_platform.core import wire
from aiops_platform.core.event import Frame, SourceContext
from aiops_platform.core.scrubbing import Rules, Scrubber, WrongRuleError
from aiops_platform.core.scrubbing.rules import RuleKind, checked

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA20\nq83vEjRWeJA=\n-----END RSA PRIVATE KEY-----"
TABLE = SAMPLES.parent / "scrubbing.jsonl"
TEXTS = [case["text"] for case in map(json.loads, TABLE.read_text().splitlines()) if "text" in case]


@given(st.lists(st.sampled_from(TEXTS), max_size=12))
def test_texts_looked_through_together_become_what_each_becomes_alone(texts: list[str]):
    event = an_event(exceptions=[{"type": "E", "notes": texts}])
    scrubber = Scrubber()
    assert scrubber.report(event).exceptions[0].notes == tuple(map(Scrubber().text, texts))
    # Again, from memory.
    assert scrubber.report(event).exceptions[0].notes == tuple(map(Scrubber().text, texts))


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
    assert told.source == SourceContext(
        before=("a = '''", *["[hidden]"] * 3, "-----END RSA PRIVATE KEY-----"), line="b()", after=("c()",)
    )


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
    ("kind", "text"), [(RuleKind.NAME, "-a_"), (RuleKind.VALUE, " abc "), (RuleKind.VALUE, "a" * 1_001)]
)
def test_a_rule_that_would_hide_everything_is_refused(kind: RuleKind, text: str):
    with pytest.raises(WrongRuleError, match="characters"):
        checked(kind, text)
