"""Incidents that are alike though they are two: noted when they are opened, and found by what they share."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, select

from aiops_platform.core import likeness
from aiops_platform.core.incident import STANDING, IncidentKind, IncidentState, title_of
from aiops_platform.core.likeness import Trait
from aiops_platform.core.views import Similar
from aiops_platform.ports import IncidentChange
from aiops_platform.storage.dialects import add_missing
from aiops_platform.storage.incident_rows import incident_rows
from aiops_platform.storage.schema import incidents, likenesses

# A trait that so many share says nothing, and no page reads them all.
_REACH: Final = 100
_MOST: Final = 6


def note(connection: Connection, told: Iterable[tuple[int, IncidentChange]]) -> None:
    """Notes what new incidents are alike by; of those that are known already nothing is to be noted."""
    rows: dict[tuple[bytes, int], dict[str, Any]] = {}
    for incident_id, change in told:
        one = change.incident
        if one.id is None and change.key is not None:
            for each in likeness.of(one.project_id, one.type, one.place, one.message, change.key.parts):
                rows[each.hash, incident_id] = {
                    "hash": each.hash,
                    "incident_id": incident_id,
                    "trait": each.trait.value,
                }
    if rows:
        connection.execute(add_missing(connection, likenesses), list(rows.values()))


def similar_to(connection: Connection, project_id: int, incident_id: int) -> tuple[Similar, ...]:
    """The incidents that share most with this one: among equals the open ones first, then the last seen."""
    mine = connection.execute(
        select(likenesses.c.hash, likenesses.c.trait).where(likenesses.c.incident_id == incident_id)
    ).all()
    shared: defaultdict[int, list[Trait]] = defaultdict(list)
    for row in sorted(mine, key=lambda each: list(Trait).index(Trait(each.trait))):
        others = select(likenesses.c.incident_id).where(likenesses.c.hash == row.hash)
        for other in connection.scalars(others.order_by(likenesses.c.incident_id.desc()).limit(_REACH)):
            if other != incident_id:
                shared[other].append(Trait(row.trait))
    first = sorted(shared, key=lambda each: (len(shared[each]), each), reverse=True)[: _MOST * 3]
    wanted = incident_rows().where(
        incidents.c.id.in_(first), incidents.c.project_id == project_id, incidents.c.state.in_(STANDING)
    )
    found = [
        Similar(
            id=row.id,
            title=title_of(IncidentKind(row.kind), row.type, row.message),
            kind=IncidentKind(row.kind),
            state=IncidentState(row.state),
            level=row.level,
            service=row.service,
            environment=row.environment,
            count=row._mapping["count"],
            last_seen_at=row.last_seen_at,
            shares=tuple(shared[row.id]),
        )
        for row in connection.execute(wanted)
    ]
    found.sort(key=lambda each: each.last_seen_at, reverse=True)
    found.sort(key=lambda each: (-len(each.shares), each.state is not IncidentState.OPEN))
    return tuple(found[:_MOST])
