"""How an incident began: its first kept event, and what was new in its service then."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, select

from aiops_platform.core import sameness
from aiops_platform.core.event_views import Origin
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.event_reads import opened
from aiops_platform.storage.schema import deploys, events, incidents, releases


def origin_of(connection: Connection, opener: Bodies, project_id: int, incident_id: int) -> Origin | None:
    """None when this project has no such incident."""
    query: Select[Any] = select(incidents.c.service_id, incidents.c.first_seen_at).where(
        incidents.c.id == incident_id, incidents.c.project_id == project_id
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    mine: Select[Any] = select(events.c.id, events.c.dictionary_id, events.c.body).where(
        events.c.incident_id == incident_id
    )
    first, newest = (
        opened(connection, opener, connection.execute(mine.order_by(order).limit(1)).one_or_none())
        for order in (events.c.id, events.c.id.desc())
    )
    release = _newest(connection, releases, releases.c.first_seen_at, row)
    deploy = _newest(connection, deploys, deploys.c.at, row)
    return Origin(
        host=None if first is None else sameness.host_of(first),
        release=None if release is None else release.release,
        release_since=None if release is None else release.since,
        deploy=None if deploy is None else deploy.release,
        deployed_at=None if deploy is None else deploy.since,
        same=() if first is None or newest is None or first is newest else sameness.compared(first, newest),
    )


def _newest(connection: Connection, table: Table, since: Column[datetime], of: Row[Any]) -> Row[Any] | None:
    """What was newest in its service when it began."""
    before = select(table.c.release, since.label("since")).where(
        table.c.service_id == of.service_id, since <= of.first_seen_at
    )
    return connection.execute(before.order_by(since.desc(), table.c.release).limit(1)).one_or_none()
