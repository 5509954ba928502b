"""`aiops alerts …`: what fires, and that somebody cares; here, or with `--url` on a platform elsewhere."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from aiops_platform import assembly
from aiops_platform.api.alert_shapes import AlertResource, alert_resource
from aiops_platform.cli.places import NoTokenError
from aiops_platform.cli.started import check_started
from aiops_platform.cli.table import print_table
from aiops_platform.client import ApiError, Client
from aiops_platform.core.alerting.alert import AlertState
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web.cut import shortened

_NOT_THERE = 404
_MOST = 100
_HEAD = ("NUMBER", "STATE", "SEVERITY", "SINCE", "WHAT", "WHERE", "TOLD")


class UnknownAlertError(PlatformError):
    """There is no such alert."""


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints what fires, or stands otherwise; at most a hundred, the newest first."""
    if given.url is not None:
        found: Sequence[AlertResource] = _client(given).alerts(given.state)
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
        state = _acknowledged_elsewhere(_client(given), given.number)
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


def _acknowledged_elsewhere(client: Client, number: int) -> str | None:
    try:
        return client.acknowledge(number).state
    except ApiError as error:
        if error.status != _NOT_THERE:
            raise
        return None


def _client(given: Namespace) -> Client:
    if not given.token:
        raise NoTokenError(
            "Set AIOPS_TOKEN to an API token of that platform: there, `aiops token create NAME` makes one"
        )
    return Client(given.url, given.token)
