"""A project's own rules for grouping, as people wrote them."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select

from aiops_platform.storage.dialects import insert
from aiops_platform.storage.schema import group_rules


def all_of(connection: Connection) -> Mapping[int, str]:
    """The rules by project, where there are any."""
    return {row.project_id: row.text for row in connection.execute(select(group_rules))}


def of_project(connection: Connection, project_id: int) -> str:
    """The rules of one project; empty where it has none."""
    query = select(group_rules.c.text).where(group_rules.c.project_id == project_id)
    return connection.execute(query).scalar_one_or_none() or ""


def keep(connection: Connection, project_id: int, text: str) -> None:
    """Puts these in the place of those there are; an empty text leaves none."""
    if not text:
        connection.execute(delete(group_rules).where(group_rules.c.project_id == project_id))
        return
    statement = insert(connection, group_rules).values(project_id=project_id, text=text)
    connection.execute(statement.on_conflict_do_update(index_elements=["project_id"], set_={"text": text}))
