"""Who is told of alerts, see `ports.Tellings`: thousands that wait are one message and a few statements."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from aiops_platform.core.alerting.alert import Alert, AlertState, Why
from aiops_platform.core.alerting.wording import Told
from aiops_platform.core.facts import FactKind
from aiops_platform.core.messages import Severity
from aiops_platform.ports.alerting import Telling, Waiting, Waits, Which
from aiops_platform.storage.alert_rows import FIELDS, alert_of
from aiops_platform.storage.alert_tables import alerts, tellings
from aiops_platform.storage.dialects import portions
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import facts, services

_RANK: Final = case({each.value: rank for rank, each in enumerate(Severity)}, value=tellings.c.severity)
_WAITS: Final = tellings.c.told_at.is_(None)
_IS_OVER: Final = tellings.c.why == Why.OVER
_HAS_PASSED: Final = tellings.c.why == Why.PASSED
_FIRES: Final = tellings.c.why.not_in([Why.OVER, Why.PASSED])


class SqlTellings:
    """See `ports.Tellings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tell(self, told: Sequence[Telling]) -> None:
        """See `ports.Tellings`."""
        rows = [
            {
                "alert_id": each.alert.id,
                "channel_id": each.channel_id,
                "why": each.why,
                "severity": each.alert.severity,
                "at": each.at,
            }
            for each in told
        ]
        if rows:
            self._connection.execute(insert(tellings), rows)

    def spare(self, alert_ids: Collection[int], *, but: Collection[Why] = ()) -> None:
        """See `ports.Tellings`."""
        for some in portions(alert_ids):
            mine = delete(tellings).where(tellings.c.alert_id.in_(some), _WAITS)
            self._connection.execute(mine.where(tellings.c.why.not_in(list(but))))

    def tell_over(self, over: Sequence[Alert], at: datetime) -> None:
        """See `ports.Tellings`."""
        by_id = {each.id: each for each in over}
        told = []
        for some in portions(by_id):
            wanted = select(tellings.c.alert_id, tellings.c.channel_id).where(
                tellings.c.alert_id.in_(some), ~_WAITS, _FIRES
            )
            rows = self._connection.execute(wanted.distinct().order_by(tellings.c.alert_id, tellings.c.channel_id))
            told += [Telling(alert=by_id[row[0]], channel_id=row[1], why=Why.OVER, at=at) for row in rows]
        self.tell(told)

    def last_told(self, incident_ids: Collection[int]) -> Mapping[int, datetime]:
        """See `ports.Tellings`."""
        found: dict[int, datetime] = {}
        for some in portions(incident_ids):
            wanted = (
                select(alerts.c.incident_id, func.max(tellings.c.told_at))
                .join(tellings, tellings.c.alert_id == alerts.c.id)
                .where(alerts.c.incident_id.in_(some), _FIRES)
                .group_by(alerts.c.incident_id)
            )
            found |= {number: at for number, at in self._connection.execute(wanted) if at is not None}
        return found

    def let_pass(self, alert_ids: Collection[int]) -> None:
        """See `ports.Tellings`."""
        for some in portions(alert_ids):
            mine = tellings.c.alert_id.in_(some), _WAITS, tellings.c.why == Why.FIRED
            self._connection.execute(update(tellings).where(*mine).values(why=Why.PASSED))

    def forget_passed(self, channel_id: int) -> None:
        """See `ports.Tellings`."""
        self._connection.execute(delete(tellings).where(tellings.c.channel_id == channel_id, _WAITS, _HAS_PASSED))

    def leave(self, channel_id: int) -> None:
        """See `ports.Tellings`."""
        self._connection.execute(delete(tellings).where(tellings.c.channel_id == channel_id, _WAITS))

    def waiting(self) -> Sequence[Waits]:
        """See `ports.Tellings`."""
        # What has passed is nothing to be woken for.
        is_critical = (tellings.c.severity == Severity.CRITICAL) & ~_HAS_PASSED
        is_urgent = or_(is_critical & ~_IS_OVER, tellings.c.why == Why.ESCALATED)
        wanted = select(
            tellings.c.channel_id,
            func.max(case((is_critical, 1), else_=0)).label("critical"),
            func.max(case((is_urgent, 1), else_=0)).label("urgent"),
            func.min(case((_FIRES, 0), else_=1)).label("over"),
        ).where(_WAITS)
        rows = self._connection.execute(wanted.group_by(tellings.c.channel_id).order_by(tellings.c.channel_id))
        return [
            Waits(
                channel_id=row.channel_id,
                is_critical=bool(row.critical),
                is_urgent=bool(row.urgent),
                is_over=bool(row.over),
            )
            for row in rows
        ]

    def finished(self, which: Which, limit: int) -> Sequence[str]:
        """See `ports.Tellings`."""
        waits, fired, also, other = (each.alias() for each in (tellings, tellings, tellings, alerts))
        mine = waits.c.channel_id == which.channel_id, waits.c.told_at.is_(None), waits.c.why == Why.OVER
        stands = exists().where(
            also.c.about == fired.c.about,
            also.c.channel_id == which.channel_id,
            other.c.id == also.c.alert_id,
            other.c.state != AlertState.OVER,
        )
        wanted = (
            select(fired.c.about)
            .join(waits, waits.c.alert_id == fired.c.alert_id)
            .where(*mine, fired.c.channel_id == which.channel_id, fired.c.about != "", fired.c.why != Why.OVER, ~stands)
            .distinct()
            .order_by(fired.c.about)
            .limit(limit)
        )
        return self._connection.execute(wanted).scalars().all()

    def gathered(self, which: Which, limit: int) -> Waiting | None:
        """See `ports.Tellings`."""
        mine = _mine(which)
        # What waits twice is one: it was told again meanwhile, or two rules tell of the same incident.
        joined = tellings.join(alerts, alerts.c.id == tellings.c.alert_id)
        summed = select(func.count(alerts.c.subject.distinct()), func.max(tellings.c.id)).select_from(joined)
        total, upto = self._connection.execute(summed.where(*mine)).one()
        if not total:
            return None
        place = func.row_number().over(partition_by=alerts.c.subject, order_by=(_RANK, tellings.c.id))
        each = (
            select(tellings.c.id, _RANK.label("rank"), place.label("place")).select_from(joined).where(*mine).subquery()
        )
        best = select(each.c.id, each.c.rank).where(each.c.place == 1)
        first = best.order_by(each.c.rank, each.c.id).limit(limit).subquery()
        rows = self._connection.execute(_told_rows().join(first, first.c.id == tellings.c.id)).mappings().all()
        worst = tuple(
            Told(
                id=row["telling_id"],
                alert=alert_of(row),
                why=Why(row["why"]),
                at=row["telling_at"],
                service=row["service"] or "",
                environment=row["environment"] or "",
            )
            for row in rows
        )
        return Waiting(which=which, total=total, worst=worst, upto=upto)

    def told(self, what: Waiting, *, about: str, name: str, now: datetime) -> None:
        """See `ports.Tellings`."""
        mine = (*_mine(what.which), tellings.c.id <= what.upto)
        if name:
            self._write_stories(what, mine, name, now)
        self._connection.execute(update(tellings).where(*mine).values(told_at=now, about=about))
        for project_id in {each.alert.project_id for each in what.worst}:
            bump(self._connection, project_id, "alerts", "incidents")

    def _write_stories(self, what: Waiting, mine: Sequence[ColumnElement[bool]], name: str, now: datetime) -> None:
        # While they wait: afterwards it is not known any more which of them those were.
        first = "over, " if what.which.is_over else "when it was over, " if what.which.has_passed else ""
        said: dict[str, Any] = {"why": f"{first}in {name}"}
        story = (
            select(
                alerts.c.project_id,
                literal(FactKind.ALERT_TOLD.value),
                literal(now, facts.c.at.type),
                alerts.c.incident_id,
                alerts.c.service_id,
                literal(said, facts.c.data.type),
            )
            .where(alerts.c.incident_id.is_not(None))
            .where(alerts.c.id.in_(select(tellings.c.alert_id).where(*mine)))
            .order_by(alerts.c.id)
        )
        columns = ["project_id", "kind", "at", "incident_id", "service_id", "data"]
        self._connection.execute(insert(facts).from_select(columns, story))


def _mine(which: Which) -> tuple[ColumnElement[bool], ...]:
    kind = _HAS_PASSED if which.has_passed else _IS_OVER if which.is_over else _FIRES
    mine = [tellings.c.channel_id == which.channel_id, _WAITS, kind]
    if which.has_passed:
        mine.append(tellings.c.alert_id.not_in(_also_told(which.channel_id)))
    if which.only_critical:
        mine.append(tellings.c.severity == Severity.CRITICAL)
    if which.alert_id is not None:
        mine.append(tellings.c.alert_id == which.alert_id)
    if which.about is not None:
        mine.append(tellings.c.alert_id.in_(_told_in(which, [which.about])))
    if which.but:
        mine.append(tellings.c.alert_id.not_in(_told_in(which, which.but)))
    return tuple(mine)


def _also_told(channel_id: int) -> Select[Any]:
    """The alerts of incidents, services and jobs of which the channel is to be told more than that they have passed."""
    also, its, same = tellings.alias("also"), alerts.alias("its"), alerts.alias("same")
    subjects = (
        select(its.c.subject)
        .join(also, also.c.alert_id == its.c.id)
        .where(also.c.channel_id == channel_id, also.c.told_at.is_(None), also.c.why != Why.PASSED)
    )
    passed = tellings.alias("passed")
    return (
        select(same.c.id)
        .join(passed, passed.c.alert_id == same.c.id)
        .where(passed.c.channel_id == channel_id, passed.c.told_at.is_(None), passed.c.why == Why.PASSED)
        .where(same.c.subject.in_(subjects))
    )


def _told_in(which: Which, groups: Collection[str]) -> Select[Any]:
    """The alerts that the channel was told in messages of these groups."""
    fired = tellings.alias("fired")
    return select(fired.c.alert_id).where(fired.c.about.in_(list(groups)), fired.c.channel_id == which.channel_id)


def _told_rows() -> Select[Any]:
    return select(
        *(alerts.c[name] for name in FIELDS),
        tellings.c.id.label("telling_id"),
        tellings.c.alert_id,
        tellings.c.why,
        tellings.c.at.label("telling_at"),
        services.c.name.label("service"),
        services.c.environment.label("environment"),
    ).select_from(
        tellings.join(alerts, alerts.c.id == tellings.c.alert_id).outerjoin(
            services, services.c.id == alerts.c.service_id
        )
    )
