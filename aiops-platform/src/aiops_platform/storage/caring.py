"""What people decided and said of an incident, for its page; and its timeline with that of its service."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)

from aiops_platform.core import muting
from aiops_platform.core.care import Assignee, Care, DeployRow, Mark, Part, ReleaseRow
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState, title_of
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.regression import Resolution
from aiops_platform.core.views import FactRow
from aiops_platform.storage.schema import (
    comments,
    deploys,
    facts,
    group_keys,
    incidents,
    members,
    monitor_states,
    monitors,
    releases,
    services,
    users,
)
from aiops_platform.storage.settling import comment_of

_MOST_FACTS: Final = 50
_MOST_COMMENTS: Final = 100
_MOST_PARTS: Final = 50
_MOST_MARKS: Final = 20
# For so long the chart of an incident tells of its service.
SHOWN: Final = timedelta(days=14)
_LIVES: Final = {
    MonitorState.SILENT: FactKind.SERVICE_SILENT,
    MonitorState.STOPPED: FactKind.SERVICE_STOPPED,
}


def _newest(table: Table, at: Column[datetime], is_deploy: int, *also: ColumnElement[bool]) -> Select[Any]:
    """The newest of a service's rows since then: one whose every commit is a release would fill the chart."""
    mine = table.c.service_id == bindparam("service"), at >= bindparam("since", type_=at.type)
    rows = select(at.label("at"), table.c.release, literal_column(str(is_deploy)).label("is_deploy")).where(
        *mine, *also
    )
    # An engine orders the parts of a union only where each is a table of its own.
    return select(rows.order_by(at.desc()).limit(_MOST_MARKS).subquery())


_DEPLOYED: Final = select(deploys.c.release).where(deploys.c.service_id == bindparam("service"))
_MARKS: Final = union_all(
    _newest(deploys, deploys.c.at, 1),
    _newest(releases, releases.c.first_seen_at, 0, releases.c.release.not_in(_DEPLOYED)),
)


def care_of(connection: Connection, row: Row[Any], now: datetime, marks: Sequence[Mark]) -> Care:
    """What was decided of the incident of this row; `marks` are those of its service."""
    assignee = select(users.c.id, users.c.name).where(users.c.id == row.assigned_to)
    cares = connection.execute(assignee).one_or_none() if row.assigned_to is not None else None
    said = select(comments).where(comments.c.incident_id == row.id).order_by(comments.c.id.desc())
    return Care(
        resolved_in=row.resolved_in if row.state == IncidentState.RESOLVED else None,
        resolved_how=Resolution(row.resolved_how),
        ends=muting.sentence(muting.from_data(row.mute)),
        assigned_to=None if cares is None else Assignee(id=cares.id, name=cares.name),
        tracker=row.tracker,
        merged_into=row.merged_into,
        parts=_parts_of(connection, row.id),
        comments=tuple(comment_of(each) for each in connection.execute(said.limit(_MOST_COMMENTS)))[::-1],
        marks=tuple(mark for mark in marks if mark.at >= now - SHOWN),
    )


def timeline_of(
    connection: Connection, incident_id: int, service_id: int, since: datetime, marks: Sequence[Mark]
) -> tuple[FactRow, ...]:
    """What became true of the incident and, since then, of its service, whose `marks` these are: the newest first."""
    mine = facts.c.incident_id == incident_id
    newest = select(facts.c.kind, facts.c.at, facts.c.data).where(mine)
    newest = newest.order_by(facts.c.at.desc(), facts.c.id.desc()).limit(_MOST_FACTS)
    told = [FactRow(kind=FactKind(row.kind), at=row.at, data=row.data) for row in connection.execute(newest)]
    told += [_fact_of(mark) for mark in marks if mark.at >= since]
    told += _lives_of(connection, service_id, since)
    return tuple(sorted(told, key=lambda fact: fact.at, reverse=True)[:_MOST_FACTS])


def marks_of(connection: Connection, service_id: int, since: datetime) -> tuple[Mark, ...]:
    """The newest deploys of a service, and the releases that were never said to be deployed."""
    rows = connection.execute(_MARKS, {"service": service_id, "since": since})
    marks = [Mark(at=row.at, release=row.release, is_deploy=bool(row.is_deploy)) for row in rows]
    return tuple(sorted(marks, key=lambda mark: mark.at)[-_MOST_MARKS:])


def deploys_of(connection: Connection, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[DeployRow]:
    """The newest deploys."""
    columns = (services.c.name.label("service"), services.c.environment)
    query: Select[Any] = select(deploys, *columns).join(services).where(*conditions)
    rows = connection.execute(query.order_by(deploys.c.at.desc(), deploys.c.id.desc()).limit(limit)).mappings()
    return [DeployRow(**{name: row[name] for name in DeployRow.__dataclass_fields__}) for row in rows]


def releases_of(connection: Connection, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[ReleaseRow]:
    """The releases that were seen last for the first time."""
    columns = (services.c.name.label("service"), services.c.environment)
    query: Select[Any] = select(releases, *columns).join(services).where(*conditions)
    rows = connection.execute(query.order_by(releases.c.first_seen_at.desc(), releases.c.release).limit(limit))
    return [ReleaseRow(**{name: row[name] for name in ReleaseRow.__dataclass_fields__}) for row in rows.mappings()]


def members_of(connection: Connection, project_id: int) -> list[Assignee]:
    """Who is in the project, by name: to them incidents can be given."""
    query = select(users.c.id, users.c.name).join(members, members.c.user_id == users.c.id)
    mine = query.where(members.c.project_id == project_id).order_by(users.c.name, users.c.id)
    return [Assignee(id=row.id, name=row.name) for row in connection.execute(mine)]


def _parts_of(connection: Connection, incident_id: int) -> tuple[Part, ...]:
    is_part = incidents.c.merged_into == incident_id
    query = select(incidents).where(is_part, incidents.c.state == IncidentState.MERGED).order_by(incidents.c.id)
    rows = connection.execute(query.limit(_MOST_PARTS)).all()
    homes = select(group_keys.c.home_id, func.count().label("many")).where(
        group_keys.c.incident_id == incident_id, group_keys.c.home_id.in_([row.id for row in rows])
    )
    keys = {row.home_id: row.many for row in connection.execute(homes.group_by(group_keys.c.home_id))} if rows else {}
    return tuple(
        Part(
            id=row.id,
            title=title_of(IncidentKind(row.kind), row.type, row.message),
            count=row._mapping["count"],  # `row.count` would be the method that tuples have
            merged_at=row.state_since,
            keys=keys.get(row.id, 0),
        )
        for row in rows
    )


def _fact_of(mark: Mark) -> FactRow:
    kind = FactKind.SERVICE_DEPLOYED if mark.is_deploy else FactKind.SERVICE_RELEASED
    return FactRow(kind=kind, at=mark.at, data={"why": mark.release})


def _lives_of(connection: Connection, service_id: int, since: datetime) -> list[FactRow]:
    mine = monitors.c.service_id == service_id, monitor_states.c.since >= since
    said = monitor_states.c.state.in_([state.value for state in _LIVES])
    lives = select(monitor_states.c.state, monitor_states.c.since).join(
        monitors, monitors.c.id == monitor_states.c.monitor_id
    )
    last = connection.execute(lives.where(*mine, said).order_by(monitor_states.c.since.desc()).limit(_MOST_MARKS))
    return [FactRow(kind=_LIVES[MonitorState(row.state)], at=row.since, data={}) for row in last]
