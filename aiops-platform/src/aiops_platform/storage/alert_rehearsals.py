"""What a rule would have told in the last week, from facts and hours that are kept; of very many, some are looked at."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, RowMapping, func, select

from aiops_platform.core import hours
from aiops_platform.core.alerting import rehearsal
from aiops_platform.core.alerting.rules import OF_INCIDENTS, Rule, When, fits_service
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import STANDING, IncidentKind, title_of
from aiops_platform.core.rising import PAST as USUAL
from aiops_platform.ports.alerting import Rehearsed
from aiops_platform.storage import crowds
from aiops_platform.storage.alerting import matching
from aiops_platform.storage.dialects import portions
from aiops_platform.storage.schema import facts, incident_hours, incidents, services

# Facts are looked through from the newest on, so many at most; and of incidents with most events so many.
_FACTS: Final = 20_000
_BUSIEST: Final = 60
_EXAMPLES: Final = 5
_OF_A_SERVICE: Final = {When.SILENCE: "silence", When.JOB: "job"}


def rehearsed(connection: Connection, project_id: int, rule: Rule, now: datetime) -> Rehearsed:
    """See `ports.AlertReads`."""
    match rule.when:
        case When.PLATFORM:
            return Rehearsed(many=0, examples=(), is_more=False)
        case When.RISING | When.MANY | When.WORTH:
            return _of_hours(connection, project_id, rule, now)
        case _:
            return _of_facts(connection, project_id, rule, now)


def _of_facts(connection: Connection, project_id: int, rule: Rule, now: datetime) -> Rehearsed:
    newest = connection.execute(select(func.max(facts.c.id))).scalar_one() or 0
    kinds = [FactKind.INCIDENT_REOPENED] if rule.when is When.AGAIN else [FactKind.INCIDENT_OPENED]
    if rule.when is When.UNMENDED:
        kinds = [FactKind.FIX_NOT_MENDED]
    if rule.when in _OF_A_SERVICE:
        kinds = [FactKind.INCIDENT_OPENED, FactKind.INCIDENT_REOPENED]
    wanted = (
        select(facts.c.at, facts.c.data, incidents.c.id, incidents.c.kind, incidents.c.type, incidents.c.message)
        .add_columns(services.c.name, services.c.environment)
        .select_from(
            facts.join(incidents, incidents.c.id == facts.c.incident_id).join(
                services, services.c.id == incidents.c.service_id
            )
        )
        .where(facts.c.id > newest - _FACTS, facts.c.project_id == project_id, facts.c.kind.in_(kinds))
        .where(facts.c.at > now - rehearsal.PAST, incidents.c.state.in_(STANDING))
        .order_by(facts.c.id.desc())
    )
    if rule.when in OF_INCIDENTS:
        wanted = wanted.where(
            incidents.c.kind.not_in(_OF_A_SERVICE.values()), *matching(connection, rule, project_id, now)
        )
    else:
        wanted = wanted.where(incidents.c.kind == _OF_A_SERVICE[rule.when])
    search = rule.search
    found = [
        (row.id, title_of(IncidentKind(row.kind), row.type, row.message), row.at)
        for row in connection.execute(wanted)
        if "by" not in row.data
        and (rule.when in OF_INCIDENTS or not rule.match or fits_service(search, row.name, row.environment))
    ]
    oldest = connection.execute(select(facts.c.at).where(facts.c.id > newest - _FACTS).order_by(facts.c.id).limit(1))
    first_at = oldest.scalar_one_or_none()
    is_more = newest > _FACTS and first_at is not None and first_at > now - rehearsal.PAST
    return Rehearsed(many=len(found), examples=tuple(found[:_EXAMPLES]), is_more=is_more)


def _of_hours(connection: Connection, project_id: int, rule: Rule, now: datetime) -> Rehearsed:
    since = hours.of(now - rehearsal.PAST)
    many = func.sum(incident_hours.c.count).label("many")
    loud = (
        select(incidents, many)
        .select_from(incidents.join(incident_hours))
        .where(incidents.c.last_seen_at >= since, incident_hours.c.hour >= since, incidents.c.state.in_(STANDING))
        .where(incidents.c.kind.not_in(_OF_A_SERVICE.values()), *matching(connection, rule, project_id, now))
        .group_by(incidents.c.id)
        .order_by(many.desc(), incidents.c.id)
        .limit(_BUSIEST + 1)
    )
    rows = connection.execute(loud).mappings().all()
    counts = _counts(connection, [row["id"] for row in rows[:_BUSIEST]], since)
    crowds_now = _crowds(connection, project_id, rule, now)
    found = [
        (row["id"], title_of(IncidentKind(row["kind"]), row["type"], row["message"]), at)
        for row in rows[:_BUSIEST]
        for at in (
            _times(rule, row, counts.get(row["id"], {}), since, now) or ([now] if row["id"] in crowds_now else [])
        )
    ]
    found.sort(key=lambda each: each[2], reverse=True)
    return Rehearsed(many=len(found), examples=tuple(found[:_EXAMPLES]), is_more=len(rows) > _BUSIEST)


def _times(
    rule: Rule, row: RowMapping, counts: Mapping[datetime, int], since: datetime, now: datetime
) -> Sequence[datetime]:
    match rule.when:
        case When.MANY:
            hours_whole = -(-rule.within // timedelta(hours=1))
            if rule.events is None:
                return []
            return rehearsal.many(counts, events=rule.events, hours=hours_whole, since=since, now=now)
        case When.RISING:
            return rehearsal.rises(counts, first_seen_at=row["first_seen_at"], since=since, now=now)
        case _:
            reached = None
            if rule.events is not None:
                before = row["count"] - int(row["many"])
                reached = rehearsal.worth(counts, before=before, events=rule.events, since=since)
            if reached is None and rule.people is not None and row["people"] >= rule.people:
                # When they came is not kept: it counts for the week in which the incident was first seen.
                reached = row["first_seen_at"] if row["first_seen_at"] >= since else None
            return [] if reached is None else [reached]


def _crowds(connection: Connection, project_id: int, rule: Rule, now: datetime) -> Mapping[int, int]:
    """What affects many people now: when they came before is not kept."""
    if rule.when is not When.MANY or rule.people is None:
        return {}
    return crowds.crowded(connection, project_id, rule.within, rule.people, now)


def _counts(connection: Connection, ids: Iterable[int], since: datetime) -> dict[int, dict[datetime, int]]:
    table, found = incident_hours, dict[int, dict[datetime, int]]()
    for some in portions(ids):
        query = select(table.c.incident_id, table.c.hour, func.sum(table.c.count).label("many"))
        wanted = query.where(table.c.incident_id.in_(some), table.c.hour >= since - USUAL)
        for row in connection.execute(wanted.group_by(table.c.incident_id, table.c.hour)):
            found.setdefault(row.incident_id, {})[row.hour] = int(row.many)
    return found
