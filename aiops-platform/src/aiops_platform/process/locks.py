"""The names of the locks in the data folder: one for each kind of process that may be there only once."""

from pathlib import Path

from aiops_platform.process.lock import holder_of

SERVE_LOCK = "serve.lock"
DOOR_LOCK = "door.lock"
WORK_LOCK = "work.lock"
ALL = (SERVE_LOCK, DOOR_LOCK, WORK_LOCK)


def address_in(folder: Path) -> str | None:
    """Where people come to the platform that holds this folder, as it says itself; None where none does."""
    for name in (SERVE_LOCK, DOOR_LOCK):
        url = (holder_of(folder / name) or {}).get("url")
        if url is not None:
            return str(url)
    return None
