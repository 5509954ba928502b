"""The quick look that spares most texts all others never says yes where one of those would find something."""

from __future__ import annotations

from typing import List

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiops_sdk.steps import Scrubber
from aiops_sdk.steps.innocence import Innocence

KNOWN = ("correct horse", "tr0ub4dor", "x" * 30)
NAMES = ("customer number", "iban")

#: What programs say all day.
ORDINARY = [
    "No stock for order 0000017",
    "division by zero",
    "list index out of range",
    "'NoneType' object is not subscriptable",
    "could not convert string to float: 'twelve'",
    "unsupported operand type(s) for +: 'int' and 'str'".replace("+", "and"),
    "The order of Ada Example could not be paid: she has none left.",
    "timed out after 30 seconds (3 attempts)",
    "Schöne Grüße".encode("ascii", "ignore").decode(),
    "",
]

_words = st.sampled_from(
    [
        "password", "Pass", "secret", "token", "KEY", "api key", "cookie", "session", "card", "pin", "otp", "cvc", "ssn",
        "auth", "Basic", "Bearer", "curl", "mysql", "-p", "-u", "hunter2", "hunter", "correct horse", "Correct Horse",
        "tr0ub4dor", "4111 1111 1111 1111", "4111111111111111", "482913", "4711", "is", "was", "code", "verification",
        "insert into users values", "('bob', 'hunter')", "input", "value", "iban", "customer", "number", "17",
        "c2VjcmV0", "eyJ", "name", "'", '"', ":", ":", ",", "(", ")", "?", "\n", "the", "of", "x" * 30,
    ]
)  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_messages_are_innocent(text: str):
    assert Innocence(NAMES, KNOWN).holds(text)
    assert Scrubber(NAMES, KNOWN).text(text) is text


@pytest.mark.parametrize(
    "text",
    [
        "the password is wrong", "it was correct horse", "a@b", "see https://shop", "a = b", "{'a': 1}", "item4711", "ä",
        "4111 1111 1111 1111", "your customer number: 12", "x" * 18, "it ends here…", "a\x00b",
    ],
)  # fmt: skip
def test_whatever_may_be_more_is_looked_at(text: str):
    assert not Innocence(NAMES, KNOWN).holds(text)


@settings(max_examples=300)
@example(["input", "value", ":", "'hunter'"])
@given(st.lists(_words, max_size=8))
def test_it_never_says_yes_where_something_is_found(words: List[str]):
    scrubber = Scrubber(NAMES, KNOWN)
    for text in (" ".join(words), "".join(words)):
        if Innocence(NAMES, scrubber._known.anywhere).holds(text):
            assert scrubber._sought(text) == text
