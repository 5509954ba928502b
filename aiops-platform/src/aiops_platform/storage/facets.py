"""What the incidents that match have in common, for choosing among them; and values to complete what somebody types."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select

from aiops_platform.core import facets as tags
from aiops_platform.core.search import And, Node, Not, Or, Term, both
from aiops_platform.core.search.fields import TAG
from aiops_platform.core.views import Facet, FacetValue, IncidentQuery
from aiops_platform.storage import finding, release_incidents
from aiops_platform.storage.finding import Around
from aiops_platform.storage.incident_lists import Asked
from aiops_platform.storage.schema import incident_values, incidents, members, services, users

# So many values are told of each field.
_MOST: Final = 6
_NOBODY: Final = "none"
_COLUMNS: Final[Mapping[str, ColumnElement[Any]]] = {
    "service": services.c.name,
    "env": services.c.environment,
    "level": incidents.c.level,
    "kind": incidents.c.kind,
    "assigned": func.coalesce(users.c.name, _NOBODY),
}


def facets_of(connection: Connection, asked: Asked) -> tuple[Facet, ...]:
    """See `ports.Reads`."""
    query, search, around = asked.query, asked.search, asked.around
    chosen = _chosen(search)
    every = _grouped(connection, query, search, around)
    found = []
    for place, field in enumerate(_COLUMNS):
        # Who has chosen a value wants to see what else there is to choose.
        rows = every if field not in chosen else _grouped(connection, query, _without(search, field), around)
        counts: Counter[str] = Counter()
        for row in rows:
            counts[row[place]] += row.many
        found.append(_facet(field, counts))
    searched = _without(search, tags.RELEASE) if tags.RELEASE in chosen else search
    found.append(_facet(tags.RELEASE, _releases(connection, query, searched, around)))
    return tuple(found)


def values_of(connection: Connection, project_id: int, field: str, begin: str, limit: int) -> tuple[str, ...]:
    """See `ports.Reads`."""
    if field in ("service", "env"):
        column: ColumnElement[str] = services.c.name if field == "service" else services.c.environment
        query = select(column).where(services.c.project_id == project_id)
    elif field in ("type", "logger"):
        column = incidents.c[field]
        query = select(column).where(incidents.c.project_id == project_id)
    elif field == "assigned":
        column = users.c.name
        query = select(column).join(members, members.c.user_id == users.c.id).where(members.c.project_id == project_id)
    elif field == tags.RELEASE or field.startswith(TAG):
        named = field.removeprefix(TAG)
        column = incident_values.c.value if named else incident_values.c.name
        query = select(column).join(incidents).where(incidents.c.project_id == project_id, column != tags.REST)
        query = query.where(incident_values.c.name == named) if named else query.where(column != tags.RELEASE)
    else:
        return ()
    wanted = query.where(column.istartswith(begin.replace("\x00", ""), autoescape=True)).distinct()
    return tuple(connection.execute(wanted.order_by(column).limit(limit)).scalars())


def _chosen(search: Node) -> set[str]:
    parts = search.parts if isinstance(search, And) else (search,)
    return {part.field for part in parts if isinstance(part, Term)}


def _without(search: Node, field: str) -> Node:
    """The search without what it says of a field, as far as all of it must hold."""
    match search:
        case And(parts):
            return both(*(part for part in parts if not (isinstance(part, Term) and part.field == field)))
        case Term() if search.field == field:
            return both()
        case Term() | Not() | Or() | _:
            return search


def _grouped(connection: Connection, query: IncidentQuery, search: Node, around: Around) -> Sequence[Any]:
    # By numbers first, names are few: a service has one name and one environment.
    counted = (
        select(
            incidents.c.service_id,
            incidents.c.level,
            incidents.c.kind,
            incidents.c.assigned_to,
            func.count().label("many"),
        )
        .where(finding.standing(query.state), *finding.matching(search, around))
        .group_by(incidents.c.service_id, incidents.c.level, incidents.c.kind, incidents.c.assigned_to)
        .subquery()
    )
    columns = {"level": counted.c.level, "kind": counted.c.kind}
    named = [columns.get(field, column) for field, column in _COLUMNS.items()]
    joined = counted.join(services, services.c.id == counted.c.service_id).outerjoin(
        users, users.c.id == counted.c.assigned_to
    )
    rows: Sequence[Any] = connection.execute(select(*named, counted.c.many).select_from(joined)).all()
    return rows


def _releases(connection: Connection, query: IncidentQuery, search: Node, around: Around) -> Counter[str]:
    those = select(incidents.c.id).where(finding.standing(query.state), *finding.matching(search, around))
    return release_incidents.counted(connection, around.project_id, connection.execute(those).scalars().all())


def _facet(field: str, counts: Counter[str]) -> Facet:
    first = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return Facet(
        field=field,
        values=tuple(FacetValue(value=value, count=count) for value, count in first[:_MOST]),
        others=len(first[_MOST:]),
    )
