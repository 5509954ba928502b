"""Alerts in a transaction of their station, see `ports.Alerting`: what is new, what fires, what is due."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, func, insert, or_, select, update

from aiops_platform.core.alerting.alert import Alert
from aiops_platform.core.alerting.rules import Rule
from aiops_platform.core.channels import ChannelKind
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState, title_of
from aiops_platform.core.service import ServiceName
from aiops_platform.ports.alerting import Addressee, News, Seen
from aiops_platform.storage import crowds, dialects, finding, risings, statements
from aiops_platform.storage.alert_rows import alert_of, row_of
from aiops_platform.storage.alert_settings import SqlAlertSettings
from aiops_platform.storage.alert_tables import alert_cursors, alerts, channel_paces, tellings
from aiops_platform.storage.alert_tellings import SqlTellings
from aiops_platform.storage.dialects import portions
from aiops_platform.storage.finding import Around
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import (
    channels,
    facts,
    incidents,
    micros,
    moment,
    projects,
    services,
)

CURSOR: Final = "facts"
_MOST_OF_RULE: Final = 5_000
# Who writes a fact has its number before others see it: so long one that is missing is waited for, of so many.
_PATIENCE: Final = timedelta(minutes=1)
_MOST_MISSING: Final = 1_000


class SqlAlerting:
    """See `ports.Alerting`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.settings = SqlAlertSettings(connection)
        self.tellings = SqlTellings(connection)

    def news(self, kinds: Collection[FactKind], now: datetime, limit: int) -> tuple[list[News], bool]:
        """See `ports.Alerting`."""
        row = self._connection.execute(
            select(alert_cursors).where(alert_cursors.c.name == CURSOR).with_for_update()
        ).one_or_none()
        after, missing = (0, {}) if row is None else (row.after, dict(row.notes.get("missing", {})))
        late = list(map(int, missing))
        found = self._connection.execute(
            _facts().where(or_(facts.c.id > after, facts.c.id.in_(late))).limit(limit)
        ).all()
        seen = {each.id for each in found}
        # Once more after its time: nobody may have looked until then. A time that is to come is of a clock that was ahead.
        missing = {
            number: at
            for number, at in missing.items()
            if int(number) not in seen and (len(found) == limit or abs(now - moment(at)) < _PATIENCE)
        }
        newest = max(seen, default=after)
        if row is not None and newest > after:
            gone = [each for each in range(after + 1, min(newest, after + _MOST_MISSING)) if each not in seen]
            missing |= {str(each): micros(now) for each in gone[:_MOST_MISSING]}
        if found or (row is not None and len(missing) != len(late)):
            self._keep_cursor(max(after, newest), {"missing": missing})
        wanted = set(kinds)
        return [_news(each) for each in found if each.kind in wanted], len(found) == limit

    def projects(self) -> Sequence[int]:
        """See `ports.Alerting`."""
        return self._connection.execute(select(projects.c.id).order_by(projects.c.id)).scalars().all()

    def incidents(self, ids: Collection[int]) -> Mapping[int, Seen]:
        """See `ports.Alerting`."""
        names = ("id", "project_id", "service_id", "kind", "state", "type", "message", "place", "count", "people")
        found = {}
        for some in portions(ids):
            wanted = select(*(incidents.c[name] for name in names)).where(incidents.c.id.in_(some))
            for row in self._connection.execute(wanted).mappings():
                found[row["id"]] = _seen(row)
        return found

    def fitting(self, rule: Rule, project_id: int, ids: Collection[int], now: datetime) -> set[int]:
        """See `ports.Alerting`."""
        if not rule.match:
            return set(ids)
        conditions = matching(self._connection, rule, project_id, now)
        found: set[int] = set()
        for some in portions(ids):
            found |= set(
                self._connection.execute(select(incidents.c.id).where(incidents.c.id.in_(some), *conditions)).scalars()
            )
        return found

    def rising(self, project_id: int, now: datetime) -> Mapping[int, float]:
        """See `ports.Alerting`."""
        return {each: rise.factor for each, rise in risings.rises_of(self._connection, project_id, now).items()}

    def busy(self, project_id: int, within: timedelta, least: int, now: datetime) -> Mapping[int, int]:
        """See `ports.Alerting`."""
        return crowds.busy(self._connection, project_id, within, least, now)

    def crowded(self, project_id: int, within: timedelta, least: int, now: datetime) -> Mapping[int, int]:
        """See `ports.Alerting`."""
        return crowds.crowded(self._connection, project_id, within, least, now)

    def forget_minutes(self, now: datetime) -> None:
        """See `ports.Alerting`."""
        crowds.forget_minutes(self._connection, now)

    def worth(self, rule: Rule, project_id: int, since: datetime) -> Sequence[int]:
        """See `ports.Alerting`."""
        enough = []
        if rule.events is not None:
            enough.append(incidents.c["count"] >= rule.events)
        if rule.people is not None:
            enough.append(incidents.c.people >= rule.people)
        told = select(alerts.c.incident_id).where(alerts.c.rule_id == rule.id, alerts.c.incident_id == incidents.c.id)
        wanted = select(incidents.c.id).where(*crowds.lively(project_id, since), or_(*enough), ~told.exists())
        return self._connection.execute(wanted.order_by(incidents.c.id).limit(crowds.MOST)).scalars().all()

    def services(self, ids: Collection[int]) -> Mapping[int, ServiceName]:
        """See `ports.Alerting`."""
        found = {}
        for some in portions(ids):
            for row in self._connection.execute(select(services).where(services.c.id.in_(some))):
                found[row.id] = ServiceName(row.project_id, row.name, row.environment)
        return found

    def standing(self, subjects: Collection[str]) -> Sequence[Alert]:
        """See `ports.Alerting`."""
        return [
            each for some in portions(subjects) for each in self._alerts(_standing().where(alerts.c.subject.in_(some)))
        ]

    def last_ended(self, incident_ids: Collection[int]) -> Mapping[int, Sequence[Alert]]:
        """See `ports.Alerting`."""
        found: dict[int, list[Alert]] = {}
        other = alerts.alias("other")
        newest = select(func.max(other.c.ended_at)).where(other.c.incident_id == alerts.c.incident_id).scalar_subquery()
        for some in portions(incident_ids):
            wanted = select(alerts).where(alerts.c.incident_id.in_(some), alerts.c.ended_at == newest)
            for each in self._alerts(wanted.order_by(alerts.c.id)):
                found.setdefault(each.incident_id or 0, []).append(each)
        return found

    def of_rule(self, rule_id: int) -> Sequence[Alert]:
        """See `ports.Alerting`."""
        return self._alerts(_standing().where(alerts.c.rule_id == rule_id).limit(_MOST_OF_RULE))

    def due(self, now: datetime, limit: int) -> Sequence[Alert]:
        """See `ports.Alerting`."""
        return self._alerts(
            select(alerts).where(alerts.c.due_at <= now).order_by(alerts.c.due_at, alerts.c.id).limit(limit)
        )

    def put_right(self, now: datetime) -> None:
        """See `ports.Alerting`."""
        stands, at = alerts.c.ended_at.is_(None), alerts.c
        told = update(alerts).where(stands, at.told_at > now).values(told_at=now, due_at=now)
        self._connection.execute(told)
        first = update(alerts).where(stands, at.first_told_at > now).values(first_told_at=now, due_at=now)
        self._connection.execute(first)
        untold = update(alerts).where(stands, at.first_told_at.is_(None), at.due_at > now).values(due_at=now)
        self._connection.execute(untold)
        self._connection.execute(update(alerts).where(stands, at.true_at > now).values(true_at=now))
        self._connection.execute(update(channel_paces).where(channel_paces.c.sent_at > now).values(sent_at=now))

    def alert(self, project_id: int, alert_id: int) -> Alert | None:
        """See `ports.Alerting`."""
        mine = select(alerts).where(alerts.c.id == alert_id, alerts.c.project_id == project_id)
        return next(iter(self._alerts(mine)), None)

    def save(self, changed: Sequence[Alert]) -> None:
        """See `ports.Alerting`."""
        new = [
            {name: value for name, value in row_of(each).items() if name != "id"} for each in changed if each.id is None
        ]
        if new:
            self._connection.execute(dialects.add_missing(self._connection, alerts), new)
        rows = [row_of(each) for each in changed if each.id is not None]
        if rows:
            told = [{f"new_{name}": value for name, value in row.items()} for row in rows]
            self._connection.execute(statements.changing(alerts, *rows[0]), told)
        for project_id in sorted({each.project_id for each in changed}):
            bump(self._connection, project_id, "alerts")

    def note(self, alert: Alert, kind: FactKind, now: datetime, data: Mapping[str, Any]) -> None:
        """See `ports.Alerting`."""
        if alert.incident_id is None:
            return
        about = {"project_id": alert.project_id, "incident_id": alert.incident_id, "service_id": alert.service_id}
        self._connection.execute(insert(facts).values(**about, kind=kind, at=now, data=dict(data)))
        bump(self._connection, alert.project_id, "incidents")

    def project_name(self, project_id: int) -> str:
        """See `ports.Alerting`."""
        wanted = select(projects.c.name).where(projects.c.id == project_id)
        name: str = self._connection.execute(wanted).scalar_one()
        return name

    def channel(self, channel_id: int) -> Addressee | None:
        """See `ports.Alerting`."""
        of_it = channels.c
        wanted = select(of_it.project_id, of_it.name, of_it.kind, of_it.disabled_at, of_it.disabled_by)
        row = self._connection.execute(wanted.where(of_it.id == channel_id)).one_or_none()
        if row is None:
            return None
        left_out = row.disabled_at is not None and row.disabled_by != ""
        return Addressee(project_id=row.project_id, name=row.name, kind=ChannelKind(row.kind), is_left_out=left_out)

    def forget(self, before: datetime, limit: int) -> int:
        """See `ports.Alerting`."""
        old = select(alerts.c.id).where(alerts.c.ended_at < before).order_by(alerts.c.id).limit(limit)
        ids = self._connection.execute(old).scalars().all()
        for some in portions(ids):
            self._connection.execute(delete(tellings).where(tellings.c.alert_id.in_(some)))
            self._connection.execute(delete(alerts).where(alerts.c.id.in_(some)))
        return len(ids)

    def _alerts(self, wanted: Select[Any]) -> list[Alert]:
        return [alert_of(row) for row in self._connection.execute(wanted.with_for_update()).mappings()]

    def _keep_cursor(self, after: int, notes: Mapping[str, Any]) -> None:
        said = {"after": after, "notes": dict(notes)}
        statement = dialects.insert(self._connection, alert_cursors).values(name=CURSOR, **said)
        self._connection.execute(statement.on_conflict_do_update(index_elements=[alert_cursors.c.name], set_=said))


def matching(connection: Connection, rule: Rule, project_id: int, now: datetime) -> list[Any]:
    """What incidents must be like for the rule's search to find them, however they stand."""
    search = rule.search
    rising = risings.rises_of(connection, project_id, now) if finding.needs_rising(search) else {}
    around = Around(project_id=project_id, now=now, rising=tuple(rising), tagged=finding.tagged(connection, search))
    return finding.matching(search, around)


def _facts() -> Select[Any]:
    return select(facts).order_by(facts.c.id)


def _standing() -> Select[Any]:
    return select(alerts).where(alerts.c.ended_at.is_(None)).order_by(alerts.c.id)


def _news(row: Any) -> News:
    return News(
        id=row.id,
        kind=FactKind(row.kind),
        at=row.at,
        project_id=row.project_id,
        incident_id=row.incident_id,
        service_id=row.service_id,
        data=row.data,
    )


def _seen(row: Any) -> Seen:
    kind = IncidentKind(row["kind"])
    return Seen(
        id=row["id"],
        project_id=row["project_id"],
        service_id=row["service_id"],
        kind=kind,
        state=IncidentState(row["state"]),
        title=title_of(kind, row["type"], row["message"]),
        place=row["place"],
        count=row["count"],
        people=row["people"],
    )
