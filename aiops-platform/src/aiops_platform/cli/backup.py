"""`aiops backup` and `aiops restore`: all that the platform knows, into one file and back."""

import os
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from aiops_platform import __version__
from aiops_platform.cli.started import check_started
from aiops_platform.core.errors import PlatformError
from aiops_platform.intake.leftover import take_over
from aiops_platform.process import archive, folder
from aiops_platform.process.clock import utc_now
from aiops_platform.process.lock import FolderLock, LockHeldError
from aiops_platform.process.locks import ALL
from aiops_platform.settings import Settings
from aiops_platform.storage import backup

_INTAKE, _STORE = "intake.db", "store.db"
_SAY_EVERY_SECONDS = 0.5
_MARK_BYTES = 4
_LOOK_SECONDS = 0.5


class RestoreRefusedError(PlatformError):
    """What is in the folder must not be lost."""


def make(settings: Settings, given: Namespace) -> int:
    """Writes the archive. Raises PlatformErrors; then what had its name before is as it was."""
    check_started(settings)
    # Where a link leads: it is not to be replaced, nor is a device.
    target = Path(os.path.realpath(Path(given.file).expanduser()))
    if (target.exists() and not target.is_file()) or not target.parent.is_dir():
        raise archive.ArchiveError(f"{target} cannot be written: name a file in a folder that is there")
    with _room_beside(target) as room:
        # The intake first. What is digested between the two is in both, and its id keeps it from counting twice.
        names = [name for name in (_INTAKE, _STORE) if (settings.data / name).exists()]
        files = {settings.data / name: room / name for name in names}
        backup.copy_together(files, progress=_Progress())
        packed = list(files.values())
        if (secret := settings.data / folder.SECRET_FILE).exists():
            (room / secret.name).write_bytes(secret.read_bytes())
            packed.append(room / secret.name)
        archive.write(target, packed, {"made_at": utc_now().isoformat(), "version": __version__})
    print(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")
    return 0


def restore(settings: Settings, given: Namespace) -> int:
    """Puts an archive's files into the folder. Raises PlatformErrors; then what was there is there."""
    source = Path(given.file).expanduser().absolute()
    if not source.is_file():
        raise archive.ArchiveError(f"{source} cannot be read: name a file that `aiops backup` has written")
    with (
        _as_it_was(settings.data),
        _nobody_runs(settings),
        tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.data) as place,
    ):
        room = Path(place)
        about = archive.unpack(source, room, (_STORE,), optional=(_INTAKE, folder.SECRET_FILE))
        for file in (room / _STORE, room / _INTAKE):
            if file.exists() and (complaints := backup.damage_of(file)):
                raise archive.ArchiveError(f"{source} is damaged: {file.name}: {complaints}")
        said = _take_over(settings, room, force=given.force)
        if (room / _INTAKE).exists():
            backup.remember_waiting(room / _STORE, room / _INTAKE, time.time_ns() // 1000)
        backup.mark_restored(room / _STORE, token_hex(_MARK_BYTES))
        aside = _put_aside(settings, force=given.force)
        # The store last: without it, nothing was ever started here.
        for name in (folder.SECRET_FILE, _INTAKE, _STORE):
            if (room / name).exists():
                (room / name).replace(settings.data / name)
        archive.sync_folder(settings.data)
    print(f"{settings.data} is as it was at {about['made_at']}: `aiops serve` starts it.")
    if aside is not None:
        print(f"What was in it before lies in {aside}.{said}")
    return 0


@contextmanager
def _room_beside(target: Path) -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(prefix=".aiops-backup-", dir=target.parent) as room:
            yield Path(room)
    except OSError as cause:
        raise archive.ArchiveError(f"{target} cannot be written: {cause.strerror or cause}") from cause


@contextmanager
def _as_it_was(data: Path) -> Iterator[None]:
    """A folder that was made for what then failed is taken away again."""
    is_new = not data.exists()
    folder.prepare(data)
    try:
        yield
    except PlatformError:
        if is_new:
            for name in ALL:
                (data / name).unlink(missing_ok=True)
            with suppress(OSError):  # Someone has begun to use it meanwhile.
                data.rmdir()
        raise


@contextmanager
def _nobody_runs(settings: Settings) -> Iterator[None]:
    with ExitStack() as stack:
        for name in ALL:
            try:
                stack.enter_context(FolderLock.take(settings.data / name, wait=_LOOK_SECONDS))
            except LockHeldError as cause:
                raise RestoreRefusedError(
                    f"A platform runs on {settings.data}: end it first, or restore into another folder with --data"
                ) from cause
        yield


def _take_over(settings: Settings, room: Path, *, force: bool) -> str:
    """Adds what waits here to be digested to what waited in the backup; a sentence on it. Changes nothing here."""
    ours = settings.data / _INTAKE
    if not force or not ours.exists():
        return ""
    if _secret(settings.data) != _secret(room):
        return " What waited there to be digested is that of another platform, and stays there."
    taken = take_over(ours, room / _INTAKE, budget=settings.max_intake)
    said = (
        f" {taken.parcels} reports and batches that waited there to be digested were taken over."
        if taken.parcels
        else ""
    )
    return said + (" What waited there on damaged pages was not." if taken.is_damaged else "")


def _secret(place: Path) -> bytes | None:
    file = place / folder.SECRET_FILE
    return file.read_bytes() if file.exists() else None


def _put_aside(settings: Settings, *, force: bool) -> Path | None:
    """Moves what is in the folder into one of its own. Raises RestoreRefusedError, unless it may."""
    known = [folder.SECRET_FILE, *(name + more for name in (_STORE, _INTAKE) for more in ("", "-wal", "-shm"))]
    there = [settings.data / name for name in known if (settings.data / name).exists()]
    if not there:
        return None
    if not force:
        raise RestoreRefusedError(
            f"{settings.data} is in use ({there[0].name} is in it): give --data an empty folder, or --force, which puts "
            "aside what is there"
        )
    aside = settings.data / f"before-restore-{utc_now():%Y%m%dT%H%M%S}-{os.getpid()}"
    aside.mkdir(mode=0o700)
    for file in there:
        file.replace(aside / file.name)
    return aside


class _Progress:
    """How far it is, for who sits in front of it."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def __call__(self, name: str, done: int, total: int) -> None:
        if sys.stderr.isatty() and (done == total or time.monotonic() - self._said_at >= _SAY_EVERY_SECONDS):
            self._said_at = time.monotonic()
            end = "\n" if done == total else ""
            print(f"\r{name}: {100 * done // max(total, 1):3} %", end=end, file=sys.stderr, flush=True)
