"""`aiops incidents list|show`: what is broken, from a shell."""

from argparse import Namespace

import msgspec

from aiops_platform import assembly
from aiops_platform.cli.signin import running_address
from aiops_platform.cli.started import check_started
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.event import Event
from aiops_platform.core.views import EventDetail, IncidentDetail
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web import ticket


class UnknownIncidentError(PlatformError):
    """There is no such incident."""


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
