"""gzip as the wire has it (RFC 1952), read and written with zlib-ng: less than half of zlib's time."""

from typing import Final, Protocol

from zlib_ng import zlib_ng

# What zlib calls gzip.
_GZIP: Final = 16 + zlib_ng.MAX_WBITS
_BEGINS: Final = b"\x1f\x8b"
# As short as zlib's first level makes it, in half the time. zlib-ng's own first is a quarter longer.
_QUICKLY: Final = 3

#: Raised for what is no gzip, or only a part of one.
BrokenError: type[Exception] = zlib_ng.error  # type: ignore[assignment]  # its stub has the class for an instance


class Unpacker(Protocol):
    """Unpacks one file as it comes; what is after its end is `unused_data`."""

    @property
    def eof(self) -> bool:
        """Whether all of the file has come."""

    @property
    def unused_data(self) -> bytes:
        """What came after its end."""

    def decompress(self, part: bytes, most: int, /) -> bytes:
        """What can be unpacked now, of at most so many bytes. Raises BrokenError."""


def is_packed(body: bytes) -> bool:
    """Whether it is gzip. No JSON begins like that."""
    return body.startswith(_BEGINS)


def unpacker() -> Unpacker:
    """For one file."""
    return zlib_ng.decompressobj(_GZIP)


def unpack(body: bytes) -> bytes:
    """A file that is known to be of a size that can be held. Raises BrokenError."""
    return zlib_ng.decompress(body, _GZIP)


def pack(text: bytes) -> bytes:
    """Quickly, rather than as tightly as can be."""
    packer = zlib_ng.compressobj(_QUICKLY, zlib_ng.DEFLATED, _GZIP)
    return packer.compress(text) + packer.flush()
