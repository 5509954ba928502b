from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core.passwords import checked_password
from aiops_platform.core.people import PeopleError


@pytest.mark.parametrize("text", ["blue horse lamp", "kT9!xw#02pQ", "ünïcödé ist lang", "日本語のパスワードです"])
def test_a_long_one_of_ones_own_will_do(text):
    assert checked_password(text, email="ana@example.com", name="Ana Lee") == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("short", "10 characters or more"),
        ("x" * 201, "at most 200"),
        ("Ana@Example.com", "your own"),
        ("Ana Lee Smith!", "your own"),
        ("example.com", "your own"),
        ("Password123", "tried first"),
        ("password 1234!!", "tried first"),
        ("1234567890", "tried first"),
        ("0987654321", "tried first"),
        ("abcdefghijklm", "tried first"),
        ("aaaaaaaaaaaaaa", "tried first"),
        ("ababababababab", "tried first"),
    ],
)
def test_what_anybody_would_try_is_refused(text, why):
    with pytest.raises(PeopleError, match=why) as refused:
        checked_password(text, email="ana@example.com", name="Ana Lee Smith")
    assert text not in str(refused.value)


@given(st.text(max_size=220))
def test_any_text_is_taken_or_refused(text):
    with suppress(PeopleError):
        assert 10 <= len(checked_password(text)) <= 200
