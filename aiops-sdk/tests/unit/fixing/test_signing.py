"""Signatures: the known answer, both ways, and everything that is refused."""

from __future__ import annotations

from typing import Dict

import asking
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_sdk.fixing import signing
from aiops_sdk.fixing.signing import RefusedError

ID = "6f0c1d0e-5d6c-4c1b-9a53-0c6d3c1e7a21"
NOW = 1_795_317_247
BODY = b'{"type": "fix"}'
SECRET = signing.secret_of("key-of-the-test")


def headers(**changed: str) -> Dict[str, str]:
    made = dict(signing.signed(SECRET, ID, NOW, BODY))
    made.update({name.replace("_", "-"): value for name, value in changed.items()})
    return made


def refusal(given: Dict[str, str], body: bytes = BODY, now: float = NOW) -> str:
    with pytest.raises(RefusedError) as refused:
        signing.verify([SECRET], given, body, now)
    return refused.value.reason


def test_the_secret_is_what_the_platform_derives():
    # HKDF-SHA256 of "aiops_" + 43 times "A", info "aiops callback v1", 32 bytes; checked against two other libraries.
    assert signing.secret_of("key-of-the-test") == asking.secret_of("key-of-the-test")
    assert len(SECRET) == 32
    assert signing.secret_of("another-key") != SECRET


def test_a_signature_is_what_the_standard_says():
    assert signing.sign(SECRET, ID, NOW, BODY) == asking.signature(BODY, ID, NOW)


def test_a_message_that_was_signed_is_believed():
    assert signing.verify([SECRET], headers(), BODY, NOW) == ID


@pytest.mark.parametrize("seconds", [-300, 300])
def test_clocks_may_differ_by_five_minutes(seconds: int):
    assert signing.verify([SECRET], headers(), BODY, NOW + seconds) == ID


@pytest.mark.parametrize("seconds", [-301, 301])
def test_more_than_that_is_refused(seconds: int):
    assert refusal(headers(), now=NOW + seconds) == "time"


def test_who_changes_keys_signs_with_both():
    other = signing.sign(signing.secret_of("the new key"), ID, NOW, BODY)
    both = headers(webhook_signature=other + " " + headers()["webhook-signature"])
    assert signing.verify([SECRET], both, BODY, NOW) == ID
    assert signing.verify([signing.secret_of("the new key")], both, BODY, NOW) == ID
    assert signing.verify([signing.secret_of("a third"), SECRET], headers(), BODY, NOW) == ID


def test_a_signature_beyond_the_fourth_is_not_looked_at():
    wrong = "v1," + "A" * 43 + "="
    assert refusal(headers(webhook_signature=" ".join([wrong] * 4 + [headers()["webhook-signature"]]))) == "signature"


@pytest.mark.parametrize("name", [signing.ID, signing.TIMESTAMP, signing.SIGNATURE])
@pytest.mark.parametrize("value", [None, "", " ", "ä", "\x00", "1.5", "-1", "x" * 2_000, "١٢٣"])
def test_a_header_that_is_missing_or_malformed_is_refused(name: str, value: str):
    made = headers()
    if value is None:
        del made[name]
    else:
        made[name] = value
    assert refusal(made) in {"headers", "signature"}


@pytest.mark.parametrize("changed", ["v1a,{}", "v2,{}", "{}", "v1, {}", "v1,{}=", "V1,{}"])
def test_a_signature_of_another_kind_is_refused(changed: str):
    bare = headers()["webhook-signature"][len("v1,") :]
    assert refusal(headers(webhook_signature=changed.format(bare))) == "signature"


def test_no_secret_fits_nothing():
    with pytest.raises(RefusedError):
        signing.verify([], headers(), BODY, NOW)


@settings(max_examples=30)
@given(body=st.binary(max_size=200), at=st.integers(0, 10**11), place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_one_changed_bit_is_refused(body: bytes, at: int, place: int, bit: int):
    made = dict(signing.signed(SECRET, ID, at, body))
    assert signing.verify([SECRET], made, body, at) == ID
    changed = bytearray(body + b".")
    changed[place % len(changed)] ^= 1 << bit
    assert refusal(made, bytes(changed), at) == "signature"
    assert refusal({**made, signing.TIMESTAMP: str(at + 1)}, body, at) == "signature"
    assert refusal({**made, signing.ID: "7" + ID[1:]}, body, at) == "signature"
