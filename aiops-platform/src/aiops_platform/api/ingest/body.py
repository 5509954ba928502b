"""A request's body, read with limits: on its size (packed and unpacked), on its time, on all bodies together."""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiops_platform.core import gzipped
from aiops_platform.process.asgi import Receive

# A body within reach is read to its end before it is refused: most clients listen only after they have spoken.
_READ_TO_REFUSE = 16 * 1024 * 1024
# Each takes some time, however short it is.
_MOST_MEMBERS = 100


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one door takes. Sizes in bytes; `together` bounds all bodies that are being read or written."""

    body: int = 1024 * 1024
    batch: int = 4 * 1024 * 1024
    together: int = 64 * 1024 * 1024
    seconds: float = 30.0

    @classmethod
    def of(cls, *, body: int, batch: int) -> Self:
        """Limits with room for the largest that is taken, also when it comes packed: then both forms are held."""
        return cls(body=body, batch=batch, together=max(cls.together, 2 * max(body, batch)))


class Gone(Exception):  # noqa: N818 - it is no error
    """The client hung up."""


class RefusedError(Exception):
    """The body is not taken."""


class TooLargeError(RefusedError):
    """More than the limit. `read_up` says that nothing of it is still to come."""

    def __init__(self, *, read_up: bool) -> None:
        super().__init__(read_up)
        self.read_up = read_up


class TooSlowError(RefusedError):
    """It did not arrive in time."""


class UnpackableError(RefusedError):
    """It says that it is gzip, and is not."""


class NoRoomError(RefusedError):
    """All requests together hold as much as they may."""


class Room:
    """Counts the bytes that all requests together hold in memory."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0


class Share:
    """One request's part of the room, given back at the end of the `with` block."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._mine = 0

    def take(self, size: int) -> None:
        """Raises NoRoomError."""
        self._mine += size
        self._room.taken += size
        if self._room.taken > self._room.most:
            raise NoRoomError

    def give_back(self) -> None:
        """It holds nothing any more."""
        self._room.taken -= self._mine
        self._mine = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()


@dataclass(frozen=True, kw_only=True)
class Body:
    """What was said; `packed` is how it came, if it came as one gzip file."""

    text: bytes
    packed: bytes | None


async def read(receive: Receive, share: Share, *, packed: bool, most: int, seconds: float) -> Body:
    """The whole body, of at most so many bytes. Raises Gone or a RefusedError."""
    pile = _Unpacking(most, share) if packed else _Pile(most, share)
    try:
        async with asyncio.timeout(seconds):
            while await _one_part(receive, pile):
                pass
    except TimeoutError as cause:
        raise TooSlowError from cause
    return Body(text=pile.whole(), packed=pile.packed())


def read_whole(said: bytes, share: Share, *, packed: bool, most: int) -> Body:
    """The same for one that has come already. Raises RefusedError."""
    pile = _Unpacking(most, share) if packed else _Pile(most, share)
    pile.add(said)
    return Body(text=pile.whole(), packed=pile.packed())


async def _one_part(receive: Receive, pile: "_Pile") -> bool:
    message = await receive()
    if message["type"] != "http.request":
        raise Gone
    more: bool = message["more_body"]
    pile.add(message["body"])
    if pile.is_over and pile.received > _READ_TO_REFUSE:
        raise TooLargeError(read_up=not more)
    return more


class _Pile:
    """Parts of a body. Once it is over the limit, it forgets them and only counts."""

    def __init__(self, limit: int, share: Share) -> None:
        self.received = 0
        self.is_over = False
        self._limit = limit
        self._share = share
        self._kept = 0
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        self.received += len(part)
        if self.received > self._limit:
            self._overflow()
        if not self.is_over:
            self._take(part)

    def whole(self) -> bytes:
        if self.is_over:
            raise TooLargeError(read_up=True)
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def packed(self) -> bytes | None:
        """As it came, where that is shorter and can be kept so."""
        return None

    def _take(self, part: bytes) -> None:
        self._share.take(len(part))
        self._kept += len(part)
        self._parts.append(part)

    def _overflow(self) -> None:
        self.is_over = True
        self._parts = []


class _Unpacking(_Pile):
    """Unpacks as it comes, so that a bomb is noticed before it has gone off."""

    def __init__(self, limit: int, share: Share) -> None:
        super().__init__(limit, share)
        self._packed = _Pile(limit, share)
        self._unpacker = gzipped.unpacker()
        self._members = 1

    def packed(self) -> bytes | None:
        # That there were several, nobody else need know.
        return self._packed.whole() if self._members == 1 else None

    def _take(self, part: bytes) -> None:
        self._packed.add(part)
        while part and not self.is_over:
            if self._unpacker.eof:
                self._begin_another()
            super()._take(self._unpack(part))
            if self._kept > self._limit:
                self._overflow()
            part = self._unpacker.unused_data

    def _begin_another(self) -> None:
        """RFC 1952: one file after the other is one, too."""
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise UnpackableError
        self._unpacker = gzipped.unpacker()

    def _unpack(self, part: bytes) -> bytes:
        try:
            return self._unpacker.decompress(part, self._limit - self._kept + 1)
        except gzipped.BrokenError as cause:
            raise UnpackableError from cause

    def whole(self) -> bytes:
        text = super().whole()
        if not self._unpacker.eof:
            raise UnpackableError
        return text
