"""What a program would run in: Python, the frameworks beside it, servers that fork, greenlets."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib import metadata

import aiops_sdk
from aiops_sdk.cli.findings import ok, warning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Mapping, Optional, Set, Tuple

    from aiops_sdk.cli.findings import Finding


#: The newest Python that is tested.
NEWEST = (3, 13)
#: What there are integrations or tests for, with the oldest version that is tested.
KNOWN: Dict[str, Tuple[int, ...]] = {
    "Flask": (2, 0),
    "Django": (2, 2),
    "Starlette": (0, 28),
    "FastAPI": (0, 107),
    "Litestar": (2, 11),
    "Quart": (0, 19),
    "aiohttp": (3, 8),
    "Celery": (5, 2),
    "RQ": (1, 8),
    "SQLAlchemy": (1, 3),
    "structlog": (20, 2),
    "loguru": (0, 5),
    "gunicorn": (),
    "uvicorn": (0, 22),
    "uWSGI": (),
    "pyuwsgi": (),
    "gevent": (),
    "uvloop": (),
}
_INI_BYTES = 65_536


def look(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Each of them, as far as it is there."""
    yield _python()
    yield ok("sdk", "aiops-sdk {} in {}", aiops_sdk.__version__, os.path.dirname(aiops_sdk.__file__ or ""))
    versions = {name: version for name, version in ((name, _version(name)) for name in KNOWN) if version is not None}
    if versions:
        yield frameworks(versions)
    if "gevent" in versions:
        yield _gevent()
    yield _forks()
    if "uWSGI" in versions or "pyuwsgi" in versions or shutil.which("uwsgi", path=environ.get("PATH")) is not None:
        yield from _uwsgi(environ)


def _python() -> Finding:
    said = "{} {} on {}".format(platform.python_implementation(), platform.python_version(), platform.system())
    if sys.version_info[:2] > NEWEST:
        return warning("python", "{}, which is newer than {}.{}, the last that is tested", said, *NEWEST)
    return ok("python", "{}", said)


def frameworks(versions: Mapping[str, str]) -> Finding:
    """What is installed beside the SDK, and whether it is old."""
    old = [
        "{} {} (needs {})".format(name, version, ".".join(map(str, KNOWN[name])))
        for name, version in versions.items()
        if _numbers(version) < KNOWN[name]
    ]
    if old:
        return warning("beside it", "older than what is tested: {}", ", ".join(old))
    return ok("beside it", "{}", ", ".join("{} {}".format(name, version) for name, version in versions.items()))


def _gevent() -> Finding:
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and "ssl" in sys.modules and not monkey.is_module_patched("ssl"):
        return warning("gevent", "has patched some modules, but not ssl: call monkey.patch_all() before other imports")
    return ok(
        "gevent", "monkey.patch_all() may come before init() or after it; before other imports, as gevent itself asks"
    )


def _forks() -> Finding:
    import multiprocessing

    method = multiprocessing.get_start_method()
    if method == "fork":
        return ok("forks", "forked children report by themselves; multiprocessing forks here")
    return ok(
        "forks", "multiprocessing starts children by {!r}: call init() outside of 'if __name__ == \"__main__\"', "
        "or only what ends a child is heard, and not what it logs", method,
    )  # fmt: skip


# uWSGI, whose options decide whether anything of ours can run.


def _uwsgi(environ: Mapping[str, str]) -> Iterator[Finding]:
    found = list(_uwsgi_options(environ))
    if not found:
        yield ok("uWSGI", "start it with --enable-threads: without, events are sent only when a worker ends")
    for where, options in found:
        if not options & {"enable-threads", "threads", "gevent", "asyncio"}:
            yield warning(
                "uWSGI", "{} has no enable-threads: events are sent only when a worker ends, no heartbeats", where
            )
        elif "skip-atexit" in options:
            yield warning(
                "uWSGI", "{} has skip-atexit: what waits when a worker ends is sent only by the next start", where
            )
        else:
            yield ok("uWSGI", "{} has threads", where)


def _uwsgi_options(environ: Mapping[str, str]) -> Iterator[Tuple[str, Set[str]]]:
    """The names of the options: of servers of this user that run, and of files beside us. The environment's are everybody's."""
    common = {
        name[6:].lower().replace("_", "-")
        for name, value in environ.items()
        if name.startswith("UWSGI_") and _yes(value)
    }
    seen: List[str] = []
    for pid, words in _uwsgi_processes():
        options = _of_command(words)
        for path in [word for word in words if word.endswith(".ini")]:
            folder = _folder_of(pid)
            file = os.path.join(folder, path) if folder else path
            seen.append(os.path.abspath(file))
            options |= _of_file(file) or set()
        yield "process {}".format(pid), options | common
    for name in sorted(os.listdir(".")):
        file_options = _of_file(name) if name.endswith(".ini") and os.path.abspath(name) not in seen else None
        if file_options is not None:
            yield name, file_options | common


def _uwsgi_processes() -> Iterator[Tuple[str, List[str]]]:
    """Number and command line; of a server and its workers only the first."""
    told: Set[Tuple[str, ...]] = set()
    try:
        pids = sorted((name for name in os.listdir("/proc") if name.isdigit()), key=int)
    except OSError:
        return
    for pid in pids:
        raw = _read("/proc/{}/cmdline".format(pid)) or ""
        words = raw.split("\0")[:-1]
        names = {os.path.basename(word) for word in words[:2]}
        if names & {"uwsgi", "pyuwsgi", "uwsgi-core"} and tuple(words) not in told:
            told.add(tuple(words))
            yield pid, words


def _of_command(words: List[str]) -> Set[str]:
    return {word[2:].partition("=")[0] for word in words if word.startswith("--")}


def _of_file(path: str) -> Optional[Set[str]]:
    """The options that a file sets; None if it is none of uWSGI's."""
    text = _read(path)
    if text is None or "[uwsgi]" not in text:
        return None
    options = set()
    for line in text.partition("[uwsgi]")[2].splitlines():
        if line.startswith("["):
            break
        name, _, value = line.partition("=")
        if name.strip() and not name.lstrip().startswith((";", "#")) and _yes(value):
            options.add(name.strip())
    return options


def _yes(value: str) -> bool:
    return value.strip().lower() not in ("0", "no", "false", "off")


def _folder_of(pid: str) -> Optional[str]:
    try:
        return os.readlink("/proc/{}/cwd".format(pid))
    except OSError:
        return None


def _read(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_INI_BYTES)
    except OSError:
        return None


def _version(distribution: str) -> Optional[str]:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> Tuple[int, ...]:
    numbers = []
    for part in version.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)
