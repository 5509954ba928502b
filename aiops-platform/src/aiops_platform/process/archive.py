"""A backup as one file: a tar that holds what it is made of, written whole or not at all, for its owner's eyes only."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from aiops_platform.core.errors import PlatformError

_ABOUT: Final = "about.json"
_FORMAT: Final = 1


class ArchiveError(PlatformError):
    """The archive cannot be written, or is not one of ours, or not whole."""


def write(archive: Path, files: Sequence[Path], about: Mapping[str, Any]) -> None:
    """Writes the archive; one that had this name before is there until the new one is on disk. Raises ArchiveError."""
    draft = archive.with_name(f".{archive.name}.{os.getpid()}")
    told = {**about, "format": _FORMAT, "sha256": {file.name: _digest(file) for file in files}}
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as raw:
                _write_tar(raw, files, json.dumps(told, indent=1).encode() + b"\n")
                raw.flush()
                os.fsync(raw.fileno())
            draft.replace(archive)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(archive.parent)
    except OSError as cause:
        raise ArchiveError(f"{archive} cannot be written: {cause.strerror or cause}") from cause


def unpack(archive: Path, into: Path, wanted: Sequence[str], *, optional: Sequence[str] = ()) -> dict[str, Any]:
    """Lays these files into the folder, each compared with what was packed; returns what is said about them.

    Raises ArchiveError.
    """
    try:
        with tarfile.open(archive, "r:") as tar:
            about = _about(tar, archive)
            for name in (*wanted, *optional):
                if name in about["sha256"]:
                    _lay(tar, name, into / name)
                    if _digest(into / name) != about["sha256"][name]:
                        raise ArchiveError(f"{archive} is damaged: {name} is not what was packed")
                elif name in wanted:
                    raise ArchiveError(f"{archive} is no backup of a platform: {name} is missing in it")
    except (tarfile.TarError, KeyError, EOFError) as cause:
        raise ArchiveError(f"{archive} is damaged, or no backup of a platform: {cause}") from cause
    except OSError as cause:
        raise ArchiveError(f"{archive} cannot be unpacked to {into}: {cause.strerror or cause}") from cause
    return about


def sync_folder(folder: Path) -> None:
    """What has a new name in it keeps that name after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_tar(raw: io.BufferedWriter, files: Sequence[Path], about: bytes) -> None:
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(_entry(_ABOUT, len(about)), io.BytesIO(about))
        for file in files:
            with file.open("rb") as opened:
                tar.addfile(_entry(file.name, file.stat().st_size), opened)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _about(tar: tarfile.TarFile, archive: Path) -> dict[str, Any]:
    opened = tar.extractfile(_ABOUT)
    try:
        about = json.loads(opened.read()) if opened else None
    except ValueError:
        about = None
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise ArchiveError(f"{archive} is no backup that this version knows: was it made by a newer aiops-platform?")
    return about


def _lay(tar: tarfile.TarFile, name: str, place: Path) -> None:
    opened = tar.extractfile(name)
    if opened is None:
        raise KeyError(name)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with opened, os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(opened, file, 1024 * 1024)
        file.flush()
        os.fsync(file.fileno())


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
