"""`aiops maintenance …`: silence and failures are expected for a while; here, or with `--url` on a platform elsewhere."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime, timedelta

from aiops_platform import assembly
from aiops_platform.api.monitor_shapes import window_of
from aiops_platform.cli.elsewhere import client_of
from aiops_platform.cli.elsewhere import is_there as was_there
from aiops_platform.cli.started import check_started
from aiops_platform.cli.table import print_table
from aiops_platform.core import maintenance, muting
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.maintenance import Window
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web import words
from aiops_platform.web.cut import shortened

_HEAD = ("NUMBER", "NAME", "WHEN", "FOR")


class UnknownWindowError(PlatformError):
    """There is no such window."""


def start(settings: Settings, given: Namespace) -> int:
    """Begins a window, or prolongs the same one; prints its number alone. Raises MaintenanceError and MuteError."""
    lasts = muting.span_of(given.lasts)
    names = {"services": tuple(given.service), "environments": tuple(given.environment)}
    if given.url is not None:
        minutes = max(1, round(lasts.total_seconds() / 60))
        client = client_of(given)
        number = client.begin_maintenance(given.name, minutes, ends_with_deploy=given.until_deploy, **names).id
    else:
        check_started(settings)
        now = utc_now()
        with assembly.opened(settings) as platform:
            window = _window(platform.project_id, given, names, now, lasts)
            number = assembly.upkeep(platform).plan(window, now).id or 0
    print(number)
    return 0


def stop(settings: Settings, given: Namespace) -> int:
    """Ends a window. Raises UnknownWindowError."""
    if given.url is not None:
        is_there = was_there(lambda: client_of(given).end_maintenance(given.number))
    else:
        check_started(settings)
        with assembly.opened(settings) as platform:
            is_there = assembly.upkeep(platform).end(platform.project_id, given.number, utc_now()) is not None
    if not is_there:
        raise UnknownWindowError(f"There is no window {given.number}: `aiops maintenance list` shows those there are")
    print(f"Window {given.number} is over.")
    return 0


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints the windows that are not over."""
    now, found = utc_now(), tuple[Window, ...]()
    if given.url is not None:
        found = tuple(window_of(each) for each in client_of(given).maintenance())
    else:
        check_started(settings)
        with assembly.opened(settings) as platform:
            found = assembly.monitoring(platform).windows(platform.project_id, now)
    if found:
        print_table(_HEAD, [_row(each, now) for each in found])
    else:
        print("No maintenance is planned.", file=sys.stderr)
    return 0


def _window(
    project_id: int, given: Namespace, names: dict[str, tuple[str, ...]], now: datetime, lasts: timedelta
) -> Window:
    return maintenance.planned(
        project_id=project_id,
        name=given.name,
        services=names["services"],
        environments=names["environments"],
        since=now,
        until=now + lasts,
        weekly=None,
        made_by=COMMAND_LINE.name,
        now=now,
        ends_with_deploy=given.until_deploy,
    )


def _row(window: Window, now: datetime) -> Sequence[str]:
    holds = "now: " if window.holds_until(now) is not None else ""
    when, where = holds + words.maintenance_when(window), words.maintenance_where(window)
    return (str(window.id), shortened(window.name, 40), when, shortened(where, 60))
