"""What is read of services: rows with their lives and processes, and the page of one of them."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, Select, case, func, or_, select

from aiops_platform.core import ahead
from aiops_platform.core.incident import STANDING, IncidentState
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.service_views import Deploy, Release, ServiceDetail, Version
from aiops_platform.core.views import HourCount, InstanceRow, MonitorSpan, ServiceRow
from aiops_platform.storage import job_reads
from aiops_platform.storage.bodies import Bodies, DamagedBodyError
from aiops_platform.storage.incident_rows import (
    TREND_HOURS,
    first_hour,
    hours_from,
    hours_of,
    incident_row,
    incident_rows,
)
from aiops_platform.storage.schema import (
    deploys,
    events,
    incidents,
    instances,
    monitor_states,
    monitors,
    releases,
    service_hours,
    services,
)

_MOST_INSTANCES: Final = 50
_CHART_HOURS: Final = 14 * 24
_LIFE: Final = timedelta(days=7)
_INCIDENTS: Final = 8
_RELEASES: Final = 10
_JOBS: Final = 8
_ASKED: Final = 5
# What needs looking after comes first; a service without heartbeats has nothing to say about its life.
LIFE_ORDER = case(
    {state.value: place for place, state in enumerate((MonitorState.SILENT, MonitorState.LATE, MonitorState.ALIVE))},
    value=monitors.c.state,
    else_=9,
)


def detail_of(
    connection: Connection, opener: Bodies, project_id: int, service_id: int, now: datetime
) -> ServiceDetail | None:
    """One service with all that its page shows; None when this project has no such."""
    query = service_rows().where(services.c.project_id == project_id, services.c.id == service_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    until = ahead.horizon(now)
    spans = spans_of(connection, [row.monitor_id] if row.monitor_id else [], since=now - _LIFE, until=until)
    processes = instances_of(connection, [service_id], now).get(service_id, [])
    mine = (incidents.c.service_id == service_id) & incidents.c.state.in_(STANDING)
    is_open = case((incidents.c.state == IncidentState.OPEN.value, 0), else_=1)
    newest = incident_rows().where(mine).order_by(is_open, incidents.c.last_seen_at.desc(), incidents.c.id.desc())
    found = connection.execute(newest.limit(_INCIDENTS)).all()
    trends = hours_of(connection, [each.id for each in found], since=first_hour(now, TREND_HOURS))
    return ServiceDetail(
        row=service_row(row, spans.get(row.monitor_id, ()), processes),
        incidents=tuple(incident_row(each, trends.get(each.id, {}), now) for each in found),
        total_incidents=connection.execute(select(func.count()).select_from(incidents).where(mine)).scalar_one(),
        hours=_hours(connection, service_id, now),
        releases=_releases(connection, service_id),
        deploys=_deploys(connection, service_id),
        hosts=tuple(sorted({each.host for each in processes if each.host})),
        versions=_versions(processes),
        runtimes=_runtimes(connection, opener, service_id),
        jobs=job_reads.page_of(connection, [services.c.id == service_id], page=1, per_page=_JOBS),
    )


def _hours(connection: Connection, service_id: int, now: datetime) -> tuple[HourCount, ...]:
    since = first_hour(now, _CHART_HOURS)
    query = select(service_hours).where(service_hours.c.service_id == service_id, service_hours.c.hour >= since)
    counts = {row.hour: row._mapping["count"] for row in connection.execute(query)}
    return tuple(HourCount(hour=hour, count=counts.get(hour, 0)) for hour in hours_from(since, _CHART_HOURS))


def _releases(connection: Connection, service_id: int) -> tuple[Release, ...]:
    query = (
        select(releases.c.release, releases.c.first_seen_at)
        .where(releases.c.service_id == service_id)
        .order_by(releases.c.first_seen_at.desc(), releases.c.release)
    )
    rows = connection.execute(query.limit(_RELEASES))
    return tuple(Release(name=row.release, first_seen_at=row.first_seen_at) for row in rows)


def _deploys(connection: Connection, service_id: int) -> tuple[Deploy, ...]:
    query = select(deploys).where(deploys.c.service_id == service_id).order_by(deploys.c.at.desc(), deploys.c.id.desc())
    rows = connection.execute(query.limit(_RELEASES)).mappings()
    return tuple(Deploy(release=row["release"], at=row["at"], by=row["by"]) for row in rows)


def _versions(processes: Sequence[InstanceRow]) -> tuple[Version, ...]:
    """The clients that its processes run with, and how many run with each."""
    many: dict[str, int] = {}
    for each in processes:
        if each.sdk and not each.closing:
            many[each.sdk] = many.get(each.sdk, 0) + 1
    return tuple(Version(name=name, processes=many[name]) for name in sorted(many, reverse=True))


def _runtimes(connection: Connection, opener: Bodies, service_id: int) -> tuple[str, ...]:
    """What its last failures ran on: heartbeats do not tell."""
    latest = (
        select(incidents.c.id)
        .where(incidents.c.service_id == service_id)
        .order_by(incidents.c.last_seen_at.desc())
        .limit(_ASKED)
    )
    newest = select(func.max(events.c.id)).where(events.c.incident_id.in_(latest)).group_by(events.c.incident_id)
    found = []
    for row in connection.execute(select(events.c.dictionary_id, events.c.body).where(events.c.id.in_(newest))):
        with suppress(DamagedBodyError, msgspec.MsgspecError):
            told = msgspec.json.decode(opener.open(connection, row.dictionary_id, row.body), type=_Ran)
            found.append(said(told.contexts.get("runtime"), "name", "version"))
    return tuple(sorted({each for each in found if each}))


class _Ran(msgspec.Struct):
    """Of an event what it ran on."""

    contexts: dict[str, Any] = {}


def service_rows() -> Select[Any]:
    """Every service with its monitor; for `service_row`."""
    still_open = (
        select(func.count())
        .where(incidents.c.service_id == services.c.id, incidents.c.state == IncidentState.OPEN)
        .scalar_subquery()
    )
    return select(
        services,
        still_open.label("open_incidents"),
        monitors.c.id.label("monitor_id"),
        monitors.c.state,
        monitors.c.state_since,
        monitors.c.last_beat_at,
        monitors.c.base_url,
        monitors.c.interval,
        monitors.c.last_beat,
    ).select_from(services.outerjoin(monitors, monitors.c.service_id == services.c.id))


def instances_of(connection: Connection, service_ids: Sequence[int], now: datetime) -> dict[int, list[InstanceRow]]:
    """Of each service the processes that beat lately, the newest beat first."""
    order = (instances.c.closing, instances.c.last_beat_at.desc(), instances.c.name)
    number = func.row_number().over(partition_by=instances.c.service_id, order_by=order).label("number")
    lately = instances.c.service_id.in_(service_ids) & (instances.c.gone_at >= now)
    numbered = select(instances, number).where(lately).subquery()
    query = select(numbered).where(numbered.c.number <= _MOST_INSTANCES)
    found: dict[int, list[InstanceRow]] = {}
    for row in connection.execute(query.order_by(numbered.c.service_id, numbered.c.number)).mappings():
        fields = {name: row[name] for name in InstanceRow.__dataclass_fields__}
        found.setdefault(row["service_id"], []).append(InstanceRow(**fields))
    return found


def service_row(row: Row[Any], spans: Sequence[MonitorSpan], processes: Sequence[InstanceRow]) -> ServiceRow:
    """The row, with what its newest heartbeat told."""
    beat: dict[str, Any] = row.last_beat or {}
    return ServiceRow(
        id=row.id,
        name=row.name,
        environment=row.environment,
        state=None if row.state is None else MonitorState(row.state),
        state_since=row.state_since,
        last_beat_at=row.last_beat_at,
        last_event_at=row.last_event_at,
        first_seen_at=row.first_seen_at,
        base_url=row.base_url,
        sdk=said(beat.get("sdk"), "name", "version"),
        host=said(beat.get("instance"), "host") or (beat.get("host") or None),
        interval=row.interval,
        open_incidents=row.open_incidents,
        stats=beat.get("stats") or {},
        spans=tuple(spans),
        instances=tuple(processes),
    )


def said(part: object, *names: str) -> str | None:
    """The texts of those names in one line; a heartbeat may say less, or nothing."""
    if not isinstance(part, dict):
        return None
    return " ".join(str(part[name]) for name in names if part.get(name)) or None


def spans_of(
    connection: Connection, monitor_ids: Sequence[int], *, since: datetime, until: datetime
) -> dict[int, tuple[MonitorSpan, ...]]:
    """Of each of these monitors the states in which it stood in that time, the oldest first."""
    # The state at the beginning of the span was entered before it: for each monitor the last change before counts, too.
    before = (
        select(monitor_states.c.monitor_id, func.max(monitor_states.c.since).label("since"))
        .where(monitor_states.c.since <= since, monitor_states.c.monitor_id.in_(monitor_ids))
        .group_by(monitor_states.c.monitor_id)
        .subquery()
    )
    query = (
        select(monitor_states)
        .outerjoin(before, before.c.monitor_id == monitor_states.c.monitor_id)
        .where(
            monitor_states.c.monitor_id.in_(monitor_ids),
            monitor_states.c.since <= until,
            or_(before.c.since.is_(None), monitor_states.c.since >= before.c.since),
        )
        .order_by(monitor_states.c.monitor_id, monitor_states.c.since, monitor_states.c.id)
    )
    changes: dict[int, list[tuple[MonitorState, datetime]]] = {}
    for row in connection.execute(query):
        changes.setdefault(row.monitor_id, []).append((MonitorState(row.state), row.since))
    return {monitor_id: _spans(list_of) for monitor_id, list_of in changes.items()}


def _spans(changes: Sequence[tuple[MonitorState, datetime]]) -> tuple[MonitorSpan, ...]:
    ends = [since for _, since in changes[1:]] + [None]
    return tuple(
        MonitorSpan(state=state, since=since, until=until) for (state, since), until in zip(changes, ends, strict=True)
    )
