"""Saved views of the list of incidents: somebody's own, and those that are shared in a project."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update

from aiops_platform.core.saved_views import MOST_VIEWS, ViewError, checked_query, checked_view
from aiops_platform.core.views import SavedView
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import insert as insert_or
from aiops_platform.storage.schema import default_views, saved_views, users


class SqlSavedViews:
    """The port `SavedViews` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, project_id: int, user_id: int) -> Sequence[SavedView]:
        """See `ports.SavedViews`."""
        first = select(default_views.c.view_id).where(_of_user(default_views, project_id, user_id)).scalar_subquery()
        query = (
            select(saved_views, users.c.name.label("owner"), (saved_views.c.id == first).label("is_default"))
            .join(users, users.c.id == saved_views.c.user_id)
            .where(_seen_by(project_id, user_id))
            .order_by(saved_views.c.shared, func.lower(saved_views.c.name), saved_views.c.id)
        )
        with self._database.read() as connection:
            return [
                SavedView(
                    id=row.id,
                    name=row.name,
                    query=row.query,
                    shared=row.shared,
                    owner=row.owner,
                    is_mine=row.user_id == user_id,
                    is_default=bool(row.is_default),
                )
                for row in connection.execute(query)
            ]

    def default(self, project_id: int, user_id: int) -> str | None:
        """See `ports.SavedViews`."""
        query = (
            select(saved_views.c.query)
            .join(default_views, default_views.c.view_id == saved_views.c.id)
            .where(_of_user(default_views, project_id, user_id), _seen_by(project_id, user_id))
        )
        with self._database.read() as connection:
            return connection.scalar(query)

    def save(self, project_id: int, user_id: int, *, name: str, query: str, shared: bool, now: datetime) -> int:
        """See `ports.SavedViews`."""
        told, query = checked_view(name), checked_query(query)
        with self._database.begin() as connection:
            mine = select(func.count()).where(_of_user(saved_views, project_id, user_id))
            if connection.execute(mine).scalar_one() >= MOST_VIEWS:
                raise ViewError(f"You have {MOST_VIEWS} views here: delete one first.")
            row = {"project_id": project_id, "user_id": user_id, "name": told, "query": query}
            done = connection.execute(insert(saved_views).values(**row, shared=shared, created_at=now))
            return int((done.inserted_primary_key or (0,))[0])

    def change(
        self, project_id: int, user_id: int, view_id: int, *, name: str, shared: bool, query: str | None = None
    ) -> bool:
        """See `ports.SavedViews`."""
        told = {"name": checked_view(name), "shared": shared}
        if query is not None:
            told["query"] = checked_query(query)
        mine = _of_user(saved_views, project_id, user_id), saved_views.c.id == view_id
        with self._database.begin() as connection:
            done = connection.execute(update(saved_views).where(*mine).values(told))
            if done.rowcount and not shared:
                others = default_views.c.view_id == view_id, default_views.c.user_id != user_id
                connection.execute(delete(default_views).where(*others))
            return bool(done.rowcount)

    def drop(self, project_id: int, user_id: int, view_id: int, *, rules: bool = False) -> bool:
        """See `ports.SavedViews`."""
        # Who made a shared one may be gone.
        theirs = _seen_by(project_id, user_id) if rules else _of_user(saved_views, project_id, user_id)
        mine = theirs, saved_views.c.id == view_id
        with self._database.begin() as connection:
            known = select(saved_views.c.id).where(*mine)
            connection.execute(delete(default_views).where(default_views.c.view_id.in_(known)))
            return bool(connection.execute(delete(saved_views).where(*mine)).rowcount)

    def begin_with(self, project_id: int, user_id: int, view_id: int | None) -> bool:
        """See `ports.SavedViews`."""
        with self._database.begin() as connection:
            if view_id is None:
                connection.execute(delete(default_views).where(_of_user(default_views, project_id, user_id)))
                return True
            known = select(saved_views.c.id).where(_seen_by(project_id, user_id), saved_views.c.id == view_id)
            if connection.scalar(known) is None:
                return False
            statement = insert_or(connection, default_views)
            row = {"user_id": user_id, "project_id": project_id, "view_id": view_id}
            keys = [default_views.c.user_id, default_views.c.project_id]
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_={"view_id": view_id}), row)
            return True


def _of_user(table: object, project_id: int, user_id: int) -> ColumnElement[bool]:
    columns = (saved_views if table is saved_views else default_views).c
    return (columns.project_id == project_id) & (columns.user_id == user_id)


def _seen_by(project_id: int, user_id: int) -> ColumnElement[bool]:
    theirs = or_(saved_views.c.shared, saved_views.c.user_id == user_id)
    return (saved_views.c.project_id == project_id) & theirs
