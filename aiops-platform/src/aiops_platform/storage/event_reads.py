"""What is read of an incident's kept events: one with its place among them, some that somebody looks for, the best of them.

Events lie in the order in which they came, so a moment is found by halving. Nothing here reads more than some hundred.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, func, select

from aiops_platform.core import wire
from aiops_platform.core.event import Event
from aiops_platform.core.event_filter import Filter
from aiops_platform.core.event_views import EventLine, EventTable
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.surroundings import PlacedEvent
from aiops_platform.core.telling_events import most_telling
from aiops_platform.core.views import EventDetail
from aiops_platform.storage.bodies import Bodies, DamagedBodyError
from aiops_platform.storage.schema import events, incidents

# So many are looked at for one page of those that are looked for; the way on leads from there.
LOOKED: Final = 500
_TOGETHER: Final = 100
_DELETED: Final = IncidentState.DELETED.value
# Among these the most telling one is sought: others of the same incident tell hardly more.
_NEWEST, _OLDEST = 12, 4
_EVENT: Final = msgspec.json.Decoder(Event, strict=False)

Which: TypeAlias = Literal["newest", "oldest"] | int

# An event with how many of its incident are kept, and with those before and after it. Of a deleted incident nothing is to be
# read, though it is wiped only later.
_other = events.alias("other")
_of_it = _other.c.incident_id == events.c.incident_id
_ROWS: Final = (
    select(events, incidents.c.kept.label("kept"), incidents.c.passing.label("and_one"))
    .add_columns(
        select(func.max(_other.c.id)).where(_of_it, _other.c.id < events.c.id).scalar_subquery().label("earlier"),
        select(func.min(_other.c.id)).where(_of_it, _other.c.id > events.c.id).scalar_subquery().label("later"),
    )
    .select_from(events.join(incidents))
    .where(events.c.incident_id == bindparam("incident"), incidents.c.project_id == bindparam("project"))
    .where(incidents.c.state != _DELETED)
)
_NEWEST_ROW: Final = _ROWS.order_by(events.c.id.desc()).limit(1)
_OLDEST_ROW: Final = _ROWS.order_by(events.c.id).limit(1)
_ONE_ROW: Final = _ROWS.where(events.c.id == bindparam("event"))

_log = logging.getLogger(__name__)


def row_of(connection: Connection, project_id: int, incident_id: int, which: Which) -> Row[Any] | None:
    """An event by its place or by its id, with its neighbours; None when this incident, or project, has no such."""
    mine = {"project": project_id, "incident": incident_id}
    match which:
        case "newest":
            return connection.execute(_NEWEST_ROW, mine).one_or_none()
        case "oldest":
            return connection.execute(_OLDEST_ROW, mine).one_or_none()
        case int(number):
            return connection.execute(_ONE_ROW, {**mine, "event": number}).one_or_none()


def detail_of(connection: Connection, opener: Bodies, row: Row[Any]) -> EventDetail:
    """The event of such a row as it is kept, and its place among those that are."""
    number, of = _place(connection, row)
    return EventDetail(
        id=row.id,
        event_id=str(UUID(bytes=row.event_id)),
        incident_id=row.incident_id,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        body=wire.completed(msgspec.json.decode(opener.open(connection, row.dictionary_id, row.body))),
        number=number,
        of=of,
        earlier_id=row.earlier,
        later_id=row.later,
    )


def placed(connection: Connection, opener: Bodies, row: Row[Any]) -> PlacedEvent:
    """The same, read. Raises DamagedBodyError."""
    number, of = _place(connection, row)
    event = _event(opener.open(connection, row.dictionary_id, row.body))
    if event is None:
        _log.error("A kept event could not be laid out; its page offers its JSON", extra={"event": row.id})
    return PlacedEvent(
        id=row.id,
        event_id=str(UUID(bytes=row.event_id)),
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        number=number,
        of=of,
        earlier_id=row.earlier,
        later_id=row.later,
        event=event,
    )


def at(connection: Connection, project_id: int, incident_id: int, moment: datetime) -> int | None:
    """The row of the first kept event that came at that moment or later; the newest where none did, None where there is none."""
    if not _is_there(connection, project_id, incident_id):
        return None
    mine = events.c.incident_id == incident_id
    first, last = connection.execute(select(func.min(events.c.id), func.max(events.c.id)).where(mine)).one()
    if first is None:
        return None
    came = select(events.c.id, events.c.received_at).where(mine)
    while first < last:
        middle = (first + last) // 2
        before = connection.execute(came.where(events.c.id <= middle).order_by(events.c.id.desc()).limit(1)).one()
        if before.received_at >= moment:
            last = before.id
        else:
            first = connection.scalar(select(func.min(events.c.id)).where(mine, events.c.id > middle))
    return int(first)


def telling(connection: Connection, opener: Bodies, project_id: int, incident_id: int) -> int | None:
    """The row of the event that tells most, among the newest and the first ones; None where none is kept."""
    if not _is_there(connection, project_id, incident_id):
        return None
    mine = select(events.c.id, events.c.dictionary_id, events.c.body).where(events.c.incident_id == incident_id)
    rows = [
        *connection.execute(mine.order_by(events.c.id.desc()).limit(_NEWEST)),
        *connection.execute(mine.order_by(events.c.id).limit(_OLDEST)),
    ]
    read = [(row.id, event) for row in rows if (event := _event(_opened(connection, opener, row))) is not None]
    place = most_telling([event for _, event in read])
    return None if place is None else int(read[place][0])


def table_of(
    connection: Connection,
    opener: Bodies,
    project_id: int,
    incident_id: int,
    wanted: Filter,
    *,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    per_page: int,
) -> EventTable | None:
    """The newest events of an incident that match, older than the row `before`; None when this project has no such."""
    kept = connection.execute(
        select(incidents.c.kept, incidents.c.passing, incidents.c.count.label("many")).where(
            incidents.c.id == incident_id, incidents.c.project_id == project_id, incidents.c.state != _DELETED
        )
    ).one_or_none()
    if kept is None:
        return None
    lines: list[EventLine] = []
    looked, last, is_over = 0, before, False
    for row in _newest_first(connection, project_id, incident_id, before, until):
        if (since is not None and row.received_at < since) or len(lines) == per_page or looked == LOOKED:
            is_over = since is not None and row.received_at < since
            break
        looked, last = looked + 1, row.id
        if (until is None or row.received_at <= until) and (
            (line := _line(row, _opened(connection, opener, row), wanted)) is not None
        ):
            lines.append(line)
    else:
        is_over = True
    return EventTable(
        rows=tuple(lines),
        looked=looked,
        next_before=None if is_over else last,
        kept=int(kept.kept + kept.passing),
        count=kept.many,
    )


def opened(connection: Connection, opener: Bodies, row: Row[Any] | None) -> Event | None:
    """The event of a row with its body; None where there is none, or it cannot be read any more."""
    return None if row is None else _event(_opened(connection, opener, row))


def _place(connection: Connection, row: Row[Any]) -> tuple[int, int]:
    """Which one it is of how many that are kept."""
    of = int(row.kept + row.and_one)
    if row.earlier is None:
        number = 1
    elif row.later is None:
        number = of
    else:
        before = select(func.count()).where(events.c.incident_id == row.incident_id, events.c.id <= row.id)
        number = connection.scalar(before) or 1
    return number, max(of, number)


def _newest_first(
    connection: Connection, project_id: int, incident_id: int, before: int | None, until: datetime | None
) -> Iterator[Row[Any]]:
    if until is not None:
        end = at(connection, project_id, incident_id, until)
        # One that came at that very moment is meant, too.
        limit = None if end is None else end + 1
        before = limit if before is None else min(before, limit or before)
    columns = (
        events.c.id,
        events.c.event_id,
        events.c.occurred_at,
        events.c.received_at,
        events.c.repeat_count,
        events.c.dictionary_id,
        events.c.body,
    )
    mine: Select[Any] = select(*columns).where(events.c.incident_id == incident_id)
    while True:
        some = mine if before is None else mine.where(events.c.id < before)
        rows = connection.execute(some.order_by(events.c.id.desc()).limit(_TOGETHER)).all()
        yield from rows
        if len(rows) < _TOGETHER:
            return
        before = rows[-1].id


def _line(row: Row[Any], raw: bytes, wanted: Filter) -> EventLine | None:
    if wanted.words:
        text = raw.decode(errors="replace").lower()
        if not wanted.may_match(text):
            return None
        event = _event(raw)
        if event is None or not wanted.matches(event, text):
            return None
    else:
        event = _event(raw)
    return EventLine(
        id=row.id,
        event_id=str(UUID(bytes=row.event_id)),
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        repeat_count=row.repeat_count,
        event=event,
    )


def _opened(connection: Connection, opener: Bodies, row: Row[Any]) -> bytes:
    """The body; empty where it cannot be had back."""
    with suppress(DamagedBodyError):
        return opener.open(connection, row.dictionary_id, row.body)
    return b""


def _event(raw: bytes) -> Event | None:
    """None of what another version kept in another shape."""
    with suppress(msgspec.MsgspecError):
        return _EVENT.decode(raw)
    return None


def _is_there(connection: Connection, project_id: int, incident_id: int) -> bool:
    query = select(incidents.c.id).where(
        incidents.c.id == incident_id, incidents.c.project_id == project_id, incidents.c.state != _DELETED
    )
    return connection.execute(query).one_or_none() is not None
