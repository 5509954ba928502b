"""What an answer of the platform means."""

from __future__ import annotations

from email.utils import formatdate
from typing import Optional

import pytest

from aiops_sdk.delivery.transport import Accepted, Barred, Refused, Retry, outcome_of, seconds_to_wait

NOW = 1_795_000_000.0


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_delivery_whatever_the_body(status: int):
    assert outcome_of(status, None, b"<html>OK</html>", NOW) == Accepted()


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        (b'{"capabilities": []}', Accepted(capabilities=frozenset())),
        (b'{"capabilities": ["batch", 3]}', Accepted(capabilities=frozenset({"batch"}))),
        (b'{"capabilities": "batch"}', Accepted()),
        (b'{"rejected": [{"index": 3, "why": "no\\n text"}, 4]}', Accepted(rejected=((3, "no text"),))),
        (b'{"rejected": [{"index": 3, "why": "too many", "retry_after": 7}]}', Accepted(later=((3, 7.0),))),
        (b'{"rejected": [{"index": 3, "why": "no", "retry_after": "7"}]}', Accepted(rejected=((3, "no"),))),
        (b'{"rejected": [{"index": 3, "why": "no", "retry_after": 1e9}]}', Accepted(rejected=((3, "no"),))),
        (b'{"rejected": [{"index": "3"}]}', Accepted(rejected=((-1, "None"),))),
        (b"[]", Accepted()),
        (b"[" * 100_000, Accepted()),
        (b"\xff", Accepted()),
    ],
)
def test_what_a_platform_of_ours_says_is_heard(body: bytes, accepted: Accepted):
    assert outcome_of(202, None, body, NOW) == accepted


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "not_understood"),
        (413, "too_large"),
        (403, "refused"),
        (422, "refused"),
    ],
)
def test_a_refusal_is_counted_under_its_reason(status: int, reason: str):
    outcome = outcome_of(status, None, b"", NOW)
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason


@pytest.mark.parametrize("status", [301, 302, 401, 404, 405, 407])
def test_a_wrong_key_or_address_is_no_fault_of_the_event(status: int):
    assert outcome_of(status, None, b"", NOW) == Barred(f"HTTP {status}", unauthorized=status == 401)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int):
    assert outcome_of(status, "7", b"", NOW) == Retry(f"HTTP {status}", after=7.0)


def test_the_platform_s_reason_is_kept():
    body = b'{"accepted": 0, "rejected": [{"index": 0, "why": "no   such\\n key"}], "capabilities": []}'
    assert outcome_of(401, None, body, NOW) == Barred("HTTP 401 (no such key)", unauthorized=True)
    assert outcome_of(400, None, b"<h1>Bad\xff</h1>" * 100, NOW).why.startswith("HTTP 400 (<h1>Bad")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"rejected": []}', b'{"rejected": [3]}', b"null", b"\xff", b"[" * 100_000]
)
def test_no_answer_is_too_strange(body: bytes):
    assert isinstance(outcome_of(400, None, body, NOW), Refused)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 5 ", 5.0),
        (formatdate(NOW + 30, usegmt=True), 30.0),
        (formatdate(NOW - 30, usegmt=True), 0.0),
        ("soon", None),
        ("-3", None),
        ("1e9", None),
    ],
)
def test_retry_after_has_two_forms(header: Optional[str], seconds: Optional[float]):
    assert seconds_to_wait(header, NOW) == seconds
