"""The data folder, and the server secret in it: made at the first start, readable by nobody else."""

import os
from base64 import urlsafe_b64encode
from contextlib import suppress
from pathlib import Path
from secrets import token_bytes

from aiops_platform.core.errors import PlatformError

SECRET_FILE = "secret.key"  # noqa: S105 - its name, not the secret


class FolderError(PlatformError):
    """The data folder cannot be used; the message says why and what to do."""


def prepare(folder: Path) -> None:
    """Makes the folder if need be, and sees that it can be written. Raises FolderError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        trial = folder / f".trial-{os.getpid()}"
        trial.touch(mode=0o600)
        trial.unlink()
    except OSError as cause:
        raise _unusable(folder, cause) from cause


def server_secret(folder: Path) -> bytes:
    """The secret in the folder's file; made, once and for all, when there is none. Raises FolderError."""
    path = folder / SECRET_FILE
    try:
        if not path.exists():
            _make(path)
        secret = path.read_bytes().strip()
    except OSError as cause:
        raise _unusable(folder, cause) from cause
    if not secret:
        raise FolderError(f"{path} is empty: restore it from a backup, or remove it and create new keys")
    return secret


def _make(path: Path) -> None:
    # Written in full before it gets its name: two processes that start together end up with one secret, never with half.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(urlsafe_b64encode(token_bytes(32)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()


def _unusable(folder: Path, cause: OSError) -> FolderError:
    return FolderError(
        f"The data folder {folder} cannot be used: {cause.strerror or cause}. Choose another with --data, or make that one "
        "writable for this user"
    )
