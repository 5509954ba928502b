"""`aiops channels quiet …`: when nothing is told there but what is critical."""

from argparse import Namespace

from aiops_platform import assembly
from aiops_platform.cli.channels import meant
from aiops_platform.cli.started import check_started
from aiops_platform.core.alerting import quiet
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.quiet import QuietHours
from aiops_platform.settings import Settings


def hours(settings: Settings, given: Namespace) -> int:
    """Shows the quiet hours of a channel, sets them, or ends them. Raises AlertingError and WrongChannelError."""
    check_started(settings)
    if given.begin is not None and (given.end is None or given.never):
        raise AlertingError("end", "Say from when to when it is quiet, such as 22:00 07:00, or `--never`")
    with assembly.opened(settings) as platform:
        channel = meant(assembly.channel_desk(settings, platform), platform.project_id, given.channel)
        desk = assembly.alert_desk(settings, platform.database)
        if given.begin is not None or given.never:
            begin, end = given.begin or "", given.end or ""
            desk.set_quiet(
                platform.project_id, channel.id, quiet.read(begin, end, given.zone, but_critical=not given.all)
            )
        now = desk.reads.quiet(channel.id)
    print(f"'{channel.name}' is {_said(now)}.")
    return 0


def _said(hours: QuietHours | None) -> str:
    if hours is None:
        return "never quiet"
    what = "but for what is critical" if hours.but_critical else "whatever happens"
    return f"quiet from {hours.begin:%H:%M} to {hours.end:%H:%M} ({hours.zone}), {what}"
