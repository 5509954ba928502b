"""The names of the locks in the data folder: one for each kind of process that may be there only once."""

from pathlib import Path
from typing import Any, Final

from aiops_platform.process.lock import holder_of, quiet_seconds

SERVE_LOCK = "serve.lock"
DOOR_LOCK = "door.lock"
WORK_LOCK = "work.lock"
ALL = (SERVE_LOCK, DOOR_LOCK, WORK_LOCK)

# A worker shows every few seconds that it is at work, and no step of its work takes as long.
_LONGEST_STEP: Final = 60.0


def worker_in(folder: Path) -> dict[str, Any] | None:
    """What the worker on this folder notes of itself; None where there is none.

    With `still_seconds` where it lives and does nothing: it was stopped, or waits for a disk that does not answer.
    """
    note = holder_of(folder / WORK_LOCK)
    # Before its first turn it may have a database to bring to this version, which takes as long as it takes.
    if note is None or "failing" not in note:
        return note
    quiet = quiet_seconds(folder / WORK_LOCK)
    return note if quiet < _LONGEST_STEP else note | {"still_seconds": int(quiet)}


def address_in(folder: Path) -> str | None:
    """Where people come to the platform that holds this folder, as it says itself; None where none does."""
    for name in (SERVE_LOCK, DOOR_LOCK):
        url = (holder_of(folder / name) or {}).get("url")
        if url is not None:
            return str(url)
    return None
