"""Time that counts otherwise, see `ports.Maintenance`."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, or_, select, update

from aiops_platform.core.maintenance import Window, weekly_from
from aiops_platform.core.monitor import Listening, Monitor
from aiops_platform.core.service import Service
from aiops_platform.storage.dialects import insert as insert_or
from aiops_platform.storage.dialects import portions
from aiops_platform.storage.monitor_rows import monitor_of
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import listened, maintenance, monitors, services

_KEPT_OVER = 1_000


class SqlMaintenance:
    """See `ports.Maintenance`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def windows(self, project_ids: Collection[int], since: datetime) -> Mapping[int, tuple[Window, ...]]:
        """See `ports.Maintenance`."""
        found: dict[int, tuple[Window, ...]] = {}
        for some in portions(sorted(set(project_ids))):
            for window in _windows(self._connection, _not_over(since).where(maintenance.c.project_id.in_(some))):
                found[window.project_id] = (*found.get(window.project_id, ()), window)
        return found

    def window(self, project_id: int, window_id: int) -> Window | None:
        """See `ports.Maintenance`."""
        mine = maintenance.c.project_id == project_id, maintenance.c.id == window_id
        return next(iter(_windows(self._connection, select(maintenance).where(*mine).with_for_update())), None)

    def add(self, window: Window) -> int:
        """See `ports.Maintenance`."""
        row = {name: value for name, value in _row(window).items() if name != "id"}
        number: int = self._connection.execute(insert(maintenance).values(row).returning(maintenance.c.id)).scalar_one()
        self._keep_few(window)
        bump(self._connection, window.project_id, "services")
        return number

    def _keep_few(self, new: Window) -> None:
        """Of those that are over only so many: a script that makes one each minute would slow every time line down."""
        over = maintenance.c.project_id == new.project_id, maintenance.c.until <= new.made_at
        newest = select(maintenance.c.id).where(*over).order_by(maintenance.c.until.desc(), maintenance.c.id.desc())
        # SQLite knows an offset only beside a limit.
        surplus = newest.offset(_KEPT_OVER).limit(1_000)
        self._connection.execute(delete(maintenance).where(maintenance.c.id.in_(surplus)))

    def save(self, window: Window) -> None:
        """See `ports.Maintenance`."""
        self._connection.execute(update(maintenance).where(maintenance.c.id == window.id).values(_row(window)))
        # A look that was put off to the window's end.
        mine = select(services.c.id).where(services.c.project_id == window.project_id)
        put_off = monitors.c.service_id.in_(mine), monitors.c.due_at > monitors.c.last_beat_at
        self._connection.execute(update(monitors).where(*put_off).values(due_at=monitors.c.last_beat_at))
        bump(self._connection, window.project_id, "services")

    def end_with_deploy(self, service: Service, at: datetime) -> None:
        """See `ports.Maintenance`."""
        named = service.named
        waiting = (
            maintenance.c.project_id == named.project_id,
            maintenance.c.ends_with_deploy,
            maintenance.c.since <= at,
        )
        for window in _windows(self._connection, _not_over(at).where(*waiting).with_for_update()):
            if window.covers(named.name, named.environment):
                self.save(window.ended(at))

    def forget(self, before: datetime, limit: int) -> int:
        """See `ports.Maintenance`."""
        old = select(maintenance.c.id).where(maintenance.c.until < before).limit(limit)
        return self._connection.execute(delete(maintenance).where(maintenance.c.id.in_(old))).rowcount

    def monitor(self, project_id: int, service_id: int) -> Monitor | None:
        """See `ports.Maintenance`."""
        mine = services.c.project_id == project_id, services.c.id == service_id
        query = select(monitors).join(services, services.c.id == monitors.c.service_id).where(*mine)
        row = self._connection.execute(query.with_for_update(of=monitors)).mappings().one_or_none()
        return None if row is None else monitor_of(row)

    def note_listening(self, listening: Listening) -> None:
        """See `ports.Maintenance`."""
        statement = insert_or(self._connection, listened).values(since=listening.since, until=listening.until)
        told = statement.on_conflict_do_update(index_elements=[listened.c.since], set_={"until": listening.until})
        self._connection.execute(told)

    def forget_listening(self, before: datetime) -> int:
        """See `ports.Maintenance`."""
        return self._connection.execute(delete(listened).where(listened.c.until < before)).rowcount


def of_project(connection: Connection, project_id: int, since: datetime) -> tuple[Window, ...]:
    """Those of a project that were not over at that time, the first planned first."""
    return _windows(connection, _not_over(since).where(maintenance.c.project_id == project_id))


def over(connection: Connection, project_id: int, now: datetime, limit: int) -> tuple[Window, ...]:
    """Those of a project that are over, the last to end first."""
    query = select(maintenance).where(maintenance.c.project_id == project_id, maintenance.c.until <= now)
    return _windows(connection, query.order_by(maintenance.c.until.desc(), maintenance.c.id.desc()).limit(limit))


def _not_over(since: datetime) -> Select[Any]:
    left = or_(maintenance.c.until.is_(None), maintenance.c.until > since)
    return select(maintenance).where(left).order_by(maintenance.c.since, maintenance.c.id)


def _windows(connection: Connection, query: Select[Any]) -> tuple[Window, ...]:
    return tuple(_window(row) for row in connection.execute(query).mappings())


def _window(row: Mapping[Any, Any]) -> Window:
    fields = {name: row[name] for name in Window.__dataclass_fields__}
    fields["services"], fields["environments"] = tuple(row["services"]), tuple(row["environments"])
    fields["weekly"] = row["weekly"] and weekly_from(row["weekly"])
    return Window(**fields)


def _row(window: Window) -> dict[str, Any]:
    return {
        **vars(window),
        "services": list(window.services),
        "environments": list(window.environments),
        "weekly": window.weekly and window.weekly.as_data(),
    }
