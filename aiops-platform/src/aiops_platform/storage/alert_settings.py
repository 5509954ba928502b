"""What people say of alerts: rules, policies, rotas and quiet hours; see `ports.AlertSettings`."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, func, select, update

from aiops_platform.core.alerting import policy as policies
from aiops_platform.core.alerting import quiet, rota, rules
from aiops_platform.core.alerting.policy import Policy
from aiops_platform.core.alerting.quiet import Pace
from aiops_platform.core.alerting.rota import Rota
from aiops_platform.core.alerting.rules import Rule
from aiops_platform.core.alerting.wording import Mark
from aiops_platform.storage import dialects
from aiops_platform.storage.alert_tables import (
    alert_policies,
    alert_rules,
    alerting_since,
    channel_paces,
    platform_notes,
    rotas,
)
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import projects

#: Under which name `backup.mark_restored` writes marks.
MARKS: Final = "marks"
_TOLD: Final = "told_of_platform"


class SqlAlertSettings:
    """See `ports.AlertSettings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rules(self, project_id: int, now: datetime) -> Sequence[Rule]:
        """See `ports.AlertSettings`."""
        self._begin(project_id, now)
        return rules_of(self._connection, project_id)

    def policies(self, project_id: int) -> Mapping[int, Policy]:
        """See `ports.AlertSettings`."""
        mine = select(alert_policies).where(alert_policies.c.project_id == project_id).order_by(alert_policies.c.id)
        rows = self._connection.execute(mine)
        return {row.id: policies.from_data(row.steps, id_=row.id, name=row.name) for row in rows}

    def rotas(self, project_id: int) -> Mapping[int, Rota]:
        """See `ports.AlertSettings`."""
        mine = select(rotas).where(rotas.c.project_id == project_id).order_by(rotas.c.id)
        return {row.id: rota.from_data(row.rota, id_=row.id, name=row.name) for row in self._connection.execute(mine)}

    def save_rule(self, project_id: int, rule: Rule) -> int:
        """See `ports.AlertSettings`."""
        said = {"name": rule.name, "enabled": rule.enabled, "rule": rules.as_data(rule)}
        return self._save(alert_rules, project_id, rule.id, said)

    def drop_rule(self, project_id: int, rule_id: int) -> bool:
        """See `ports.AlertSettings`."""
        return self._drop(alert_rules, project_id, rule_id)

    def save_policy(self, project_id: int, policy: Policy) -> int:
        """See `ports.AlertSettings`."""
        said = {"name": policy.name, "steps": policies.as_data(policy)}
        return self._save(alert_policies, project_id, policy.id, said)

    def drop_policy(self, project_id: int, policy_id: int) -> bool:
        """See `ports.AlertSettings`."""
        return self._drop(alert_policies, project_id, policy_id)

    def save_rota(self, project_id: int, rota_: Rota, address: str) -> int:
        """See `ports.AlertSettings`."""
        said = {"name": rota_.name, "rota": rota.as_data(rota_)}
        return self._save(rotas, project_id, rota_.id, said if rota_.id is not None else said | {"address": address})

    def drop_rota(self, project_id: int, rota_id: int) -> bool:
        """See `ports.AlertSettings`."""
        return self._drop(rotas, project_id, rota_id)

    def marks(self) -> tuple[Mark, ...]:
        """See `ports.AlertSettings`."""
        note = self._note(MARKS)
        return () if note is None else tuple(Mark(after=after, text=text) for after, text in note["marks"])

    def told_of_platform(self) -> int | None:
        """See `ports.AlertSettings`."""
        note = self._note(_TOLD)
        ids = self._connection.execute(select(projects.c.id).order_by(projects.c.id)).scalars().all()
        said = None if note is None else note.get("project")
        return said if said in ids else next(iter(ids), None)

    def tell_of_platform(self, project_id: int) -> None:
        """See `ports.AlertSettings`."""
        note = {"note": {"project": project_id}}
        statement = dialects.insert(self._connection, platform_notes).values(name=_TOLD, **note)
        self._connection.execute(statement.on_conflict_do_update(index_elements=[platform_notes.c.name], set_=note))
        bump(self._connection, project_id, "alerts")

    def pace(self, channel_id: int) -> Pace:
        """See `ports.AlertSettings`."""
        row = self._connection.execute(
            select(channel_paces).where(channel_paces.c.channel_id == channel_id)
        ).one_or_none()
        if row is None:
            return Pace()
        return Pace(sent_at=row.sent_at, gap=timedelta(seconds=row.gap), quiet=quiet.from_data(row.quiet))

    def save_pace(self, channel_id: int, pace: Pace) -> None:
        """See `ports.AlertSettings`."""
        said = {
            "sent_at": pace.sent_at,
            "gap": int(pace.gap.total_seconds()),
            "quiet": quiet.as_data(pace.quiet),
        }
        statement = dialects.insert(self._connection, channel_paces).values(channel_id=channel_id, **said)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=[channel_paces.c.channel_id], set_=said)
        )

    def _note(self, name: str) -> Any:
        return self._connection.scalar(select(platform_notes.c.note).where(platform_notes.c.name == name))

    def _begin(self, project_id: int, now: datetime) -> None:
        known = select(alerting_since.c.at).where(alerting_since.c.project_id == project_id)
        if self._connection.execute(known).first() is not None:
            return
        statement = dialects.add_missing(self._connection, alerting_since, alerting_since.c.project_id)
        if self._connection.execute(statement, [{"project_id": project_id, "at": now}]).first() is None:
            return
        oldest = self._connection.execute(select(func.min(projects.c.id))).scalar_one()
        for rule in rules.defaults(is_first=project_id == oldest):
            self.save_rule(project_id, rule)

    def _save(self, table: Table, project_id: int, number: int | None, said: dict[str, Any]) -> int:
        bump(self._connection, project_id, "alerts")
        if number is None:
            added = dialects.insert(self._connection, table).values(project_id=project_id, **said)
            new: int = self._connection.execute(added.returning(table.c.id)).scalar_one()
            return new
        mine = table.c.id == number, table.c.project_id == project_id
        self._connection.execute(update(table).where(*mine).values(**said))
        return number

    def _drop(self, table: Table, project_id: int, number: int) -> bool:
        bump(self._connection, project_id, "alerts")
        mine = delete(table).where(table.c.id == number, table.c.project_id == project_id)
        return self._connection.execute(mine).rowcount > 0


def rules_of(connection: Connection, project_id: int) -> list[Rule]:
    """The rules of a project as they are kept."""
    mine = select(alert_rules).where(alert_rules.c.project_id == project_id).order_by(alert_rules.c.id)
    return [
        rules.from_data(row.rule, id_=row.id, name=row.name, enabled=row.enabled) for row in connection.execute(mine)
    ]
