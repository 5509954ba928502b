"""What people see of alerts, see `ports.AlertReads`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from aiops_platform.core.alerting import quiet, rota
from aiops_platform.core.alerting.alert import AlertState, Why
from aiops_platform.core.alerting.links import Claim
from aiops_platform.core.alerting.policy import Policy
from aiops_platform.core.alerting.quiet import QuietHours
from aiops_platform.core.alerting.rota import Rota
from aiops_platform.core.alerting.rules import Rule
from aiops_platform.core.alerting.wording import Mark
from aiops_platform.core.channels import Channel
from aiops_platform.ports.alerting import Addressee, AlertPage, AlertRow, Rehearsed, ToldWith
from aiops_platform.storage import alert_rehearsals
from aiops_platform.storage.alert_rows import FIELDS, alert_of
from aiops_platform.storage.alert_settings import SqlAlertSettings, rules_of
from aiops_platform.storage.alert_tables import (
    alert_cursors,
    alert_rules,
    alerting_since,
    alerts,
    channel_paces,
    rotas,
    tellings,
)
from aiops_platform.storage.alerting import CURSOR, SqlAlerting
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import portions
from aiops_platform.storage.outbox import SqlOutbox
from aiops_platform.storage.schema import channels, facts, services


class SqlAlertReads:
    """See `ports.AlertReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waits(self, now: datetime) -> bool:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            read = connection.execute(select(alert_cursors).where(alert_cursors.c.name == CURSOR)).one_or_none()
            if (connection.scalar(select(func.max(facts.c.id))) or 0) > (0 if read is None else read.after):
                return True
            late = [] if read is None else [int(number) for number in read.notes.get("missing", ())]
            for some in portions(late):
                if connection.execute(select(facts.c.id).where(facts.c.id.in_(some)).limit(1)).first() is not None:
                    return True
            due = select(alerts.c.id).where(alerts.c.due_at <= now).limit(1)
            return connection.execute(due).first() is not None

    def page(
        self,
        project_id: int,
        *,
        state: AlertState | None,
        before: int | None,
        limit: int,
        incident_id: int | None = None,
    ) -> AlertPage:
        """See `ports.AlertReads`."""
        wanted = _rows(project_id).order_by(alerts.c.id.desc()).limit(limit + 1)
        if state is not None:
            wanted = wanted.where(alerts.c.state == state)
        if before is not None:
            wanted = wanted.where(alerts.c.id < before)
        if incident_id is not None:
            wanted = wanted.where(alerts.c.incident_id == incident_id)
        many = select(alerts.c.state, func.count().label("many")).where(
            alerts.c.project_id == project_id, alerts.c.ended_at.is_(None)
        )
        with self._database.read() as connection:
            rows = connection.execute(wanted).mappings().all()
            counts = {row.state: row.many for row in connection.execute(many.group_by(alerts.c.state))}
            shown = _shown(connection, rows[:limit])
        return AlertPage(
            rows=tuple(shown),
            firing=counts.get(AlertState.FIRING, 0),
            acknowledged=counts.get(AlertState.ACKNOWLEDGED, 0),
            next=rows[limit - 1]["id"] if len(rows) > limit else None,
        )

    def one(self, project_id: int, alert_id: int) -> AlertRow | None:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            rows = connection.execute(_rows(project_id).where(alerts.c.id == alert_id)).mappings().all()
            return next(iter(_shown(connection, rows)), None)

    def project_of(self, alert_id: int) -> int | None:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            return connection.scalar(select(alerts.c.project_id).where(alerts.c.id == alert_id))

    def told_with(self, claim: Claim, limit: int, *, after: int = 0) -> ToldWith | None:
        """See `ports.AlertReads`."""
        of_it = tellings.c
        known = select(of_it.about).where(
            of_it.id == claim.telling_id,
            of_it.alert_id == claim.alert_id,
            of_it.channel_id == claim.channel_id,
            of_it.told_at.is_not(None),
            of_it.about != "",
        )
        with self._database.read() as connection:
            about = connection.scalar(known)
            if about is None:
                return None
            same = select(of_it.alert_id).where(of_it.about == about, of_it.channel_id == claim.channel_id)
            mine = alerts.c.id.in_(same), alerts.c.state == AlertState.FIRING
            many = connection.scalar(select(func.count()).select_from(alerts).where(*mine)) or 0
            some = select(alerts).where(*mine, alerts.c.id > after).order_by(alerts.c.id).limit(limit)
            return ToldWith(firing=many, alerts=tuple(map(alert_of, connection.execute(some).mappings())))

    def rehearsed(self, project_id: int, rule: Rule, now: datetime) -> Rehearsed:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            return alert_rehearsals.rehearsed(connection, project_id, rule, now)

    def rota_at(self, address: str) -> Rota | None:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            row = connection.execute(select(rotas).where(rotas.c.address == address)).one_or_none()
        return None if row is None else rota.from_data(row.rota, id_=row.id, name=row.name)

    def addresses(self, project_id: int) -> Mapping[int, str]:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            rows = connection.execute(select(rotas.c.id, rotas.c.address).where(rotas.c.project_id == project_id))
            return {row.id: row.address for row in rows}

    def rules(self, project_id: int) -> Sequence[Rule] | None:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            known = select(alerting_since.c.at).where(alerting_since.c.project_id == project_id)
            return None if connection.execute(known).first() is None else rules_of(connection, project_id)

    def policies(self, project_id: int) -> Mapping[int, Policy]:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            return SqlAlertSettings(connection).policies(project_id)

    def rotas(self, project_id: int) -> Mapping[int, Rota]:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            return SqlAlertSettings(connection).rotas(project_id)

    def channels(self, project_id: int) -> Sequence[Channel]:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            return SqlOutbox(connection).channels(project_id)

    def channel(self, channel_id: int) -> Addressee | None:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            return SqlAlerting(connection).channel(channel_id)

    def marks(self) -> tuple[Mark, ...]:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            return SqlAlertSettings(connection).marks()

    def told_of_platform(self) -> int | None:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            return SqlAlertSettings(connection).told_of_platform()

    def quiet(self, channel_id: int) -> QuietHours | None:
        """See `ports.AlertReads`."""
        with self._database.read() as connection:
            wanted = select(channel_paces.c.quiet).where(channel_paces.c.channel_id == channel_id)
            return quiet.from_data(connection.scalar(wanted))


def _rows(project_id: int) -> Select[Any]:
    return (
        select(
            *(alerts.c[name] for name in FIELDS),
            func.coalesce(alert_rules.c.name, "").label("rule"),
            func.coalesce(services.c.name, "").label("service"),
            func.coalesce(services.c.environment, "").label("environment"),
        )
        .select_from(
            alerts.outerjoin(alert_rules, alert_rules.c.id == alerts.c.rule_id).outerjoin(
                services, services.c.id == alerts.c.service_id
            )
        )
        .where(alerts.c.project_id == project_id)
    )


def _shown(connection: Connection, rows: Sequence[Any]) -> list[AlertRow]:
    ids = [row["id"] for row in rows]
    wanted = (
        select(tellings.c.alert_id, channels.c.name)
        .join(channels, channels.c.id == tellings.c.channel_id)
        .where(tellings.c.alert_id.in_(ids), tellings.c.told_at.is_not(None), tellings.c.why != Why.OVER)
        .distinct()
        .order_by(channels.c.name)
    )
    told: dict[int, list[str]] = {}
    for row in connection.execute(wanted):
        told.setdefault(row.alert_id, []).append(row.name)
    return [
        AlertRow(
            alert=alert_of(row),
            rule=row["rule"],
            service=row["service"],
            environment=row["environment"],
            told=tuple(told.get(row["id"], ())),
        )
        for row in rows
    ]
