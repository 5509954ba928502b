"""Statements that every portion of reports needs, put together once: that takes SQLAlchemy longer than to run them.

Those that ask for rows by several columns take `places` (the rows) and `firsts` (the first column of each): see `among`.
"""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Delete,
    Executable,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from aiops_platform.core.incident import Incident
from aiops_platform.storage.schema import (
    Instant,
    events,
    group_keys,
    incidents,
    instances,
    job_runs,
    jobs,
    monitors,
    services,
)


def among(*columns: Column[Any]) -> ColumnElement[bool]:
    """Whether the columns are one of these rows. SQLite finds them by an index that begins with the first column.

    By the rows alone it would go through the whole table.
    """
    firsts: BindParameter[Any] = bindparam("firsts", expanding=True)
    places: BindParameter[Any] = bindparam("places", expanding=True)
    return and_(columns[0].in_(firsts), tuple_(*columns).in_(places))


def told(places: Sequence[tuple[Any, ...]]) -> dict[str, Collection[Any]]:
    """The parameters of what is asked with `among`."""
    return {"firsts": list({place[0] for place in places}), "places": places}


def _known_services() -> Select[Any]:
    among_them = among(services.c.name, services.c.project_id, services.c.environment)
    # By this the index finds them.
    projects = services.c.project_id.in_(bindparam("projects", expanding=True))
    return select(services.c.id, services.c.name, services.c.project_id, services.c.environment).where(
        projects, among_them
    )


def _heard_from() -> Update:
    at, latest = bindparam("at", type_=Instant), bindparam("latest", type_=Instant)
    before = services.c.last_event_at
    is_older = or_(before.is_(None), before < at, before > latest)
    return update(services).where(services.c.id == bindparam("service"), is_older).values(last_event_at=at)


def _grouped() -> Select[Any]:
    joined = group_keys.join(incidents, incidents.c.id == group_keys.c.incident_id)
    wanted = among(group_keys.c.hash, group_keys.c.service_id, group_keys.c.version)
    asked = (incidents.c[name] for name in Incident.__dataclass_fields__)
    found = select(group_keys.c.version, group_keys.c.hash, *asked).select_from(joined).where(wanted)
    # What is read here is written whole: nobody may change it meanwhile. SQLite has one writer anyway.
    return found.with_for_update(of=incidents)


def _end_passing() -> Delete:
    newest = events.alias("newest")
    last = select(func.max(newest.c.id)).where(newest.c.incident_id == bindparam("incident")).scalar_subquery()
    return delete(events).where(events.c.id == last, events.c.passing)


KNOWN_SERVICES: Final = _known_services()
HEARD_FROM: Final = _heard_from()
GROUPED: Final = _grouped()
END_PASSING: Final = _end_passing()
MONITORS: Final = select(monitors).where(monitors.c.service_id.in_(bindparam("services", expanding=True)))
INSTANCES: Final = select(instances).where(among(instances.c.service_id, instances.c.name))
JOBS: Final = select(jobs.c.id, jobs.c.service_id, jobs.c.name).where(among(jobs.c.service_id, jobs.c.name))
RUNS: Final = select(job_runs).where(among(job_runs.c.job_id, job_runs.c.run_id))


@cache
def adding(table: Table) -> Executable:
    """Adds rows."""
    return insert(table)


@cache
def adding_with_ids(table: Table) -> Executable:
    """Adds rows; returns their ids in the order of the rows."""
    return insert(table).returning(table.c.id, sort_by_parameter_order=True)


@cache
def changing(table: Table, *names: str) -> Executable:
    """Sets these columns of the row with the id. All are told with `new_` before their names."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names if name != "id"}
    return update(table).where(table.c.id == bindparam("new_id")).values(values)
