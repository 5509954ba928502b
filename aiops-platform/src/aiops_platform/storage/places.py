"""Services and jobs by words of their names: few rows and short ones, so all of a project may be looked at."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from aiops_platform.core.places import Place
from aiops_platform.storage.dialects import any_case_like
from aiops_platform.storage.schema import jobs, services

_MOST_WORDS = 5


def places_of(connection: Connection, project_id: int, text: str, limit: int) -> tuple[Place, ...]:
    """So many services and so many jobs of which each word is found in a name, the shortest names first."""
    words = text.split()[:_MOST_WORDS]
    found = select(services.c.id, services.c.name, services.c.environment).where(
        services.c.project_id == project_id,
        *(_in_any(word, services.c.name, services.c.environment) for word in words),
    )
    of_jobs = select(jobs.c.id, jobs.c.name, services.c.name.label("service"), services.c.environment).where(
        jobs.c.service_id == services.c.id,
        services.c.project_id == project_id,
        *(_in_any(word, jobs.c.name, services.c.name, services.c.environment) for word in words),
    )
    in_order = func.length(services.c.name), services.c.name, services.c.environment
    rows = connection.execute(found.order_by(*in_order).limit(limit)).all()
    job_rows = connection.execute(of_jobs.order_by(func.length(jobs.c.name), jobs.c.name, *in_order).limit(limit)).all()
    return (
        *(
            Place(kind="service", id=row.id, name=row.name, service=row.name, environment=row.environment)
            for row in rows
        ),
        *(
            Place(kind="job", id=row.id, name=row.name, service=row.service, environment=row.environment)
            for row in job_rows
        ),
    )


def _in_any(word: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    literal = "".join(f"/{letter}" if letter in "/%_" else letter for letter in word)
    conditions: Sequence[ColumnElement[bool]] = [any_case_like(column, f"%{literal}%") for column in columns]
    return or_(*conditions)
