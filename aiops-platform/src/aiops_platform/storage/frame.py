"""What every page says at its top, in two statements: how far each topic has come, and how the project is, in a few numbers."""

from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, case, func, select

from aiops_platform.core.fixing.fix import FixState
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.views import Overview
from aiops_platform.storage import burial, job_reads
from aiops_platform.storage.fix_tables import fixes
from aiops_platform.storage.schema import incidents, monitors, revisions, services

_PROJECT: Final[BindParameter[int]] = bindparam("project")
_REVISION: Final = select(revisions.c.topic, revisions.c.number).where(revisions.c.project_id == _PROJECT)
_OPEN: Final = select(func.count()).where(
    incidents.c.project_id == _PROJECT, incidents.c.state == IncidentState.OPEN.value
)
_ASKED: Final = select(func.count()).where(
    fixes.c.project_id == _PROJECT, fixes.c.ended_at.is_(None), fixes.c.state == FixState.WAITING.value
)
_OVERVIEW: Final = (
    select(
        func.count().label("services"),
        func.count(case((monitors.c.state == MonitorState.LATE.value, 1))).label("late"),
        func.count(case((monitors.c.state == MonitorState.SILENT.value, 1))).label("silent"),
        _OPEN.scalar_subquery().label("open_incidents"),
        job_reads.failed(_PROJECT).scalar_subquery().label("failed_jobs"),
        burial.counted(_PROJECT).scalar_subquery().label("buried"),
        _ASKED.scalar_subquery().label("asked_fixes"),
    )
    .select_from(services.outerjoin(monitors, monitors.c.service_id == services.c.id))
    .where(services.c.project_id == _PROJECT)
)


def revision_of(connection: Connection, project_id: int) -> dict[str, int]:
    """See `ports.Reads.revision`."""
    return {row.topic: row.number for row in connection.execute(_REVISION, {"project": project_id})}


def overview_of(connection: Connection, project_id: int) -> Overview:
    """See `ports.Reads.overview`."""
    return Overview(**connection.execute(_OVERVIEW, {"project": project_id}).mappings().one())
