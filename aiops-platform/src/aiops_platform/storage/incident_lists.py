"""A page of the list of incidents: which, in which order, and what is shown of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    type_coerce,
)

from aiops_platform.core import rising
from aiops_platform.core.incident import STANDING, IncidentState
from aiops_platform.core.listing import LATELY, Period, Rank, Sort
from aiops_platform.core.rising import Rise
from aiops_platform.core.search import Node
from aiops_platform.core.views import Cursor, EventsOverTime, IncidentPage, IncidentQuery, IncidentRow, StateCounts
from aiops_platform.storage import finding
from aiops_platform.storage.finding import Around
from aiops_platform.storage.incident_rows import incident_row, incident_rows
from aiops_platform.storage.risings import rises_among, rises_of
from aiops_platform.storage.schema import incident_hours, incidents, micros

_Condition = ColumnElement[bool]

_HOUR: Final = timedelta(hours=1)
_TREND: Final = 24
# In this order they are listed, if nobody says otherwise.
_STATES: Final = (IncidentState.OPEN, IncidentState.MUTED, IncidentState.RESOLVED)
# A chart has so many bars at most, of so many hours each.
_BARS: Final = 120
_STEPS: Final = (1, 2, 3, 6, 12, 24, 72, 168)


@dataclass(frozen=True)
class Asked:
    """A query with all that it takes to answer it. What rises and what holds the words is asked once."""

    query: IncidentQuery
    search: Node
    around: Around
    rises: Mapping[int, Rise]


def asked_of(connection: Connection, project_id: int, query: IncidentQuery, now: datetime) -> Asked:
    """The query as it is to be answered now."""
    search = finding.search_of(query)
    # What rises is looked for in all where it matters, else in what is shown.
    matters = query.sort is Sort.MATTERS or finding.needs_rising(search)
    rises = rises_of(connection, project_id, now) if matters else {}
    around = Around(
        project_id=project_id,
        now=now,
        me=query.me,
        rising=tuple(rises),
        period=query.period,
        tagged=finding.tagged(connection, search),
    )
    return Asked(query, search, replace(around, matched=finding.matched(connection, search, around)), rises)


def page_of(connection: Connection, asked: Asked) -> IncidentPage:
    """See `ports.Reads.incidents`."""
    query, around = asked.query, asked.around
    conditions = finding.matching(asked.search, around)
    counts = counted(connection, conditions)
    total = counts.of(query.state)
    order = _order(query, around)
    found = _found(connection, query, conditions, counts, order)
    more = found[query.per_page :]
    found = found[: query.per_page]
    return IncidentPage(
        rows=shown(connection, asked, found),
        counts=counts,
        total=total,
        page=query.page,
        per_page=query.per_page,
        next=_cursor(found[-1], query, order) if more else None,
    )


def events_over_time(connection: Connection, asked: Asked) -> EventsOverTime:
    """See `ports.Reads`."""
    query, around = asked.query, asked.around
    period = query.period or Period.lasting(LATELY, around.now)
    ids = select(incidents.c.id).where(
        finding.standing(query.state), incidents.c.last_seen_at >= period.since, *finding.matching(asked.search, around)
    )
    return counted_over(connection, incident_hours.c.incident_id.in_(ids), period)


def counted_over(connection: Connection, which: _Condition, period: Period) -> EventsOverTime:
    """The events of these incidents within a period, in as many stretches as a chart has room for."""
    span = period.span // _HOUR
    step = next((step for step in _STEPS if span <= step * _BARS), _STEPS[-1])
    # The last bar is whole; the first may begin earlier than the period.
    many = -(-span // step)
    begin = period.until - many * step * _HOUR
    place = _place(incident_hours.c.hour, begin, step)
    summed = (
        select(place.label("place"), func.sum(incident_hours.c.count).label("many"))
        .where(which, incident_hours.c.hour >= period.since, incident_hours.c.hour < period.until)
        .group_by(place)
    )
    counts = {int(row.place): int(row.many) for row in connection.execute(summed)}
    shown = Period(begin, period.until)
    return EventsOverTime(period=shown, hours=step, counts=tuple(counts.get(each, 0) for each in range(many)))


def counted(connection: Connection, conditions: Sequence[_Condition]) -> StateCounts:
    """How many of those stand in each state."""
    query = select(incidents.c.state, func.count().label("many")).where(*conditions).group_by(incidents.c.state)
    many = {row.state: row.many for row in connection.execute(query)}
    return StateCounts(**{state.value: many.get(state.value, 0) for state in STANDING})


def _found(
    connection: Connection,
    query: IncidentQuery,
    conditions: Sequence[_Condition],
    counts: StateCounts,
    order: Sequence[ColumnElement[int]],
) -> list[Row[Any]]:
    """The rows of the page, and the one after it, if there is one: state by state, each from an index in its order."""
    found: list[Row[Any]] = []
    skipped = 0 if query.after else (query.page - 1) * query.per_page
    for state, after in _parts(query):
        there, left = counts.of(state), query.per_page + 1 - len(found)
        if left > 0 and skipped < there:
            wanted = _ordered(incident_rows().where(finding.standing(state), *conditions), order)
            if after is not None:
                wanted = wanted.where(tuple_(*order, incidents.c.id) < tuple_(*map(literal, (*after.values, after.id))))
            found += connection.execute(wanted.offset(skipped).limit(left)).all()
        skipped = max(0, skipped - there)
    return found


def _parts(query: IncidentQuery) -> Iterator[tuple[IncidentState | None, Cursor | None]]:
    """The states that are listed one after the other, the first of them after a place in it; None is all in one."""
    if query.state is not None or query.sort is not Sort.NEWEST:
        yield query.state, query.after
        return
    first = next((place for place, state in enumerate(_STATES) if query.after and query.after.state == state), 0)
    for state in _STATES[first:]:
        yield state, query.after if state is _STATES[first] else None


def _order(query: IncidentQuery, around: Around) -> list[ColumnElement[int]]:
    """By what is listed, the highest first, in whole numbers; the newest of equals first."""
    last: ColumnElement[int] = type_coerce(incidents.c.last_seen_at, BigInteger)
    match query.sort:
        case Sort.NEWEST:
            is_past = query.period is not None and query.period.until <= around.now
            return [type_coerce(finding.last_within(query.period), BigInteger)] if is_past and query.period else [last]
        case Sort.FIRST_SEEN:
            return [type_coerce(incidents.c.first_seen_at, BigInteger)]
        case Sort.COUNT:
            return [incidents.c.count if query.period is None else finding.count_within(query.period), last]
        case Sort.PEOPLE:
            return [incidents.c.people, last]
        case Sort.MATTERS:
            return [_rank(around), last]


def _rank(around: Around) -> ColumnElement[int]:
    """As `core.listing.rank` says, below zero: what matters most is the highest."""
    lately = around.now - LATELY
    return case(
        (incidents.c.state != IncidentState.OPEN, -Rank.SETTLED.value),
        (incidents.c.id.in_(sorted(around.rising)), -Rank.RISING.value),
        (incidents.c.first_seen_at > lately, -Rank.NEW.value),
        (incidents.c.reopened_at > lately, -Rank.REGRESSED.value),
        else_=-Rank.OPEN.value,
    )


def _ordered(query: Select[Any], order: Sequence[ColumnElement[int]]) -> Select[Any]:
    # By the labels: so it is worked out once.
    marked = [column.label(f"order_{number}") for number, column in enumerate(order)]
    return query.add_columns(*marked).order_by(*(column.desc() for column in marked), incidents.c.id.desc())


def _cursor(row: Row[Any], query: IncidentQuery, order: Sequence[ColumnElement[int]]) -> Cursor:
    values = tuple(int(row._mapping[f"order_{number}"]) for number in range(len(order)))
    return Cursor(state=row.state if query.sort is Sort.NEWEST else "", values=values, id=row.id)


def shown(connection: Connection, asked: Asked, found: Sequence[Row[Any]]) -> tuple[IncidentRow, ...]:
    """What is told of these rows (`incident_rows`), in their order."""
    period, now = asked.query.period, asked.around.now
    rises = asked.rises or rises_among(connection, _lately(found, now), now)
    over = period or Period.lasting(_TREND * _HOUR, now)
    step = max(1, -(-(over.span // _HOUR) // _TREND))
    bars = -(-(over.span // _HOUR) // step)
    begin = over.until - bars * step * _HOUR
    place = _place(incident_hours.c.hour, begin, step)
    table = incident_hours
    summed = (
        select(
            table.c.incident_id,
            place.label("place"),
            func.sum(table.c.count).label("many"),
            func.min(table.c.hour).label("first"),
            func.max(table.c.hour).label("last"),
        )
        .where(table.c.incident_id.in_([row.id for row in found]))
        .where(table.c.hour >= over.since, table.c.hour < over.until)
        .group_by(table.c.incident_id, place)
    )
    of_each: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(summed):
        of_each.setdefault(row.incident_id, []).append(row)
    return tuple(
        replace(
            incident_row(row, {}, now),
            trend=_trend(of_each.get(row.id, ()), bars),
            rising=round(rises[row.id].factor, 1) if row.id in rises else None,
            **(_within(row, period, of_each.get(row.id, ())) if period else {}),
        )
        for row in found
    )


def _lately(found: Iterable[Row[Any]], now: datetime) -> dict[int, datetime]:
    """When those were first seen that may rise."""
    since = rising.since(now)
    return {row.id: row.first_seen_at for row in found if row.state == IncidentState.OPEN and row.last_seen_at >= since}


def _trend(places: Iterable[Row[Any]], bars: int) -> tuple[int, ...]:
    counts = {int(each.place): int(each.many) for each in places}
    return tuple(counts.get(place, 0) for place in range(bars))


def _within(row: Row[Any], period: Period, places: Sequence[Row[Any]]) -> dict[str, Any]:
    """Count, first and last seen within a period: by the hours that there were events in."""
    if not places:
        return {"count": 0}
    first, last = min(each.first for each in places), max(each.last for each in places)
    return {
        "count": sum(int(each.many) for each in places),
        # Exactly where it is known so, else by the hour.
        "first_seen_at": row.first_seen_at if row.first_seen_at >= period.since else first,
        "last_seen_at": row.last_seen_at if row.last_seen_at < period.until else last + _HOUR,
    }


def _place(hour: Any, begin: datetime, step: int) -> ColumnElement[int]:
    """In which stretch of so many hours an hour lies, from 0 on."""
    # Not parameters: what is shown and what is grouped by must be the same to the engine.
    first: Any = literal_column(str(micros(begin)))
    length: Any = literal_column(str(step * 3_600_000_000))
    return (type_coerce(hour, BigInteger) - type_coerce(first, BigInteger)) // type_coerce(length, BigInteger)
