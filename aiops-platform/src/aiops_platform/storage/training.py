"""Dictionaries that are trained on a project's own events, as they become many."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import zstandard
from sqlalchemy import Connection, func, select

from aiops_platform.core import packing
from aiops_platform.process import memory
from aiops_platform.storage import bodies
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.database import Database
from aiops_platform.storage.schema import dictionaries, events, incidents, projects

_LATEST_INCIDENTS: Final = 400
_EACH: Final = 25
# A hundred events of 20 KB teach as much as four hundred, and take a quarter of the time and of the memory.
_TOGETHER_BYTES: Final = 2 * 1024 * 1024


def train(database: Database, opener: Bodies, now: datetime) -> bool:
    """Trains what is due, reading and computing outside of any transaction that writes; says whether there was any.

    Takes a tenth of a second for a project. Raises StoreUnavailableError.
    """
    with database.read() as connection:
        newest = connection.execute(select(func.max(events.c.id))).scalar_one() or 0
        due = [project_id for project_id in _due(connection, newest) if _has_enough(connection, project_id)]
        texts = {project_id: _texts(connection, opener, project_id) for project_id in due}
    made = {project_id: content for project_id, some in texts.items() if (content := _trained(some))}
    del texts
    if made:
        with database.begin() as connection:
            for project_id, content in made.items():
                bodies.add(connection, content, project_id=project_id, at=now, up_to=newest)
        memory.give_back()
    return bool(made)


def _due(connection: Connection, newest: int) -> list[int]:
    if not packing.is_due(newest, 0):
        return []
    learned = func.coalesce(func.max(dictionaries.c.up_to), 0)
    query = select(projects.c.id, learned.label("learned")).select_from(
        projects.outerjoin(dictionaries, dictionaries.c.project_id == projects.c.id)
    )
    rows = connection.execute(query.group_by(projects.c.id))
    return [row.id for row in rows if packing.is_due(newest, row.learned)]


def _has_enough(connection: Connection, project_id: int) -> bool:
    some = select(events.c.id).select_from(events.join(incidents)).where(incidents.c.project_id == project_id)
    found = select(func.count()).select_from(some.limit(packing.FEWEST).subquery())
    return connection.execute(found).scalar_one() == packing.FEWEST


def _texts(connection: Connection, opener: Bodies, project_id: int) -> Sequence[bytes]:
    latest = select(incidents.c.id).where(incidents.c.project_id == project_id)
    latest = latest.order_by(incidents.c.last_seen_at.desc()).limit(_LATEST_INCIDENTS)
    number = func.row_number().over(partition_by=events.c.incident_id, order_by=events.c.id.desc()).label("number")
    numbered = select(events.c.id, events.c.incident_id, number).where(events.c.incident_id.in_(latest)).subquery()
    newest = select(numbered.c.id, numbered.c.incident_id).where(numbered.c.number <= _EACH)
    found = connection.execute(newest.order_by(numbered.c.id.desc())).all()
    chosen = [found[place].id for place in packing.samples([row.incident_id for row in found])]
    wanted = select(events.c.id, events.c.dictionary_id, events.c.body).where(events.c.id.in_(chosen))
    rows = {row.id: row for row in connection.execute(wanted)}
    texts: list[bytes] = []
    size = 0
    for row in (rows[event_id] for event_id in chosen):
        texts.append(opener.open(connection, row.dictionary_id, row.body))
        size += len(texts[-1])
        if size >= _TOGETHER_BYTES:
            break
    return texts


def _trained(texts: Sequence[bytes]) -> bytes | None:
    try:
        return bodies.trained(texts)
    except zstandard.ZstdError:
        # All of them are too short to have anything in common that is worth a dictionary.
        return None
