"""gzip is read as zlib reads it, whatever was done to it on the way, and what we write anybody can read."""

import gzip
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aiops_platform.core import gzipped

TEXT = b'{"message": "an order", "lines": [1, 2, 3]}' * 40
PACKED = gzip.compress(TEXT, mtime=0)


@given(
    cut=st.integers(0, len(PACKED)),
    at=st.integers(0, len(PACKED) - 1),
    byte=st.integers(0, 255),
    tail=st.binary(max_size=20),
    part=st.integers(1, 64),
    most=st.integers(1, 4096),
)
@example(cut=len(PACKED), at=0, byte=PACKED[0], tail=b"", part=64, most=4096)
def test_damaged_files_are_told_from_whole_ones_as_zlib_does(
    cut: int, at: int, byte: int, tail: bytes, part: int, most: int
) -> None:
    damaged = (PACKED[:at] + bytes([byte]) + PACKED[at + 1 :])[:cut] + tail

    def unpacked(unpacker: gzipped.Unpacker, broken: type[Exception]) -> tuple[bytes, bool, bytes] | None:
        told = b""
        try:
            for begin in range(0, len(damaged), part):
                if unpacker.eof:
                    break
                told += unpacker.decompress(damaged[begin : begin + part], most)
        except broken:
            return None
        return told, unpacker.eof, unpacker.unused_data

    ours = unpacked(gzipped.unpacker(), gzipped.BrokenError)
    theirs = unpacked(zlib.decompressobj(16 + zlib.MAX_WBITS), zlib.error)
    assert ours == theirs


@given(st.binary(max_size=5000))
def test_what_is_packed_is_read_by_anybody_and_by_us(text: bytes) -> None:
    packed = gzipped.pack(text)
    assert gzipped.is_packed(packed)
    assert gzip.decompress(packed) == gzipped.unpack(packed) == text


@pytest.mark.parametrize("body", [b"", b"{}", PACKED[:-1], PACKED[:5], PACKED[:-8] + bytes(8)])
def test_what_is_no_gzip_or_not_all_of_it_is_broken(body: bytes) -> None:
    with pytest.raises(gzipped.BrokenError):
        gzipped.unpack(body)
