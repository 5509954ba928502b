"""Which events of an incident somebody looks for."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core import event_filter
from aiops_platform.core.event import Event

BODY = {
    "signal_type": "exception", "message": "No price for 'Apple'", "release": "2026.11.3", "host": "shop-1", "level": "error",
    "request_path": "/orders/7", "route": "/orders/<int:id>", "status_code": 502, "logger": "shop.orders",
    "user": {"id": "7", "email": "ana@example.com"}, "tags": {"Region": "eu-1"},
    "exceptions": [{"type": "KeyError", "value": "x", "frames": [{"file": "orders.py", "function": "price_of"}]}],
}  # fmt: skip


def matches(text, body=BODY):
    raw = msgspec.json.encode(body)
    wanted, said = event_filter.read(text), raw.decode().lower()
    found = wanted.matches(msgspec.convert(body, Event), said)
    assert wanted.may_match(said) or not found
    return found


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "price", "APPLE", '"no price"', "price_of orders.py", "user:7", "user:ANA@", "release:2026.11", "host:shop",
        "path:/orders/7", "path:<int", "status:502", "level:error", "logger:shop", "tag.Region:eu", "message:apple", "USER:ana",
        'message:"price for"', "'apple'",
    ],
)  # fmt: skip
def test_an_event_is_found_by_what_it_says(text):
    assert matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "pear",
        "price pear",
        "user:8",
        "release:2026.12",
        "tag.region:eu",
        "tag.Region:us",
        "host:orders.py",
        "status:404",
    ],
)
def test_an_event_is_not_found_by_what_it_does_not_say(text):
    assert not matches(text)


def test_a_name_that_nobody_knows_is_part_of_the_word():
    assert event_filter.read("https://x:8").words == (event_filter.Word("", "https://x:8"),)


def test_a_text_that_json_writes_otherwise_is_found_by_its_name():
    body = {"signal_type": "exception", "message": 'say "grüß\\gott"\nonce'}
    assert matches("message:grüß\\gott", body)


@given(st.text(max_size=300))
def test_whatever_somebody_writes_is_read(text):
    words = event_filter.read(text).words
    assert len(words) <= 8
    assert all(word.text for word in words)
