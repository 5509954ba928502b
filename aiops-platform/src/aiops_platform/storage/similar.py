"""Incidents that are alike though they are two: noted when they are opened, and found by what they share."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, func, select

from aiops_platform.core import likeness
from aiops_platform.core.incident import IncidentKind, IncidentState, title_of
from aiops_platform.core.likeness import Trait
from aiops_platform.core.views import Similar
from aiops_platform.ports import IncidentChange
from aiops_platform.storage.dialects import add_missing
from aiops_platform.storage.incident_rows import standing_rows
from aiops_platform.storage.schema import likenesses

# A trait that so many share says nothing, and no page reads them all.
_REACH: Final = 100
_MOST: Final = 6

# The newest that have a trait of the incident's. The one at the end of the reach is sought by itself, so that not all are read.
_mine, _other, _far = likenesses.alias("mine"), likenesses.alias("other"), likenesses.alias("far")
_OLDEST_READ: Final = (
    select(_far.c.incident_id)
    .where(_far.c.hash == _mine.c.hash)
    .order_by(_far.c.incident_id.desc())
    .limit(1)
    .offset(_REACH - 1)
    .scalar_subquery()
)
_SHARING: Final = (
    select(_other.c.incident_id, _mine.c.trait)
    .select_from(_mine.join(_other, _other.c.hash == _mine.c.hash))
    .where(_mine.c.incident_id == bindparam("incident"), _other.c.incident_id != _mine.c.incident_id)
    .where(_other.c.incident_id >= func.coalesce(_OLDEST_READ, 0))
)


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
    shared = sharing(connection, incident_id)
    return similar_among(standing_rows(connection, project_id, shared), shared)


def sharing(connection: Connection, incident_id: int) -> dict[int, list[Trait]]:
    """The incidents, of whichever project, that may share most with this one, and in what; the most telling first."""
    shared: defaultdict[int, list[Trait]] = defaultdict(list)
    found = connection.execute(_SHARING, {"incident": incident_id}).all()
    for row in sorted(found, key=lambda each: (list(Trait).index(Trait(each.trait)), -each.incident_id)):
        shared[row.incident_id].append(Trait(row.trait))
    first = sorted(shared, key=lambda each: (len(shared[each]), each), reverse=True)[: _MOST * 3]
    return {each: shared[each] for each in first}


def similar_among(rows: Mapping[int, Row[Any]], shared: Mapping[int, Sequence[Trait]]) -> tuple[Similar, ...]:
    """Those of them that have a row (`incident_rows.standing_rows`): the most alike first."""
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
        for row in rows.values()
        if row.id in shared
    ]
    found.sort(key=lambda each: each.last_seen_at, reverse=True)
    found.sort(key=lambda each: (-len(each.shares), each.state is not IncidentState.OPEN))
    return tuple(found[:_MOST])
