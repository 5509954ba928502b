"""`aiops incidents list|show`: what is broken, from a shell."""

import shutil
import sys
from argparse import Namespace
from datetime import datetime

import msgspec

from aiops_platform import assembly
from aiops_platform.cli.signin import running_address
from aiops_platform.cli.started import check_started
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.event import Event
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.views import EventDetail, IncidentDetail, IncidentQuery, IncidentRow
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web import ticket, words
from aiops_platform.web.cut import shortened

_NARROWEST, _WIDEST = 60, 200


class UnknownIncidentError(PlatformError):
    """There is no such incident."""


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints a table, or JSON lines: open ones first, among equals the last seen first."""
    check_started(settings)
    query = IncidentQuery(
        state=None if given.state == "all" else IncidentState(given.state),
        service=given.service,
        environment=given.environment,
        text=given.text,
        per_page=given.most,
    )
    now = utc_now()
    with assembly.opened(settings) as platform:
        found = assembly.reads(platform).incidents(platform.project_id, query, now)
    if given.json:
        for row in found.rows:
            print(msgspec.json.encode(row).decode())
        return 0
    width = min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((120, 24)).columns))
    for row in found.rows:
        print(_line(row, now, width))
    if found.total > len(found.rows):
        print(f"… and {found.total - len(found.rows)} more: --most shows them", file=sys.stderr)
    if not found.rows:
        which = "" if given.state == "all" else f"{given.state} "
        print(f"There are no {which}incidents like that.", file=sys.stderr)
    return 0


def show(settings: Settings, given: Namespace) -> int:
    """Prints an incident with its newest event as Markdown, or that event as JSON. Raises UnknownIncidentError."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        reads = assembly.reads(platform)
        incident = reads.incident(platform.project_id, given.number, utc_now())
        kept = reads.event(platform.project_id, given.number, "newest") if incident is not None else None
    if incident is None:
        raise unknown(given.number)
    if given.json:
        print(msgspec.json.encode({"incident": incident.row, "event": None if kept is None else kept.body}).decode())
        return 0
    address = settings.public_url or running_address(settings) or settings.address()
    print(_told(incident, kept, f"{address}/incidents/{given.number}"), end="")
    return 0


def _line(row: IncidentRow, now: datetime, width: int) -> str:
    said = " ".join(part for part in (words.headline(row), words.detail(row)) if part)
    begin = f"{row.id:>6}  {row.state.value:<8}  {words.short(row.count):>6}  {words.ago(row.last_seen_at, now):>11}  "
    where = shortened(f"{row.service}/{row.environment}", 24)
    return begin + f"{where:<24}  {shortened(said, max(10, width - len(begin) - 26))}"


def _told(incident: IncidentDetail, kept: EventDetail | None, link: str) -> str:
    try:
        event = None if kept is None else msgspec.convert(kept.body, Event, strict=False)
    except msgspec.ValidationError:
        event = None
    return ticket.markdown(incident, event, link=link)


def unknown(number: int) -> UnknownIncidentError:
    """What to say of a number that no incident has."""
    return UnknownIncidentError(
        f"There is no incident {number}: `aiops incidents list --state all` shows those there are"
    )
