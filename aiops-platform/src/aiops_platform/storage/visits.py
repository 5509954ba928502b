"""When somebody last looked at a project's first page, and since when things are new to them."""

from datetime import datetime

from sqlalchemy import select

from aiops_platform.core.visits import Visit, looked
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import insert
from aiops_platform.storage.schema import visits


def note(database: Database, user_id: int, project_id: int, now: datetime) -> Visit:
    """Notes that they look now; the visit that this belongs to. Writes once a minute at most."""
    theirs = (visits.c.user_id == user_id) & (visits.c.project_id == project_id)
    with database.read() as connection:
        row = connection.execute(select(visits.c.since, visits.c.seen_at).where(theirs)).one_or_none()
    before = None if row is None else Visit(since=row.since, seen_at=row.seen_at)
    visit = looked(before, now)
    if visit != before:
        told = {"since": visit.since, "seen_at": visit.seen_at}
        with database.begin() as connection:
            statement = insert(connection, visits).values(user_id=user_id, project_id=project_id, **told)
            keys = [visits.c.user_id, visits.c.project_id]
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=told))
    return visit
