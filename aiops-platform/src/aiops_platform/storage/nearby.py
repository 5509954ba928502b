"""What else happened at the time of an event, and in its request: rows beside it, for ids follow each other as events come in."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Column, Connection, Row, Select, select

from aiops_platform.core import tracing
from aiops_platform.core.event import Event
from aiops_platform.core.event_views import Companion
from aiops_platform.core.incident import IncidentKind, IncidentState, title_of
from aiops_platform.core.views import Neighbour
from aiops_platform.storage.bodies import Bodies, DamagedBodyError
from aiops_platform.storage.incident_rows import standing_rows
from aiops_platform.storage.schema import events, incidents

SPAN: Final = timedelta(minutes=5)
# So many ids to both sides are looked at: a loud loop leaves room for others, and no page waits.
_REACH: Final = 2_000
_MOST: Final = 6
# Events come nearly in the order of their ids: after so many in a row that came at another time there are no more.
_STRAYS: Final = 50
# Of these the bodies are looked into, too.
_OPENED: Final = 60
_WITHOUT_EVENTS: Final = (IncidentKind.SILENCE, IncidentKind.JOB)
_WITH_BODY: Final = (events.c.id, events.c.incident_id, events.c.received_at, events.c.dictionary_id, events.c.body)
_EVENT: Final = msgspec.json.Decoder(Event, strict=False)


def neighbours(connection: Connection, project_id: int, incident_id: int, event_id: int) -> tuple[Neighbour, ...]:
    """The other incidents that had events within five minutes of this one, or were opened then: those nearest to it."""
    at: datetime | None = connection.scalar(
        select(events.c.received_at).where(events.c.id == event_id, events.c.incident_id == incident_id)
    )
    if at is None:
        return ()
    later = nearest_to(connection, project_id, incident_id, event_id, at)
    return neighbours_among(standing_rows(connection, project_id, later), later)


def nearest_to(
    connection: Connection, project_id: int, incident_id: int, event_id: int, at: datetime
) -> dict[int, timedelta]:
    """The incidents, of whichever project, that may be those, and how much later each was than the event, which came then."""
    nearest: dict[int, datetime] = {}
    columns = (events.c.id, events.c.incident_id, events.c.received_at)
    for row in _beside(connection, columns, event_id, at, reach=_REACH):
        known = nearest.get(row.incident_id)
        if row.incident_id != incident_id and (known is None or abs(row.received_at - at) < abs(known - at)):
            nearest[row.incident_id] = row.received_at
    opened = incidents.c.first_seen_at.between(at - SPAN, at + SPAN)
    # A silence has no events, and a job's incident neither. State and last time narrow nothing down, but the index begins with them.
    seen_since = incidents.c.state.in_([state.value for state in IncidentState]) & (
        incidents.c.last_seen_at >= at - SPAN
    )
    silences = select(incidents.c.id, incidents.c.first_seen_at).where(
        incidents.c.project_id == project_id, seen_since, incidents.c.kind.in_(_WITHOUT_EVENTS), opened
    )
    nearest |= {row.id: row.first_seen_at for row in connection.execute(silences) if row.id != incident_id}
    first = sorted(nearest, key=lambda each: abs(nearest[each] - at))[: _MOST * 2]
    return {each: nearest[each] - at for each in first}


def neighbours_among(rows: Mapping[int, Row[Any]], later: Mapping[int, timedelta]) -> tuple[Neighbour, ...]:
    """Those of them that have a row (`incident_rows.standing_rows`): the nearest first."""
    found = [
        Neighbour(
            id=row.id,
            title=title_of(IncidentKind(row.kind), row.type, row.message),
            kind=IncidentKind(row.kind),
            state=IncidentState(row.state),
            level=row.level,
            service=row.service,
            environment=row.environment,
            later=later[row.id],
        )
        for row in rows.values()
        if row.id in later
    ]
    return tuple(sorted(found, key=lambda each: abs(each.later))[:_MOST])


def companions(connection: Connection, opener: Bodies, project_id: int, event_id: int) -> tuple[Companion, ...]:
    """The events of the same request or trace, nearest first, among those that came within five minutes and next to it."""
    mine: Select[Any] = select(*_WITH_BODY).select_from(events.join(incidents)).where(events.c.id == event_id)
    own = connection.execute(mine.where(incidents.c.project_id == project_id)).one_or_none()
    if own is None:
        return ()
    ids = _ids(connection, opener, own, {b""})
    found = of_same_request(connection, opener, ids, event_id, own.received_at)
    rows = standing_rows(connection, project_id, {row.incident_id for row in found})
    return companions_among(rows, found, own.received_at)


def of_same_request(
    connection: Connection, opener: Bodies, ids: Sequence[str], event_id: int, at: datetime
) -> list[Row[Any]]:
    """The events, of whichever project, that are known by one of these ids, near to the event, which came then."""
    if not ids:
        return []
    sought = {each.encode() for each in ids}
    found = [
        row
        for row in _beside(connection, _WITH_BODY, event_id, at, reach=_OPENED)
        if not sought.isdisjoint(each.encode() for each in _ids(connection, opener, row, sought))
    ]
    found.sort(key=lambda row: abs(row.received_at - at))
    return found[: _MOST * 2]


def companions_among(rows: Mapping[int, Row[Any]], found: Sequence[Row[Any]], at: datetime) -> tuple[Companion, ...]:
    """Those of these events whose incidents have a row (`incident_rows.standing_rows`); the event came then."""
    told = [
        Companion(
            incident_id=row.incident_id,
            event_id=row.id,
            title=title_of(IncidentKind(one.kind), one.type, one.message),
            kind=IncidentKind(one.kind),
            state=IncidentState(one.state),
            level=one.level,
            service=one.service,
            environment=one.environment,
            later=row.received_at - at,
        )
        for row in found
        if (one := rows.get(row.incident_id)) is not None
    ]
    return tuple(told[:_MOST])


def _ids(connection: Connection, opener: Bodies, row: Row[Any], sought: AbstractSet[bytes]) -> tuple[str, ...]:
    """The ids by which that event is known; it is read only if one that is sought stands in it."""
    with suppress(DamagedBodyError, msgspec.MsgspecError):
        raw = opener.open(connection, row.dictionary_id, row.body)
        if any(each in raw for each in sought):
            return tracing.ids_of(_EVENT.decode(raw))
    return ()


def _beside(
    connection: Connection, columns: Sequence[Column[Any]], event_id: int, at: datetime, *, reach: int
) -> Iterator[Row[Any]]:
    """The rows to both sides, nearest first on each, as far as they came within five minutes, at most `reach` a side."""
    earlier = select(*columns).where(events.c.id < event_id).order_by(events.c.id.desc()).limit(reach)
    later = select(*columns).where(events.c.id > event_id).order_by(events.c.id).limit(reach)
    for side in (earlier, later):
        strays = 0
        with connection.execute(side, execution_options={"yield_per": 100}) as rows:
            for row in rows:
                if abs(row.received_at - at) <= SPAN:
                    strays = 0
                    yield row
                elif (strays := strays + 1) == _STRAYS:
                    break
