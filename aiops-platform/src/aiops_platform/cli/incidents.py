"""`aiops incidents list|show`: what is broken, from a shell."""

from argparse import Namespace

import msgspec

from aiops_platform.cli.places import place_of
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.event import Event
from aiops_platform.core.views import EventDetail, IncidentDetail
from aiops_platform.settings import Settings
from aiops_platform.web import ticket


class UnknownIncidentError(PlatformError):
    """There is no such incident."""


def show(settings: Settings, given: Namespace) -> int:
    """Prints an incident with its newest event as Markdown, or that event as JSON. Raises UnknownIncidentError."""
    with place_of(settings, given) as place:
        found = place.look(given.number)
    if found is None:
        raise unknown(given.number)
    incident, kept, link = found
    if given.json:
        print(msgspec.json.encode({"incident": incident.row, "event": None if kept is None else kept.body}).decode())
        return 0
    print(_told(incident, kept, link), end="")
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
