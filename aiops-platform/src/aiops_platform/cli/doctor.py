"""`aiops doctor`: looks after what the platform stands on, changes nothing, and says what to do."""

import http.client
import os
import shutil
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiops_platform import assembly
from aiops_platform.core.errors import PlatformError
from aiops_platform.intake.glance import intake_numbers
from aiops_platform.process import folder
from aiops_platform.process.lock import holder_of
from aiops_platform.process.locks import DOOR_LOCK, SERVE_LOCK, WORK_LOCK, worker_in
from aiops_platform.settings import Settings
from aiops_platform.storage.backup import damage_of, has_tables

_LITTLE_SPACE = 1024**3
_GIGABYTE = 1024**3
_LONG_WAIT_SECONDS = 60
_ANSWER_SECONDS = 5
_LONGEST_COMPLAINT = 300
_RESTORE = "Stop the platform, then `aiops restore FILE --force` puts the newest backup in place"
_STORE_IN_PARTS = f"What is whole is still shown, and `aiops export events` writes it out. {_RESTORE}"
_STORE_UNREADABLE = f"The part that says where everything lies is among it: nothing of the file can be read. {_RESTORE}"
_INTAKE = (
    "Restart the platform: what can be read of it is put into a new one, and the damaged one kept. "
    "If it does not start, nothing can: move the file away first"
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `is_well` None: nothing to complain of, but good to know."""

    is_well: bool | None
    about: str
    said: str


def run(settings: Settings, _: Namespace) -> int:
    """1 when something needs attention."""
    findings = []
    for finding in _readable(settings):
        findings.append(finding)
        mark = {True: "well", False: "TO DO", None: "note"}[finding.is_well]
        print(f"{mark:<6} {finding.about:<10} {finding.said}")
    return int(any(finding.is_well is False for finding in findings))


def _readable(settings: Settings) -> Iterator[Finding]:
    try:
        yield from _findings(settings)
    except PermissionError as error:
        said = f"{error.filename or settings.data} cannot be read by this user: run it as the one who runs the platform"
        yield Finding(False, "folder", said)


def _findings(settings: Settings) -> Iterator[Finding]:
    if not (settings.data / "store.db").exists():
        yield Finding(
            False, "folder", f"no platform was ever started on {settings.data}: run `aiops serve`, or give --data"
        )
        return
    yield _folder(settings)
    yield _disk(settings)
    yield from _files(settings)
    yield from _processes(settings)
    if settings.secret is None and not (settings.data / folder.SECRET_FILE).exists():
        yield Finding(False, "secret", f"{folder.SECRET_FILE} is missing: restore it from a backup, or make new keys")
        return
    try:
        yield from _databases(settings)
    except PlatformError as error:
        yield Finding(False, "database", str(error))


def _folder(settings: Settings) -> Finding:
    files = [path for path in settings.data.iterdir() if path.is_file()]
    closed = [path.name for path in [settings.data, *files] if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        return Finding(False, "folder", f"{settings.data}: this user may not write {', '.join(closed)}")
    return Finding(True, "folder", f"{settings.data} ({sum(path.stat().st_size for path in files) / 1e6:.1f} MB)")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data).free
    said = f"{free / _GIGABYTE:.1f} GiB free"
    if free < _LITTLE_SPACE:
        return Finding(False, "disk", f"{said}: when it is full, reports are refused and clients keep them. Make room")
    return Finding(True, "disk", said)


def _files(settings: Settings) -> Iterator[Finding]:
    for name in ("store.db", "intake.db"):
        file = settings.data / name
        try:
            complaints = damage_of(file) if file.exists() else None
        except PlatformError as error:
            yield Finding(False, "files", str(error))
            return
        if complaints:
            yield Finding(False, "files", f"{name} is damaged: {_line(complaints)}. {_how_to_mend(file)}")
            return
    yield Finding(True, "files", "every page of them can be read")


def _how_to_mend(file: Path) -> str:
    if file.name == "intake.db":
        return _INTAKE
    return _STORE_IN_PARTS if has_tables(file) else _STORE_UNREADABLE


def _line(complaints: str) -> str:
    return complaints if len(complaints) <= _LONGEST_COMPLAINT else f"{complaints[:_LONGEST_COMPLAINT]}…"


def _processes(settings: Settings) -> Iterator[Finding]:
    supervisor, door = (holder_of(settings.data / name) for name in (SERVE_LOCK, DOOR_LOCK))
    worker = worker_in(settings.data)
    if supervisor is None and door is None and worker is None:
        yield Finding(None, "processes", "the platform does not run: `aiops serve` starts it")
        return
    if door is None:
        yield Finding(
            False, "door", "does not run: nobody takes reports. Its log says why; `aiops serve` starts it again"
        )
    else:
        yield _answering(door.get("host", ""), door.get("port", 0), door.get("url", ""))
    if worker is None:
        yield Finding(False, "worker", "does not run: reports wait. Its log says why; `aiops serve` starts it again")
    elif "still_seconds" in worker:
        said = f"has done nothing for {worker['still_seconds']} s (process {worker.get('pid')}): restart the platform"
        yield Finding(False, "worker", said)
    else:
        yield Finding(True, "worker", f"runs (process {worker.get('pid')})")


def _answering(host: str, port: int, url: str) -> Finding:
    try:
        connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
        connection.request("GET", "/health")
        status = connection.getresponse().status
        connection.close()
    except (OSError, http.client.HTTPException) as error:
        return Finding(False, "door", f"does not answer on {host}, port {port}: {error}. Restart the platform")
    if status != 200:
        return Finding(False, "door", f"answers {status} on {host}, port {port}. Its log says why")
    return Finding(True, "door", f"answers on {host}, port {port}; its address is {url}")


def _databases(settings: Settings) -> Iterator[Finding]:
    with assembly.inspected(settings) as platform:
        buried = platform.buried()
        if buried.count:
            reason = (
                f"{buried.count} that were not understood are kept for 30 days; the newest: {buried.newest_reason}. "
                "`aiops buried list` shows them, `aiops buried retry --all` has them digested again"
            )
            yield Finding(None, "reports", reason)
        if not platform.can_shrink():
            said = (
                "store.db was copied by other means and can only grow. Stop the platform, then "
                f"`sqlite3 {settings.data / 'store.db'} 'PRAGMA auto_vacuum = INCREMENTAL; VACUUM'` has it written anew"
            )
            yield Finding(None, "files", said)
        yield _waiting(settings)
        yield _secret(settings, platform)


def _secret(settings: Settings, platform: assembly.Inspected) -> Finding:
    project_id = platform.access.first_project()
    if project_id is None or not platform.access.keys(project_id):
        return Finding(None, "secret", "no key was made with it yet: `aiops key create NAME` makes one")
    if platform.access.sealed_secrets_open():
        return Finding(True, "secret", "it is the one that the newest key was made with")
    place = "AIOPS_SERVER_SECRET" if settings.secret else str(settings.data / folder.SECRET_FILE)
    return Finding(False, "secret", f"{place} is not what the newest key was made with: restore it, or make new keys")


def _waiting(settings: Settings) -> Finding:
    numbers = intake_numbers(settings.data / "intake.db")
    waiting, aside, seconds = (numbers[f"intake_{name}"] for name in ("depth", "aside", "oldest_seconds"))
    if aside:
        said = f"{aside} of {waiting} reports that wait need what is damaged in store.db. They are kept until it is put right"
        return Finding(False, "intake", said)
    wait = "1 report waits" if waiting == 1 else f"{waiting} reports wait"
    if numbers["intake_held_bytes"] >= settings.max_intake:
        said = (
            f"it is full ({settings.max_intake / 1e6:.0f} MB, AIOPS_SERVER_MAX_INTAKE): reports are refused, and clients "
            f"keep them. {wait}, the oldest for {seconds:.0f} s: does the worker run?"
        )
        return Finding(False, "intake", said)
    if all(holder_of(settings.data / name) is None for name in (DOOR_LOCK, WORK_LOCK)):
        return Finding(None, "intake", f"{wait} until the platform runs") if waiting else Finding(True, "intake", wait)
    if seconds > _LONG_WAIT_SECONDS:
        return Finding(False, "intake", f"{wait}, the oldest for {seconds:.0f} s: does the worker run?")
    return Finding(True, "intake", wait)
