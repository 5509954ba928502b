"""Both servers as their users start them, each in a folder of its own, and what can be asked of them from outside."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bodies import Event, Mail, ours_beats, ours_in_batches, ours_long, ours_short, sentry_long, sentry_short
from peers import bugsink

T = TypeVar("T")
DEADLINE = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
# Without them what is measured is how soon a server says no. The row about quotas has the defaults.
_OURS_UNLIMITED = {f"AIOPS_SERVER_{name}_RATE": "0" for name in ("KEY", "SERVICE", "API")}


class FailedError(Exception):
    """A server did not do what it was started for; the message is a short reason for the table."""


class Server(Protocol):
    """A server under test. It is started by `start`, and may be started again after an end."""

    name: str
    host: str
    port: int
    #: Seconds without anything new after which nothing is being digested any more, when nothing waits.
    rest: float

    def start(self) -> None:
        """Start it, and return when it answers."""
        ...

    def stop(self) -> None:
        """End it as people do."""
        ...

    def kill(self) -> None:
        """End all of its processes at once, with SIGKILL."""
        ...

    def mails(self, events: list[Event]) -> dict[str, Mail]:
        """The bodies that it takes, by the name of their form."""
        ...

    def digested(self) -> int:
        """How many events it has counted."""
        ...

    def waiting(self) -> int:
        """How much it has accepted and not yet digested."""
        ...

    def stored(self) -> tuple[int, int]:
        """How many events it stores, and in how many bytes, indexes included."""
        ...

    def counted_ids(self) -> list[str]:
        """The id of each event that it has counted, 32 hex digits each, as often as it was counted."""
        ...

    def processes(self) -> list[int]:
        """Its processes, all of them."""
        ...


class _Sessions:
    """Processes that were started with a session of their own: theirs are all that are in one of these."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, command: list[str], *, log: Path, environ: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
        """Start it; what it says goes to the end of the log."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self.started.append(process)
        return process

    def living(self) -> list[int]:
        """All of them that run."""
        sessions = {process.pid for process in self.started}
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _session_of(pid) in sessions]

    def end(self, how: signal.Signals) -> None:
        """Ask those that were started to end, and wait; kill all when they do not."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(how)
        for process in self.started:
            try:
                process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                break
        self.kill()

    def kill(self) -> None:
        """All at once."""
        for pid in self.living():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for process in self.started:
            process.wait(DEADLINE)
        self.started.clear()


class Ours:
    """`aiops serve` of this environment. `limited`: with its quotas as they are by default. `settings` are variables."""

    name = "ours"
    host = "127.0.0.1"
    rest = 0.0

    def __init__(self, folder: Path, *, limited: bool = False, settings: dict[str, str] | None = None) -> None:
        self.data = folder / "data"
        self.port = 0
        self._log = folder / "log"
        self._folder = folder
        self._sessions = _Sessions()
        self._key = ""
        # PYTHONPATH: who sets it measures another state of the platform than the one that is installed.
        self._environ = _environ("PYTHONPATH") | ({} if limited else _OURS_UNLIMITED) | (settings or {})

    def start(self) -> None:
        """See `Server`."""
        before = self._log.stat().st_size if self._log.exists() else 0
        command = [str(Path(sys.executable).with_name("aiops")), "serve", "--data", str(self.data)]
        process = self._sessions.start(
            [*command, "--port", "0"], log=self._log, environ=self._environ, folder=self._folder
        )

        def said() -> str:
            if process.poll() is not None:
                raise FailedError(_last_line(self._log))
            return self._log.read_text(encoding="utf-8")[before:]

        found = eventually(lambda: re.search(r"address +http://\S+?:(\d+)", said()), "the address")
        self.port = int(found.group(1))
        if not self._key:
            self._key = eventually(lambda: re.search(r"AIOPS_API_KEY=(aiops_\S+)", said()), "the key").group(1)
        eventually(lambda: _listens(self.port), "the door")

    def stop(self) -> None:
        """See `Server`."""
        self._sessions.end(signal.SIGTERM)

    def kill(self) -> None:
        """See `Server`."""
        self._sessions.kill()

    def mails(self, events: list[Event]) -> dict[str, Mail]:
        """See `Server`."""
        found = {
            "long": ours_long(events), "short": ours_short(events), "batch": ours_in_batches(events),
            "beat": ours_beats(events), "loop": ours_short(events[:1]),
        }  # fmt: skip
        for mail in found.values():
            mail.headers["Authorization"] = f"Bearer {self._key}"
        return found

    def digested(self) -> int:
        """See `Server`."""
        return int(self._asked("store", "SELECT coalesce(sum(count), 0) FROM incidents"))

    def beats_digested(self) -> int:
        """How many services have been heard."""
        return int(self._asked("store", "SELECT count(*) FROM monitors"))

    def waiting(self) -> int:
        """See `Server`."""
        return int(self._asked("intake", "SELECT count(*) FROM parcels"))

    def stored(self) -> tuple[int, int]:
        """See `Server`."""
        return int(self._asked("store", "SELECT count(*) FROM events")), _used(self.data / "store.db")

    def counted_ids(self) -> list[str]:
        """See `Server`. The memory of ids has one row for each; the counters say whether one was counted twice."""
        with _reading(self.data / "store.db") as connection:
            ids = [row[0].hex() for row in connection.execute("SELECT event_id FROM seen_events")]
        return ids + ["counted-twice"] * (self.digested() - len(ids))

    def processes(self) -> list[int]:
        """See `Server`."""
        return self._sessions.living()

    def token(self) -> str:
        """A new API token."""
        command = [str(Path(sys.executable).with_name("aiops")), "token", "create", secrets.token_hex(4)]
        done = subprocess.run(
            [*command, "--data", str(self.data)],
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.strip().splitlines()[-1]

    def said(self) -> str:
        """All that it has said so far."""
        return self._log.read_text(encoding="utf-8")

    def worker(self) -> int:
        """The process that digests."""
        return int(json.loads((self.data / "work.lock").read_text())["pid"])

    def _asked(self, name: str, question: str) -> Any:
        with _reading(self.data / f"{name}.db") as connection:
            return connection.execute(question).fetchone()[0]


class Bugsink:
    """Bugsink as its page on a single server has it: gunicorn and snappea over SQLite. `limited` as for ours.

    In a `prepared` folder there is a project already.
    """

    name = "bugsink"
    host = "127.0.0.1"
    rest = 5.0

    def __init__(self, folder: Path, *, limited: bool = False, prepared: bool = False) -> None:
        self.port = 0
        self.folder = folder
        self._bin = bugsink().python.parent
        self._sessions = _Sessions()
        self._environ = _environ() | {"PYTHONPATH": str(folder), "DJANGO_SETTINGS_MODULE": "bugsink_conf"}
        self._limited = limited
        self._prepared = prepared
        self._project = 0
        self._key = ""

    def start(self) -> None:
        """See `Server`."""
        if not self._key and not self._prepared:
            self._prepare()
        self.port = _free_port()
        gunicorn = [str(self._bin / "gunicorn"), f"--bind={self.host}:{self.port}", "--workers=4", "bugsink.wsgi"]
        for command in (gunicorn, [str(self._bin / "bugsink-runsnappea")]):
            self._sessions.start(command, log=self.folder / "log", environ=self._environ, folder=self.folder)
        eventually(lambda: _answers(self.port), "gunicorn")
        time.sleep(3)  # the other workers load while the first answers already

    def stop(self) -> None:
        """See `Server`."""
        self._sessions.end(signal.SIGTERM)

    def kill(self) -> None:
        """See `Server`."""
        self._sessions.kill()

    def signed_in(self) -> str:
        """The text of a session of somebody who sees everything, for the cookie `sessionid`."""
        code = (
            "from django.contrib.auth import get_user_model; from django.test import Client; c = Client(); "
            "c.force_login(get_user_model().objects.create_superuser('bench', 'bench@example.com', 'bench')); "
            "print('session', c.cookies['sessionid'].value)"
        )
        found = re.search(r"session (\S+)", self._run("bugsink-manage", "shell", "-c", code))
        if not found:
            raise FailedError("nobody could be signed in")
        return found.group(1)

    def mails(self, events: list[Event]) -> dict[str, Mail]:
        """See `Server`."""
        told = (self._project, self._key)
        return {
            "long": sentry_long(events, *told), "short": sentry_short(events, *told),
            "loop": sentry_short(events[:1], *told),
        }  # fmt: skip

    def digested(self) -> int:
        """See `Server`."""
        return int(self._asked("db.sqlite3", "SELECT count(*) FROM events_event"))

    def waiting(self) -> int:
        """See `Server`."""
        return int(self._asked("snappea.sqlite3", "SELECT count(*) FROM snappea_task"))

    def stored(self) -> tuple[int, int]:
        """See `Server`."""
        return self.digested(), _used(self.folder / "db.sqlite3")

    def counted_ids(self) -> list[str]:
        """See `Server`."""
        with _reading(self.folder / "db.sqlite3") as connection:
            return [str(row[0]).replace("-", "") for row in connection.execute("SELECT event_id FROM events_event")]

    def processes(self) -> list[int]:
        """See `Server`."""
        return self._sessions.living()

    def _prepare(self) -> None:
        self._run("bugsink-create-conf", "--template=singleserver", f"--host={self.host}", f"--base-dir={self.folder}")
        conf = self.folder / "bugsink_conf.py"
        if not self._limited:
            names = [
                f"MAX_EVENTS_PER_{of}{span}" for of in ("PROJECT_PER_", "") for span in ("5_MINUTES", "HOUR", "MONTH")
            ]
            lines = "".join(f'BUGSINK["{name}"] = 1_000_000_000\n' for name in names)
            conf.write_text(conf.read_text() + lines)
        self._run("bugsink-manage", "migrate")
        self._run("bugsink-manage", "migrate", "snappea", "--database=snappea")
        code = "from projects.models import Project; p = Project.objects.create(name='bench'); print('made', p.pk, p.sentry_key.hex)"
        found = re.search(r"made (\d+) ([0-9a-f]{32})", self._run("bugsink-manage", "shell", "-c", code))
        if not found:
            raise FailedError("no project could be made")
        self._project, self._key = int(found.group(1)), found.group(2)

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [str(self._bin / command[0]), *command[1:]], cwd=self.folder, env=self._environ, capture_output=True,
            text=True, timeout=300, check=False,
        )  # fmt: skip
        if done.returncode:
            raise FailedError((done.stderr.strip().splitlines() or [f"{command[0]} failed"])[-1])
        return done.stdout

    def _asked(self, name: str, question: str) -> Any:
        with _reading(self.folder / name) as connection:
            return connection.execute(question).fetchone()[0]


def eventually(look: Callable[[], T | None], what: str, *, seconds: float = DEADLINE) -> T:
    """What `look` returns as soon as it is true. Raises FailedError."""
    until = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > until:
            raise FailedError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
    return found


def cpu_of(pids: Iterable[int]) -> float:
    """The seconds of processor time that these have used, and their children that have ended."""
    ticks = 0
    for pid in pids:
        fields = _stat(pid)
        ticks += sum(map(int, fields[11:15])) if fields else 0
    return ticks / _TICKS


def memory_of(pids: Iterable[int]) -> float:
    """What they hold in MB, shared pages divided among those that share them."""
    kilobytes = 0
    for pid in pids:
        try:
            found = re.search(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        except OSError:
            continue
        kilobytes += int(found.group(1)) if found else 0
    return kilobytes / 1000


def _stat(pid: int) -> list[str]:
    """From the third field on: state, parent, group, session, … none when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _session_of(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[3]) if fields and fields[0] != "Z" else 0


def _used(database: Path) -> int:
    with _reading(database) as connection:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def _reading(database: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10))


def _environ(*also: str) -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", *also) if name in os.environ}


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status > 0
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_line(log: Path) -> str:
    return (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
