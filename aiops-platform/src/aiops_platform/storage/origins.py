"""How an incident began: its first kept event, and what was new in its service then."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Select, Table, bindparam, literal_column, select, union_all

from aiops_platform.core import sameness
from aiops_platform.core.event import Event
from aiops_platform.core.event_views import Origin
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.event_reads import opened
from aiops_platform.storage.schema import deploys, events, incidents, releases

_MINE: Final[Select[Any]] = select(events.c.id, events.c.dictionary_id, events.c.body).where(
    events.c.incident_id == bindparam("incident")
)
_FIRST: Final = _MINE.order_by(events.c.id).limit(1)
_NEWEST: Final = _MINE.order_by(events.c.id.desc()).limit(1)


def _newest(what: str, table: Table, since: Column[datetime]) -> Select[Any]:
    """What was newest in a service then."""
    before = select(literal_column(f"'{what}'").label("what"), table.c.release, since.label("since"))
    before = before.where(table.c.service_id == bindparam("service"), since <= bindparam("at", type_=since.type))
    # An engine orders the parts of a union only where each is a table of its own.
    return select(before.order_by(since.desc(), table.c.release).limit(1).subquery())


_NEW_THEN: Final = union_all(
    _newest("release", releases, releases.c.first_seen_at), _newest("deploy", deploys, deploys.c.at)
)


def origin_of(connection: Connection, opener: Bodies, project_id: int, incident_id: int) -> Origin | None:
    """None when this project has no such incident."""
    query: Select[Any] = select(incidents.c.service_id, incidents.c.first_seen_at).where(
        incidents.c.id == incident_id, incidents.c.project_id == project_id
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    both = first_event(connection, opener, incident_id), newest_event(connection, opener, incident_id)
    return began(connection, row.service_id, row.first_seen_at, *both)


def first_event(connection: Connection, opener: Bodies, incident_id: int) -> Event | None:
    """The first one that is kept; None where there is none, or it cannot be read any more."""
    return opened(connection, opener, connection.execute(_FIRST, {"incident": incident_id}).one_or_none())


def newest_event(connection: Connection, opener: Bodies, incident_id: int) -> Event | None:
    """The newest one that is kept; None where there is none, or it cannot be read any more."""
    return opened(connection, opener, connection.execute(_NEWEST, {"incident": incident_id}).one_or_none())


def began(connection: Connection, service_id: int, at: datetime, first: Event | None, newest: Event | None) -> Origin:
    """How an incident of this service began then, told by its first and its newest event."""
    new = {row.what: row for row in connection.execute(_NEW_THEN, {"service": service_id, "at": at})}
    release, deploy = new.get("release"), new.get("deploy")
    return Origin(
        host=None if first is None else sameness.host_of(first),
        release=None if release is None else release.release,
        release_since=None if release is None else release.since,
        deploy=None if deploy is None else deploy.release,
        deployed_at=None if deploy is None else deploy.since,
        same=() if first is None or newest is None else sameness.compared(first, newest),
    )
