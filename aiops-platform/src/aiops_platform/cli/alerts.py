"""`aiops alerts …`: what fires, and that somebody cares; here, or with `--url` on a platform elsewhere."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from aiops_platform import assembly
from aiops_platform.api.alert_shapes import AlertResource, alert_resource
from aiops_platform.cli.elsewhere import client_of, found
from aiops_platform.cli.started import check_started
from aiops_platform.cli.table import print_table
from aiops_platform.core.alerting.alert import AlertState
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web.cut import shortened

_MOST = 100
_HEAD = ("NUMBER", "STATE", "SEVERITY", "SINCE", "WHAT", "WHERE", "TOLD")


class UnknownAlertError(PlatformError):
    """There is no such alert."""


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints what fires, or stands otherwise; at most a hundred, the newest first."""
    if given.url is not None:
        found: Sequence[AlertResource] = client_of(given).alerts(given.state)
    else:
        check_started(settings)
        state = None if given.state == "all" else AlertState(given.state)
        with assembly.opened(settings) as platform:
            desk = assembly.alert_desk(settings, platform.database)
            page = desk.reads.page(platform.project_id, state=state, before=None, limit=_MOST)
        found = tuple(map(alert_resource, page.rows))
    if found:
        print_table(_HEAD, [_row(each) for each in found])
    else:
        print("Nothing fires." if given.state == "firing" else "There are no such alerts.", file=sys.stderr)
    return 0


def acknowledge(settings: Settings, given: Namespace) -> int:
    """Somebody cares for it. Raises UnknownAlertError."""
    if given.url is not None:
        acknowledged = found(lambda: client_of(given).acknowledge(given.number))
        state = None if acknowledged is None else acknowledged.state
    else:
        check_started(settings)
        with assembly.opened(settings) as platform:
            desk = assembly.alert_desk(settings, platform.database)
            alert = desk.acknowledge(platform.project_id, given.number, COMMAND_LINE, utc_now())
        state = None if alert is None else alert.state.value
    if state is None:
        raise UnknownAlertError(f"There is no alert {given.number}: `aiops alerts list` shows those that fire")
    print(f"Alert {given.number} is {state}.")
    return 0


def hand_over(settings: Settings, given: Namespace) -> int:
    """Another project is told of the platform's own troubles. Raises UnknownProjectError."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        desk = assembly.alert_desk(settings, platform.database)
        to = assembly.project_called(given.to, platform.database)
        desk.hand_over_platform(desk.reads.told_of_platform() or to, to, utc_now())
    print(f"'{given.to}' is told of the platform's troubles.")
    return 0


def _row(alert: AlertResource) -> Sequence[str]:
    where = f"{alert.service} {alert.environment}".strip()
    since = f"{alert.since:%Y-%m-%d %H:%M}"
    told = ", ".join(alert.told)
    return (
        str(alert.id),
        alert.state,
        alert.severity,
        since,
        shortened(alert.title, 60),
        shortened(where, 40),
        shortened(told, 40),
    )
