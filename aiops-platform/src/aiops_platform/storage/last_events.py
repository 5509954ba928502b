"""The newest events of a project as they came off the wire, a few at a time: for who tries something on them."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from aiops_platform.core import wire
from aiops_platform.core.event import Event
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.storage.bodies import Bodies, DamagedBodyError
from aiops_platform.storage.database import Database
from aiops_platform.storage.schema import events, incidents

_TOGETHER: Final = 100


def last_events(database: Database, opener: Bodies, project_id: int, limit: int) -> Iterator[tuple[int, Event]]:
    """See `ports.Reads`. What cannot be read any more is left out."""
    columns = (events.c.id, events.c.incident_id, events.c.dictionary_id, events.c.body)
    mine = select(*columns).select_from(events.join(incidents)).where(incidents.c.project_id == project_id)
    before: int | None = None
    while limit > 0:
        some = mine if before is None else mine.where(events.c.id < before)
        with database.read() as connection:
            rows = connection.execute(some.order_by(events.c.id.desc()).limit(min(limit, _TOGETHER))).all()
            read: list[tuple[int, bytes]] = []
            for row in rows:
                try:
                    read.append((row.incident_id, opener.open(connection, row.dictionary_id, row.body)))
                except DamagedBodyError:
                    continue
        for incident_id, body in read:
            event = wire.parse(body, ParcelKind.EXCEPTION)
            if isinstance(event, Event):
                yield incident_id, event
        if len(rows) < _TOGETHER:
            return
        before, limit = rows[-1].id, limit - len(rows)
