"""What became of each request, on disk beside the spool: so no request is done twice, and none is forgotten.

A file for each, made when it begins and by who begins it: it can be made only once, by one of all processes of the service
on this machine. Who lives holds a lock; what a dead process had begun, or had not told yet, another one takes over. ADR 51.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress

from aiops_sdk.delivery import spool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, Iterator, List, Optional, Sequence

    Record = Dict[str, object]

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows: spool.IS_POSSIBLE says so

FOLDER = "fixes"
#: As long as this, what was told is still known.
MAX_AGE = 7 * 86_400.0

_OPEN = ".fix"
_TOLD = ".told"
_ALIVE = ".alive"
_TEMPORARY = ".writing"
_LOCK = "adopting.lock"
# A record that cannot be read is being written, or its writer died in the midst of that.
_STALE = 60.0
_TRIES = 5

RUNNING = "running"
INTERRUPTED = "interrupted"


class Records:
    """The records of one service on this machine. ``owner`` says which process this is.

    Methods raise ``OSError`` where the disk does not do what it should.
    """

    def __init__(
        self, candidates: Sequence[str], name: str, owner: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._candidates = candidates
        self._name = name
        self._clock = clock
        self.owner = owner
        self._folder: Optional[str] = None
        self._alive: Optional[int] = None

    def open(self) -> bool:
        """Find the folder and say that this process lives. Whether there is one."""
        if self._alive is not None:
            return True
        for candidate in self._candidates if spool.IS_POSSIBLE else ():
            folder = os.path.join(candidate, self._name)
            with suppress(OSError):
                spool.make_folder(folder)
                folder = os.path.join(folder, FOLDER)
                spool.make_folder(folder)
                self._alive = _held(os.path.join(folder, self.owner + _ALIVE))
                self._folder = folder
                return True
        return False

    def abandon(self) -> None:
        """In a forked child: the lock is the parent's."""
        alive, self._alive = self._alive, None
        if alive is not None:
            os.close(alive)

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        # With its client, once nothing runs for it any more.
        if self._alive is not None:
            close(self._alive)

    def claim(self, request: str, record: Record) -> bool:
        """Begin it. False where it was begun before, by whomever."""
        path = self._path(request, _OPEN)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
        except FileExistsError:
            return False
        if os.path.exists(self._path(request, _TOLD)):
            os.close(descriptor)
            os.unlink(path)
            return False
        _write_out(descriptor, self._packed(record))
        return True

    def find(self, request: str) -> Optional[Record]:
        """What is known of it; None where it never began. A record that cannot be read says nothing but that it began."""
        for ending in (_OPEN, _TOLD, _OPEN):
            # Twice, because it may be told in between.
            path = self._path(request, ending)
            if os.path.exists(path):
                return _read(path) or {"state": RUNNING}
        return None

    def write(self, request: str, record: Record) -> None:
        """What is known of it now."""
        path = self._path(request, _OPEN)
        temporary = path + _TEMPORARY
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0), 0o600)
        _write_out(descriptor, self._packed(record))
        os.replace(temporary, path)

    def told(self, request: str) -> None:
        """The platform knows how it ended."""
        with suppress(FileNotFoundError):
            os.rename(self._path(request, _OPEN), self._path(request, _TOLD))

    def adopt(self) -> List[Record]:
        """Take over what dead processes left: what they had begun was interrupted, what had ended is to be told."""
        found: List[Record] = []
        with self._adopting() as alone:
            for name in sorted(os.listdir(self._folder or "")) if alone else ():
                if name.endswith(_OPEN):
                    found += self._adopted(name[: -len(_OPEN)])
                else:
                    self._sweep(name)
        return found

    def _adopted(self, request: str) -> List[Record]:
        path = self._path(request, _OPEN)
        record = _read(path)
        if record is None and self._clock() - _modified(path, self._clock()) < _STALE:
            return []
        record = record or {"request": request, "state": RUNNING, "owner": ""}
        owner = str(record.get("owner"))
        if owner == self.owner or (owner and _lives(self._beside(owner + _ALIVE))):
            return []
        if record.get("state") == RUNNING:
            record["state"] = INTERRUPTED
        self.write(request, record)
        return [record]

    def _sweep(self, name: str) -> None:
        path = self._beside(name)
        old = self._clock() - _modified(path, self._clock())
        is_dead = name.endswith(_ALIVE) and old > _STALE and name != self.owner + _ALIVE and not _lives(path)
        if is_dead or (name.endswith((_TOLD, _TEMPORARY)) and old > MAX_AGE):
            _remove(path)

    @contextmanager
    def _adopting(self) -> Iterator[bool]:
        """Whether nobody else does it."""
        descriptor = os.open(self._beside(_LOCK), os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            yield _locks(descriptor)
        finally:
            os.close(descriptor)

    def _packed(self, record: Record) -> bytes:
        return json.dumps({**record, "owner": self.owner}).encode("ascii")

    def _path(self, request: str, ending: str) -> str:
        return self._beside(request + ending)

    def _beside(self, name: str) -> str:
        if self._folder is None:
            raise OSError("there is no folder for what is asked of fixers")
        return os.path.join(self._folder, name)


def _held(path: str) -> int:
    """A descriptor that holds the lock of this file, which is there."""
    for _ in range(_TRIES):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        # Somebody may look whether we live, and tidy up, just before we do.
        if _locks(descriptor) and os.fstat(descriptor).st_nlink > 0:
            return descriptor
        os.close(descriptor)
        time.sleep(0.01)
    raise OSError("the lock of {} is somebody else's".format(path))


def _lives(path: str) -> bool:
    """Whether somebody holds the lock of this file."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        return not _locks(descriptor)
    finally:
        os.close(descriptor)


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read(path: str) -> Optional[Record]:
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write_out(descriptor: int, raw: bytes) -> None:
    """Write it, let it reach the disk, and close."""
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        file.write(raw)
        os.fsync(file.fileno())


def _modified(path: str, otherwise: float) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return otherwise


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
