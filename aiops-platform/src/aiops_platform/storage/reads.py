"""What pages and the API read: queries that answer with the rows of `core.views`. They change nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from aiops_platform.core import acts, ahead, rising
from aiops_platform.core.care import Assignee, DeployRow, ReleaseRow
from aiops_platform.core.event import Event
from aiops_platform.core.grouping import KIN_KINDS
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.reading import Reading
from aiops_platform.core.views import (
    BuriedDetail,
    BuriedPage,
    EventDetail,
    EventPage,
    EventRow,
    EventsOverTime,
    Facet,
    Found,
    GroupReason,
    HourCount,
    IncidentDetail,
    IncidentPage,
    IncidentQuery,
    JobDetail,
    JobPage,
    Neighbour,
    Overview,
    ServicePage,
    ValueCount,
)
from aiops_platform.ports import Undoing
from aiops_platform.storage import burial, event_reads, frame, group_rules, incident_lists, job_reads, undoing
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.caring import SHOWN, care_of, deploys_of, marks_of, members_of, releases_of, timeline_of
from aiops_platform.storage.database import Database
from aiops_platform.storage.facets import facets_of, values_of
from aiops_platform.storage.incident_rows import (
    first_hour,
    hours_from,
    hours_of,
    incident_row,
    incident_rows,
)
from aiops_platform.storage.last_events import last_events
from aiops_platform.storage.list_reading import found_since, highest_number
from aiops_platform.storage.nearby import neighbours
from aiops_platform.storage.schema import (
    events,
    group_keys,
    incident_values,
    incidents,
    services,
)
from aiops_platform.storage.service_reads import LIFE_ORDER, instances_of, service_row, service_rows, spans_of

_CHART_HOURS = 14 * 24
_TIMELINE = timedelta(hours=24)
_MOST_VALUES = 50
_MOST_REASONS = 5
_MOST_WORDS = 8

_STATES = (IncidentState.OPEN, IncidentState.MUTED, IncidentState.RESOLVED)


class SqlReads:
    """The port `Reads` over SQL. Every call sees one moment of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bodies = Bodies()

    def revision(self, project_id: int) -> dict[str, int]:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return frame.revision_of(connection, project_id)

    def overview(self, project_id: int) -> Overview:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return frame.overview_of(connection, project_id)

    def frame(self, project_id: int) -> tuple[dict[str, int], Overview]:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return frame.revision_of(connection, project_id), frame.overview_of(connection, project_id)

    def incidents(self, project_id: int, query: IncidentQuery, now: datetime) -> IncidentPage:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return incident_lists.page_of(connection, incident_lists.asked_of(connection, project_id, query, now))

    def facets(self, project_id: int, query: IncidentQuery, now: datetime) -> tuple[Facet, ...]:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return facets_of(connection, incident_lists.asked_of(connection, project_id, query, now))

    def found(self, project_id: int, query: IncidentQuery, now: datetime) -> Found:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            # First: whatever comes in from here on is new to who reads the page.
            highest = highest_number(connection)
            asked = incident_lists.asked_of(connection, project_id, query, now)
            return Found(
                page=incident_lists.page_of(connection, asked),
                facets=facets_of(connection, asked),
                events=incident_lists.events_over_time(connection, asked),
                highest=highest,
            )

    def found_since(self, project_id: int, query: IncidentQuery, reading: Reading, now: datetime) -> Found:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return found_since(connection, incident_lists.asked_of(connection, project_id, query, now), reading)

    def values(self, project_id: int, field: str, begin: str, limit: int) -> tuple[str, ...]:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return values_of(connection, project_id, field, begin, limit)

    def events_over_time(self, project_id: int, query: IncidentQuery, now: datetime) -> EventsOverTime:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            asked = incident_lists.asked_of(connection, project_id, query, now)
            return incident_lists.events_over_time(connection, asked)

    def incident(self, project_id: int, incident_id: int, now: datetime) -> IncidentDetail | None:
        """See `ports.Reads`."""
        query = incident_rows().where(incidents.c.project_id == project_id, incidents.c.id == incident_id)
        since = first_hour(now, _CHART_HOURS)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            hours = hours_of(connection, [incident_id], since=since).get(incident_id, {})
            marks = marks_of(connection, row.service_id, min(row.first_seen_at, now - SHOWN))
            timeline = timeline_of(connection, incident_id, row.service_id, row.first_seen_at, marks)
            care = care_of(connection, row, now, marks)
            grouping = _reasons_of(connection, incident_id)
            values = _values_of(connection, incident_id)
        is_open = row.state == IncidentState.OPEN
        rise = rising.rise(hours, first_seen_at=row.first_seen_at, now=now) if is_open else None
        return IncidentDetail(
            row=replace(incident_row(row, hours, now), rising=None if rise is None else round(rise.factor, 1)),
            service_id=row.service_id,
            state_since=row.state_since,
            logger=row.logger,
            first_release=row.first_release,
            last_release=row.last_release,
            grouping=grouping,
            hours=tuple(HourCount(hour=hour, count=hours.get(hour, 0)) for hour in hours_from(since, _CHART_HOURS)),
            values=values,
            facts=timeline,
            care=care,
        )

    def event(self, project_id: int, incident_id: int, which: Literal["newest", "oldest"] | int) -> EventDetail | None:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            row = event_reads.row_of(connection, project_id, incident_id, which)
            return None if row is None else event_reads.detail_of(connection, self._bodies, row)

    def deploys(self, project_id: int, *, service: str | None, environment: str | None, limit: int) -> list[DeployRow]:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return deploys_of(connection, _services_named(project_id, service, environment), limit)

    def releases(
        self, project_id: int, *, service: str | None, environment: str | None, limit: int
    ) -> list[ReleaseRow]:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return releases_of(connection, _services_named(project_id, service, environment), limit)

    def members(self, project_id: int) -> list[Assignee]:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return members_of(connection, project_id)

    def neighbours(self, project_id: int, incident_id: int, event_id: int) -> tuple[Neighbour, ...]:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return neighbours(connection, project_id, incident_id, event_id)

    def events(self, project_id: int, incident_id: int, *, page: int = 1, per_page: int = 25) -> EventPage | None:
        """See `ports.Reads`."""
        known = select(incidents.c.id).where(incidents.c.id == incident_id, incidents.c.project_id == project_id)
        known = known.where(incidents.c.state != IncidentState.DELETED)
        mine = events.c.incident_id == incident_id
        columns = (events.c.id, events.c.event_id, events.c.occurred_at, events.c.received_at, events.c.repeat_count)
        query: Select[Any] = select(*columns).where(mine).order_by(events.c.id.desc())
        query = query.limit(per_page).offset((page - 1) * per_page)
        with self._database.read() as connection:
            if connection.execute(known).one_or_none() is None:
                return None
            total = connection.execute(select(func.count()).select_from(events).where(mine)).scalar_one()
            rows = tuple(_event_row(row) for row in connection.execute(query))
        return EventPage(rows=rows, total=total, page=page, per_page=per_page)

    def undoing(self, project_id: int, name: str) -> Undoing | None:
        """See `ports.Reads`."""
        id_ = acts.undoing_id(name)
        if id_ is None:
            return None
        with self._database.read() as connection:
            return undoing.find(connection, project_id, id_)

    def group_rules(self, project_id: int) -> str:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return group_rules.of_project(connection, project_id)

    def last_events(self, project_id: int, limit: int) -> Iterator[tuple[int, Event]]:
        """See `ports.Reads`."""
        return last_events(self._database, self._bodies, project_id, limit)

    def services(self, project_id: int, now: datetime, *, page: int = 1, per_page: int = 40) -> ServicePage:
        """See `ports.Reads`."""
        mine = services.c.project_id == project_id
        query = service_rows().where(mine).order_by(LIFE_ORDER, services.c.name, services.c.environment)
        with self._database.read() as connection:
            total = connection.execute(select(func.count()).where(mine)).scalar_one()
            found = connection.execute(query.limit(per_page).offset((page - 1) * per_page)).all()
            spans = spans_of(
                connection,
                [row.monitor_id for row in found if row.monitor_id],
                since=now - _TIMELINE,
                until=ahead.horizon(now),
            )
            processes = instances_of(connection, [row.id for row in found], now)
        rows = tuple(service_row(row, spans.get(row.monitor_id, ()), processes.get(row.id, ())) for row in found)
        return ServicePage(rows=rows, total=total, page=page, per_page=per_page)

    def jobs(
        self,
        project_id: int,
        *,
        service: str | None = None,
        environment: str | None = None,
        page: int = 1,
        per_page: int = 25,
    ) -> JobPage:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            mine = _services_named(project_id, service, environment)
            return job_reads.page_of(connection, mine, page=page, per_page=per_page)

    def job(self, project_id: int, job_id: int) -> JobDetail | None:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return job_reads.detail_of(connection, project_id, job_id)

    def buried(self, project_id: int, *, page: int = 1, per_page: int = 30) -> BuriedPage:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return burial.page_of(connection, project_id, page=page, per_page=per_page)

    def buried_parcel(self, project_id: int, buried_id: int) -> BuriedDetail | None:
        """See `ports.Reads`."""
        with self._database.read() as connection:
            return burial.one(connection, project_id, buried_id)


def _services_named(project_id: int, service: str | None, environment: str | None) -> list[ColumnElement[bool]]:
    named = [services.c.project_id == project_id]
    if service is not None:
        named.append(services.c.name == _storable(service))
    if environment is not None:
        named.append(services.c.environment == _storable(environment))
    return named


def _storable(text: str) -> str:
    # PostgreSQL refuses this character even to look for it; nothing that is kept holds it.
    return text.replace("\x00", "\ufffd")


def _values_of(connection: Connection, incident_id: int) -> tuple[ValueCount, ...]:
    table = incident_values
    order = (table.c.count.desc(), table.c.value)
    number = func.row_number().over(partition_by=table.c.name, order_by=order).label("number")
    numbered = select(table, number).where(table.c.incident_id == incident_id).subquery()
    query = select(numbered).where(numbered.c.number <= _MOST_VALUES).order_by(numbered.c.name, numbered.c.number)
    return tuple(
        ValueCount(name=row["name"] or None, value=row["value"] or None, count=row["count"])
        for row in connection.execute(query).mappings()
    )


def _reasons_of(connection: Connection, incident_id: int) -> tuple[GroupReason, ...]:
    query = (
        select(group_keys.c.version, group_keys.c.parts)
        .where(group_keys.c.incident_id == incident_id)
        .order_by(group_keys.c.version.desc(), group_keys.c.hash)
        .limit(3 * _MOST_REASONS)
    )
    reasons = (GroupReason(version=row.version, parts=row.parts) for row in connection.execute(query))
    # Keys by which a stub finds its failure say in short what the others say in full.
    return tuple(reason for reason in reasons if reason.parts.get("kind") not in KIN_KINDS)[:_MOST_REASONS]


def _event_row(row: Row[Any]) -> EventRow:
    return EventRow(
        id=row.id,
        event_id=str(UUID(bytes=row.event_id)),
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        repeat_count=row.repeat_count,
    )
