"""`aiops incidents list|tail`: what is broken, found in the language of the pages; and what comes, as it comes."""

import shutil
import sys
import time
from argparse import Namespace
from datetime import datetime

import msgspec

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.core import search
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.listing import Period, Sort
from aiops_platform.core.search import SearchError
from aiops_platform.core.views import IncidentQuery, IncidentRow
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web import words
from aiops_platform.web.cut import shortened

_NARROWEST, _WIDEST = 60, 200
_LOOK_SECONDS = 1.0
# What comes between two looks; of more the newest are told.
_MOST_AT_ONCE = 100
_RED, _GREEN, _DIM, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[0m"
_COLORS = {IncidentState.OPEN: _RED, IncidentState.RESOLVED: _GREEN, IncidentState.MUTED: _DIM}


class UnreadableSearchError(PlatformError):
    """What is searched for cannot be read."""


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints a table, or JSON lines. Raises PlatformErrors."""
    check_started(settings)
    now = utc_now()
    query = _query(given, now)
    with assembly.opened(settings) as platform:
        found = assembly.reads(platform).incidents(platform.project_id, query, now)
    _print(found.rows, now, given)
    if given.json:
        return 0
    if found.total > len(found.rows):
        print(f"… and {found.total - len(found.rows)} more: --most shows them", file=sys.stderr)
    if not found.rows:
        which = "" if query.state is None else f"{query.state.value} "
        print(f"There are no {which}incidents like that.", file=sys.stderr)
    return 0


def tail(settings: Settings, given: Namespace) -> int:
    """Prints each incident that matches whenever it has new events, until it is interrupted. Raises PlatformErrors."""
    check_started(settings)
    _query(given, utc_now())
    with assembly.opened(settings) as platform:
        reads, project = assembly.reads(platform), platform.project_id
        revision: object = None
        seen: dict[int, int] | None = None
        while True:
            if revision != (newest := reads.revision(project).get("incidents")):
                revision, now = newest, utc_now()
                rows = reads.incidents(project, _query(given, now), now).rows
                if seen is not None:
                    news = [row for row in rows if seen.get(row.id) != row.count]
                    _print(news[::-1], now, given)
                    sys.stdout.flush()
                seen = (seen or {}) | {row.id: row.count for row in rows}
            time.sleep(_LOOK_SECONDS)


def _query(given: Namespace, now: datetime) -> IncidentQuery:
    text = " ".join(given.query)
    try:
        node = search.parse(text)
    except SearchError as wrong:
        raise UnreadableSearchError(f"{wrong.why}\n  {text}\n  {' ' * wrong.position}^") from wrong
    by_itself = None if search.says_states(node) else IncidentState.OPEN
    is_period = given.since is not None or given.until is not None
    return IncidentQuery(
        state=by_itself if given.state is None else None if given.state == "all" else IncidentState(given.state),
        service=given.service,
        environment=given.environment,
        text=given.text,
        search=node,
        period=Period.between(given.since, given.until, now) if is_period else None,
        sort=Sort(given.sort),
        per_page=given.most,
    )


def _print(rows: tuple[IncidentRow, ...] | list[IncidentRow], now: datetime, given: Namespace) -> None:
    if given.json:
        for row in rows:
            print(msgspec.json.encode(row).decode())
        return
    width = min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((120, 24)).columns))
    for row in rows:
        print(_line(row, now, width, is_colored=given.is_colored))


def _line(row: IncidentRow, now: datetime, width: int, *, is_colored: bool) -> str:
    said = " ".join(part for part in (words.headline(row), words.detail(row)) if part)
    if row.rising:
        said = f"↑{words.times(row.rising)} {said}"
    begin, state, end = f"{row.id:>6}  ", f"{row.state.value:<8}", f"  {words.short(row.count):>6}  "
    end += f"{words.ago(row.last_seen_at, now):>11}  {shortened(f'{row.service}/{row.environment}', 24):<24}  "
    left = max(10, width - len(begin) - len(state) - len(end))
    if is_colored:
        state = f"{_COLORS.get(row.state, '')}{state}{_PLAIN}"
    return f"{begin}{state}{end}{shortened(said, left)}"
