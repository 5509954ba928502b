"""Every stored event, one after the other, in as little memory as one of them takes, while others write."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, literal, select

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
    """What is in the store and cannot be read: an event by its id, or whatever is in some rows."""

    which: str
    why: str


def exported(database: Database, wanted: Wanted) -> Iterator[dict[str, Any] | Damaged]:
    """The events that are stored now, oldest receipt first: the fields of the wire, `incident_id` and `received_at`.

    What is dropped meanwhile may be missing, what arrives meanwhile is. What lies on damaged pages is left out, and told
    as Damaged. Raises StoreUnavailableError.
    """
    exporter = _Exporter(database, wanted)
    spoilt: _Spoilt | None = None
    for each in exporter.events(1, _last(database)):
        if isinstance(each, _Spoilt):
            # Row by row it would be a line for each that there may have been.
            spoilt = each if spoilt is None else spoilt.up_to(each)
            continue
        if spoilt is not None:
            yield spoilt.told()
            spoilt = None
        yield each
    if spoilt is not None:
        yield spoilt.told()


@dataclass(frozen=True)
class _Spoilt:
    """Rows one after the other that cannot be read, if they are there."""

    first: int
    last: int
    why: str

    def up_to(self, other: "_Spoilt") -> "_Spoilt":
        return replace(self, last=other.last)

    def told(self) -> Damaged:
        rows = f"in row {self.first}" if self.first == self.last else f"in the rows {self.first} to {self.last}"
        return Damaged(rows, self.why)


class _Exporter:
    def __init__(self, database: Database, wanted: Wanted) -> None:
        self._database = database
        self._wanted = wanted
        self._opener = Bodies()
        self._whole = (
            select(events, services.c.name, services.c.environment)
            .select_from(events.join(incidents, events.c.incident_id == incidents.c.id).join(services))
            .where(*_conditions(wanted))
            .order_by(events.c.id)
            .limit(_TOGETHER)
        )

    def events(self, first: int, last: int) -> Iterator[dict[str, Any] | Damaged | _Spoilt]:
        """What can be read of the events in these rows."""
        while first <= last:
            try:
                ids, told = self._read(first, last)
            except StoreDamagedError as error:
                if first == last:
                    yield self._alone(first, error)
                    return
                # Narrower and narrower: in the end only what lies on the damaged page is left out.
                middle = (first + last) // 2
                yield from self.events(first, middle)
                first = middle + 1
                continue
            yield from told
            if len(ids) < _TOGETHER:
                return
            first = ids[-1] + 1

    def _read(self, first: int, last: int) -> tuple[list[int], list[dict[str, Any] | Damaged]]:
        with self._database.read() as connection:
            rows = connection.execute(self._whole.where(events.c.id.between(first, last))).all()
            return [row.id for row in rows], [_told(connection, row, self._opener) for row in rows]

    def _alone(self, event: int, error: StoreDamagedError) -> dict[str, Any] | Damaged | _Spoilt:
        """The event of a row without its incident and service, if those are what is damaged."""
        wanted = self._wanted
        if wanted.service is None and wanted.environment is None:
            unnamed = select(events, literal(None).label("name"), literal(None).label("environment"))
            try:
                with self._database.read() as connection:
                    row = connection.execute(unnamed.where(events.c.id == event, *_conditions(wanted))).one_or_none()
                    if row is not None:
                        return _told(connection, row, self._opener)
            except StoreDamagedError:
                pass
        return _Spoilt(event, event, str(error))


def _last(database: Database) -> int:
    """The newest row."""
    try:
        with database.read() as connection:
            return connection.scalar(select(func.max(events.c.id))) or 0
    except StoreDamagedError:
        # Where the page that has it is damaged, an index tells: as a sum it is not looked for at the end of the table.
        with database.read() as connection:
            return connection.scalar(select(func.max(events.c.id + 0))) or 0


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
    named = {} if row.name is None else {"service": row.name, "environment": row.environment}
    return about | named | said | about
