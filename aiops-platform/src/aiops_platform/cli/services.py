"""`aiops services …`: how services stand, and that nobody looks at one for a while; here, or with `--url` elsewhere."""

import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from aiops_platform import assembly
from aiops_platform.api.monitor_shapes import MonitorResource, monitor_resource
from aiops_platform.cli.elsewhere import is_there, place_of
from aiops_platform.cli.table import print_table
from aiops_platform.client import Client
from aiops_platform.core import muting
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.monitor_views import MonitorQuery
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web import words
from aiops_platform.web.cut import shortened

_ON_A_PAGE = 100
_KNOWN = timedelta(days=90)
_HEAD = ("NUMBER", "SERVICE", "STANDS", "SINCE", "LAST BEAT", "UPTIME 30d")


class UnknownServiceError(PlatformError):
    """There is no such service, or it has never sent a heartbeat."""


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints every service that beats, silent ones first."""
    with _place_of(settings, given) as place:
        found = list(place.monitors())
    if found:
        print_table(_HEAD, [_line(each) for each in found])
    else:
        print("No service has sent a heartbeat yet.", file=sys.stderr)
    return 0


def pause(settings: Settings, given: Namespace) -> int:
    """Nobody looks at it. Raises UnknownServiceError, MonitorError and MuteError."""
    lasts = None if given.lasts is None else muting.span_of(given.lasts)
    with _place_of(settings, given) as place:
        is_there = place.pause(given.number, lasts)
    return _said(given.number, is_there, "paused" if given.lasts is None else f"paused for {given.lasts}")


def resume(settings: Settings, given: Namespace) -> int:
    """It is watched again. Raises UnknownServiceError."""
    with _place_of(settings, given) as place:
        is_there = place.resume(given.number)
    return _said(given.number, is_there, "watched again")


class _Place(Protocol):
    def monitors(self) -> Iterable[MonitorResource]: ...

    def pause(self, number: int, lasts: timedelta | None) -> bool: ...

    def resume(self, number: int) -> bool: ...


def _place_of(settings: Settings, given: Namespace) -> AbstractContextManager[_Place]:
    return place_of(settings, given, here=_Here, elsewhere=_Elsewhere)


class _Here:
    def __init__(self, platform: assembly.Opened) -> None:
        self._project = platform.project_id
        self._monitoring = assembly.monitoring(platform)
        self._upkeep = assembly.upkeep(platform)

    def monitors(self) -> Iterator[MonitorResource]:
        now, page = utc_now(), 1
        while True:
            query = MonitorQuery(state=None, service=None, environment=None, page=page, per_page=_ON_A_PAGE)
            board = self._monitoring.board(self._project, query, since=now - _KNOWN, now=now)
            yield from (monitor_resource(row, board.known, now) for row in board.rows)
            if len(board.rows) < _ON_A_PAGE:
                return
            page += 1

    def pause(self, number: int, lasts: timedelta | None) -> bool:
        now = utc_now()
        until = None if lasts is None else now + lasts
        return self._upkeep.pause(self._project, number, until, now, by=COMMAND_LINE)

    def resume(self, number: int) -> bool:
        return self._upkeep.resume(self._project, number, utc_now(), by=COMMAND_LINE)


class _Elsewhere:
    def __init__(self, client: Client) -> None:
        self._client = client

    def monitors(self) -> Iterator[MonitorResource]:
        return self._client.monitors()

    def pause(self, number: int, lasts: timedelta | None) -> bool:
        minutes = None if lasts is None else max(1, round(lasts.total_seconds() / 60))
        return is_there(lambda: self._client.pause_monitor(number, minutes=minutes))

    def resume(self, number: int) -> bool:
        return is_there(lambda: self._client.resume_monitor(number))


def _said(number: int, is_there: bool, what: str) -> int:
    if not is_there:
        raise UnknownServiceError(
            f"There is no service {number} that has sent a heartbeat: `aiops services list` shows those there are"
        )
    print(f"Service {number} is {what}.")
    return 0


def _line(each: MonitorResource) -> Sequence[str]:
    service = f"{shortened(each.service, 40)} · {shortened(each.environment, 20)}"
    until = "" if each.paused_until is None else f" until {_time(each.paused_until)}"
    share = each.uptime.get("30d")
    # Cut, and not rounded: 100% means that it never was silent.
    uptime = "" if share is None else f"{int(share * 10_000) / 100:g}%{_of(each.known.get('30d'))}"
    stands = f"{each.state.value}{until}"
    return (str(each.service_id), service, stands, _time(each.state_since), _time(each.last_beat_at), uptime)


def _time(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def _of(known: int | None) -> str:
    """Of how little of the month that is the share; nothing where nearly all of it is known."""
    span = timedelta(seconds=known or 0)
    return f" of {words.lasting(span)}" if timedelta(0) < span < timedelta(days=27) else ""
