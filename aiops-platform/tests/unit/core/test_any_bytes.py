"""Real bodies, spoilt as lines, disks and programs spoil them: door and digest agree, and what is taken can be read again."""

import gzip
import json

import holding
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import SAMPLES

from aiops_platform.core.opening import Opener
from aiops_platform.core.scrubbing import Scrubber

OPENER = Opener(Scrubber())
BODIES = [path.read_bytes() for path in sorted(SAMPLES.glob("*.json*")) if "answer" not in path.name]
EVENT, BATCH = (SAMPLES / "event-everything.json").read_bytes(), (SAMPLES / "batch.jsonl").read_bytes()
PUT_IN = [
    *(b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"\xef\xbb\xbf", b"\\u0000", b"\\ud800", b'"', b"\\", b"{", b"}", b"[", b"]"),
    *(b"9" * 5_000, b"1e999999999", b"-0", b"NaN", b"null", b"true", b"\n", b"\r\n", b"," * 50, b"[" * 2_000, b'{"a":' * 2_000),
    *(b'"frames": 0, ', b'"frames": 99999999999, ', b'"signal_type": "job", ', b'"signal_type": 7, ', b"x" * 70_000),
]  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    raw = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(raw)))
        # Somewhere behind: what lies between is left out, or comes twice.
        end = draw(st.integers(begin, min(len(raw), begin + 200)))
        twice = raw[begin:end] if draw(st.booleans()) else b""
        raw = raw[:begin] + draw(st.sampled_from([b"", *PUT_IN])) + twice + raw[begin if twice else end :]
    return raw


@settings(max_examples=150, deadline=None)
@given(spoilt())
def test_a_spoilt_body(raw: bytes):
    holding.check(raw, OPENER)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(BODIES), st.integers(0), st.integers(1, 255), st.booleans())
def test_a_packed_body_with_a_wrong_byte_or_without_its_end(raw: bytes, at: int, change: int, ends: bool):
    packed = bytearray(gzip.compress(raw, mtime=0))
    packed[at % len(packed)] ^= change
    holding.check(bytes(packed[: at % len(packed)] if ends else packed), OPENER)


@pytest.mark.parametrize("raw", [EVENT, BATCH], ids=["event", "batch"])
def test_a_body_that_was_cut_anywhere(raw: bytes):
    for end in range(0, len(raw), 7):
        holding.check(raw[:end], OPENER)


@pytest.mark.parametrize("times", [2, 3_000])
def test_a_field_that_comes_more_than_once(times: int):
    for name, value in json.loads(EVENT).items():
        said = ", ".join([f'"{name}": {json.dumps(value)}'] * min(times, 1 + 200_000 // (len(json.dumps(value)) + 1)))
        holding.check(b'{"signal_type": "exception", ' + said.encode() + b"}", OPENER)
