"""`aiops incidents list|tail`: what is broken, found in the language of the pages; and what comes, as it comes."""

import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

import msgspec

from aiops_platform.cli.places import Wanted, place_of
from aiops_platform.core import search
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.listing import Sort
from aiops_platform.core.search import SearchError
from aiops_platform.core.views import IncidentRow
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
    wanted = _wanted(given)
    with place_of(settings, given) as place:
        rows, total = place.find(wanted)
    _print(rows, utc_now(), given)
    if given.json:
        return 0
    if total is None or total > len(rows):
        many = "" if total is None else f"{total - len(rows)} "
        print(f"… and {many}more: --most shows them", file=sys.stderr)
    if not rows:
        is_open = given.state is None and not search.says_states(search.parse(wanted.text))
        which = "open " if is_open else f"{given.state} " if given.state not in (None, "all") else ""
        print(f"There are no {which}incidents like that.", file=sys.stderr)
    return 0


def tail(settings: Settings, given: Namespace) -> int:
    """Prints each incident that matches whenever it has new events, until it is interrupted. Raises PlatformErrors."""
    wanted = _wanted(given)
    with place_of(settings, given) as place:
        known: object = None
        seen: dict[int, int] | None = None
        while True:
            if known != (newest := place.changes()):
                known = newest
                rows, _ = place.find(wanted)
                if seen is not None:
                    news = [row for row in rows if seen.get(row.id) != row.count]
                    _print(news[::-1], utc_now(), given)
                    sys.stdout.flush()
                seen = (seen or {}) | {row.id: row.count for row in rows}
            time.sleep(_LOOK_SECONDS)


def wanted_of(text: str, state: str | None, *, most: int) -> Wanted:
    """All that match a search. Raises UnreadableSearchError."""
    return Wanted(
        text=_readable(text),
        service=None,
        environment=None,
        words=None,
        state=state,
        since=None,
        until=None,
        sort=Sort.NEWEST,
        most=most,
    )


def print_rows(rows: Sequence[IncidentRow], now: datetime, *, is_colored: bool, file: TextIO | None = None) -> None:
    """Prints a line for each, with a head where people read it."""
    width = min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((120, 24)).columns))
    if rows and (file or sys.stdout).isatty():
        head = f"{'number':>6}  {'state':<8}  {'events':>6}  {'last seen':>11}  {'service/environment':<24}  what"
        print(f"{_DIM}{head}{_PLAIN}" if is_colored else head, file=file)
    for row in rows:
        print(_line(row, now, width, is_colored=is_colored), file=file)


def _readable(text: str) -> str:
    try:
        search.parse(text)
    except SearchError as wrong:
        raise UnreadableSearchError(f"{wrong.why}\n  {text}\n  {' ' * wrong.position}^") from wrong
    return text


def _wanted(given: Namespace) -> Wanted:
    return Wanted(
        text=_readable(" ".join(given.query)),
        service=given.service,
        environment=given.environment,
        words=given.text,
        state=given.state,
        since=given.since,
        until=given.until,
        sort=given.sort,
        most=given.most,
    )


def _print(rows: Sequence[IncidentRow], now: datetime, given: Namespace) -> None:
    if given.json:
        for row in rows:
            print(msgspec.json.encode(row).decode())
        return
    print_rows(rows, now, is_colored=given.is_colored)


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
