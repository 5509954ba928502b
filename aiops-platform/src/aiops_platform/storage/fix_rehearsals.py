"""What a policy of fixes would have done in the last week, by the events and facts that are kept; of very many, the newest."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from aiops_platform.core.facts import FactKind
from aiops_platform.core.fixing import policy as policies
from aiops_platform.core.fixing import rehearsal
from aiops_platform.core.fixing.errors import FixError
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.fixing.rehearsal import Came
from aiops_platform.core.incident import STANDING, IncidentKind, title_of
from aiops_platform.core.search import EVERYTHING
from aiops_platform.ports.fixing import FixRehearsal, WouldRun
from aiops_platform.storage import finding, fix_offering, risings
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.dialects import portions
from aiops_platform.storage.finding import Around
from aiops_platform.storage.fixing import SqlFixing
from aiops_platform.storage.schema import events, facts, incidents, services

_MOST_INCIDENTS: Final = 300
_MOST_TIMES: Final = 5_000
_EXAMPLES: Final = 10
_OPENED: Final = (FactKind.INCIDENT_OPENED, FactKind.INCIDENT_REOPENED)


def rehearsed(
    connection: Connection, bodies: Bodies, project_id: int, policy: FixPolicy, now: datetime
) -> FixRehearsal:
    """See `ports.fixing.FixReads`. As if it had been switched on, and not paused."""
    since = now - rehearsal.PAST
    found = _incidents(connection, project_id, policy, now)
    came, is_more = _came(connection, found, since)
    environments = {row.service_id: row.environment for row in found.values()}
    told = rehearsal.over(replace(policy, enabled=True, paused_at=None), came, environments)
    places = fix_offering.places(connection, environments, now)
    offered = {(each.service, each.environment) for each in places.values() if each.offers.get(policy.fixer)}
    asked = [each.came.incident_id for each in told if each.held is None]
    unfit = _unfit(SqlFixing(connection, bodies), policy, asked)
    return FixRehearsal(
        many=sum(each.held is None for each in told),
        held=sum(each.held is not None for each in told),
        examples=tuple(
            WouldRun(
                at=each.came.at,
                incident_id=each.came.incident_id,
                title=_title(found[each.came.incident_id]),
                held=each.held,
            )
            for each in told[: -_EXAMPLES - 1 : -1]
        ),
        is_more=is_more or len(found) == _MOST_INCIDENTS,
        offered_by=tuple(sorted(offered)),
        unsent=sum(incident_id in unfit for incident_id in asked),
        unsent_why=next((unfit[incident_id] for incident_id in reversed(asked) if incident_id in unfit), ""),
    )


def _unfit(fixing: SqlFixing, policy: FixPolicy, asked: Sequence[int]) -> dict[int, str]:
    """Of these incidents those for which the parameters would not fit the fixer, and why, by their newest events."""
    found = fixing.incidents(set(asked))
    known = fixing.fixers({each.service_id for each in found.values()})
    unfit = {}
    for each in found.values():
        fixer = known.get((each.service_id, policy.fixer))
        if fixer is None:
            continue
        try:
            policies.values_of(policy, fixer, fixing.fields(each))
        except FixError as wrong:
            unfit[each.id] = str(wrong)
    return unfit


def _incidents(connection: Connection, project_id: int, policy: FixPolicy, now: datetime) -> dict[int, Any]:
    node = policy.search
    if node is None or node == EVERYTHING:
        return {}
    rising = risings.rises_of(connection, project_id, now) if finding.needs_rising(node) else {}
    around = Around(project_id=project_id, now=now, rising=tuple(rising), tagged=finding.tagged(connection, node))
    wanted = (
        select(incidents.c.id, incidents.c.service_id, incidents.c.kind, incidents.c.type, incidents.c.message)
        .add_columns(services.c.environment)
        .select_from(incidents.join(services, services.c.id == incidents.c.service_id))
        .where(incidents.c.state.in_(STANDING), incidents.c.last_seen_at > now - rehearsal.PAST)
        .where(*finding.matching(node, around))
        .order_by(incidents.c.last_seen_at.desc(), incidents.c.id)
        .limit(_MOST_INCIDENTS)
    )
    return {row.id: row for row in connection.execute(wanted)}


def _came(connection: Connection, found: dict[int, Any], since: datetime) -> tuple[list[Came], bool]:
    """When these incidents came; those that have no events when they were opened: the event that opens one comes before that."""
    times: set[tuple[datetime, int]] = set()
    is_more = False
    for some in portions(found):
        of_events = (
            select(events.c.occurred_at, events.c.incident_id)
            .where(events.c.incident_id.in_(some), events.c.occurred_at > since)
            .order_by(events.c.occurred_at.desc())
            .limit(_MOST_TIMES)
        )
        of_facts = select(facts.c.at, facts.c.incident_id).where(
            facts.c.incident_id.in_(some), facts.c.kind.in_(_OPENED), facts.c.at > since
        )
        rows = connection.execute(of_events).all()
        is_more |= len(rows) >= _MOST_TIMES
        with_events = {row[1] for row in rows}
        rows = [*rows, *(row for row in connection.execute(of_facts) if row[1] not in with_events)]
        times |= {(row[0], row[1]) for row in rows}
    return [Came(at, found[incident_id].service_id, incident_id) for at, incident_id in times], is_more


def _title(row: Any) -> str:
    return title_of(IncidentKind(row.kind), row.type, row.message)
