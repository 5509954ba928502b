"""What could not be delivered, on disk: files of event bodies, which any process of the same service may take and send.

A file appears whole or not at all (it is written under another name first), is locked by the process that sends it, and is
removed when its events have arrived. So a process may die at any moment and nothing is lost, and two never send the same.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import stat
import time
from contextlib import suppress

from aiops_sdk.delivery.parcel import Parcel
from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AbstractSet, Callable, Iterator, List, Optional, Sequence, Tuple


try:
    import fcntl
except ImportError:
    IS_POSSIBLE = False  # Windows knows no lock that ends with its process.
else:
    IS_POSSIBLE = True

MAX_EVENTS = 10_000
MAX_BYTES = 32 * 1024 * 1024
MAX_AGE = 7 * 86_400.0

SUFFIX = ".events"
_TEMPORARY = ".writing"
# What is still being written after so many seconds was left by a process that died.
_STALE = 3_600.0


class Stored(Frozen):
    """A file of the spool, as its name tells it: since when (Unix time), how telling, how many occurrences."""

    path: str
    at: float
    rank: int
    occurrences: int

    @classmethod
    def from_name(cls, folder: str, name: str) -> Optional[Stored]:
        """None for a file that is none of ours."""
        parts = name[: -len(SUFFIX)].split("-") if name.endswith(SUFFIX) else []
        if len(parts) < 4 or not all(part.isdecimal() for part in parts[:3]):
            return None
        return cls(os.path.join(folder, name), int(parts[0]) / 1000, int(parts[1]), int(parts[2]))


class Limits(Frozen):
    """How much a spool may hold: occurrences, bytes on disk, seconds."""

    events: int = MAX_EVENTS
    bytes: int = MAX_BYTES
    age: float = MAX_AGE


class Load:
    """One file or several of a kind, held by this process: its ``parcels`` are to be sent, oldest first."""

    def __init__(self) -> None:
        self.parcels: List[Parcel] = []
        #: How many occurrences the files' names promised and their content did not hold: they were damaged.
        self.damaged = 0
        #: Whether the files hold something else than what is left.
        self.is_changed = False
        #: The files, each with the descriptor that has its lock.
        self._claims: List[Tuple[Stored, int]] = []

    def add(self, stored: Stored, descriptor: int, parcels: Sequence[Parcel]) -> None:
        """Take over a file that was claimed."""
        self._claims.append((stored, descriptor))
        self.parcels += parcels
        self.damaged += max(0, stored.occurrences - sum(parcel.repeat_count for parcel in parcels))

    @property
    def rank(self) -> int:
        """How telling these are."""
        return self._claims[0][0].rank

    @property
    def at(self) -> float:
        """Since when (Unix time) the oldest of them waits."""
        return min(stored.at for stored, _ in self._claims)

    @property
    def paths(self) -> List[str]:
        """Its files."""
        return [stored.path for stored, _ in self._claims]

    def replace(self, number: int, lighter: Optional[Parcel] = None) -> None:
        """The fate of the first ``number`` is decided; or ``lighter`` is to be sent instead."""
        self.parcels[:number] = [] if lighter is None else [lighter]
        self.is_changed = True

    def add_again(self, parcels: Sequence[Parcel]) -> None:
        """These are to be sent later, after the others."""
        self.parcels += parcels

    def move_first_to_end(self) -> None:
        """Let the others go first."""
        if len(self.parcels) > 1:
            self.parcels.append(self.parcels.pop(0))
            self.is_changed = True

    def done(self) -> None:
        """Everything has arrived, or was written anew."""
        for path in self.paths:
            _remove(path)
        self.release()

    def release(self) -> None:
        """Let another process, or this one later, take it as it is."""
        claims, self._claims = self._claims, []
        for _, descriptor in claims:
            os.close(descriptor)


class Spool:
    """A folder, shared by the processes of one service. ``writer`` tells their files apart."""

    def __init__(
        self, folder: str, writer: str, limits: Optional[Limits] = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.folder = folder
        self._writer = writer
        self._limits = limits or Limits()
        self._clock = clock
        self._numbers = itertools.count(1)

    def store(self, rank: int, bodies: Sequence[bytes], count: int, at: Optional[float] = None) -> str:
        """Keep these bodies, ``count`` occurrences in all, since ``at`` (Unix time). ``OSError`` when the disk does not take them.

        Gives the file's path, empty if there is nothing to keep. May be called by several threads.
        """
        if not bodies:
            return ""
        since = int((self._clock() if at is None else at) * 1000)
        name = "{:013d}-{}-{}-{}-{}{}".format(since, rank, count, self._writer, next(self._numbers), SUFFIX)
        path = os.path.join(self.folder, name)
        temporary = path + _TEMPORARY
        descriptor = self._created(temporary)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_packed(bodies))
            os.rename(temporary, path)
        except OSError:
            _remove(temporary)
            raise
        return path

    def _created(self, path: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            # Somebody tidied up.
            os.makedirs(self.folder, mode=0o700)
            return os.open(path, flags, 0o600)

    def is_empty(self) -> bool:
        """Whether nothing is there to be sent; a look at the folder's list of names."""
        return not any(True for _ in self._files())

    def take(self, limit: int = 1, unless: AbstractSet[str] = frozenset()) -> Optional[Load]:
        """The most telling, then oldest file that nobody else holds; None when there is none.

        With as many more of its kind as ``limit`` parcels need. Files whose path is in ``unless`` are left alone.
        """
        load = Load()
        for stored in sorted(self._files(), key=lambda one: (-one.rank, one.at)):
            if stored.path in unless:
                continue
            if load.paths and (stored.rank != load.rank or len(load.parcels) >= limit):
                break
            descriptor = _locked(stored.path)
            if descriptor is not None:
                load.add(stored, descriptor, list(_parcels(descriptor)))
        return load if load.paths else None

    def trim(self) -> int:
        """Remove what is too old, or more than fits, the least telling first, then the oldest. How many occurrences that were.

        What another process is sending now is left to it.
        """
        now, gone = self._clock(), 0
        files = sorted(self._files(), key=lambda one: (one.rank, one.at))
        sizes = [_size(one.path) for one in files]
        events, total = sum(one.occurrences for one in files), sum(sizes)
        for stored, size in zip(files, sizes):
            too_much = events > self._limits.events or total > self._limits.bytes
            if (too_much or now - stored.at > self._limits.age) and self._discard(stored):
                gone += stored.occurrences
                events -= stored.occurrences
                total -= size
        self._sweep(now)
        return gone

    def _discard(self, stored: Stored) -> bool:
        descriptor = _locked(stored.path)
        if descriptor is None:
            return False
        _remove(stored.path)
        os.close(descriptor)
        return True

    def _files(self) -> Iterator[Stored]:
        for name in _names(self.folder):
            stored = Stored.from_name(self.folder, name)
            if stored is not None:
                yield stored

    def _sweep(self, now: float) -> None:
        """What a process was writing when it died is not whole, and its events are in the journal still."""
        for name in _names(self.folder):
            path = os.path.join(self.folder, name)
            if name.endswith(SUFFIX + _TEMPORARY) and now - _modified(path, now) > _STALE:
                _remove(path)


def _packed(bodies: Sequence[bytes]) -> bytes:
    import zlib

    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    # Each with its sum: a byte that changed on the disk may leave a line that can be read, and is wrong.
    lines = [b"%08x " % zlib.crc32(body) + body + b"\n" for body in bodies]
    return b"".join([packer.compress(line) for line in lines]) + packer.flush()


def _parcels(descriptor: int) -> Iterator[Parcel]:
    """What is whole in the file, however it was damaged."""
    import zlib

    with os.fdopen(os.dup(descriptor), "rb") as file:
        # Far more than the limits let a file have: nobody writes here but us, and damage is no reason to fill the memory.
        raw = file.read(MAX_BYTES)
    try:
        text = zlib.decompressobj(31).decompress(raw, 4 * MAX_BYTES)
    except zlib.error:
        text = _as_far_as_it_goes(raw)
    for line in text.split(b"\n"):
        sum_of, _, body = line.partition(b" ")
        with suppress(ValueError):
            if int(sum_of, 16) == zlib.crc32(body):
                yield Parcel.from_body(body)


def _as_far_as_it_goes(raw: bytes) -> bytes:
    import zlib

    unpacker = zlib.decompressobj(31)
    whole = bytearray()
    with suppress(zlib.error):
        for begin in range(0, len(raw), 64):
            whole += unpacker.decompress(raw[begin : begin + 64])
    return bytes(whole)


def _locked(path: str) -> Optional[int]:
    """A descriptor that holds the file's lock, or None if another holds it or the file is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return None
    try:
        # Of the open file, not of the process: two clients of one process keep out of each other's way, too.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink > 0:
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _names(folder: str) -> List[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _modified(path: str, otherwise: float) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return otherwise


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def folder_name(service: str, environment: str, platform_url: str) -> str:
    """A name for the folder of a service in an environment that reports to this platform: readable, and never another's."""
    telling = re.sub(r"[^A-Za-z0-9._]+", "_", "{}-{}".format(service, environment))[:60].lstrip(".") or "service"
    exact = hashlib.sha256(repr((service, environment, platform_url)).encode("utf-8", "replace")).hexdigest()
    return "{}-{}".format(telling, exact[:16])


def make_folder(folder: str) -> None:
    """Make the folder for us alone. ``OSError`` if it cannot be, or is somebody else's: a folder for all may hold traps."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o022:
        raise OSError(0, "not a folder of this user alone")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise OSError(0, "not writable")
