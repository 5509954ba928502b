"""What the body of an answer says, as it goes out."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from aiops_sdk.answers import MAX_BODY, is_json, message_in

SAID = json.dumps({"message": "no stock"}).encode()
JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(SAID, None), (SAID, "identity"), (gzip.compress(SAID), "gzip"), (zlib.compress(SAID), "Deflate ")],
)
def test_a_body_is_read_as_it_goes_out(body, encoding):
    assert message_in(body, JSON, encoding) == "no stock"


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (b"", JSON, None),
        (b"{", JSON, None),
        (b"[" * 10_000, JSON, None),
        (SAID, "text/plain", None),
        (SAID, None, None),
        (SAID, JSON, "br"),
        (SAID, JSON, "gzip"),
        (json.dumps({"message": "x" * MAX_BODY}).encode(), JSON, None),
        (gzip.compress(json.dumps({"message": "x" * 1_000_000}).encode()), JSON, "gzip"),
    ],
)
def test_what_cannot_be_read_says_nothing(body, content_type, encoding):
    assert message_in(body, content_type, encoding) is None


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"])
def test_json_has_many_names(kind):
    assert is_json(kind)
    assert not is_json(kind.replace("json", "xml").replace("JSON", "xml"))
