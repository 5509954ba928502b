"""What is read of monitors and of their maintenance, see `ports.Monitoring`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select

from aiops_platform.core import ahead
from aiops_platform.core.maintenance import Window, held
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.monitor_views import Board, KnownTime, MonitorQuery, MonitorRow
from aiops_platform.core.status_page import StatusPage
from aiops_platform.storage import maintenance, status_pages
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import any_case_like
from aiops_platform.storage.monitor_rows import monitor_of
from aiops_platform.storage.schema import listened, monitors, services
from aiops_platform.storage.service_reads import LIFE_ORDER, spans_of


class SqlMonitoring:
    """The port `Monitoring` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def windows(self, project_id: int, since: datetime) -> tuple[Window, ...]:
        """See `ports.Monitoring`."""
        with self._database.read() as connection:
            return maintenance.of_project(connection, project_id, since)

    def windows_over(self, project_id: int, now: datetime, limit: int) -> tuple[Window, ...]:
        """See `ports.Monitoring`."""
        with self._database.read() as connection:
            return maintenance.over(connection, project_id, now, limit)

    def board(self, project_id: int, query: MonitorQuery, *, since: datetime, now: datetime) -> Board:
        """See `ports.Monitoring`."""
        wanted = _matching(project_id, query)
        counting = select(monitors.c.state, func.count()).select_from(_JOINED).where(*wanted).group_by(monitors.c.state)
        in_state = [*wanted, *([monitors.c.state == query.state.value] if query.state else [])]
        rows = _rows().where(*in_state).order_by(LIFE_ORDER, services.c.name, services.c.environment)
        page = rows.limit(query.per_page).offset((query.page - 1) * query.per_page)
        with self._database.read() as connection:
            counts = {MonitorState(row[0]): row[1] for row in connection.execute(counting)}
            found = connection.execute(page).mappings().all()
            return Board(
                rows=_with_spans(connection, found, since=since, now=now),
                total=counts.get(query.state, 0) if query.state else sum(counts.values()),
                counts=counts,
                page=query.page,
                per_page=query.per_page,
                known=_known_time(connection, project_id, since, now),
            )

    def monitor(self, project_id: int, service_id: int, *, since: datetime, now: datetime) -> MonitorRow | None:
        """See `ports.Monitoring`."""
        return self.monitors(project_id, [service_id], since=since, now=now).get(service_id)

    def monitors(
        self, project_id: int, service_ids: Sequence[int], *, since: datetime, now: datetime
    ) -> Mapping[int, MonitorRow]:
        """See `ports.Monitoring`."""
        mine = services.c.project_id == project_id, services.c.id.in_(service_ids)
        with self._database.read() as connection:
            found = connection.execute(_rows().where(*mine)).mappings().all()
            return {row.service_id: row for row in _with_spans(connection, found, since=since, now=now)}

    def known_time(self, project_id: int, *, since: datetime, now: datetime) -> KnownTime:
        """See `ports.Monitoring`."""
        with self._database.read() as connection:
            return _known_time(connection, project_id, since, now)

    def status_page(self, project_id: int) -> StatusPage | None:
        """See `ports.Monitoring`."""
        with self._database.read() as connection:
            return status_pages.of_project(connection, project_id)

    def save_status_page(self, page: StatusPage) -> None:
        """See `ports.Monitoring`."""
        with self._database.begin() as connection:
            status_pages.save(connection, page)

    def public_status_page(self, slug: str) -> StatusPage | None:
        """See `ports.Monitoring`."""
        with self._database.read() as connection:
            return status_pages.public(connection, slug)

    def badge_token(self, project_id: int) -> str | None:
        """See `ports.Monitoring`."""
        with self._database.read() as connection:
            return status_pages.badge_token(connection, project_id)

    def renew_badge_token(self, project_id: int, *, is_wanted: bool) -> None:
        """See `ports.Monitoring`."""
        with self._database.begin() as connection:
            status_pages.renew_badge_token(connection, project_id, is_wanted=is_wanted)

    def badge_state(
        self, token: str, service: str, environment: str, now: datetime
    ) -> tuple[MonitorState, bool] | None:
        """See `ports.Monitoring`."""
        with self._database.read() as connection:
            project_id = status_pages.project_of_badge(connection, token)
            named = services.c.name == service, services.c.environment == environment
            query = select(monitors.c.state).select_from(_JOINED).where(services.c.project_id == project_id, *named)
            state = None if project_id is None else connection.execute(query).scalar_one_or_none()
            if project_id is None or state is None:
                return None
            windows = maintenance.of_project(connection, project_id, now)
            return MonitorState(state), held(windows, service, environment, now) is not None


_JOINED = monitors.join(services, services.c.id == monitors.c.service_id)


def _rows() -> Select[Any]:
    return select(monitors, services.c.name, services.c.environment, monitors.c.id.label("monitor_id")).select_from(
        _JOINED
    )


def _matching(project_id: int, query: MonitorQuery) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [services.c.project_id == project_id]
    if query.service is not None:
        wanted.append(services.c.name == query.service)
    if query.environment is not None:
        wanted.append(services.c.environment == query.environment)
    for word in query.words:
        escaped = word.replace("/", "//").replace("%", "/%").replace("_", "/_")
        wanted.append(any_case_like(services.c.name + " " + services.c.environment, f"%{escaped}%"))
    return wanted


def _with_spans(
    connection: Connection, found: Sequence[RowMapping], *, since: datetime, now: datetime
) -> tuple[MonitorRow, ...]:
    ids = [row["monitor_id"] for row in found]
    spans = spans_of(connection, ids, since=since, until=ahead.horizon(now)) if ids else {}
    return tuple(replace(_row(row, now), spans=spans.get(row["monitor_id"], ())) for row in found)


def _row(row: RowMapping, now: datetime) -> MonitorRow:
    monitor = monitor_of(row)
    return MonitorRow(
        service_id=monitor.service_id,
        name=row["name"],
        environment=row["environment"],
        state=monitor.state,
        state_since=monitor.state_since,
        last_beat_at=monitor.last_beat_at,
        interval=monitor.interval,
        beating=monitor.beating(now),
        expected=monitor.expected,
        short_since=monitor.short_since,
        paused_until=monitor.paused_until if monitor.state is MonitorState.PAUSED else None,
    )


def _known_time(connection: Connection, project_id: int, since: datetime, now: datetime) -> KnownTime:
    stretches = select(listened.c.since, listened.c.until).where(listened.c.until > since).order_by(listened.c.since)
    return KnownTime(
        listened=tuple((row.since, row.until) for row in connection.execute(stretches)),
        windows=maintenance.of_project(connection, project_id, since),
        since=since,
        until=now,
    )
