"""Every stored event, one after the other, in as little memory as one of them takes, while others write."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from aiops_platform.ports import StoreDamagedError
from aiops_platform.storage.bodies import Bodies, DamagedBodyError
from aiops_platform.storage.database import Database
from aiops_platform.storage.schema import events, incidents, services

# A read of its own for so many: one long read would keep the write-ahead log from being emptied.
_TOGETHER = 100


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which events; None means whichever. The times are those of receipt, `until` itself is not among them."""

    since: datetime | None = None
    until: datetime | None = None
    service: str | None = None
    environment: str | None = None
    incident_id: int | None = None


@dataclass(frozen=True)
class Damaged:
    """An event that is in the store and cannot be read."""

    event_id: str
    why: str


def exported(database: Database, wanted: Wanted) -> Iterator[dict[str, Any] | Damaged]:
    """The events that are stored now, oldest receipt first: the fields of the wire, `incident_id` and `received_at`.

    What is dropped meanwhile may be missing, what arrives meanwhile is. Raises StoreUnavailableError.
    """
    conditions = _conditions(wanted)
    with database.read() as connection:
        last = connection.scalar(select(func.max(events.c.id))) or 0
    found = (
        select(events, services.c.name, services.c.environment)
        .select_from(events.join(incidents, events.c.incident_id == incidents.c.id).join(services))
        .where(*conditions)
        .order_by(events.c.id)
        .limit(_TOGETHER)
    )
    before, opener = 0, Bodies()
    while True:
        some = found.where(events.c.id > before, events.c.id <= last)
        try:
            with database.read() as connection:
                rows = connection.execute(some).all()
                told = [_told(connection, row, opener) for row in rows]
        except StoreDamagedError:
            ids, told = _one_by_one(database, some, opener)
        else:
            ids = [row.id for row in rows]
        yield from told
        if len(ids) < _TOGETHER:
            return
        before = ids[-1]


def _one_by_one(
    database: Database, some: Select[Any], opener: Bodies
) -> tuple[list[int], list[dict[str, Any] | Damaged]]:
    """What can be read of some events, of which one or more cannot be."""
    told: list[dict[str, Any] | Damaged] = []
    with database.read() as connection:
        # What is in the index can be had without the row.
        named = connection.execute(some.with_only_columns(events.c.id, maintain_column_froms=True)).scalars().all()
    for event in named:
        try:
            with database.read() as connection:
                told += [_told(connection, row, opener) for row in connection.execute(some.where(events.c.id == event))]
        except StoreDamagedError as error:
            told.append(Damaged(f"in row {event}", str(error)))
    return list(named), told


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(events.c.received_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(events.c.received_at < wanted.until)
    if wanted.service is not None:
        conditions.append(services.c.name == wanted.service)
    if wanted.environment is not None:
        conditions.append(services.c.environment == wanted.environment)
    if wanted.incident_id is not None:
        conditions.append(events.c.incident_id == wanted.incident_id)
    return conditions


def _told(connection: Connection, row: Row[Any], opener: Bodies) -> dict[str, Any] | Damaged:
    event_id = str(UUID(bytes=row.event_id))
    try:
        said: dict[str, Any] = msgspec.json.decode(opener.open(connection, row.dictionary_id, row.body))
    except (DamagedBodyError, msgspec.DecodeError) as error:
        return Damaged(event_id, str(error))
    about = {"event_id": event_id, "incident_id": row.incident_id, "received_at": row.received_at}
    return about | {"service": row.name, "environment": row.environment} | said | about
