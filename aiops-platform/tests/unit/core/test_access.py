import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_platform.core import access

ENTROPY = bytes(range(32))
SERVER_SECRET = b"s" * 32
NONCE = b"n" * access.NONCE_BYTES


def test_a_key_says_what_it_is_and_carries_all_of_its_entropy():
    assert access.api_key_from(ENTROPY) == "aiops_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert access.api_token_from(ENTROPY).startswith("aiopst_")


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_what_is_made_looks_like_what_it_is(entropy):
    key, token = access.api_key_from(entropy), access.api_token_from(entropy)

    assert access.looks_like_api_key(key)
    assert access.looks_like_api_token(token)
    assert not access.looks_like_api_key(token)
    assert not access.looks_like_api_token(key)


@pytest.mark.parametrize("text", ["", "aiops_", "aiops_short", "Bearer x", "aiops_" + "ä" * 43, "aiops_" + "a" * 44])
def test_what_is_not_a_key_is_not_looked_up(text):
    assert not access.looks_like_api_key(text)


def test_too_little_entropy_is_refused():
    with pytest.raises(ValueError, match="32 random bytes"):
        access.api_key_from(b"short")


def test_a_hint_recognises_a_key_without_giving_it_away():
    assert access.hint_of(access.api_key_from(ENTROPY)) == "aiops_AA…h8"


def test_the_callback_secret_follows_from_the_key_alone():
    key = access.api_key_from(ENTROPY)

    secret = access.callback_secret_of(key)

    # The wire's second half (later work) makes the same 32 bytes on the SDK's side: this value must not change.
    assert secret.hex() == "fa5c140ef6ef350eefdb92719c91a355d0d85633544e5f7753a1b9d72df6958f"
    assert access.callback_secret_of(access.api_key_from(bytes(32))) != secret


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_what_was_sealed_opens_with_the_same_server_secret(secret):
    sealed = access.seal(secret, server_secret=SERVER_SECRET, nonce=NONCE, owner=b"me")

    assert access.unseal(sealed, server_secret=SERVER_SECRET, owner=b"me") == secret


@pytest.mark.parametrize(
    ("server_secret", "owner"), [(b"t" * 32, b"me"), (SERVER_SECRET, b"you")], ids=["another secret", "another owner"]
)
def test_what_was_sealed_does_not_open_otherwise(server_secret, owner):
    sealed = access.seal(b"secret", server_secret=SERVER_SECRET, nonce=NONCE, owner=b"me")

    with pytest.raises(access.SecretMismatchError, match=r"restore secret\.key"):
        access.unseal(sealed, server_secret=server_secret, owner=owner)


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 28, b"x" * 200])
def test_what_is_not_sealed_is_a_mismatch_not_a_crash(sealed):
    with pytest.raises(access.SecretMismatchError):
        access.unseal(sealed, server_secret=SERVER_SECRET, owner=b"me")
