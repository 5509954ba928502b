"""What is new since an earlier start of the program: its release, its Python, its packages. The first question after a failure.

A file beside the spool says what was there at the last start. What changed is told for a day.
"""

from __future__ import annotations

import json
import os
import sys

from aiops_sdk import _safety

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Mapping, Optional, Tuple

    # What is installed: a name and its version.
    Installed = Dict[str, str]


FILE = "last-start.json"
SECONDS = 86_400.0

#: More are not told; the platform's page could not show them.
TOLD = 100

_MOST_BYTES = 1024 * 1024
_ENDINGS = (".dist-info", ".egg-info")
_PYTHON = "python"
_RELEASE = "release"


def since_last_start(folder: str, release: Optional[str], now: float) -> Mapping[str, object]:
    """What differs from the start before, as ``{"at": …, "packages": {"flask": "3.0 → 3.1"}}``; empty if nothing does.

    ``folder`` is the service's own; it is read and written there. For a thread of ours: it reads directories.
    """
    return _safety.attempt(lambda: _since_last_start(os.path.join(folder, FILE), release, now), {})


def installed(release: Optional[str]) -> Installed:
    """The release, the version of Python, and every package on the path, as the names of their folders tell."""
    found: Installed = {}
    for place in sys.path:
        try:
            names = os.listdir(place or ".")
        except (OSError, TypeError, ValueError):
            # No such folder, or not even the name of one.
            continue
        for name in names:
            if name.endswith(_ENDINGS):
                package, version = _named(name)
                # What comes first on the path is what is imported.
                found.setdefault(package, version)
    found[_PYTHON] = "{}.{}.{}".format(*sys.version_info[:3])
    if release is not None:
        found[_RELEASE] = release
    return found


def _since_last_start(file: str, release: Optional[str], now: float) -> Mapping[str, object]:
    here, (last, before, at) = installed(release), _read(file)
    if last != here:
        # Another process of this service may start at the same time: it finds the same.
        before, at = last, now
        _write(file, {"now": here, "before": before, "at": at})
    if before is None or not 0.0 <= now - at <= SECONDS:
        return {}
    return _told(before, here, at)


def _told(before: Installed, here: Installed, at: float) -> Mapping[str, object]:
    changed = {
        name: "{} → {}".format(before.get(name, "none"), here.get(name, "none"))
        for name in sorted({*before, *here})
        if before.get(name) != here.get(name)
    }
    told: Dict[str, object] = {"at": _moment(at)}
    told.update({name: changed.pop(name) for name in (_RELEASE, _PYTHON) if name in changed})
    if changed:
        told["packages"] = dict(list(changed.items())[:TOLD])
    return told


def _moment(at: float) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds")[:-6] + "Z"


def _named(folder: str) -> Tuple[str, str]:
    package, _, version = folder.rpartition(".")[0].partition("-")
    # An egg's folder says for which Python it is, too.
    return package.lower().replace("_", "-"), version.partition("-py")[0]


def _read(file: str) -> Tuple[Optional[Installed], Optional[Installed], float]:
    try:
        with open(file, "rb") as opened:
            said = json.loads(opened.read(_MOST_BYTES))
        return _checked(said["now"]), _checked(said["before"]), float(said["at"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        # There was none, or it is damaged: then this is the first start.
        return None, None, 0.0


def _checked(said: object) -> Optional[Installed]:
    if not isinstance(said, dict):
        return None
    return {name: version for name, version in said.items() if isinstance(version, str)}


def _write(file: str, said: Mapping[str, object]) -> None:
    temporary = "{}.{}".format(file, os.getpid())
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as opened:
            json.dump(said, opened)
        os.replace(temporary, file)
    except OSError:
        os.unlink(temporary)
        raise
