"""Ours: a store that is made once and kept, `aiops serve` over it, and the addresses of its pages."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from looking import Browser, Looked
from reporting import Progress
from servers import Ours, cpu_of

ROOT = Path(__file__).resolve().parents[2]
_CACHE = ROOT / ".cache" / "bench-pages"
# What is kept of loud incidents is not thinned out, and nothing is too old.
_SETTINGS = {"AIOPS_SERVER_INCIDENT_EVENTS": "100000", "AIOPS_SERVER_RETENTION_DAYS": "3650"}
_STALE = 12 * 3600.0  # "the last 24 hours" would be empty in an old store
_BUILD = 3600.0
MADE = "made.json"
_MADE_BY = ("planning.py", "filling.py")


@contextmanager
def running(events: int, incidents: int, progress: Progress) -> Iterator[tuple[Ours, Browser]]:
    """Ours over a store of that size, and a browser that is signed in."""
    folder = _made(events, incidents, progress)
    server = Ours(folder, settings=_SETTINGS)
    # It has been started before: the key is not shown again, and nobody needs it.
    server._key = "none"
    try:
        server.start()
        browser = Browser(server.host, server.port)
        browser.sign_in(_link(server))
        time.sleep(2)
        yield server, browser
    finally:
        server.stop()


def look(server: Ours, browser: Browser, times: int, words: str, progress: Progress) -> dict[str, Looked]:
    """Every page of ours, by its name."""
    found = {}
    for name, path in addresses(server.data / "store.db").items():
        if words and not any(word in name for word in words.split(",")):
            continue
        found[name] = browser.look(path, times=times, cpu=lambda: cpu_of(server.processes()))
        one = found[name]
        progress(f"{name}: {one.status}, {one.median * 1000:.1f} ms, {one.size / 1000:.1f} kB, {path}")
    return found


def addresses(store: Path) -> dict[str, str]:
    """The pages by their names."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:

        def one(question: str) -> int:
            return int(connection.execute(question).fetchone()[0])

        loud = one("SELECT id FROM incidents ORDER BY count DESC LIMIT 1")
        usual = one(
            "SELECT id FROM incidents WHERE kind = 'exception' AND count BETWEEN 80 AND 120 ORDER BY id LIMIT 1"
        )
        quiet = one(
            "SELECT id FROM incidents WHERE kind = 'exception' AND type != 'EndlessError' ORDER BY count, id LIMIT 1"
        )
        log = one("SELECT id FROM incidents WHERE kind = 'log_error' ORDER BY count DESC LIMIT 1")
        http = one("SELECT id FROM incidents WHERE kind = 'http_error' ORDER BY count DESC LIMIT 1")
        endless = one("SELECT id FROM incidents WHERE type = 'EndlessError'")
        middle = one(f"SELECT id FROM events WHERE incident_id = {loud} ORDER BY id LIMIT 1 OFFSET 1000")  # noqa: S608
        service = one("SELECT id FROM services WHERE name = 'shop' AND environment = 'production'")
        job = one("SELECT min(id) FROM jobs")
    return {
        "overview": "/",
        "the platform": "/platform",
        "list, open": "/incidents",
        "list, every state": "/incidents?state=all",
        "list, a service": "/incidents?state=all&service=checkout&environment=production",
        "list, a word": "/incidents?state=all&text=OverflowError",
        "list, no hit": "/incidents?state=all&text=nothing+is+like+this",
        "list, a search": "/incidents?query=service%3Acheckout+count%3A%3E100+timeout",
        "list, a tag": "/incidents?query=tag.tenant%3Atenant-7",
        "list, most events first": "/incidents?state=all&sort=count",
        "list, what matters first": "/incidents?state=all&sort=matters",
        "list, seven days": "/incidents?state=all&time=7d",
        "list, page 100": "/incidents?state=all&page=100",
        "incident, usual": f"/incidents/{usual}",
        "incident, the loudest": f"/incidents/{loud}",
        "incident, one event": f"/incidents/{quiet}",
        "incident, a log line": f"/incidents/{log}",
        "incident, an HTTP error": f"/incidents/{http}",
        "incident, endless": f"/incidents/{endless}",
        "event in the middle": f"/incidents/{loud}?event={middle}",
        "events, a table": f"/incidents/{loud}/events",
        "events, a table, searched": f"/incidents/{loud}/events?find=user%3A7",
        "events, a table, no hit": f"/incidents/{loud}/events?find=nothing+like+this",
        "events, from the middle": f"/incidents/{loud}/events?before={middle}",
        "services": "/services",
        "service": f"/services/{service}",
        "jobs": "/jobs",
        "job": f"/jobs/{job}",
        "settings, keys": "/settings/keys",
        "settings, grouping": "/settings/grouping",
        "settings, secrets": "/settings/secrets",
        "settings, sessions": "/settings/sessions",
    }


def kept(name: str, sources: Sequence[str], progress: Progress) -> tuple[Path, bool]:
    """The folder that is kept under a name for what these modules make, and whether it is there already, and not too old."""
    source = "".join((Path(__file__).with_name(each)).read_text(encoding="utf-8") for each in sources)
    mark = hashlib.sha256(f"{source} {name.replace('-', ' ')}".encode()).hexdigest()[:12]
    folder = _CACHE / f"{name}-{mark}"
    done = folder / MADE
    if done.is_file() and time.time() - json.loads(done.read_text())["at"] < _STALE:
        progress(f"the store of before, {folder}")
        return folder, True
    for old in _CACHE.glob(f"{name}-*"):
        shutil.rmtree(old)
    folder.mkdir(parents=True)
    progress(f"making the store {folder.name}; it is kept for the next run")
    return folder, False


def kinds_of(folder: Path) -> list[dict[str, Any]]:
    """The recorded events that the store in this folder is made of."""
    return [json.loads(line) for line in (folder / "kinds").read_text(encoding="utf-8").splitlines()]


def _made(events: int, incidents: int, progress: Progress) -> Path:
    """The folder of a store of that size; it is made when there is none, or only an old one."""
    folder, is_there = kept(f"{events}-{incidents}", _MADE_BY, progress)
    if is_there:
        return folder
    began = time.monotonic()
    server = Ours(folder, settings=_SETTINGS)
    server.start()
    server.stop()
    kinds = folder / "kinds"
    _run("recording the events", str(ROOT / "bench" / "platform" / "recording.py"), str(kinds))
    data = [str(server.data), str(kinds)]
    _run(
        "filling", str(Path(__file__).with_name("filling.py")), *data, f"--events={events}", f"--incidents={incidents}"
    )
    seconds = time.monotonic() - began
    (folder / MADE).write_text(json.dumps({"at": time.time(), "seconds": seconds}))
    progress(f"made in {seconds:.0f} s: {(server.data / 'store.db').stat().st_size / 1e6:,.0f} MB")
    return folder


def _run(what: str, *command: str) -> None:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=_BUILD, check=False)
    if done.returncode:
        raise SystemExit(f"{what} failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")


def _link(server: Ours) -> str:
    command = [str(Path(sys.executable).with_name("aiops")), "signin", "--data", str(server.data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return next(line for line in done.stdout.splitlines() if "/signin/" in line).strip()
