"""What an incident's page shows beside the incident's own rows, in one look at the store: what several parts need is asked once."""

from datetime import datetime

from sqlalchemy import Connection

from aiops_platform.core import tracing
from aiops_platform.core.event import Event
from aiops_platform.core.surroundings import PlacedEvent, Surroundings
from aiops_platform.storage import event_reads, nearby, origins, similar, source_links
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.caring import members_of
from aiops_platform.storage.event_reads import Which
from aiops_platform.storage.incident_rows import standing_rows


def around(
    connection: Connection,
    opener: Bodies,
    project_id: int,
    incident_id: int,
    *,
    service_id: int,
    since: datetime,
    which: Which,
) -> Surroundings:
    """What is around an incident of the project, which began then in that service, and around one of its events."""
    row = event_reads.row_of(connection, project_id, incident_id, which)
    event = None if row is None else event_reads.placed(connection, opener, row)
    later, found = {}, []
    if event is not None:
        at = event.received_at
        later = nearby.nearest_to(connection, project_id, incident_id, event.id, at)
        ids = () if event.event is None else tracing.ids_of(event.event)
        found = nearby.of_same_request(connection, opener, ids, event.id, at)
    shared = similar.sharing(connection, incident_id)
    others = standing_rows(connection, project_id, {*later, *shared, *(each.incident_id for each in found)})
    return Surroundings(
        event=event,
        origin=origins.began(connection, service_id, since, *_ends_of(connection, opener, incident_id, event)),
        similar=similar.similar_among(others, shared),
        neighbours=nearby.neighbours_among(others, later),
        companions=() if event is None else nearby.companions_among(others, found, event.received_at),
        members=members_of(connection, project_id),
        source=source_links.of_project(connection, project_id),
    )


def _ends_of(
    connection: Connection, opener: Bodies, incident_id: int, shown: PlacedEvent | None
) -> tuple[Event | None, Event | None]:
    """The first event and the newest one. Nearly always one of them is the one that is shown."""
    first = shown.event if shown and not shown.earlier_id else origins.first_event(connection, opener, incident_id)
    newest = shown.event if shown and not shown.later_id else origins.newest_event(connection, opener, incident_id)
    return first, newest
