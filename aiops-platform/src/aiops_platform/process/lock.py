"""A lock on a folder, so that a part runs only once there. The kernel lets go of it when its holder dies."""

import fcntl
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiops_platform.core.errors import PlatformError

_LOOK_EVERY = 0.05


class LockHeldError(PlatformError):
    """Somebody else holds the lock."""


class LockUnusableError(PlatformError):
    """The lock's file cannot be made or locked."""


class FolderLock:
    """Held from `take` until `release`, or until this process ends, however it ends. The file itself stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # "a": an existing note must not be lost before the lock is ours.
        self._file = path.open("a", encoding="utf-8")
        self._noted: dict[str, str | int] | None = None

    @classmethod
    def take(cls, path: Path, *, wait: float = 0) -> Self:
        """Takes the lock, within `wait` seconds. Raises LockHeldError and LockUnusableError."""
        try:
            lock = cls(path)
            until = time.monotonic() + wait
            while not lock._try():
                if time.monotonic() >= until:
                    lock.release()
                    raise LockHeldError(f"{path} is held by another process")
                time.sleep(_LOOK_EVERY)
        except OSError as cause:
            raise LockUnusableError(f"{path} cannot be locked: {cause.strerror or cause}") from cause
        return lock

    def note(self, **about: str | int) -> None:
        """Leaves word about the holder, for `holder_of`. Said again, it shows that the holder is still at work."""
        if about == self._noted:
            os.utime(self._file.fileno())
            return
        self._noted = dict(about)
        self._file.seek(0)
        self._file.truncate()
        json.dump(about, self._file)
        self._file.flush()

    def release(self) -> None:
        """Lets the next one in."""
        self._file.close()

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder_of(path: Path) -> dict[str, Any] | None:
    """What the lock's present holder noted (empty when nothing yet); None when nobody holds it."""
    try:
        with path.open(encoding="utf-8") as file:
            try:
                # A shared lock, for a moment: those who only look do not get in each other's way.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _parsed(file.read())
    except FileNotFoundError:
        pass
    return None


def quiet_seconds(path: Path) -> float:
    """How long its holder has said nothing of itself; 0 where nobody ever did. A clock that was put back makes it less."""
    try:
        return max(time.time() - path.stat().st_mtime, 0.0)
    except FileNotFoundError:
        return 0.0


def _parsed(note: str) -> dict[str, Any]:
    try:
        parsed = json.loads(note)
    except ValueError:  # The holder is writing it just now.
        return {}
    return parsed if isinstance(parsed, dict) else {}
