"""Bugsink over a store of the same size: some thousand events that it digests itself, multiplied; and its pages' addresses."""

from __future__ import annotations

import gzip
import json
import random
import re
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bodies import ID
from looking import Browser
from multiplying import Wanted, multiply, tallies
from ours import MADE, kept
from planning import SEED, plans
from reporting import Progress
from servers import Bugsink, eventually

# So many of each kind are digested by Bugsink itself.
_OF_EACH = {False: 10, True: 3}
_DIGEST = 1800.0
_MADE_BY = ("planning.py", "multiplying.py", "theirs.py")
_RELEASES = 8
_DATABASE = "db.sqlite3"
_REGIONS = ("eu-1", "eu-2", "us-1")


@dataclass(frozen=True, kw_only=True)
class Made:
    """How a store was made: `digested` events are its own, all others are copies of those; `session` is for the cookie."""

    digested: int
    seconds: float
    session: str
    bytes: int


@contextmanager
def running(
    kinds: list[dict[str, Any]], *, events: int, incidents: int, quick: bool, progress: Progress
) -> Iterator[tuple[Bugsink, Browser, Made]]:
    """Bugsink over a store of that size, and a browser that is signed in and has seen that its pages count right."""
    folder, is_there = kept(f"bugsink-{events}-{incidents}", _MADE_BY, progress)
    if not is_there:
        told = fill(folder, kinds, events=events, incidents=incidents, quick=quick, progress=progress)
        (folder / MADE).write_text(json.dumps({"at": time.time(), **asdict(told)}))
    said = json.loads((folder / MADE).read_text())
    made = Made(**{name: said[name] for name in Made.__dataclass_fields__})
    server = Bugsink(folder, prepared=True)
    try:
        server.start()
        browser = Browser(server.host, server.port)
        browser.carry("sessionid", made.session)
        check(browser, folder / _DATABASE)
        yield server, browser, made
    finally:
        server.stop()


def fill(
    folder: Path, kinds: list[dict[str, Any]], *, events: int, incidents: int, quick: bool, progress: Progress
) -> Made:
    """A store of that size in this folder, which is empty. Raises SystemExit."""
    server = Bugsink(folder)
    server.start()
    try:
        began = time.monotonic()
        many = _feed(server, kinds, _OF_EACH[quick])
        eventually(lambda: server.digested() >= many, "all of them digested", seconds=_DIGEST)
        seconds = time.monotonic() - began
        progress(f"Bugsink has digested {many:,} events in {seconds:.0f} s")
        session = server.signed_in()
    finally:
        server.stop()
    database = folder / _DATABASE
    made = plans(kinds, incidents=incidents, events=events, now=datetime.now(UTC))
    multiply(database, [Wanted(state=plan.state, times=plan.times) for plan in made])
    told = tallies(database)
    if len(set(told.values())) != 1:
        raise SystemExit(f"what Bugsink counts does not agree: {dict(told)}")
    size = database.stat().st_size
    progress(f"and they are {told['events']:,} now, in {incidents:,} issues: {size / 1e6:,.0f} MB")
    return Made(digested=many, seconds=seconds, session=session, bytes=size)


def addresses(database: Path) -> dict[str, str]:
    """Its pages, by the names of ours that show the same."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:

        def one(question: str) -> str:
            return str(uuid.UUID(connection.execute(question).fetchone()[0]))

        loud = one("SELECT id FROM issues_issue ORDER BY digested_event_count DESC LIMIT 1")
        usual = one(
            "SELECT id FROM issues_issue WHERE digested_event_count BETWEEN 80 AND 120 ORDER BY digest_order LIMIT 1"
        )
    return {
        "list, open": "/issues/1/",
        "list, every state": "/issues/1/all/",
        "list, most events first": "/issues/1/all/?sort=events",
        "list, a word": "/issues/1/all/?q=OverflowError",
        "list, no hit": "/issues/1/all/?q=nothing+is+like+this",
        "list, a tag": "/issues/1/?q=tenant%3Atenant-7",
        "incident, usual": f"/issues/issue/{usual}/event/last/",
        "incident, the loudest": f"/issues/issue/{loud}/event/last/",
        "event in the middle": f"/issues/issue/{loud}/event/1000/",
        "events, a table": f"/issues/issue/{loud}/events/",
    }


def check(browser: Browser, database: Path) -> None:
    """Its own pages say what was counted. Raises SystemExit."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        most = int(connection.execute("SELECT max(digested_event_count) FROM issues_issue").fetchone()[0])
    pages = addresses(database)
    for name in ("list, most events first", "incident, the loudest"):
        status, body = browser.get(pages[name])
        if status != 200 or not {f"{most:,}", str(most)} & set(re.findall(r"\d[\d,]*", body.decode(errors="replace"))):
            raise SystemExit(f"Bugsink's page of {name!r} was answered {status} and does not say {most:,}")


def _feed(server: Bugsink, kinds: list[dict[str, Any]], of_each: int) -> int:
    """Hands it so many events of each kind, one after the other; returns how many."""
    many = 0
    connection = HTTPConnection(server.host, server.port, timeout=60)
    mail = server.mails(kinds)["long"]
    for body in _bodies(mail.bodies, of_each):
        headers = {"Content-Type": mail.content_type, "Content-Encoding": "gzip", **mail.headers}
        connection.request("POST", mail.path, body=gzip.compress(body.encode(), 1), headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"Bugsink answered {answer.status}")
        many += 1
    connection.close()
    return many


def _bodies(templates: list[str], of_each: int) -> Iterator[str]:
    dice = random.Random(SEED)  # noqa: S311 (the same each time)
    for turn in range(of_each):
        for template in templates:
            head, kind, body = template.replace(ID, uuid.UUID(int=dice.getrandbits(128), version=4).hex).splitlines()
            event = json.loads(body)
            event["release"] = f"2026.11.{turn % _RELEASES}"
            event["user"] = {"id": str(dice.randrange(400))}
            event["tags"] = {"tenant": f"tenant-{dice.randrange(40)}", "region": dice.choice(_REGIONS)}
            yield f"{head}\n{kind}\n{json.dumps(event)}\n"
