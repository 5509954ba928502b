"""Each project's way to its repository, where people have set one."""

from sqlalchemy import Connection, delete, select

from aiops_platform.core.source_links import SourceLink
from aiops_platform.storage.dialects import insert
from aiops_platform.storage.schema import source_links


def of_project(connection: Connection, project_id: int) -> SourceLink | None:
    """The one of this project; None where none is set."""
    query = select(source_links.c.template, source_links.c.root).where(source_links.c.project_id == project_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else SourceLink(row.template, row.root)


def keep(connection: Connection, project_id: int, link: SourceLink | None) -> None:
    """Puts this one in the place of the project's; None leaves it without."""
    if link is None:
        connection.execute(delete(source_links).where(source_links.c.project_id == project_id))
        return
    told = {"template": link.template, "root": link.root}
    statement = insert(connection, source_links).values(project_id=project_id, **told)
    connection.execute(statement.on_conflict_do_update(index_elements=[source_links.c.project_id], set_=told))
