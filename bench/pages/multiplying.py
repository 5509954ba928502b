"""Makes many issues and events of few, in a database of Bugsink's: new ids, orders and times, by its own rules.

What Bugsink has digested itself is the pattern: each row here is a copy of one of its rows. What it counts beside them
(of issues, of the project, by the hour, by tag) is counted anew, and the order of events runs without gaps as it would.
"""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from planning import SEED

_FIRST_SEEN, _RESOLVED, _MUTED = 1, 2, 3
# Of the events between the first and the last one of these many is as long as what came.
_EACH_LONG = 50
_FILLED = ("events_event", "tags_eventtag", "tags_issuetag", "events_issueeventcountsperhour", "issues_issue")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An issue to be: when its events come, in order, and how it stands (`open`, `resolved`, `muted`)."""

    state: str
    times: Sequence[datetime]


def multiply(database: Path, wanted: Sequence[Wanted]) -> None:
    """Makes these issues with their events in the place of what is there. Nobody works with the database meanwhile."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        # Made again if the power goes: nothing here is anybody's.
        for line in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -512000", "foreign_keys = OFF"):
            connection.execute(f"PRAGMA {line}")
        indexes = _without_indexes(connection)
        connection.execute("BEGIN")
        _Multiplying(connection, wanted).run()
        connection.execute("COMMIT")
        for line in indexes:
            connection.execute(line)
        connection.execute("PRAGMA journal_mode = WAL")


class _Multiplying:
    def __init__(self, connection: sqlite3.Connection, wanted: Sequence[Wanted]) -> None:
        self._connection = connection
        self._wanted = wanted
        self._dice = random.Random(SEED)  # noqa: S311 (the same each time)
        self._issues = [self._id() for _ in wanted]

    def run(self) -> None:
        patterns = self._patterns()
        self._plan(patterns)
        self._issue_rows(patterns)
        self._event_rows()
        self._tag_rows()
        self._hours()
        self._turning_points()
        self._project()

    def _patterns(self) -> list[tuple[str, list[str]]]:
        """The issues that were digested, each with the ids of its events; all of it is put aside."""
        for name in ("events_event", "issues_issue", "issues_grouping", "tags_eventtag"):
            self._connection.execute(f"CREATE TEMP TABLE was_{name} AS SELECT * FROM {name}")  # noqa: S608
            self._connection.execute(f"DELETE FROM {name}")  # noqa: S608
        for name in ("tags_issuetag", "issues_turningpoint"):
            self._connection.execute(f"DELETE FROM {name}")  # noqa: S608
        self._connection.execute("ALTER TABLE was_events_event ADD COLUMN short TEXT")
        of_issues: dict[str, list[str]] = {}
        rows = self._connection.execute(
            "SELECT id, issue_id, data FROM was_events_event ORDER BY issue_id, digest_order"
        ).fetchall()
        for id_, issue, data in rows:
            of_issues.setdefault(issue, []).append(id_)
            self._connection.execute("UPDATE was_events_event SET short = ? WHERE id = ?", (_short(data), id_))
        self._connection.execute("CREATE INDEX temp.was_event ON was_events_event (id)")
        self._connection.execute("CREATE INDEX temp.was_tag ON was_tags_eventtag (event_id)")
        return list(of_issues.items())

    def _plan(self, patterns: Sequence[tuple[str, list[str]]]) -> None:
        """Every event that is to be, in the order in which they come."""
        self._connection.execute(
            "CREATE TEMP TABLE planned (place INTEGER PRIMARY KEY, id, event_id, pattern, issue, grouping, number, at, is_long)"
        )
        coming = sorted(
            (at, issue, number)
            for issue, one in enumerate(self._wanted)
            for number, at in enumerate(one.times, start=1)
        )
        self._connection.executemany(
            "INSERT INTO planned VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (place, self._id(), self._id(), self._dice.choice(patterns[issue % len(patterns)][1]), self._issues[issue],
                 issue + 1, number, _told(at), number % _EACH_LONG == 0 or number in (1, len(self._wanted[issue].times)))
                for place, (at, issue, number) in enumerate(coming, start=1)
            ),
        )  # fmt: skip

    def _issue_rows(self, patterns: Sequence[tuple[str, list[str]]]) -> None:
        for number, one in enumerate(self._wanted):
            pattern = patterns[number % len(patterns)][0]
            many = len(one.times)
            new = {
                "id": self._issues[number], "digest_order": number + 1, "digested_event_count": many, "stored_event_count": many,
                "first_seen": _told(one.times[0]), "last_seen": _told(one.times[-1]), "is_muted": one.state == "muted",
                "is_resolved": one.state == "resolved", "is_resolved_unconditionally": one.state == "resolved",
            }  # fmt: skip
            self._copy("issues_issue", new, "was.id = ?", (pattern,))
            (key,) = self._connection.execute(
                "SELECT grouping_key FROM was_issues_grouping WHERE issue_id = ?", (pattern,)
            ).fetchone()
            key = f"{key} ({number})"
            new = {
                "id": number + 1, "issue_id": self._issues[number], "grouping_key": key,
                "grouping_key_hash": hashlib.sha256(key.encode()).hexdigest(),
            }  # fmt: skip
            self._copy(
                "issues_grouping",
                new,
                "was.id = (SELECT min(id) FROM was_issues_grouping WHERE issue_id = ?)",
                (pattern,),
            )

    def _event_rows(self) -> None:
        new = {
            "id": "p.id", "event_id": "p.event_id", "issue_id": "p.issue", "grouping_id": "p.grouping", "digest_order": "p.number",
            "project_digest_order": "p.place", "timestamp": "p.at", "ingested_at": "p.at", "digested_at": "p.at",
            "data": "CASE WHEN p.is_long THEN was.data ELSE was.short END",
        }  # fmt: skip
        names = self._columns("events_event")
        said = ", ".join(new.get(name, f'was."{name}"') for name in names)
        self._connection.execute(
            f"INSERT INTO events_event ({_quoted(names)}) SELECT {said} "  # noqa: S608
            "FROM planned p JOIN was_events_event was ON was.id = p.pattern ORDER BY p.place"
        )

    def _tag_rows(self) -> None:
        self._connection.execute(
            "INSERT INTO tags_eventtag (digest_order, event_id, issue_id, value_id, project_id) "
            "SELECT p.number, p.id, p.issue, was.value_id, was.project_id "
            "FROM planned p JOIN was_tags_eventtag was ON was.event_id = p.pattern ORDER BY p.place"
        )
        self._connection.execute(
            "INSERT INTO tags_issuetag (count, issue_id, key_id, value_id, project_id) "
            "SELECT sum(p.many), p.issue, value.key_id, was.value_id, was.project_id "
            "FROM (SELECT issue, pattern, count(*) AS many FROM planned GROUP BY issue, pattern) p "
            "JOIN was_tags_eventtag was ON was.event_id = p.pattern JOIN tags_tagvalue value ON value.id = was.value_id "
            "GROUP BY p.issue, was.value_id"
        )

    def _hours(self) -> None:
        for name in ("issue", "project", "installation"):
            self._connection.execute(f"DELETE FROM events_{name}eventcountsperhour")  # noqa: S608
        hour, told = "substr(at, 1, 13) || ':00:00'", "events_issueeventcountsperhour"
        self._connection.execute(
            f"INSERT INTO {told} (bucket, count, digest_order, issue_id, project_id) "  # noqa: S608
            f"SELECT {hour}, count(*), max(number), issue, 1 FROM planned GROUP BY issue, {hour}"
        )
        for name, columns, values in (("project", ", project_id", ", 1"), ("installation", "", "")):
            self._connection.execute(
                f"INSERT INTO events_{name}eventcountsperhour (bucket, count{columns}) "  # noqa: S608
                f"SELECT bucket, sum(count){values} FROM {told} GROUP BY bucket"
            )

    def _turning_points(self) -> None:
        first = dict(self._connection.execute("SELECT issue, id FROM planned WHERE number = 1"))
        rows = []
        for issue, one in zip(self._issues, self._wanted, strict=True):
            rows.append((_told(one.times[0]), _FIRST_SEEN, issue, first[issue]))
            kind = {"resolved": _RESOLVED, "muted": _MUTED}.get(one.state)
            if kind is not None:
                rows.append((_told(one.times[-1] + timedelta(minutes=1)), kind, issue, None))
        self._connection.executemany(
            "INSERT INTO issues_turningpoint (timestamp, kind, metadata, comment, issue_id, triggering_event_id, project_id) "
            "VALUES (?, ?, '{}', '', ?, ?, 1)",
            rows,
        )

    def _project(self) -> None:
        many = sum(len(one.times) for one in self._wanted)
        self._connection.execute(
            "UPDATE projects_project SET issue_count = ?, digested_event_count = ?, stored_event_count = ?, "
            "retention_max_event_count = ?",
            (len(self._wanted), many, many, 2 * many),
        )

    def _copy(self, table: str, new: dict[str, Any], which: str, parameters: Iterable[Any]) -> None:
        names = self._columns(table)
        said = ", ".join("?" if name in new else f'was."{name}"' for name in names)
        values = [new[name] for name in names if name in new]
        self._connection.execute(
            f"INSERT INTO {table} ({_quoted(names)}) SELECT {said} FROM was_{table} was WHERE {which}",  # noqa: S608
            (*values, *parameters),
        )

    def _columns(self, table: str) -> list[str]:
        return [row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")]

    def _id(self) -> str:
        return uuid.UUID(int=self._dice.getrandbits(128), version=4).hex


def tallies(database: Path) -> Counter[str]:
    """What must agree: how many events there are, by each way in which they are counted."""
    questions = {
        "events": "SELECT count(*) FROM events_event",
        "of issues": "SELECT sum(stored_event_count) FROM issues_issue",
        "of the project": "SELECT stored_event_count FROM projects_project",
        "by the hour": "SELECT sum(count) FROM events_issueeventcountsperhour",
        "the last order": "SELECT max(project_digest_order) FROM events_event",
    }
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return Counter({name: int(connection.execute(asked).fetchone()[0]) for name, asked in questions.items()})


def _without_indexes(connection: sqlite3.Connection) -> list[str]:
    """Takes away the indexes of what is filled; returns how they were made."""
    found = connection.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    taken: defaultdict[str, str] = defaultdict(str)
    for name, table, sql in found.fetchall():
        if table in _FILLED:
            taken[name] = sql
    for name in taken:
        connection.execute(f'DROP INDEX "{name}"')
    return list(taken.values())


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _short(data: str) -> str:
    """An event without what takes most of its room: variables, lines of source, breadcrumbs."""
    event = json.loads(data)
    event.pop("breadcrumbs", None)
    for exception in event.get("exception", {}).get("values", []):
        frames = exception.get("stacktrace", {}).get("frames", [])
        for frame in frames:
            for name in ("vars", "pre_context", "context_line", "post_context"):
                frame.pop(name, None)
        exception.get("stacktrace", {})["frames"] = frames[-8:]
    return json.dumps(event)


def _told(at: datetime) -> str:
    """As Django writes a time into SQLite."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
